#!/bin/bash
# SPDX-License-Identifier: MIT
# recover-pending: what failed is listed with what mends it, and that mends it.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"

state_of() { sql "select state from messages where id = $1"; }
letters() { sql 'select count(*) from dead_letters'; }
refuse='{"kind":"error","method":"sendMessage","status":400,"description":"Bad Request: something new","times":1}'
lose='{"kind":"reply_lost","method":"sendMessage","effect":true,"times":1}'

# last_message: the newest one to a person
last_message() { sql "select max(id) from messages where role = 'assistant'"; }

# mend N: what the dead letter of item N says, with its alternatives cut off
mend_of() { sql "select mend from dead_letters where item = $1"; }

bot_start --no-quirks
run recover-pending
is 'without a database it is 78' 78 $status
is 'which is named, with the command that makes it' 1 \
	"$(grep -c "$db.*leadpipe poll-updates" "$tmp/err")"
is 'and nothing is made' '' "$(ls -A "$tmp/state")"

say '{"chat":42,"text":"/start","first_name":"Anna","lang":"en"}'
run poll-updates
run recover-pending
is 'nothing to do: 0 and silence' '0 ' "$status $(cat "$tmp/out" "$tmp/err")"
run recover-pending --list
is 'nothing to list is said' 'nothing waits for a decision' "$(cat "$tmp/out")"
run recover-pending --list --json
is 'as JSON it is no line' '' "$(cat "$tmp/out")"

# --- a dead message

fault "$refuse"
say '{"chat":43,"text":"/start"}'
run poll-updates
id=$(last_message)
is 'a refused message: exit 1, dead' '1 dead' "$status $(state_of "$id")"
run recover-pending --list
is 'it is listed with reason and answer' 1 \
	"$(grep -c "^message:$id .*dead.* 43 .*refuses it: Bad Request: something new" "$tmp/out")"
sql "update dead_letters set chat_id = -1001234567890, answer = answer || ' и ещё много слов, которых никто не прочтёт до конца' where item = $id"
for columns in 80 120; do
	TERM=dumb script -qec "stty cols $columns; $LEADPIPE recover-pending --list" \
		/dev/null 2>&1 </dev/null | tr -d '\r' >"$tmp/out"
	is "a terminal of $columns columns: aligned, cut to its width" \
		"$columns 1 1" "$(grep "^message:$id " "$tmp/out" | tr -d '\n' |
		LC_ALL=C.UTF-8 wc -m) $(grep -c "^message:$id .*\.\.\.$" "$tmp/out") $(
		awk '/^ID/ { at = index($0, "WHY") } /^message/ && at {
			print substr($0, at - 1, 1) == " " &&
				substr($0, at, 1) != " " }' "$tmp/out")"
done
sql "insert into dead_letters(kind, item, chat_id, reason, mend, died_at)
	select 'refusal', 4000000000 + value, -1001234567890, 'x', 'y', 1
	from json_each('[1, 2]')"
for columns in 80 120; do
	TERM=dumb script -qec "stty cols $columns; $LEADPIPE recover-pending --list" \
		/dev/null 2>&1 </dev/null | tr -d '\r' >"$tmp/out"
	is "ids of ten digits, $columns columns: aligned" 2 \
		"$(awk '/^ID/ { at = index($0, "CHAT"); why = index($0, "WHY") }
		/^refusal/ && substr($0, at - 1, 6) == " -1001" &&
			substr($0, why - 1, 2) ~ / [^ ]/' "$tmp/out" | wc -l)"
done
sql 'delete from dead_letters where item > 4000000000'
for command in --list "--show $id"; do
	sql "update dead_letters set answer = 'gnp' || char(0x202e) || '.a'
		|| char(0x2066, 0x61c, 0x9b, 27, 10) || 'b' where item = $id"
	# shellcheck disable=SC2086 # words
	run recover-pending $command
	is "no marks of a stranger turn or paint it: ${command% *}" \
		'gnp\u202e.a\u2066\u061c\u009b\u001b b' \
		"$(grep -o 'gnp.*b' "$tmp/out")"
done
sql "update dead_letters set chat_id = 43, answer =
	'Bad Request: something new' where item = $id"
run recover-pending --list
is 'a pipe gets no heading' 0 "$(grep -c '^ID' "$tmp/out")"
run recover-pending --list message --json
is 'as JSON too' "[1,\"message:$id\",\"dead\",43,\"Bad Request: something new\"]" \
	"$(jq -c '[.schema,.id,.state,.chat,.answer]' "$tmp/out")"
run recover-pending --list update --json
is 'a kind has its own list' '0 ' "$status $(cat "$tmp/out")"
run recover-pending --show "$id" --json
is 'times as the other commands write them' 1 "$(jq -r .since "$tmp/out" |
	grep -c '^20[0-9-]*T[0-9:.]*Z$')"
