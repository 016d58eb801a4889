#!/bin/bash
# SPDX-License-Identifier: MIT
# backup-state, verify-state, restore-state, prune-state: as a person uses them,
# and what they say when something is wrong.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
backups=$tmp/state/backups

newest() { find "$backups" -name 'leadpipe-*.db' | sort | tail -n 1; }
count() { find "$1" -name 'leadpipe-*.db' | wc -l; }
seen() { sim "chats/$1" | jq '[.[] | select(.from == "bot")] | length'; }

# refused NAME STATUS WORD COMMAND...: one line that says so
refused()
{
	local name=$1 wanted=$2 word=$3
	shift 3
	run "$@"
	is "$name" "$wanted 1 1" "$status $(wc -l <"$tmp/err") $(
		grep -c -e "$word" "$tmp/err")"
}

# with LINE: the configuration with a further line, in $tmp/with
with()
{
	(umask 077 && { cat "$tmp/env" && echo "$1"; } >"$tmp/with")
}

bot_start
refused 'no database: 78' 78 'poll-updates' backup-state
refused 'nothing to verify: 78' 78 'poll-updates' verify-state
refused 'nothing to prune: 78' 78 'poll-updates' prune-state
passed 'and nothing is made' "$(ls -A "$tmp/state")"

say '{"chat":42,"text":"/start","first_name":"Anna"}'
run poll-updates

# --- backup

run backup-state
is 'a backup says nothing to cron' '0 ' "$status $(cat "$tmp/out" "$tmp/err")"
is 'it is closed to others' '700 600' \
	"$(stat -c %a "$backups") $(stat -c %a "$(newest)")"
is 'it has what the database has' "$(sql 'select count(*) from messages')" \
	"$(sqlite3 "file:$(newest)?immutable=1" 'select count(*) from messages')"
is 'and nothing is beside it' 1 "$(find "$backups" -type f | wc -l)"
run backup-state --json --keep 2
is 'as JSON' '[1,"string",4242,1,0,true]' "$(jq -c '[.schema,(.path|type),.bot_id,
	.chats,.removed,(.as_of | test("^20.*Z$"))]' "$tmp/out")"
touch "$backups/.leadpipe-4242-20200101T000000.000Z.db.partial" "$backups/mine.txt"
run backup-state --json --keep 2
is 'the oldest goes, what is not ours stays' '2 1 mine.txt' \
	"$(count "$backups") $(jq .removed "$tmp/out") $(cd "$backups" &&
	find . -type f ! -name 'leadpipe-*' -printf '%f')"
LEADPIPE_KEEP_BACKUPS=1 run backup-state
is 'LEADPIPE_KEEP_BACKUPS' 1 "$(count "$backups")"
LEADPIPE_BACKUP_DIR=$tmp/else/where run backup-state
is 'LEADPIPE_BACKUP_DIR is made' '0 1' "$status $(count "$tmp/else/where")"
run backup-state "$tmp/one.db"
is 'one file by itself' '0 1' "$status $(count "$backups")"
refused 'which replaces nothing: 73' 73 "'$tmp/one.db' exists" \
	backup-state "$tmp/one.db"
refused 'no such directory: 73' 73 'No such file' backup-state "$tmp/no/x.db"
refused 'no directory at all: 73' 73 'Not a directory' \
	backup-state "$tmp/env/x.db"
with LEADPIPE_KEEP_BACKUPS=-1
refused 'an odd number is refused' 78 LEADPIPE_KEEP_BACKUPS \
	backup-state --config "$tmp/with"
for wrong in "--keep 1 $tmp/x.db" '--dir' "$tmp/" '--keep x' 'a b'; do
	# shellcheck disable=SC2086
	run backup-state $wrong
	is "usage: backup-state $wrong" 64 $status
done

shim="env LD_PRELOAD=$B/tests/fault/fault-shim.so"
for error in ENOSPC EIO; do
	for at in 1 5 40; do
		before=$(find "$backups" -type f | sort | xargs md5sum)
		$shim FAULT_FILES_ONLY=1 FAULT_ONLY=write,fsync,rename \
			FAULT_ERROR_FROM=$at FAULT_ERRNO=$error \
			"$LEADPIPE" backup-state >"$tmp/out" 2>"$tmp/err"
		is "$error from write $at on: 74, a line, no half file" \
			"74 1 $before" "$? $(wc -l <"$tmp/err") $(
			find "$backups" -type f | sort | xargs md5sum)"
	done
