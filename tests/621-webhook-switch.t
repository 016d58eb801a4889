#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# set-webhook, and what poll-updates makes of a webhook: people write while the
# updates change their way, there and back, and each comes once and in the order
# of its chat; presses are answered; whoever is killed on the way, or deletes
# the webhook elsewhere, stops nothing. The simulator brings the updates to a
# small web server that starts receive-update.
#
# A sample of the points; LEADPIPE_SWEEP=full takes them all.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
extent=${LEADPIPE_SWEEP-}
unset LEADPIPE_SWEEP
bot_start --local --no-quirks --open-chats --webhook-retry 50
limits=(LEADPIPE_LIMIT_CHAT_PER_SECOND=0 LEADPIPE_LIMIT_PER_SECOND=0)
secret=TELEGRAM_WEBHOOK_SECRET=Open-Sesame_7
bot_config $secret "${limits[@]}"
"$B/tests/sim/cgi-bridge" "$tmp/web" "$B/libexec/receive-update" 2>"$tmp/weblog" &
web=$!
bot_children=$web
wait_for test -s "$tmp/web"
url=http://127.0.0.1:$(cat "$tmp/web")/telegram

stat() { sim stats | jq "$1"; }
calls() { stat ".methods.$1 // 0"; }
hi() { say "{\"chat\":$1,\"text\":\"/start\"}"; }
# Telegram has brought all that there is.
brought() { [ "$(stat .pending)" = 0 ]; }
# rows [WHERE]: how many updates there are
rows() { sql "SELECT count(*) FROM updates ${1-}"; }
record() { sql "SELECT key FROM meta WHERE key IN ('webhook', 'webhook_ends',
	'offset') ORDER BY key" | paste -sd ' '; }
fresh()
{
	sim reset '{}' >"$tmp/said"
	rm -rf "$tmp/state"
	mkdir -m 700 "$tmp/state"
	run poll-updates
}

# --- who may set it

exits() { is "$1" "$2" "$status $(grep -c -- "$3" "$tmp/err")"; }
run set-webhook
exits 'no address' '64 1' 'give URL, --delete or --status'
run set-webhook "$url" --delete
exits 'two things at once' '64 1' 'give URL, --delete or --status'
run set-webhook "$url" --ip shop.example
exits 'an address that is none' '64 1' '--ip is an IPv4 address'
run set-webhook "$url" --connections 101
exits 'too many connections' '64 1' '--connections is 1 to 100'
run set-webhook ftp://shop.example/x
exits 'no address of a web server' '65 1' 'must begin with https'
bot_config
run set-webhook "$url"
exits 'no secret' '78 1' 'TELEGRAM_WEBHOOK_SECRET is not set'
bot_config $secret "${limits[@]}"
fault '{"kind":"error","method":"setWebhook","status":400,"description":"Bad Request: bad webhook: Failed to resolve host: Name or service not known","times":1}'
run set-webhook "$url"
exits 'Telegram refuses it' '78 1' 'cannot resolve the host'
fault '{"kind":"502html","method":"setWebhook","times":1}'
run set-webhook "$url"
exits 'Telegram is in trouble' '75 1' 'setWebhook: HTTP 502'
run set-webhook --status
is 'none is set' '0 webhook none is set waiting 0' "$status $(xargs <"$tmp/out")"

# --- it brings them

fresh
hi 42
fault '{"kind":"502html","method":"getUpdates","nth":2,"times":1}'
run poll-updates
is 'one that is stored and not confirmed' '1 1' "$(rows) $(stat .pending)"
run set-webhook "$url" --connections 3
is 'a webhook is set without a word' '0 0' "$status $(cat "$tmp/out" "$tmp/err" | wc -c)"
is '... with what we want of it' '["Open-Sesame_7",3,["message","callback_query","my_chat_member"],null]' "$(
	jq -c 'select(.method == "setWebhook" and .kind == "request").params |
	[.secret_token, .max_connections, .allowed_updates, .drop_pending_updates]' \
	"$tmp/record" | tail -1)"
wait_for brought
is '... it comes again, and is known' '1 1' "$(stat .webhook.delivered) $(rows)"
is '... no offset outlives the change' 'webhook' "$(record)"
hi 43
wait_for brought
polls=$(calls getUpdates)
run poll-updates --print
is 'poll-updates answers what was brought' '0 1 1' "$status $(wc -l <"$tmp/out") $(
	sim chats/43 | jq '[.[] | select(.from == "bot")] | length')"
is '... and asks Telegram for nothing' "$polls" "$(calls getUpdates)"
run healthcheck --online -v
is 'healthcheck: it is well, nobody polls' '0 1 0' "$status $(
	grep -c 'a webhook brings the updates, last sign of it' "$tmp/out") $(grep -c poll_age "$tmp/out")"
