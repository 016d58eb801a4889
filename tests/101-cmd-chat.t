#!/bin/bash
# SPDX-License-Identifier: MIT
# show-chat and fire-event, against the simulator.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/command.sh
. "$TOP/tests/command.sh"
# shellcheck source=tests/sim/telegram.sh
. "$TOP/tests/sim/telegram.sh"
trap 'sim_stop; rm -rf "$tmp"' EXIT

sim_start
bot_setup "$sim_root"
json() { "$LEADPIPE" show-chat --json "$1" | jq -r "$2"; }
# has NAME TEXT: the last output has it
has()
{
	if [[ $out == *"$2"* ]]; then passed "$1"; else passed "$1" "$out"; fi
}

# --- files and the command line

refuses_files show-chat show-chat 5
refuses_files fire-event fire-event paid --user 5
exits 'show-chat nobody is 64' 64 show-chat
exits 'show-chat two is 64' 64 show-chat 5 6
exits 'fire-event nothing is 64' 64 fire-event --user 5
exits 'fire-event for nobody is 64' 64 fire-event paid

"$LEADPIPE" deploy-flow "$TOP/examples/funnel.json" >/dev/null
exits 'a chat that nobody knows is 65' 65 show-chat 5
is 'in one line' 1 "$(wc -l <"$tmp/err")"
exits 'a name that nobody has is 65' 65 show-chat @nobody
exits 'neither is 65' 65 show-chat ivan
exits 'an event for a chat that nobody knows is 65' 65 fire-event paid --user 5

# --- a person with a hostile name

sim say '{"chat":5,"username":"ivan_5","lang":"ru","text":"/start ads",
	"first_name":"<b>&\"\u001b[31m\u001b]0;x\u0007\u202eevil\nname"}' >/dev/null
"$LEADPIPE" poll-updates
run show-chat 5
is 'nothing of it acts on a terminal' '0 ' "$status $(LC_ALL=C.UTF-8 grep -P \
	'[\x00-\x08\x0b-\x1f\x7f-\x9f\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}]' \
	"$tmp/out")"
has 'the rest of it is shown' '<b>&"'
has 'the @name' '@ivan_5'
has 'the state and since when' "state        welcome since $(date -u +%Y-%m-%d)"
has 'a variable' 'variable     source = ads'
has 'a personal one is masked' 'variable     name is set (personal: --pii shows it)'
has 'what was said' '<- /start ads'
has 'and answered' '-> Здравствуйте'
has 'the update' '1 done, received '
is '--json masks it too' 'true null' "$(json 5 '.vars.name | "\(.set) \(.value)"')"
run show-chat @IVAN_5 --pii
has '--pii shows it; @names have no case' 'variable     name = <b>&"'
is '--last' 1 "$("$LEADPIPE" show-chat 5 --last 1 --json | jq '.said | length')"
is 'keys are stable' 'schema known now chat type person state since state_known flow flow_hash language time_zone tags vars blocked unsubscribed handoff_until expires_at created_at seen_at foreign_state tasks tasks_waiting tasks_held unsent said updates handler' \
	"$(json 5 'keys_unsorted | join(" ")')"
is 'one object on one line' 1 "$("$LEADPIPE" show-chat 5 --json | wc -l)"

# --- what waits, and why it would not be sent

sim press '{"chat":5,"text":"Получить доступ"}' >/dev/null
"$LEADPIPE" poll-updates
run show-chat 5
has 'the reminder is due in' 'payment_reminder, due '
has 'its guard' 'unless {"been":"paid"}: does not hold now, it would be sent'
has 'and what cancels it' 'cancelled by state:paid, command:/stop'
is '--json: the guard' 'payment_reminder false state:paid' "$(json 5 \
	'.tasks[0] | "\(.name) \(.unless_holds) \(.cancel_on[0])"')"
sqlite3 "$db" "UPDATE chats SET visits = json_set(visits, '$.paid', json('[1,99]'))"
run show-chat 5
has 'a guard that holds' 'unless {"been":"paid"}: holds now, it would not be sent'
"$LEADPIPE" schedule-task --text 'see you' --chat 5 --in 2h >/dev/null
run show-chat 5
has 'a direct one too' 'sendMessage: see you, due '

# --- events

exits 'an unknown event is 65' 65 fire-event refunded --user 5
is 'which is named' yes "$([[ $err == *"'refunded'"* ]] && echo yes)"
exits 'data that is no JSON is 65' 65 fire-event paid --user 5 --data '{'
exits 'nor an object' 65 fire-event paid --user 5 --data '[1]'
is 'they change nothing' awaiting_payment "$(json 5 .state)"
exits 'an event' 0 fire-event paid --user @ivan_5 --data '{"amount":5}'
is 'is silent' '' "$out$err"
is 'moves the person' 'paid customer' "$(json 5 '"\(.state) \(.tags[0])"')"
is 'cancels the reminder' 'see you' "$(json 5 '[.tasks[].text] | join(" ")')"
run show-chat 5
has 'its answer is queued' "queued since $(date -u +%Y-%m-%d)"
has 'with what sends it' 'remedy: is sent by the next poll-updates or send-due'
"$LEADPIPE" send-due
is 'and is sent' '0 Спасибо! Доступ открыт.' \
	"$(json 5 '"\(.unsent | length) \(.said[-1].text)"')"