done
is 'a full disk is called so' 1 "$($shim FAULT_FILES_ONLY=1 FAULT_ONLY=write \
	FAULT_ERROR_FROM=9 FAULT_ERRNO=ENOSPC "$LEADPIPE" backup-state 2>&1 |
	grep -c 'the disk is full: the backup')"

# --- verify

run verify-state --backups --json
is 'all is well' '0 true 1' "$status $(jq -s 'all(.ok)' "$tmp/out") $(
	jq -s 'map(select(.check == "backup")) | length' "$tmp/out")"
run verify-state --full
is '--full too' "0 $(("$(wc -l <"$tmp/out")"))" "$status $(grep -c '^ok ' "$tmp/out")"
run verify-state -q
is '-q is silent' '0 ' "$status $(cat "$tmp/out" "$tmp/err")"
sql "insert into lanes(chat_id, head, priority, not_before) values(9, 99, 0, 0)"
run verify-state -q
is 'what must hold and does not is told: 1' '1 BAD 9' "$status $(
	awk '{ print $1, $NF }' "$tmp/out")"
sql 'delete from lanes where chat_id = 9'
cp "$tmp/one.db" "$tmp/bad.db"
head -c 8192 /dev/urandom | dd of="$tmp/bad.db" bs=4096 seek=9 conv=notrunc 2>"$tmp/dd"
run verify-state "$tmp/one.db" "$tmp/bad.db" "$tmp/env"
is 'files: each is told' '1 ok BAD BAD' "$status $(
	grep -o '^ok\|^BAD' "$tmp/out" | xargs)"
mkdir -m 700 "$tmp/hurt"
cp "$tmp/bad.db" "$tmp/hurt/leadpipe.db"
run verify-state --db "$tmp/hurt/leadpipe.db"
is 'a damaged database: 74' 74 $status

# --- restore: what is refused

whole=$(sql 'select count(*), max(id) from messages')
refused 'damaged: 74' 74 'is damaged' restore-state "$tmp/bad.db"
refused 'no backup: 65' 65 'is no backup' restore-state "$tmp/env"
refused 'no file: 65' 65 'No such file' restore-state "$tmp/none"
refused 'not itself: 65' 65 'in use\|itself' restore-state "$db"
sqlite3 "$tmp/new.db" ".restore $tmp/one.db" 'pragma journal_mode = delete' \
	'pragma user_version = 99' >"$tmp/said"
refused 'newer: 78' 78 'newer leadpipe' restore-state "$tmp/new.db"
sqlite3 "$tmp/theirs.db" 'create table a(b)'
refused 'of another program: 65' 65 "another program's" \
	restore-state "$tmp/theirs.db"
(umask 077 && sed 's/^BOT_TOKEN=4242/BOT_TOKEN=4343/' "$tmp/env" >"$tmp/with")
refused 'of another bot: 78' 78 'belongs to bot 4242' restore-state \
	--config "$tmp/with" "$tmp/one.db"
run restore-state
is 'usage: which?' 64 $status
"$LEADPIPE" poll-updates --for 4 >"$tmp/polled" 2>&1 &
bot_children=$!
wait_for fuser -s "$db"
refused 'while a command runs: 75' 75 '--wait' restore-state "$tmp/one.db"
is 'nothing of all that changed anything' "$whole" \
	"$(sql 'select count(*), max(id) from messages')"
passed 'nor left a draft' "$(find "$tmp/state" -name '*.restore*')"
run restore-state --wait 30 "$tmp/one.db"
is 'with --wait it waits for its end' '0 1' "$status $(
	grep -c '^restored ' "$tmp/out")"
wait $bot_children
is 'which is a good one' 0 $?
bot_children=

# --- restore: what was due is on hold

say '{"chat":44,"text":"/start"}'
run poll-updates
fault '{"kind":"error","method":"sendMessage","status":500,"description":"x","times":1}'
say '{"chat":43,"text":"/start"}'
run poll-updates
run schedule-task --text due --chat 44 --in 1s
run schedule-task --text later --chat 44 --in 1h
run backup-state "$tmp/due.db"
sleep 1
run restore-state --dry-run --json "$tmp/due.db"
is 'a dry run says what would be on hold' '[1,1,0,0,0,true]' \
	"$(jq -c '[.held[], .dry_run]' "$tmp/out")"
