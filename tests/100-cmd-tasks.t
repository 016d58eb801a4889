#!/bin/bash
# SPDX-License-Identifier: MIT
# schedule-task, cancel-task, list-tasks and send-due, against the simulator.
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
texts() { sim "chats?id=$1" | jq -r '.. | .text? // empty' | sort; }
ids() { tr '\n' ' ' <"$tmp/out"; }

# --- files

for command in 'cancel-task 1' list-tasks 'send-due' \
	'schedule-task --dry-run --text x --chat 5'; do
	# shellcheck disable=SC2086
	refuses_files "${command%% *}" $command
done
refuses_foreign 'schedule-task' schedule-task --text x --chat 5
exits 'who takes work in may create the database' 0 \
	schedule-task --text first --chat 5
is 'its id is printed' 1 "$out"
is 'nothing else is said' '' "$err"
is 'none of it is for others' '' "$(open_files)"

# --- the command line

while IFS='|' read -r name arguments; do
	eval "set -- $arguments"
	exits "usage: $name" 64 "$@"
done <<'CASES'
schedule-task nothing|schedule-task
schedule-task two things|schedule-task name --text x --user 5
schedule-task no chat|schedule-task --text x
schedule-task both chats|schedule-task --text x --user 5 --chat 5
schedule-task both times|schedule-task --text x --chat 5 --in 5 --at 2030-01-01T00:00:00Z
schedule-task params alone|schedule-task --params {} --chat 5
schedule-task method alone|schedule-task --method sendMessage --chat 5
schedule-task queue without params|schedule-task name --queue q
schedule-task queue and a user|schedule-task name --queue q --params 1 --user 5
schedule-task ndjson and more|schedule-task --ndjson --chat 5
schedule-task no span|schedule-task --text x --chat 5 --in soon
schedule-task two names|schedule-task a b --user 5
cancel-task nothing|cancel-task
cancel-task a name of nobody|cancel-task payment_reminder
cancel-task zero|cancel-task 0
list-tasks operand|list-tasks 5
send-due no number|send-due --batch many
CASES

while IFS='|' read -r name arguments; do
	eval "set -- $arguments"
	exits "input: $name" 65 schedule-task "$@"
	is "input: $name: one line says why" 1 "$(wc -l <"$tmp/err")"
done <<'CASES'
no time|--text x --chat 5 --at tomorrow
a time beyond all|--text x --chat 5 --in 9999999999999
a time in 11 years|--text x --chat 5 --in 4015d
a time 2 days ago|--text x --chat 5 --at $(date -u -d '2 days ago' +%FT%TZ)
a text too long|--text "$(printf %04097d 0)" --chat 5
no text|--text '' --chat 5
not UTF-8|--text $'a\377' --chat 5
a stranger by name|--text x --chat @nobody
no chat|--text x --chat 0
a method that sends nothing|--method getMe --params '{}' --chat 5
an unknown method|--method sendNothing --params '{}' --chat 5
params are no JSON|--method sendMessage --params '{' --chat 5
params are no object|--method sendMessage --params '[]' --chat 5
params twice the same|--method sendMessage --params '{"text":"a","text":"b"}' --chat 5
params with a chat|--method sendMessage --params '{"text":"a","chat_id":6}' --chat 5
params without the text|--method sendMessage --params '{}' --chat 5
params without the file|--method sendVideo --params '{"caption":"a"}' --chat 5
a person nobody knows|payment_reminder --user 5
CASES
is 'nothing of that is planned' 1 "$(sql 'SELECT count(*) FROM tasks')"
exits '4096 characters are not too many' 0 \
	schedule-task --text "$(printf 'я%.0s' $(seq 4096))" --chat 77 --in 1h

# --- a dry run, and one at a time

run schedule-task --text x --chat 5 --in 1h --dry-run
is 'a dry run says what it would do' \
	'0 would be planned for chat 5' "$status ${out%% at *}"
is 'and does nothing' 2 "$(sql 'SELECT count(*) FROM tasks')"
year=$(($(date +%Y) + 2))
run schedule-task --text dated --chat 6 --at $year-01-02T03:04:05+03:00 --json
is '--json' '{"schema":1,"line":0,"id":N,"chat":6,"due_at":"'$year'-01-02T00:04:05.000Z","added":true,"dry_run":false}' \
	"$(jq -c '.id = "N"' <<<"$out" | sed 's/"N"/N/')"