run render-status --prometheus -
is '... nor do the metrics say how long ago' '0 0' "$status $(grep -c ^leadpipe_poll_age "$tmp/out")"
run check-config --online
is 'check-config: it is well' '0 1 1' "$status $(grep -c '^ok *updates *a webhook brings them' "$tmp/out") $(
	grep -c '^ok *webhook *is set, waiting: 0' "$tmp/out")"
run set-webhook --status --json
is '--status in numbers' '{"schema":1,"known":true,"pending":0,"error":null,"remedy":null}' \
	"$(jq -c 'del(.url, .error_at)' "$tmp/out")"

# --- presses, and rows of others

"$LEADPIPE" poll-updates --for 60 2>"$tmp/err" &
poller=$!
bot_children="$bot_children $poller"
hi 44
asked() { sim press '{"chat":44,"text":"Получить доступ"}' | grep -q '"ok":true'; }
wait_for asked
pressed() { [ "$(calls answerCallbackQuery)" -ge "$1" ]; }
wait_for pressed 1
is 'a press is answered' 1 "$(calls answerCallbackQuery)"
kill -TERM $poller
wait $poller
is '... still without a poll' "0 $polls" "$? $(calls getUpdates)"

sed -i /FLOW_FILE/d "$tmp/env"
sql "DELETE FROM meta WHERE key IN ('flow', 'flow_source')"
sim press '{"chat":44,"data":"a|b","force":true}' >"$tmp/said"
wait_for brought
sql "UPDATE updates SET received_at = received_at - 200000 WHERE state = 'received'"
sim press '{"chat":44,"data":"c|d","force":true}' >"$tmp/said"
wait_for brought
"$LEADPIPE" poll-updates --for 60 2>"$tmp/err" &
poller=$!
bot_children="$bot_children $poller"
# The newest was answered: one that is too old would have been before it.
newest=$(sql "SELECT raw ->> '$.callback_query.id' FROM updates ORDER BY id DESC LIMIT 1")
answered() { grep -q "\"callback_query_id\": *\"$newest\"" "$tmp/record"; }
wait_for answered
kill -TERM $poller
wait $poller
is 'one that nobody can step is answered, if it is not too old' 2 "$(calls answerCallbackQuery)"
bot_config $secret "${limits[@]}"

# --- what goes wrong

bot_config "${secret}x"
hi 45
# It is known by its second; that of what came before it may be the same one.
failed() { run healthcheck --online; [ $status = 2 ]; }
wait_for failed
run set-webhook --status
is 'another secret: Telegram says 403, we say what mends it' '0 1' "$status $(
	grep -c '^trouble.* ago: Wrong response from the webhook: 403 Forbidden; the secrets differ' "$tmp/out")"
run check-config --online
is '... check-config too' '78 1' "$status $(grep -c '^problem *webhook *updates cannot be brought (waiting: 1)' "$tmp/out")"
run healthcheck --online
is '... and healthcheck' '2 1' "$status $(grep -c 'updates cannot be brought; its last error' "$tmp/out")"
silence()
{
	sql "UPDATE meta SET value = value - 400000 WHERE key IN ('webhook', 'poll_at');
		UPDATE updates SET received_at = received_at - 400000"
}
run healthcheck
known=$(grep -c 'brings no updates' "$tmp/out")
silence
run poll-updates
run healthcheck
is '... which is told by poll-updates after a silence' '0 2 1' "$known $status $(
	grep -c 'a webhook brings no updates for .*: Wrong response.* 403 Forbidden; the secrets differ' "$tmp/out")"
bot_config
run poll-updates
is 'without a secret it is for another program' '78 1' "$status $(
	grep -c 'is it ours, set TELEGRAM_WEBHOOK_SECRET' "$tmp/err")"
run check-config --online
is 'a webhook without a secret here' '78 1 1' "$status $(grep -c '^problem *updates .*receive-update refuses all' "$tmp/out") $(
	grep -c '^problem *webhook *a webhook is set, so that poll-updates gets nothing' "$tmp/out")"
bot_config $secret "${limits[@]}"
wait_for brought
is 'mended, it comes' 1 "$(rows "WHERE raw LIKE '%\"id\":45,%'")"
run poll-updates
run healthcheck --online --component telegram
is '... and nothing that was wrong before is told' '0 0' "$status $(
	grep -c 'refused\|brings no\|cannot' "$tmp/out")"
