#!/bin/bash
# SPDX-License-Identifier: MIT
# What healthcheck says of faults that were really provoked, and whether the
# command that it names mends them; and what it tells a web server.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"

# What else runs on this machine is nobody's fault.
calm='-w memory=101 -c memory=102 -w disk_free=1: -c disk_free=1:'

# health [OPTION...]: leaves its first line in $line, its text in $text
health()
{
	# shellcheck disable=SC2086 # options
	run healthcheck -v $calm "$@"
	line=$(head -n 1 "$tmp/out")
	text=${line%% |*}
}

# said STATUS PATTERN: what health said last
said()
{
	[ "$status" = "$1" ] || { echo "exit $status: $line"; return; }
	printf '%s\n' "$text" | grep -q "$2" || echo "$line"
}

# perf LABEL: its value
perf() { printf '%s\n' "${line#* | }" | tr ' ' '\n' | sed -n "s/^$1=//p"; }

# remedy KEY: the command that the last report names for it
remedy()
{
	awk -v key="] $1: " 'index($0, key) { found = 1 }
		found && / mend: / { print; exit }' "$tmp/out" |
		sed -n "s/[^']*'\([^']*\)'.*/\1/p"
}

# mend KEY [OPTION...]: runs what is named; what it says comes back
mend()
{
	local command
	command=$(remedy "$1")
	shift
	case $command in
	leadpipe\ *) ;;
	*) echo "no command: '$command'"; return ;;
	esac
	# shellcheck disable=SC2086 # words of a command
	"$LEADPIPE" ${command#leadpipe } "$@" >"$tmp/mended" 2>&1 </dev/null ||
		cat "$tmp/mended"
}

bot_start --open-chats
bot_config LEADPIPE_LIMIT_PER_SECOND=0

# --- never started

health
passed 'never started' "$(said 2 'no database at')"
say '{"chat":42,"text":"/start","first_name":"Anna","lang":"en"}'
passed 'the remedy makes it' "$(mend database/open)"
health
passed 'and is all that it takes' "$(said 0 OK)"
cp -r "$tmp/state" "$tmp/small.state"

# --- tried by hand is not run by cron

run send-due
sql "update runs set started_at = started_at - 3600000,
	finished_at = finished_at - 3600000 where command = 'send-due'"
health
passed 'send-due was tried once, an hour ago' "$(said 0 OK)"
is 'its age is nobody'"'"'s' '' "$(perf send_run_age)"
sql "insert into runs(command, worker, started_at, finished_at, exit_code)
	select 'send-due', 1, at - 30000, at, 0 from (
		select (unixepoch() - 4300 + 60 * value) * 1000 as at
		from generate_series(1, 11))"
health
passed 'each minute until an hour ago' "$(said 2 'send-due ran 1 h')"
is 'cron is named' 'systemctl status cron' "$(remedy runs/send_run_age)"
sql "delete from runs where command = 'send-due'"

# --- Telegram

fault '{"kind":"error","status":500,"description":"Internal Server Error","times":0}'
run poll-updates
health --online
passed 'Telegram answers 500: asked, it is told at once' \
	"$(said 1 'Internal Server Error')"
sql "update meta set value = value - 130000 where key = 'poll_at'"
health
passed 'unasked, after two minutes' "$(said 1 'Telegram answered 2 min')"
sim reset '{}' >"$tmp/said"
run poll-updates
health --online
passed 'back again' "$(said 0 OK)"
for text in one two three; do say "{\"chat\":42,\"text\":\"$text\"}"; done
health --online -w pending_updates=2
passed 'what waits at Telegram' "$(said 1 'updates waiting at Telegram: 3')"
passed 'the remedy fetches it' "$(mend telegram/pending_updates)"
health --online -w pending_updates=2
passed 'then nothing waits' "$(said 0 OK)"
before=$(sim stats | jq -c .methods)
health
is 'without --online nothing is asked' "$before" \
	"$(sim stats | jq -c .methods)"