is 'kept as it was asked for' "$(date -d $year-01-02T00:04:05Z +%s)000"'|5|86400000|sendMessage|{"text":"dated"}' \
	"$(sql 'SELECT due_at, priority, expire_at - due_at, method, params
	FROM tasks WHERE chat_id = 6')"

# --- many

cat >"$tmp/in" <<'NDJSON'
{"chat":100,"text":"one","in":0}
{"chat":"101","text":"two","in":"1h"}
{"chat":102,"method":"sendmessage","params":{"text":"<b>three</b>","parse_mode":"HTML"}}
nonsense
{"chat":103}

{"chat":104,"text":"x","at":"2099-01-02T03:04:05Z","in":5}
{"chat":105,"text":"x","color":1}
{"chat":106,"text":6}
{"user":107,"name":"payment_reminder"}
{"chat":108,"text":"last"}
NDJSON
printf '{"chat":109,"text":"without an end of line"}' >>"$tmp/in"
"$LEADPIPE" schedule-task --ndjson --dry-run <"$tmp/in" >"$tmp/out" 2>/dev/null
is 'ndjson: a dry run counts' '65 5 tasks would be planned' "$? $(cat "$tmp/out")"
echo '{"chat":0}' | "$LEADPIPE" schedule-task --ndjson 2>"$tmp/err"
is 'ndjson: one is one' 1 "$(grep -c ': 1 line refused, 0 tasks planned' "$tmp/err")"
is 'ndjson: and plans none' 3 "$(sql 'SELECT count(*) FROM tasks')"
"$LEADPIPE" schedule-task --ndjson <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
is 'ndjson: bad lines are 65' 65 $?
is 'ndjson: an id for each good one' 5 "$(wc -l <"$tmp/out")"
is 'ndjson: of which each is planned' 5 "$(sql "SELECT count(*) FROM tasks
	WHERE id IN ($(paste -sd, "$tmp/out")) AND chat_id >= 100")"
is 'ndjson: each bad one is named' '4 5 7 8 9 10' "$(
	sed -n 's/.*: line \([0-9]*\): .*/\1/p' "$tmp/err" | sort -n | paste -sd' ')"
is 'ndjson: nothing of a bad one is planned' 0 \
	"$(sql 'SELECT count(*) FROM tasks WHERE chat_id BETWEEN 103 AND 107')"
seq 2500 | sed 's/.*/{"chat":7000,"text":"t&","in":7200}/' >"$tmp/many"
"$LEADPIPE" schedule-task --ndjson --json <"$tmp/many" >"$tmp/out"
is 'ndjson: more than a transaction takes' '0 2500 2500' "$? $(
	jq -s '[.[].id] | unique | length' "$tmp/out") $(
	sql 'SELECT count(*) FROM tasks WHERE chat_id = 7000')"
is 'ndjson: a line too long is passed over' '65 1' "$(
	{ head -c 300000 /dev/zero | tr '\0' x; echo
	echo '{"chat":7001,"text":"after it","in":7200}'; } |
	"$LEADPIPE" schedule-task --ndjson 2>/dev/null >"$tmp/out"
	echo "$? $(wc -l <"$tmp/out")")"

# Whoever waits for an id before it says the next line gets it.
coproc planner { "$LEADPIPE" schedule-task --ndjson; }
# The shell's own variable is gone as soon as it has ended.
# shellcheck disable=SC2154
planner_pid=$planner_PID
# shellcheck disable=SC2154
for i in 1 2; do
	echo '{"chat":7002,"text":"now you","in":7200}' >&"${planner[1]}"
	read -r -t 5 -u "${planner[0]}" id || id=
	is "a dialogue: id $i comes at once" 1 \
		"$(sql "SELECT count(*) FROM tasks WHERE id = ${id:-0}")"
done
eval "exec ${planner[1]}>&-"
wait "$planner_pid" 2>/dev/null

# The ids that were printed before kill -9 are planned.
yes '{"chat":7003,"text":"x","in":7200}' |
	"$LEADPIPE" schedule-task --ndjson >"$tmp/killed" 2>/dev/null &