is 'show knows the method and what it says' '"sendMessage" 43' \
	"$(jq -c '.detail.method' "$tmp/out") $(jq .chat "$tmp/out")"
run recover-pending --show "$id"
is 'for people too' 1 "$(grep -c "^answer   Bad Request: something new$" "$tmp/out")"
run recover-pending --show 999
is 'show of what there is not is 65' '65 there is no message 999' \
	"$status $(grep -o 'there is no .*' "$tmp/err")"
for item in message:999 update:999 task:999 exec:999 lead:999; do
	run recover-pending --retry $item
	is "nor can $item be mended" "65 there is no ${item/:/ }" \
		"$status $(grep -o 'there is no .*' "$tmp/err")"
done
run recover-pending --resend "$id" --dry-run
is '--dry-run says what would be' "message:$id would be queued" \
	"$(cat "$tmp/out")"
is 'and changes nothing' 'dead 1' "$(state_of "$id") $(letters)"
run recover-pending --resend "$id" 999
is 'one id of two is wrong: 65, nothing is done' "65 dead  1" \
	"$status $(state_of "$id") $(cat "$tmp/out") $(letters)"
is 'the wrong one is named' 1 "$(grep -c 'there is no message 999' "$tmp/err")"
run recover-pending --sent "$id"
is 'what surely did not arrive is not called sent' "65 dead" \
	"$status $(state_of "$id")"
is 'the letter names what mends it' \
	"leadpipe recover-pending --resend $id or --drop $id" "$(mend_of "$id")"
# shellcheck disable=SC2046 # the words of the letter
run $(mend_of "$id" | sed 's/^leadpipe //; s/ or .*//')
is 'that does' "0 message:$id is queued queued 0" \
	"$status $(cat "$tmp/out") $(state_of "$id") $(letters)"
run poll-updates
is 'and the person gets it' '0 1' \
	"$status $(sim chats/43 | jq '[.[] | select(.from == "bot")] | length')"
is 'the row says so' sent "$(state_of "$id")"
run recover-pending --resend "$id"
is 'twice is refused' 65 $status

# --- messages that may have arrived

sql "create trigger once after insert on messages begin update messages set
	policy = 'once' where id = new.id and role = 'assistant'; end"
for chat in 51 52 53; do
	fault "$lose"
	say "{\"chat\":$chat,\"text\":\"/start\"}"
	run poll-updates
done
sql 'drop trigger once'
ids=$(sql "select id from messages where state = 'unknown' order by id" | xargs)
# shellcheck disable=SC2086 # three words
set -- $ids
is 'a lost reply of what is sent once: unknown' 3 $#
is 'the letter names three ways' \
	"leadpipe recover-pending --sent $1, --resend $1 or --drop $1" \
	"$(mend_of "$1")"
run recover-pending --retry "$1"
is 'it is not just retried' '65 unknown' "$status $(state_of "$1")"
is 'the two ways are named' 1 \
	"$(grep -c -e "--resend $1.*--sent $1" "$tmp/err")"
run recover-pending --retry --all
is 'nor with --all' "unknown unknown unknown" \
	"$(state_of "$1") $(state_of "$2") $(state_of "$3")"
run recover-pending --sent "$1"
is '--sent' 'sent' "$(state_of "$1")"
run recover-pending --drop "message:$2" --json
is '--drop' "cancelled {\"schema\":1,\"id\":\"message:$2\",\"state\":\"cancelled\",\"dry_run\":false}" \
	"$(state_of "$2") $(cat "$tmp/out")"
run recover-pending --resend "$3"
is '--resend says that it may be the second' 'queued|1' \
	"$(sql "select state, maybe_duplicate from messages where id = $3")"
is 'no letter is left' 0 "$(letters)"
run poll-updates
is 'only that one is sent again' 'sent cancelled sent' \
	"$(state_of "$1") $(state_of "$2") $(state_of "$3")"
run recover-pending --show "$1"
is 'what went out waits for nobody, and is shown' '0 1 1 0' "$status $(
	grep -c '^state    sent$' "$tmp/out") $(
	grep -c '^detail .*"message_id":.*"settled_at":[1-9]' "$tmp/out") $(
	grep -c '^mend' "$tmp/out")"
run recover-pending --show update:1 --json
is 'an update too' '0 ["update:1","done"]' \
	"$status $(jq -c '[.id,.state]' "$tmp/out")"
run recover-pending --show "$2"
is 'what was dropped is still to be seen, with the way back' 1 \
	"$(grep -c "^mend .*recover-pending --resend message:$2$" "$tmp/out")"
