#!/bin/bash
# SPDX-License-Identifier: MIT
# Reminders that outlive the version of the flow which made them: each is said,
# cancelled or left out on its own, and nobody else waits for it.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
bot_start
# deploy ENTER TEXTS [MORE]: a flow of one state `a` (and MORE)
deploy()
{
	jq -n --argjson enter "$1" --argjson texts "$2" --argjson more "${3:-{\}}" \
		'{leadpipe: 1, id: "f", start: "a", states: {a: {enter: $enter}},
		texts: {en: $texts}} * $more' >"$tmp/flow.json"
	"$LEADPIPE" deploy-flow -q --drop-to a "$tmp/flow.json"
}
say() { sim say "{\"chat\":$1,\"text\":\"$2\",\"first_name\":\"A\"}" >/dev/null; }
said() { sql "SELECT group_concat(state || ' ' || text, '; ') FROM (SELECT *
	FROM messages WHERE chat_id = $1 AND state <> 'received' ORDER BY id)"; }
sed -i '/^FLOW_FILE/d' "$tmp/env"
remind='{"schedule":"r","after":"1s","do":[{"send":"remind"}]}'

# --- the words of a queued reminder are gone

deploy "[{\"send\":\"hi\"},$remind]" '{"hi":"Hi","remind":"Remember"}'
say 42 /start
say 43 /start
run poll-updates
sleep 1.2
sim_stop
run send-due
is 'Telegram is away: the reminder is queued' 75 "$status"
deploy '[{"send":"hi"}]' '{"hi":"Hi"}'
sql "UPDATE chats SET vars = '[' WHERE chat_id = 43"
sim_start
sed -i "s|^TELEGRAM_API_ROOT=.*|TELEGRAM_API_ROOT=$sim_root|" "$tmp/env"
sim chats '{"from":42,"to":44}' >/dev/null
say 44 /start
sleep 2
run poll-updates
is 'the run ends well' '0 ' "$status $(cat "$tmp/err")"
run send-due
is 'what it was queued with is said' 'sent Hi; sent Remember' "$(said 42)"
is 'also to a chat whose variables are damaged' 'sent Hi; sent Remember' \
	"$(said 43)"
is 'and who came meanwhile is answered' 'sent Hi' "$(said 44)"

# --- a schedule that moved is still cancelled by what cancels it

cancels='{"schedule":"r","after":"1s","cancel_on":["event:paid"],
	"do":[{"send":"remind"}]}'
words='{"hi":"Hi","remind":"Remember"}'
event='{"events":{"paid":[]}}'
deploy "[$cancels]" "$words" "$event"
say 45 /start
run poll-updates
deploy "[{\"send\":\"hi\"},$cancels]" "$words" "$event"
run fire-event paid --user 45
is 'no task is left' 0 "$(sql 'SELECT count(*) FROM tasks WHERE chat_id = 45')"

# --- a reminder of an old version leaves the person where they are

deploy "[$remind]" "$words"
say 46 /start
run poll-updates
deploy '[]' "$words" \
	'{"states":{"survey":{}},"commands":{"/survey":[{"goto":"survey"}]}}'
say 46 /survey
run poll-updates
sleep 1.2
run send-due
is 'it is said' 'sent Remember' "$(said 46)"
is 'and moves nobody' survey "$(sql 'SELECT state FROM chats WHERE chat_id = 46')"

# --- a goodbye

deploy '[{"schedule":"r","after":"1s","do":[{"send":"bye"},{"unsubscribe":true}]}]' \
	'{"bye":"Bye"}'
say 47 /start
run poll-updates
sleep 1.2
run send-due
is 'what unsubscribes is said itself' 'sent Bye' "$(said 47)"
tap_end