for ((i = 0; i < 100; i++)); do
	[ "$(wc -l <"$tmp/killed")" -gt 3000 ] && break
	sleep 0.05
done
kill -9 $!
wait $! 2>/dev/null
sed -i '$d' "$tmp/killed"
{ echo 'CREATE TEMP TABLE k(id);'; echo 'BEGIN;'
sed 's/.*/INSERT INTO k VALUES(&);/' "$tmp/killed"; echo 'COMMIT;'
echo 'SELECT count(*) FROM k WHERE id NOT IN (SELECT id FROM tasks);'
} >"$tmp/sql"
is 'kill -9: what was told is planned' 0 "$(sqlite3 "$db" <"$tmp/sql")"
is 'kill -9: and there was something' yes \
	"$([ "$(wc -l <"$tmp/killed")" -gt 1000 ] && echo yes)"
"$LEADPIPE" schedule-task --ndjson <"$tmp/many" 2>"$tmp/err" >/dev/full
is 'ids that cannot be printed are 74' 74 $?
sqlite3 "$db" 'DELETE FROM tasks WHERE chat_id BETWEEN 7000 AND 7003'

# A disk that is full from some point on: told is what is there, no more.
# The database is made before, so that what it takes at first does not count.
mkdir -m 700 "$tmp/full"
"$LEADPIPE" schedule-task --user 7004 --text x --in 2h -q \
	--db "$tmp/full/x.db" >/dev/null
(ulimit -f 450; "$LEADPIPE" schedule-task --ndjson --db "$tmp/full/x.db" \
	<"$tmp/many" >"$tmp/out" 2>"$tmp/err")
is 'a full disk is 74' 74 $?
told=$(wc -l <"$tmp/out")
is 'the ids that were told are planned' "$told" "$(sqlite3 "$tmp/full/x.db" \
	'SELECT count(*) FROM tasks WHERE chat_id = 7000')"
is 'which are some, and not all' yes \
	"$([ "$told" -gt 0 ] && [ "$told" -lt 2500 ] && echo yes)"

# --- listing

run list-tasks --user 101
is 'a table: due, when, id, chat, what' \
	'two' "$(cut -c 67- <<<"$out")"
moved=$(sql 'SELECT min(id) FROM tasks WHERE chat_id = 101')
sqlite3 "$db" "UPDATE tasks SET id = 4000000001, chat_id = -1001234567890
	WHERE id = $moved"
TERM=dumb script -qec "$LEADPIPE list-tasks --user -1001234567890" /dev/null \
	2>&1 </dev/null | tr -d '\r' >"$tmp/table"
is 'a table: long ids stay in their columns' 1 "$(awk '/^DUE/ { id = index($0, "ID")
	chat = index($0, "CHAT"); what = index($0, "WHAT") }
	substr($0, id - 1, 12) == " 4000000001 " &&
	substr($0, chat - 1, 16) == " -1001234567890 " &&
	substr($0, what - 1, 4) == " two"' "$tmp/table" | wc -l)"
sqlite3 "$db" "UPDATE tasks SET id = $moved, chat_id = 101 WHERE id = 4000000001"
is 'a table: when' '1 in 59 min' "$(wc -l <"$tmp/out") $(cut -c 26-34 <<<"$out")"
is 'stable keys' 'schema id chat due_at late kind name method text expire_at created_at' \
	"$("$LEADPIPE" list-tasks --json --limit 1 | jq -r 'keys_unsorted | join(" ")')"
is 'by due time' "$(sql 'SELECT id FROM tasks ORDER BY due_at, id')" \
	"$("$LEADPIPE" list-tasks --json | jq .id)"
is '--count' "$(sql 'SELECT count(*) FROM tasks')" "$("$LEADPIPE" list-tasks --count)"
is '--count --json' '{"schema":1,"count":1}' \
	"$("$LEADPIPE" list-tasks --count --json --user 101)"
is '--limit' 3 "$("$LEADPIPE" list-tasks --limit 3 | wc -l)"
is '--limit 0' 0 "$("$LEADPIPE" list-tasks --limit 0 | wc -l)"
"$LEADPIPE" schedule-task --chat 66 --in 1h \
	--text $'\033]0;x\007\033[31m\u202eevil\nline' >/dev/null
