#!/bin/bash
# SPDX-License-Identifier: MIT
# The journal: a second copy of what was accepted, from before it is
# acknowledged; compared with the database, and what is missing brought back.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
journal=$tmp/journal

file() { find "$journal" -name 'journal-*.log' | sort | tail -n 1; }
kinds() { grep -ao '^lpj1 [a-z]*' "$journal"/*.log | sed 's/.* //' | sort |
	uniq -c | xargs; }
seen() { sim "chats/$1" | jq '[.[] | select(.from == "bot")] | length'; }
lead() { printf '{"name":"%s","phone":"%s"}' "$1" "$2"; }
add() { lead "$@" | "$LEADPIPE" add-lead >"$tmp/out" 2>"$tmp/err"; status=$?; }
# plan TEXT SPAN: leaves $id
plan()
{
	id=$("$LEADPIPE" schedule-task --text "$1" --chat 42 --in "$2" 2>"$tmp/err")
	status=$?
}

bot_start
say '{"chat":42,"text":"/start"}'
run poll-updates
is 'it is off unless it is asked for' '0 0' "$status $(find "$tmp" -name 'journal*' | wc -l)"

# --- a directory that is not there is a disk that is not mounted

bot_config "LEADPIPE_JOURNAL_DIR=$journal"
say '{"chat":43,"text":"/start"}'
run poll-updates
is 'without its directory nothing is taken in: 74' '74 1 0' \
	"$status $(grep -c "the journal '$journal' cannot be written" "$tmp/err") $(
	sql 'select count(*) from updates where raw like "%43%"')"
add Ann +79990000001
is '... no lead' '74 0' "$status $(sql 'select count(*) from leads')"
plan x 1h
is '... no task' '74 ' "$status $id"
run send-due
is '... but what is due leaves' 0 "$status"
run verify-state
is '... verify-state says so' 1 "$(grep -c '^BAD  journal ' "$tmp/out")"
run check-config
is '... check-config too' 1 "$(grep -c 'LEADPIPE_JOURNAL_DIR' "$tmp/out")"
run healthcheck --component database
is '... and healthcheck' '2 1' "$status $(grep -c 'the journal' "$tmp/out")"
is '... and nobody makes it' no "$([ -e "$journal" ] && echo yes || echo no)"

# --- what is accepted is there

mkdir -m 700 "$journal"
run poll-updates
is 'with it the same update is taken in' '0 1 1 update' "$status $(seen 43) $(kinds)"
add Ann +79990000001
plan later 1h
is 'a lead and a task as well' '1 lead 1 task 1 update' "$(kinds)"
is 'closed to others' 600 "$(stat -c %a "$(file)")"
is 'it is named by bot and day' "journal-4242-$(date -u +%Y%m%d).log" \
	"$(basename "$(file)")"
run verify-state --json
is 'nothing is missing' '[true]' "$(jq -c 'select(.check == "journal") | .ok' \
	"$tmp/out" | jq -sc .)"
sql 'begin; create table late as select * from updates;
	delete from updates; commit'
{ sleep 0.4; sql 'begin; insert into updates select * from late;
	drop table late; commit'; } &
run verify-state
wait $!
is '... nor is what is being stored just now' '0 1' \
	"$status $(grep -c '^ok   journal ' "$tmp/out")"
run healthcheck --component database
is 'healthcheck is content' 0 "$status"

# --- what cannot be written is not acknowledged

# The file is at the largest size that a file may have, but for ten bytes.
size=$(stat -c %s "$(file)")
truncate -s $((40960 * 1024 - 10)) "$(file)"
lead Bob +79990000002 | (ulimit -f 40960 && exec "$LEADPIPE" add-lead) \
	>"$tmp/out" 2>"$tmp/err"
is 'a lead is not ok: 74, and no half record' "74 0 $((40960 * 1024 - 10))" \
	"${PIPESTATUS[1]} $(grep -c ok "$tmp/out") $(stat -c %s "$(file)")"
is '... which is said' 1 "$(grep -c 'the journal .*nothing is accepted' "$tmp/err")"
say '{"chat":44,"text":"/start"}'
(ulimit -f 40960 && exec "$LEADPIPE" poll-updates) >"$tmp/out" 2>"$tmp/err"
is 'an update is not confirmed: 74' 74 $?
truncate -s "$size" "$(file)"
add Bob +79990000002
is 'the same lead again is one, and kept' '0 1 2 lead' "$status $(
	sql "select count(*) from leads where name = 'Bob'") $(kinds | grep -o '[0-9]* lead')"
run poll-updates
is 'so it comes again, is kept, and is answered once' '0 1' "$status $(seen 44)"
run verify-state
is '... nothing is missing' 1 "$(grep -c '^ok   journal ' "$tmp/out")"

# --- what is torn and what is damaged

printf 'lpj1 update 1763700000000 7 500 0123456789abcdef\n{"update_id":7,' >>"$(file)"
add Cid +79990000003
run verify-state
is 'a torn record was never acknowledged, what comes after it is read' '1 1' \
	"$(grep -c '^ok   journal .*1 torn' "$tmp/out") $(grep -ac '^lpj1 lead.*' "$(file)" |
	awk '{ print ($1 >= 2) }')"
cp "$(file)" "$tmp/whole"
sed -i 's/"Cid"/"Cyd"/' "$(file)"
run verify-state
is 'a damaged one is told: 1' '1 1' "$status $(grep -c '^BAD  journal .*damaged' "$tmp/out")"
cp "$tmp/whole" "$(file)"

# --- what is missing comes back

run backup-state "$tmp/before.db"
since=$(date -u +%FT%TZ)
sleep 1
say '{"chat":45,"text":"/start"}'
run poll-updates
add Dan +79990000004
marker=$(sql "select marker from leads where name = 'Dan'")
plan soon 1s
soon=$id
plan tomorrow 1d
tomorrow=$id
sleep 1
run send-due
is 'after the backup: an answer and a task' '1 1' \
	"$(seen 45) $(sim chats/42 | grep -c soon)"
run restore-state "$tmp/before.db"
is 'restore-state tells of the journal' 1 \
	"$(grep -c '^  leadpipe recover-pending --replay-updates 20' "$tmp/out")"
run verify-state
is 'the restored database lacks them, each is named: 1' '1 1 1 2' "$status $(
	grep -c '^BAD  journal  *update ' "$tmp/out") $(
	grep -c '^BAD  journal  *lead ' "$tmp/out") $(
	grep -c '^BAD  journal  *task ' "$tmp/out")"
is '... with what brings them back' 1 \
	"$(grep -c 'recover-pending --replay-updates 20' "$tmp/out")"
run recover-pending --replay-updates "$since.." --dry-run --json
is 'a dry run counts and changes nothing' '[1,1,2,1,0] 0' "$(jq -c \
	'[.updates,.leads,.tasks,.held,.again]' "$tmp/out") $(
	sql "select count(*) from leads where name = 'Dan'")"
run recover-pending --replay-updates "$since.." --json
is 'they come back' '0 [1,1,2,1,0]' "$status $(jq -c \
	'[.updates,.leads,.tasks,.held,.again]' "$tmp/out")"
is '... the lead is searched for first, by its marker' "unknown|search|$marker" \
	"$(sql "select state, errand, marker from leads where name = 'Dan'")"
is '... the task that was due is on hold, the other waits' "dead|$soon $tomorrow" \
	"$(sql "select state, id from task_ends where id = $soon") $(
	sql "select id from tasks where id = $tomorrow")"
run recover-pending --replay-updates "$since.." --json
is 'once' '[0,0,0,0]' "$(jq -c '[.updates,.leads,.tasks,.again]' "$tmp/out")"
run verify-state
is 'then nothing is missing' '0 0' "$status $(grep -c '^BAD' "$tmp/out")"
run poll-updates
is 'the update is stepped as it was asked' 2 "$(seen 45)"
is 'the task is not sent again' 1 "$(sim chats/42 | grep -c soon)"

# --- also without a journal: what is kept is stepped again when asked

bot_config
first=$(sql 'select min(update_id) from updates')
run recover-pending --replay-updates "$first..$first"
is 'what is known is not stepped' '0 1 1' "$status $(grep -c '^0 updates stepped again' \
	"$tmp/out") $(grep -c '^1 update done with before: --again' "$tmp/out")"
answers=$(seen 42)
run recover-pending --replay-updates "$first..$first" --again
run poll-updates
is 'unless that is asked' $((answers + 1)) "$(seen 42)"
for wrong in '--replay-updates x' '--replay-updates ..' '--replay-updates 9..5' \
	'--again' '--replay-updates 1..2 --list' '--replay-updates 1..2 3' \
	"--replay-updates 2026-11-20T00:00:00Z..5"; do
	# shellcheck disable=SC2086
	run recover-pending $wrong
	is "usage: recover-pending $wrong" 64 $status
done

# --- old files go

bot_config "LEADPIPE_JOURNAL_DIR=$journal" LEADPIPE_KEEP_JOURNAL=2
rm "$(file)"
for day in 5 3 1; do
	touch "$journal/journal-4242-$(date -u -d "-$day day" +%Y%m%d).log"
done
touch "$journal/journal-4343-20200101.log" "$journal/mine.txt"
add Eve +79990000005
is 'the first record of a day removes them, not others' '2 1 1' \
	"$(find "$journal" -name 'journal-4242-*' | wc -l) $(
	find "$journal" -name 'journal-4343-*' | wc -l) $(
	find "$journal" -name mine.txt | wc -l)"
tap_end