fault '{"kind":"401","times":0}'
health --online
passed 'the token was revoked' "$(said 2 'Telegram rejects BOT_TOKEN')"
is 'it is nowhere' '' "$(grep -F "${sim_token#*:}" "$tmp/out" "$tmp/err")"
sim reset '{}' >"$tmp/said"

# --- what fails, and how much waits

seq 47 | sed 's/.*/{"chat":&,"text":"hello","in":"0s"}/' |
	"$LEADPIPE" schedule-task --ndjson >"$tmp/said"
fault '{"kind":"error","method":"sendMessage","status":400,"description":"Bad Request: x","times":3}'
run send-due
health
passed 'three of about fifty failed' "$(said 1 'dead letters: 3')"
is 'the rate' 1 "$(perf error_rate | grep -cE '^[5-6](\.[0-9]*)?%;5;;0$')"
is 'since when' 1 "$(grep -A1 'queue/dead:' "$tmp/out" | grep -c '^  since 20')"
run recover-pending --retry --all
run send-due
health -w error_rate=20
passed 'sent once more all is well' "$(said 0 OK)"
sql "update messages set settled_at = settled_at - 901000,
	created_at = created_at - 901000"
health
passed 'and after a quarter of an hour forgotten' "$(said 0 OK)"
is 'the rate of nothing' '0%;5;;0' "$(perf error_rate)"

sql "insert into tasks(due_at, id, kind, priority, chat_id, expire_at,
	created_at, method, params) select 9000000000000 + value, 1000 + value,
	'send', 5, value, 9900000000000, 1, 'sendMessage', '{}'
	from generate_series(1, 100001)"
health
passed '100,001 tasks' "$(said 1 'tasks waiting: 100001')"
sql 'delete from tasks where id = 1001'
health
passed 'the limit itself is fine' "$(said 0 OK)"
sql 'delete from tasks'

# --- memory, clock, backups

health -c memory=0.1
passed 'the memory of the machine' "$(said 2 '% of the memory is taken')"
sql "update runs set max_rss_kb = 300000 where id = (select max(id)
	from runs where command = 'poll-updates')"
health
passed 'a command that took too much' \
	"$(said 1 'poll-updates took 292 MiB of memory')"
passed 'the next run' "$(mend runs/max_rss)"
health
passed 'ends it' "$(said 0 OK)"

back="faketime -f -1h"
DONT_FAKE_MONOTONIC=1 $back "$LEADPIPE" healthcheck \
	--component runs >"$tmp/out"
is 'the clock goes back an hour' 1 \
	"$(grep -c '^LEADPIPE WARNING: the clock went back: .* from now' "$tmp/out")"
for command in poll-updates send-due; do
	DONT_FAKE_MONOTONIC=1 $back "$LEADPIPE" $command 2>"$tmp/err"
done
DONT_FAKE_MONOTONIC=1 $back "$LEADPIPE" healthcheck \
	--component runs >"$tmp/out"
is 'the next run goes by it' 'LEADPIPE OK' "$(cut -d: -f 1 "$tmp/out")"
run poll-updates
run send-due

health
is 'who makes no backups hears nothing of them' '' "$(perf backup_age)"
run backup-state
touch -d '4 days ago' "$tmp"/state/backups/*.db
health
passed 'the backups stopped' "$(said 1 'the newest backup is 4 d')"
passed 'the next one' "$(mend database/backup_age)"
health
passed 'is the remedy' "$(said 0 OK)"

# --- the file itself

mkfifo "$tmp/hold"
sqlite3 "$db" <"$tmp/hold" >"$tmp/held" 2>&1 &
bot_children=$!
exec 9>"$tmp/hold"
printf 'begin immediate;\nselect 1;\n' >&9
wait_for grep -q 1 "$tmp/held"
health
passed 'another program keeps all from writing, and is named' \
	"$(said 1 "sqlite3 (process $bot_children) lets nobody else write")"
is 'what ends it' "kill $bot_children" "$(remedy database/writer)"
eval "$(remedy database/writer)"
wait $bot_children
exec 9>&-
health
passed 'and it is over' "$(said 0 OK)"

dd if=/dev/urandom of="$db" bs=4096 seek=2 count=12 conv=notrunc 2>"$tmp/said"
health
passed 'damaged' "$(said 2 'is damaged')"
passed 'the newest backup is named, and restored' \
	"$(mend "$(sed -n 's/^\[CRITICAL\] \(.*\): .*damaged.*/\1/p' "$tmp/out" |
		head -n 1)")"