bot setWebhook "{\"url\":\"$url/other\",\"secret_token\":\"Open-Sesame_7\"}" >"$tmp/said"
run check-config --online
is 'somebody sets another address' '78 1' "$status $(grep -c 'another address than' "$tmp/out")"
run healthcheck --online
is '... healthcheck knows it too' '2 1' "$status $(grep -c 'somebody else has set another webhook' "$tmp/out")"
sql "DELETE FROM meta WHERE key = 'webhook_url'"
run check-config --online
is 'one that we do not remember' '0 1' "$status $(grep -c '^advice *webhook *is set, but not by' "$tmp/out")"
run healthcheck --online --component telegram
is '... is a warning' '1 1' "$status $(grep -c 'a webhook is set, but not by' "$tmp/out")"
bot deleteWebhook >"$tmp/said"
hi 46
run check-config --online
is 'somebody deletes it: check-config knows' '0 1' "$status $(grep -c '^advice *webhook *somebody has deleted it' "$tmp/out")"
run poll-updates
is '... poll-updates does not, for a while' 1 "$(stat .pending)"
silence
run poll-updates
is '... then it polls, and that was no outage' '0 1 offset 0' "$status $(
	sim chats/46 | jq '[.[] | select(.from == "bot")] | length') $(record) $(
	sql "SELECT count(*) FROM meta WHERE key = 'outage'")"

# --- there and back, while people write

fresh
"$LEADPIPE" poll-updates --for 60 --print 2>"$tmp/err" >"$tmp/printed" &
poller=$!
bot_children="$bot_children $poller"
polling() { [ "$(stat .polling)" = true ]; }
wait_for polling
messages=120
sim load "{\"messages\":$messages,\"seconds\":2.4,\"chats\":12,\"text\":\"hello\"}" >"$tmp/said"
arrived() { [ "$(rows)" -ge "$1" ]; }
for part in 1 3; do
	wait_for arrived $((messages * part / 5))
	run set-webhook "$url"
	is "to the webhook, $part" 0 "$status"
	wait_for arrived $((messages * (part + 1) / 5))
	run set-webhook --delete
	is "and back, $part" 0 "$status"
done
wait_for arrived $messages
stepped() { [ "$(rows "WHERE state = 'done'")" -ge $messages ]; }
wait_for stepped
wait_for polling
kill -TERM $poller
wait $poller
is 'each came once' "0 $messages $messages 0" "$? $(rows) $(
	sql 'SELECT count(DISTINCT update_id) FROM updates') $(stat .pending)"
is '... and is printed once' "$messages $messages" \
	"$(sort -u "$tmp/printed" | wc -l) $(wc -l <"$tmp/printed")"
is '... in the order of its chat' 0 "$(sql "SELECT count(*) FROM (SELECT update_id
	< lag(update_id) OVER (PARTITION BY raw ->> '$.message.chat.id' ORDER BY id)
	AS late FROM updates) WHERE late")"
passed '... some by each way' "$(sim stats | jq -r "select(.webhook.delivered == 0 or
	.webhook.delivered >= $messages) | .webhook")"
passed '... and the simulator agrees' "$("$TOP/tests/sim/check-delivery" \
	--settled "$tmp/record" "$db" 2>&1 >"$tmp/count")"

# --- killed

program=$B/libexec/set-webhook
classes=write,send,fsync,ftruncate,flock
# kill_at POINT ARGUMENT...: a line for each thing that is wrong afterwards
chat=1000
kill_at()
{
	local point=$1
	shift
	{ LD_PRELOAD="$B/tests/fault/fault-shim.so" FAULT_KILL_AT=$point \
		FAULT_ONLY=$classes "$program" "$@" >"$tmp/out" 2>&1; } 2>&-
	[ $? -eq 137 ] || echo 'it was not killed'
	chat=$((chat + 1))
	hi $chat
	[ "$(stat .webhook.set)" = false ] || wait_for brought
	run poll-updates
	[ $status = 0 ] || echo "poll-updates ends with $status: $(cat "$tmp/err")"
	[ "$(sim chats/$chat | jq '[.[] | select(.from == "bot")] | length')" = 1 ] ||
		echo "not answered once: $(record); webhook: $(stat .webhook.set)"
	"$program" "$@" >"$tmp/out" 2>&1 || echo "again: $(cat "$tmp/out")"
}
run set-webhook --delete
for way in set delete; do
	if [ $way = set ]; then there=("$url") back=(--delete)
	else there=(--delete) back=("$url"); fi
	"$program" "${back[@]}"
	LD_PRELOAD="$B/tests/fault/fault-shim.so" FAULT_COUNT_FILE="$tmp/count" \
		FAULT_ONLY=$classes "$program" "${there[@]}" >"$tmp/out" 2>&1
	last=$(tr -d ' ' <"$tmp/count")
	step=5
	[ "$extent" != full ] || step=1
	found='' tried=0
	for ((point = 1 + RANDOM % step; point <= last; point += step)); do
		tried=$((tried + 1))
		"$program" "${back[@]}" 2>"$tmp/err" || found+=$(cat "$tmp/err")
		line=$(kill_at $point "${there[@]}")
		[ -z "$line" ] || found+="point $point of $last: $line"$'\n'
		chat=$((chat + 1))
	done
	passed "$way killed at $tried of $last points: who writes is answered" "$found"
done
is 'the log of the web server holds no secret' 0 "$(grep -c Sesame "$tmp/weblog")"
kill $web
wait $web 2>/dev/null
tap_end