run restore-state "$tmp/due.db"
is 'it is said, with the command that releases it' '0 1 1' "$status $(grep -c \
	'^1 message, 1 task, 0 handlers, 0 updates and 0 leads are on hold' "$tmp/out") $(
	grep -c 'recover-pending --release' "$tmp/out")"
aside=$(sed -n 's/^the old database is in //p' "$tmp/out")
is 'the old one is whole' ok "$(sqlite3 "$aside/leadpipe.db" 'pragma quick_check')"
sql 'update lanes set not_before = 0'
run poll-updates
is 'nothing of it is sent' '0 0 1' "$status $(seen 43) $(seen 44)"
run healthcheck --component queue
is 'healthcheck tells of it' '1 1' "$status $(grep -c unknown= "$tmp/out")"
run recover-pending --list
is 'it is listed' 2 "$(grep -c 'on hold since the restore' "$tmp/out")"
run recover-pending --retry --all
is '--retry --all is no release' '0 2' "$status $(
	sql 'select count(*) from dead_letters')"
run recover-pending --release --dry-run
is '--release --dry-run' \
	'would release 1 message, 1 task, 0 handlers, 0 updates, 0 leads' "$(cat "$tmp/out")"
run recover-pending --release task --json
is '--release of a kind' '[0,1]' "$(jq -c '[.messages,.tasks]' "$tmp/out")"
run recover-pending --release
run poll-updates
is 'then it is done' '1 2' "$(seen 43) $(seen 44)"
is '... and marked as maybe the second' 1 "$(sql 'select maybe_duplicate
	from messages where chat_id = 43 and state = "sent"')"
is 'what is later is still to come' 1 "$(sql 'select count(*) from tasks
	where params like "%later%"')"
run recover-pending --release
is 'nothing is left on hold' 'released 0 messages, 0 tasks, 0 handlers, 0 updates, 0 leads' \
	"$(cat "$tmp/out")"
for wrong in '--release --all' '--release --list' '--release 5' \
	'--release message task'; do
	# shellcheck disable=SC2086
	run recover-pending $wrong
	is "usage: recover-pending $wrong" 64 $status
done
run verify-state -q
is 'and all holds' '0 ' "$status $(cat "$tmp/out")"
mkdir -m 700 "$tmp/fresh"
run restore-state --db "$tmp/fresh/leadpipe.db" "$tmp/due.db"
is 'an empty place is filled' '0 ok' "$status $(sqlite3 \
	"$tmp/fresh/leadpipe.db" 'pragma quick_check')"

# --- prune

old=$((($(date +%s) - 91 * 86400) * 1000))
sql "with recursive n(i) as (select 1 union all select i + 1 from n
	where i < 3000) insert into messages(chat_id, state, role, created_at,
	settled_at, method, text) select 42, iif(i % 10, 'sent', 'held'),
	'assistant', $old, $old, 'sendMessage', printf('%0400d', i) from n;
	insert into tasks(due_at, id, kind, priority, chat_id, expire_at,
	created_at, method) values($old, 3, 'send', 5, 1, $old, $old, 'x');
	insert into runs(command, worker, started_at, finished_at)
	values('x', 1, $old, $old)"
waits=$(sql "select count(*) from messages where state = 'held'")
run prune-state --dry-run
is 'a dry run counts' 'would delete 0 updates, 2700 messages, 0 ended tasks, 1 run, 0 handlers, 0 texts of leads' \
	"$(cat "$tmp/out")"
with LEADPIPE_KEEP_HISTORY=0
run prune-state --dry-run --json --config "$tmp/with"
is '0 keeps for ever' '[0,1,true]' "$(jq -c '[.messages,.runs,.dry_run]' "$tmp/out")"
run prune-state --json
is 'what is old goes, and its space' '[2700,1,true,true]' "$(jq -c '[.messages,
	.runs,.complete,.bytes_before - .bytes_after > 1000000]' "$tmp/out")"
is 'what waits stays, however old' "$waits 1" "$(sql "select (select count(*)
	from messages where state = 'held') || ' ' || (select count(*) from tasks
	where id = 3)")"
run prune-state
is 'cron hears nothing' '0 ' "$status $(cat "$tmp/out" "$tmp/err")"
with LEADPIPE_KEEP_UPDATES=2
refused 'updates are kept for three days at least' 78 'at least 3 days' \
	prune-state --config "$tmp/with"
refused 'the poller refuses it too' 78 'at least 3 days' \
	poll-updates --config "$tmp/with"
tap_end