run list-tasks --user 66
is 'a hostile text acts on no terminal' '' "$(LC_ALL=C.UTF-8 \
	grep -P '[\x00-\x08\x0b-\x1f\x7f-\x9f\x{202a}-\x{202e}]' "$tmp/out")"
is 'and stays on its line' 1 "$(wc -l <"$tmp/out")"

sqlite3 "$db" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
	WHERE i < 500000) INSERT INTO tasks(due_at, id, kind, priority, chat_id,
	expire_at, created_at, method, params) SELECT 9000000000000 + i,
	1000000 + i, 'send', 5, 8000 + i % 1000, 9900000000000, 0, 'sendMessage',
	'{\"text\":\"x\"}' FROM n"
is '500,000 are listed' 500000 \
	"$(timeout 60 "$LEADPIPE" list-tasks | grep -cE ' 1[0-9]{6} +8[0-9]{3} ')"
timeout 5 "$LEADPIPE" list-tasks 2>"$tmp/err" | head -n 1 >"$tmp/out"
is 'list-tasks | head dies quietly' '0 0 1' \
	"${PIPESTATUS[0]} $(wc -c <"$tmp/err") $(wc -l <"$tmp/out")"
(trap '' PIPE; timeout 5 "$LEADPIPE" list-tasks 2>"$tmp/err"; echo $? >"$tmp/rc") |
	head -n 1 >"$tmp/out"
is 'also with SIGPIPE ignored' '0 0' "$(cat "$tmp/rc") $(wc -c <"$tmp/err")"
is 'those of one chat come at once' 500 \
	"$(timeout 2 "$LEADPIPE" list-tasks --user 8000 | wc -l)"
"$LEADPIPE" list-tasks >/dev/full 2>/dev/null
is 'a full disk is 74' 74 $?
sqlite3 "$db" 'DELETE FROM tasks WHERE id >= 1000000'

before=$(find "$state" -type f | sort)
run list-tasks
is 'a reader makes no file' "$before" "$(find "$state" -type f | sort)"
for command in list-tasks show-chat schedule-task cancel-task fire-event; do
	is "$command does not load libcurl" '' "$(
		LD_DEBUG=libs "$B/libexec/$command" --help 2>&1 | grep libcurl)"
done

# --- cancelling

id=$("$LEADPIPE" schedule-task --text 'never mind' --chat 5 --in 1h)
exits 'cancel: a dry run' 0 cancel-task "$id" --dry-run
is 'cancel: says what it would do' '1 would be cancelled' "$out"
is 'cancel: and does not' 1 "$(sql "SELECT count(*) FROM tasks WHERE id = $id")"
run cancel-task "$id" --json
is 'cancel: by id' '0 {"schema":1,"cancelled":1,"dry_run":false}' "$status $out"
is 'cancel: a row says so' cancelled "$(sql "SELECT state FROM task_ends WHERE id = $id")"
exits 'cancel: what does not wait is 65' 65 cancel-task "$id"
exits 'cancel: nor what never was' 65 cancel-task 99999999
exits 'cancel: a name nobody has' 65 cancel-task payment_reminder --user 5

# --- the flow's schedule

"$LEADPIPE" deploy-flow "$TOP/examples/funnel.json" >/dev/null
sim say '{"chat":9,"text":"/start","first_name":"Anna","username":"anna_9"}' >/dev/null
"$LEADPIPE" poll-updates
run schedule-task payment_reminder --user @anna_9 --in 5m
flow_id=$out
is 'the flow has one of that name' "0 $flow_id|flow|payment_reminder|9" \
	"$status $(sql "SELECT id, kind, name, chat_id FROM tasks WHERE id = ${flow_id:-0}")"
is 'it lives as long as the flow says' 86400000 \
	"$(sql "SELECT expire_at - due_at FROM tasks WHERE id = ${flow_id:-0}")"
run schedule-task payment_reminder --user 9 --in 9m --json
is 'a second one is the first' "false $flow_id" "$(jq -r '"\(.added) \(.id)"' <<<"$out")"
is 'with the time of the first' "$(sql "SELECT due_at / 1000 FROM tasks
	WHERE id = $flow_id")" "$(jq '.due_at | sub("[.].*"; "Z") | fromdate' <<<"$out")"