# --- what comes with an event

jq '.vars.amount = {"type": "int"} | .events.paid = {"args": ["amount"],
	"do": [{"goto": "paid"}]}' "$TOP/examples/funnel.json" >"$tmp/typed.json"
cp -r "$TOP/examples/media" "$tmp/" 2>/dev/null
"$LEADPIPE" deploy-flow "$tmp/typed.json" >/dev/null
sim say '{"chat":77,"text":"/start"}' >/dev/null
"$LEADPIPE" poll-updates
run fire-event paid --user 77 --data '{"amount":"5"}' --json
is 'a value that fits is kept' \
	'5 {"schema":1,"event":"paid","not_kept":[]}' "$(json 77 .vars.amount.value) $out$err"
exits 'an event whose value does not fit' 0 fire-event paid --user 77 \
	--data '{"amount":"five"}'
is '... tells so' "leadpipe fire-event: warning: the event 'paid' is fired, but 'amount' does not fit its variable and is not kept" \
	"$out$err"
run fire-event paid --user 77 --data '{"amount":[1]}' --json
is '... in JSON too' '{"schema":1,"event":"paid","not_kept":["amount"]}' "$out"
is '... and is not kept' null "$(json 77 .vars.amount.value)"

# --- flags

sim block '{"chat":5}' >/dev/null
"$LEADPIPE" poll-updates
"$LEADPIPE" schedule-task --text 'while away' --chat 5 >/dev/null
id=$("$LEADPIPE" schedule-task --text 'never mind' --chat 5)
"$LEADPIPE" send-due
run show-chat 5
has 'blocked, since when and why' 'blocked      since '
has 'and what that means' 'the person blocked the bot; messages and tasks are held until'
has 'how many tasks that holds' '2 due tasks are held because the chat is blocked'
exits 'a held task can be cancelled' 0 cancel-task "$id"
is 'and is not held any more' 1 "$(json 5 .tasks_held)"
sqlite3 "$db" "INSERT INTO messages(chat_id, state, role, created_at, method,
	params, text, policy, reason) VALUES
	(5, 'held', 'assistant', 1, 'sendMessage', '{\"text\":\"held text\"}', 'held text', 'resend', 'the person blocked the bot'),
	(5, 'unknown', 'assistant', 1, 'sendMessage', '{}', 'lost text', 'resend', 'timeout');
	INSERT INTO dead_letters(kind, item, chat_id, reason, mend, died_at) SELECT
	'message', id, 5, 'it may have arrived', 'leadpipe recover-pending --sent '
	|| id, 1 FROM messages WHERE text = 'lost text';
	INSERT INTO updates(update_id, hash, received_at, state, tries, chat_id,
	reason, raw) VALUES(77, 1, 1, 'parked', 3, 5, 'it does not parse', '{}');
	INSERT INTO dead_letters(kind, item, chat_id, reason, mend, died_at) SELECT
	'update', id, 5, 'it does not parse', 'leadpipe recover-pending --retry update:'
	|| id, 1 FROM updates WHERE state = 'parked'"
run show-chat 5
has 'a held message' 'held text'
has 'when it goes out' 'remedy: goes out when the person writes or unblocks the bot'
has 'an unknown one: why' 'because timeout'
has 'and what mends it' 'remedy: leadpipe recover-pending --sent '
has 'a parked update' 'parked, received 1970-01-01 00:00:00 UTC'
has 'its reason' '3 tries: it does not parse'
has 'and what mends it' 'remedy: leadpipe recover-pending --retry update:'
sim unblock '{"chat":5}' >/dev/null
sim say '{"chat":5,"text":"/stop"}' >/dev/null
"$LEADPIPE" poll-updates
run show-chat 5
has 'unsubscribed, since when' 'unsubscribed since '
is 'no longer blocked' null "$(json 5 .blocked)"
is 'what was held has been sent; what was cancelled has not' '1 0' "$(
	sql "SELECT sum(text = 'held text' AND state = 'sent'),
	sum(text = 'never mind') FROM messages" | tr '|' ' ')"

# --- it only reads

before=$(find "$state" -type f | sort; sql 'SELECT count(*) FROM runs')
"$LEADPIPE" show-chat 5 >/dev/null
is 'show-chat leaves nothing behind' "$before" \
	"$(find "$state" -type f | sort; sql 'SELECT count(*) FROM runs')"
"$LEADPIPE" show-chat 5 >/dev/full 2>/dev/null
is 'a full disk is 74' 74 $?
sqlite3 "$db" "UPDATE flows SET bundle = '{}'"
exits 'a flow that cannot be run is 65' 65 fire-event paid --user 5
exits 'also when asked why' 65 show-chat 5
sqlite3 "$db" 'DELETE FROM flows'
run show-chat 5
has 'without a flow that is said' 'no flow is deployed: nothing is answered'
exits 'an event without a flow is 78' 78 fire-event paid --user 5
"$LEADPIPE" deploy-flow "$TOP/examples/funnel.json" >/dev/null

# --- surroundings

alike show-chat 0 show-chat 5
alike fire-event 0 fire-event paid --user 5
tap_end
