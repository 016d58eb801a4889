#!/bin/bash
# SPDX-License-Identifier: MIT
# serial: what it does with time needs the machine for itself
# A busy bot is backed up every second, restored, and has its journal replayed,
# cron going on as it does: nothing is lost, nobody reads anything twice that
# was not asked for, nobody waits for it.
# shellcheck disable=SC2119 # no arguments is fine
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
children=
# shellcheck disable=SC2086 # a list of pids
trap 'sim_stop; kill $children 2>/dev/null; wait; rm -rf "$tmp"' EXIT
sim_start --no-quirks
floor_open
mkdir -m 700 "$floor/journal"
echo "LEADPIPE_JOURNAL_DIR=$floor/journal" >>"$floor/env"

# cron: the poller hands over to the next one, as every minute
cron()
{
	while [ -e "$tmp/cron" ]; do
		poll --for 3
	done
}

# soon WANTED COMMAND...: what COMMAND says once it is that, or after 20 s
soon()
{
	local i wanted=$1 found
	shift
	for ((i = 0; i < 200; i++)); do
		found=$("$@" | xargs)
		[ "$found" != "$wanted" ] || break
		sleep 0.1
	done
	echo "$found"
}
loaded() { sim load | jq .answered; }

backed=0 failed=''
backup()
{
	"$program/backup-state" --keep 3 2>"$tmp/err" ||
		failed="$failed $(cat "$tmp/err")"
	backed=$((backed + 1))
}

people say '"text":"/start"' 900
poll
# Rows that make a backup take its time.
sqlite3 "$floor_db" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1
	FROM n WHERE i < 60000) INSERT INTO messages(chat_id, state, role,
	created_at, settled_at, text) SELECT 900, 'received', 'user',
	strftime('%s') * 1000, strftime('%s') * 1000, printf('%0300d', i) FROM n"
touch "$tmp/cron"
cron &
children=$!
sim load '{"messages":300,"seconds":6,"chats":150,"text":"/start"}' >/dev/null
for _ in 1 2 3 4 5 6; do
	backup
	sleep 1
done
passed 'backed up every second while it is busy' "$failed"
is '... and three are kept, each one sound' '3 3' \
	"$(find "$floor/state/backups" -type f | wc -l) $(
	"$program/verify-state" "$floor"/state/backups/* | grep -c '^ok ')"
is '... everybody was answered' 300 "$(soon 300 loaded)"
p99=$(sim load | jq '.p99_ms | floor')
is '... nobody waited for it' yes "$([ "$p99" -lt 2000 ] && echo yes || echo "$p99")"
echo "# $backed backups; median $(sim load | jq .median_ms) ms, p99 $p99 ms"

# It is backed up with reminders due, which the old database still sends; then
# the backup is restored while cron goes on.
rm "$tmp/cron"
wait $children
people say '"text":"/start"' 901 902 903
poll
people press '"text":"Получить доступ"' 901 902
poll
due
"$program/backup-state" "$tmp/due.db"
touch "$tmp/cron"
cron &
children=$!
people say '"text":"/start"' 904
is 'after the backup the reminders leave, and one more writes' '3 3 1 1' \
	"$(soon '3 3 1 1' answered 901 902 903 904)"
"$program/restore-state" --wait 60 "$tmp/due.db" >"$tmp/out" 2>"$tmp/err"
is 'restored under a running cron' '0 ' "$? $(cat "$tmp/err")"
aside=$(sed -n 's/^the old database is in //p' "$tmp/out")
people say '"text":"/start"' 905
is '... whose next command goes on with it, and repeats nothing unasked' \
	'3 3 1 1 1' "$(soon '3 3 1 1 1' answered 901 902 903 904 905)"
"$program/verify-state" >"$tmp/out"
is '... the journal knows what came after the backup' '1 1' "$? $(
	grep -c '^BAD  journal  *update ' "$tmp/out")"
sim load '{"messages":60,"seconds":2,"chats":30,"text":"/start"}' >/dev/null
"$program/recover-pending" --replay-updates 2026-01-01T00:00:00Z.. >"$tmp/out"
is '... which comes back while the bot works' '0 1' \
	"$? $(grep -c '^1 update, 0 leads and 0 tasks came back' "$tmp/out")"
soon 60 loaded >"$tmp/out"
soon 2 answered 904 >"$tmp/out"
rm "$tmp/cron"
wait $children
children=
is '... and is answered as it was asked, no other one is again' \
	'3 3 1 2 1 60' "$(answered 901 902 903 904 905 | xargs) $(
	sim load | jq .answered)"
is '... now nothing is missing' '' "$("$program/verify-state" |
	grep '^BAD.*journal')"
is '... it is in the old database as well, and nothing is lost' \
	'0 1' "$(delivered | grep -c 'lost:') $(sqlite3 "$aside/leadpipe.db" \
	"SELECT count(*) FROM updates WHERE raw LIKE '%\"id\":904,%'")"
"$program/recover-pending" --release task -q
settle
is '... asked for, the reminders leave again' '4 4 1 2 1' \
	"$(answered 901 902 903 904 905 | xargs)"
"$program/verify-state" -q >"$tmp/out"
is '... and all that must hold does' '0 ' "$? $(cat "$tmp/out")"
tap_end