run poll-updates
health
passed 'well again' "$(said 0 OK)"

# full: the disk is, as far as the bot can see
cat >"$tmp/full.sh" <<-'SCRIPT'
	mount -t tmpfs -o size=1m,mode=700 none "$1/small" || exit 1
	cp -r "$1/small.state/." "$1/small"
	dd if=/dev/zero of="$1/small/hog" bs=4k 2>/dev/null
	for command in poll-updates 'healthcheck -v --component machine'; do
		"$LEADPIPE" $command --db "$1/small/leadpipe.db"
		echo "exit $?"
	done
	rm "$1/small/hog"
	"$LEADPIPE" poll-updates --db "$1/small/leadpipe.db"
	"$LEADPIPE" healthcheck --db "$1/small/leadpipe.db" $2
SCRIPT
mkdir "$tmp/small"
say '{"chat":43,"text":"/start"}'
if unshare --mount true 2>"$tmp/said"; then
	unshare --mount bash "$tmp/full.sh" "$tmp" "$calm" >"$tmp/full" 2>&1
	is 'full: commands say so' 1 "$(grep -c '^exit 74$' "$tmp/full")"
	is 'full: so does healthcheck' 1 \
		"$(grep -c '^LEADPIPE CRITICAL: .*0 MiB of disk are free' "$tmp/full")"
	is 'full: with space it is over' 'LEADPIPE OK' \
		"$(tail -n 1 "$tmp/full" | cut -d: -f 1)"
else
	passed 'a full disk # SKIP needs root'
fi

# --- asked by a web server

# web METHOD [OPTION...]: leaves $tmp/out and $body
web()
{
	# shellcheck disable=SC2086 # options
	GATEWAY_INTERFACE=CGI/1.1 REQUEST_METHOD=$1 QUERY_STRING=${query-} \
		"$LEADPIPE" healthcheck $calm "${@:2}" >"$tmp/out" \
		2>"$tmp/err"
	body=$(sed '1,/^\r$/d' "$tmp/out")
	head=$(sed '/^\r$/,$d' "$tmp/out" | tr -d '\r')
}
web GET
is 'OK is 200' 'Status: 200 OK 1 0' \
	"$(head -n 1 <<<"$head") $(jq -r '"\(.schema) \(.exit)"' <<<"$body")"
is 'JSON that nobody keeps' 2 "$(grep -cx -e 'Content-Type: application/json' \
	-e 'Cache-Control: no-store' <<<"$head")"
web GET -w tasks=1:
is 'WARNING is 200' 'Status: 200 OK WARNING' \
	"$(head -n 1 <<<"$head") $(jq -r .state <<<"$body")"
web GET -c tasks=1:
is 'CRITICAL is 503' 'Status: 503 Service Unavailable CRITICAL' \
	"$(head -n 1 <<<"$head") $(jq -r .state <<<"$body")"
sql "insert or replace into meta values('poll_fault', '+7 999 111-22-33 Anna'),
	('poll_fault_at', unixepoch() * 1000)"
web GET
is 'no texts, no paths: they quote others' 'telegram/poll_fault 1 0' \
	"$(jq -r '.checks[] | select(.state == "CRITICAL") |
		"\(.component)/\(.name) \((.since // "" | test("^20.*Z$")) | if . then 1 else 0 end)"' \
		<<<"$body") $(grep -cF -e "$tmp" -e Anna -e 111-22 -e remedy <<<"$body")"
sql "delete from meta where key like 'poll_fault%'"
web HEAD -c tasks=1:
is 'HEAD has no body' 'Status: 503 Service Unavailable ' \
	"$(head -n 1 <<<"$head") $body"
web POST
is 'others are refused' 'Status: 405 Method Not Allowed 1' \
	"$(head -n 1 <<<"$head") $(grep -c '^Allow: GET, HEAD$' <<<"$head")"
query=--alert web GET --alert
is 'what the visitor typed is no option' 'Status: 400 Bad Request' \
	"$(head -n 1 <<<"$head")"
web GET --db "$tmp/nowhere"
is 'no database is 503' 'Status: 503 Service Unavailable CRITICAL' \
	"$(head -n 1 <<<"$head") $(jq -r .state <<<"$body")"
tap_end