run recover-pending --retry "$2"
is 'it is no more certain than before' '65 cancelled' "$status $(state_of "$2")"
run recover-pending --drop "$2"
is 'nor dropped twice' 65 $status
run recover-pending --resend "$2"
is 'but it comes back' 'queued|1|' \
	"$(sql "select state, maybe_duplicate, reason from messages where id = $2")"
run poll-updates

# --- blocked

fault '{"kind":"error","method":"sendMessage","status":403,"description":"Forbidden: bot was blocked by the user","times":1}'
say '{"chat":61,"text":"/start"}'
run poll-updates
id=$(last_message)
run recover-pending --list --json
is 'a blocked chat: held, with the reason' \
	"[\"message:$id\",\"held\",\"Forbidden: bot was blocked by the user\"]" \
	"$(jq -c '[.id,.state,.answer]' "$tmp/out")"
run recover-pending --drop "$id"
is 'it can be dropped' '0 cancelled' "$status $(state_of "$id")"
run recover-pending --retry "$id"
is 'and had again' '0 queued|0' "$status $(
	sql "select state, maybe_duplicate from messages where id = $id")"
run recover-pending --drop "$id"
is 'what waits by itself is not dropped' '65 queued' "$status $(state_of "$id")"
sql "update messages set state = 'cancelled', reason = 'x', settled_at = 1
	where id = $id; delete from lanes"
run recover-pending --retry "$id"
is 'what the flow cancelled stays so' '65 cancelled' "$status $(state_of "$id")"

# --- an update that cannot be read

sim raw '{"message":tru}' >"$tmp/said"
for _ in 1 2 3; do run poll-updates; done
row=$(sql "select id from updates where state = 'parked'")
is 'an unreadable update is parked' 1 "$([ -n "$row" ] && echo 1)"
run recover-pending --list update --json
is 'and listed with what it was' '"update" "parked" true' \
	"$(jq -c '.kind, .state, (.text | contains("tru}"))' "$tmp/out" | xargs -d'\n')"
is 'the letter names what mends it' \
	"leadpipe recover-pending --retry update:$row" "$(mend_of "$row")"
# shellcheck disable=SC2046
run $(mend_of "$row" | sed 's/^leadpipe //')
is 'that puts it back with all its tries' 'received|0|0' \
	"$(sql "select state, tries, (select count(*) from dead_letters) from updates where id = $row")"
for _ in 1 2 3; do run poll-updates; done
is 'it parks again' parked "$(sql "select state from updates where id = $row")"
run recover-pending --sent "update:$row"
is '--sent is for messages' 65 $status
run recover-pending --retry --all --dry-run
is '--all finds it' "update:$row would be received" "$(cat "$tmp/out")"
run recover-pending --drop "update:$row"
is '--drop' "0 done|dropped by hand|0" \
	"$status $(sql "select state, reason, (select count(*) from dead_letters) from updates where id = $row")"
run recover-pending --retry "update:$row"
is 'and back' '0 received|' \
	"$status $(sql "select state, reason from updates where id = $row")"
sql "update updates set state = 'done' where id = $row"
run recover-pending --retry "update:$row"
is 'but not one that is done' 65 $status

# --- a task that cannot be run

sql "insert into tasks(due_at, id, kind, priority, chat_id, name, expire_at,
	created_at, flow, pointer) values(1, 900, 'flow', 5, 42, 'gone',
	9000000000000, 1, 'none', '/states/gone')"
run poll-updates
is 'its task is dead' dead "$(sql 'select state from task_ends where id = 900')"
is 'the letter ends with what mends it' \
	'leadpipe recover-pending --retry task:900' \
	"$(mend_of 900 | sed 's/.*, then //')"
run recover-pending --retry task:900
is '--retry puts it back' '0 900|0|0' \
	"$status $(sql 'select id, (select count(*) from task_ends where id = 900), (select count(*) from dead_letters) from tasks')"
run poll-updates
sql "insert into tasks(due_at, id, kind, priority, chat_id, name, expire_at,
	created_at, flow, pointer) values(9000000000000, 901, 'flow', 5, 42,
	'gone', 9000000000001, 1, 'none', '/states/gone')"
run recover-pending --retry --all
is 'scheduled again meanwhile: the old one is told and kept' '0 1 dead' \
	"$status $(grep -c 'drop task:900' "$tmp/err") $(sql 'select state from task_ends where id = 900')"
run recover-pending --drop task:900
is '--drop' 'cancelled|0' \
	"$(sql 'select state, (select count(*) from dead_letters) from task_ends where id = 900')"
run recover-pending --retry task:900
is 'its name is still taken' '65 cancelled' \
	"$status $(sql 'select state from task_ends where id = 900')"
sql 'delete from tasks'
run recover-pending --retry task:900
is 'then it comes back' '0 900|0' "$status $(
	sql 'select id, (select count(*) from task_ends where id = 900) from tasks')"