is 'and is told to be' 1 "$(grep -c "already planned as task $flow_id for 20.*cancel-task $flow_id'" "$tmp/err")"
exits 'an unknown name is 65' 65 schedule-task nothing_such --user 9 --in 5m
is 'which is named' yes "$([[ $err == *"'nothing_such'"* ]] && echo yes)"
exits 'cancel: by name' 0 cancel-task payment_reminder --user 9
is 'cancel: it waits no more' 0 "$(sql "SELECT count(*) FROM tasks WHERE id = $flow_id")"
exits 'with its guards' 0 schedule-task payment_reminder --user 9
exits 'which are asked when it is due' 0 fire-event paid --user 9
"$LEADPIPE" send-due
is 'who paid is not reminded' '' "$(sim chats | jq -r '.. | .video? // empty')"

# --- sending

sql 'DELETE FROM tasks' >/dev/null
for i in 1 2 3 4 5; do
	sim say "{\"chat\":20$i,\"text\":\"hi\"}" >/dev/null
done
"$LEADPIPE" poll-updates
for i in 1 2 3 4 5; do
	"$LEADPIPE" schedule-task --text "due $i" --chat 20$i >/dev/null
done
sent() { sql "SELECT count(*) FROM messages WHERE state = 'sent' AND text LIKE 'due %'"; }
exits 'send-due --batch 2' 0 send-due --batch 2
is 'sends two' 2 "$(sent)"
is 'and is silent' '' "$out$err"
exits 'send-due' 0 send-due
is 'sends the rest' 5 "$(sent)"
is 'as the simulator saw it' 5 "$(grep -o '"text":"due [0-9]"' "$tmp/record" | sort -u | wc -l)"
"$LEADPIPE" schedule-task --text 'due soon' --chat 201 --in 1 >/dev/null
exits 'with --for it wakes for the next due time' 0 send-due --for 3
is 'and delivers it' 6 "$(sent)"
is 'its run is told' "0 $(sql "SELECT count(*) FROM runs WHERE command =
	'send-due'")" "$(sql "SELECT sum(exit_code), count(*) FROM runs
	WHERE command = 'send-due' AND counts LIKE '%\"sent\":%'" | tr '|' ' ')"
for i in 1 2 3; do
	"$LEADPIPE" schedule-task --text "due at once $i" --chat 20$i >/dev/null
done
"$LEADPIPE" send-due & first=$!
"$LEADPIPE" send-due & second=$!
wait $first; a=$?
wait $second; b=$?
is 'several at once send each message once' '0 0 9 3' "$a $b $(sent) $(
	sql "SELECT count(DISTINCT message_id || '.' || chat_id) FROM messages
	WHERE text LIKE 'due at once%'")"
exits 'a dead chat is told' 0 schedule-task --text 'to nobody' --chat 999999
run send-due
is 'and is exit 1 or held' yes "$(case $status in 0|1) echo yes ;; esac)"

# --- messages of which nobody knows

sqlite3 "$db" "UPDATE messages SET state = 'unknown' WHERE text = 'due 1';
	INSERT INTO dead_letters(kind, item, reason, mend, died_at)
	SELECT 'message', id, 'x', 'leadpipe recover-pending --sent ' || id, 1
	FROM messages WHERE text = 'due 1'"
run list-tasks --ambiguous
is '--ambiguous: the message and what mends it' yes "$(
	[[ $out == *'unknown '*'due 1'*'leadpipe recover-pending --sent '* ]] &&
	echo yes)"
is '--ambiguous --json' '1 unknown 201' "$("$LEADPIPE" list-tasks --ambiguous --json |
	jq -r '"\(.schema) \(.state) \(.chat)"')"
is '--ambiguous --count' '1 0' "$("$LEADPIPE" list-tasks --ambiguous --count) $(
	"$LEADPIPE" list-tasks --ambiguous --count --user 5)"

# --- surroundings

alike schedule-task 0 schedule-task --text later --chat 5 --in 1h
alike list-tasks 0 list-tasks
alike 'cancel-task' 65 cancel-task 99999999
alike send-due 0 send-due
is 'closed stdin is the end of ndjson' 0 \
	"$("$LEADPIPE" schedule-task --ndjson <&- >/dev/null; echo $?)"
is 'the token is in no message' '' "$(grep -rl AAAAAAAA "$tmp/err" "$tmp/out")"
tap_end