sql 'delete from tasks'
sql "insert into execs(id, chat_id, state, flow, request, resume, nonce,
	created_at, reason) values(70, 42, 'dead', 'none', '{}', '{}', 1, 1, 'x');
	insert into dead_letters(kind, item, reason, mend, died_at)
	values('exec', 70, 'x', 'y', 1)"
run recover-pending --drop exec:70
is 'a handler is dropped' failed "$(sql 'select state from execs where id = 70')"
run recover-pending --retry exec:70
is 'and back' '0 pending' "$status $(sql 'select state from execs where id = 70')"
sql 'delete from execs'

# --- what a killed command was doing

fault '{"kind":"hang","method":"sendMessage","times":1}'
say '{"chat":71,"text":"/start"}'
"$LEADPIPE" poll-updates --for 30 >/dev/null 2>&1 &
bot_children=$!
sent_more() { [ "$(sql "select count(*) from messages where state = 'sending'")" = 1 ]; }
wait_for sent_more
is 'it is being sent' 1 \
	"$(sql "select count(*) from messages where state = 'sending'")"
run recover-pending --json
is 'a living command keeps its work' '0 1' \
	"$(jq .workers "$tmp/out") $(sql "select count(*) from messages where state = 'sending'")"
kill -9 $bot_children
wait $bot_children 2>/dev/null
files=$(ls "$tmp/state/run")
run recover-pending --dry-run --json
is 'killed: --dry-run sees it' '[1,1,1,true]' \
	"$(jq -c '[.workers,.ambiguous,.crashed_runs,.dry_run]' "$tmp/out")"
is 'and changes nothing, no file either' "1 $files" \
	"$(sql "select count(*) from messages where state = 'sending'") $(ls "$tmp/state/run")"
run recover-pending
is 'recover-pending says what moved' \
	'freed the work of 1 dead command: 1 message being sent then is ambiguous, 0 handlers to run again' \
	"$(cat "$tmp/out")"
id=$(sql "select id from messages where state = 'ambiguous'")
is 'the message is ambiguous' 1 "$([ -n "$id" ] && echo 1)"
run recover-pending
is 'once' '0 ' "$status $(cat "$tmp/out")"
run recover-pending --list --json
is 'it is listed, sent again by itself' "\"message:$id\" true" \
	"$(jq -c '.id, (.mend | contains("by itself"))' "$tmp/out" | xargs -d'\n')"
run recover-pending --resend "$id"
is 'or by hand at once, marked' 'queued|1' \
	"$(sql "select state, maybe_duplicate from messages where id = $id")"

# --- a long list, whose reader takes his time

sql "with recursive n(i) as (select 1 union all select i + 1 from n
	where i < 3000) insert into dead_letters(kind, item, chat_id, died_at,
	reason, mend) select 'lead', i, 42, 1000 + i / 7, printf('%0100d', i),
	'none' from n"
run recover-pending
mkfifo "$tmp/slow"
"$LEADPIPE" recover-pending --list lead --json >"$tmp/slow" 2>"$tmp/err" &
bot_children=$!
exec 8<"$tmp/slow"
read -r first <&8
is 'a list of which one line was read' '"lead:1"' "$(jq .id <<<"$first")"
is 'keeps no checkpoint from finishing' 0 \
	"$(sql "update dead_letters set answer = 'later' where item = 3000;
	PRAGMA wal_checkpoint(TRUNCATE)" | cut -d'|' -f1)"
is 'nothing is left out or told twice' '2999 3000' \
	"$(jq -r .id <&8 | sort -u | grep -c .) $(sql 'select count(*)
	from dead_letters where kind = "lead"')"
exec 8<&-
wait $bot_children
is 'and it ends well' 0 $?
"$LEADPIPE" recover-pending --list 2>"$tmp/err" | head -n 1 >/dev/null
is 'its reader may leave' '0 ' "${PIPESTATUS[0]} $(cat "$tmp/err")"
sql "delete from dead_letters where kind = 'lead'"

# --- the command line

for wrong in '--list --retry 1' '--all' '--retry' '--retry x:1' '--retry 0' \
	'--retry 1x' '--show 1 2' '--show' '5' '--list nothing' \
	'--retry --all 5' '--list --dry-run' '--retry -1' '--resnd 1'; do
	# shellcheck disable=SC2086
	run recover-pending $wrong
	is "usage: $wrong" '64 1' "$status $(wc -l <"$tmp/err")"
done
is 'a list of no database is 78' 78 "$(
	"$LEADPIPE" recover-pending --db "$tmp/none/x.db" --list 2>/dev/null
	echo $?)"
passed 'nor made' "$(find "$tmp/none" 2>/dev/null)"
tap_end
