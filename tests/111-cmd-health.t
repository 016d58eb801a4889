#!/bin/bash
# SPDX-License-Identifier: MIT
# healthcheck is a plugin that Nagios can live with, and tells what is wrong.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"

# health [OPTION...]: leaves $line, its text and its perfdata
health()
{
	# What else runs on this machine is nobody's fault.
	run healthcheck -w memory=101 -c memory=102 "$@"
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

bot_start --no-quirks

# --- before anything is there

health
passed 'no database: critical, with the command to run' \
	"$(said 2 "^LEADPIPE CRITICAL: no database at .*poll-updates")"
passed 'nothing is made' "$(ls -A "$tmp/state")"
is 'one line, on stdout alone' '1 0' \
	"$(wc -l <"$tmp/out") $(wc -c <"$tmp/err")"

# --- a good day

say '{"chat":42,"text":"/start","first_name":"Anna","lang":"en"}'
run poll-updates
find "$tmp/state" | sort >"$tmp/before"
health
passed 'all is well' "$(said 0 '^LEADPIPE OK: Telegram answered . s ago; poll-updates ran . s ago')"
is 'the text fits a pager' 1 "$([ ${#text} -lt 80 ] && echo 1)"
is 'perfdata as the guidelines want it' '' \
	"$(printf '%s\n' "${line#* | }" | tr ' ' '\n' |
		grep -vE '^[a-z_]{1,19}=(U|-?[0-9.]+(s|B|%)?);[0-9:.@~-]*;[0-9:.@~-]*;0$')"
is 'the age of the last answer too' 1 \
	"$([[ $(perf poll_age) =~ ^[0-9.]+s\;120\;300\;0$ ]] && echo 1)"
is 'of each thing once' '' \
	"$(printf '%s\n' "${line#* | }" | tr ' ' '\n' | sed 's/=.*//' | sort | uniq -d)"
is 'numbers' '0;100000;;0 0s;60;300;0 0;0;10;0' \
	"$(perf tasks) $(perf due_lag) $(perf dead)"
is 'one bar' 1 "$(printf '%s' "$line" | tr -cd '|' | wc -c)"
is 'nothing is made or changed' '' \
	"$(find "$tmp/state" | sort | diff - "$tmp/before")"
health --json
is 'as JSON' '[1,"OK",0,true]' \
	"$(jq -c '[.schema,.state,.exit,(.checks | length > 10)]' "$tmp/out")"
health -v
is '-v: more lines, the numbers in the first' '1 0' \
	"$(grep -c '|' "$tmp/out") $status"

run schedule-task --text x --chat 5 --at tomorrow
run cancel-task 99999999
health
passed 'what was mistyped is no trouble' "$(said 0 OK)"
is 'though it was recorded' 65 "$(sql "select exit_code from runs
	where command = 'cancel-task'")"

# --- thresholds of one's own

health -w tasks=1: -c dead=5
passed '-w alone' "$(said 1 'WARNING: tasks waiting: 0')"
health -w tasks=1: -c tasks=2:3
passed 'critical comes first' "$(said 2 'CRITICAL: tasks waiting: 0')"
is 'the range is told as it was given' '0;1:;2:3;0' "$(perf tasks)"
health -c 'tasks=~:-1' --component queue
passed 'of one component' "$(said 2 'CRITICAL: tasks waiting: 0')"
is 'others are left out' '' "$(perf db_size)"

# --- the command line

for wrong in '-w tassks=1' '-w tasks' '-w tasks=1x' '-c tasks=5:1' \
	'-c tasks=' '--component quue' '--failed-unit x' '--nothing' 'x' '-t 0' '-t x' \
	'-w'; do
	# shellcheck disable=SC2086
	health $wrong
	is "refused on stdout with 3: $wrong" '3 1 0' \
		"$status $(grep -c '^LEADPIPE UNKNOWN: ' "$tmp/out") $(wc -c <"$tmp/err")"
done
health -w tassks=1
passed 'with a suggestion' "$(said 3 'did you mean tasks')"
for option in --help --version -h -V; do
	health $option
	is "$option exits 3" 3 $status
done

# --- what can be wrong

fault '{"kind":"error","method":"sendMessage","status":400,"description":"Bad Request: a | b","times":1}'
say '{"chat":43,"text":"/start"}'
run poll-updates
health -v
passed 'a dead message' "$(said 1 'WARNING: dead letters: 1$')"
is 'since when, and what mends it' 2 \
	"$(grep -A2 'queue/dead:' "$tmp/out" | grep -cE '^  (since 20|mend: .*recover-pending --list)')"
run recover-pending --drop "$(sql "select item from dead_letters")"
sim raw '{"message":tru}' >"$tmp/said"
for _ in 1 2 3; do run poll-updates; done
health
passed 'a parked update' "$(said 1 'updates parked: 1')"
run recover-pending --drop "update:$(sql 'select item from dead_letters')"
sql "create trigger once after insert on messages begin update messages set
	policy = 'once' where id = new.id and role = 'assistant'; end"
fault '{"kind":"reply_lost","method":"sendMessage","effect":true,"times":1}'
say '{"chat":44,"text":"/start"}'
run poll-updates
sql 'drop trigger once'
health
passed 'an unknown message, counted once' \
	"$(said 1 'messages that may have arrived: 1$')"
run recover-pending --sent "$(sql "select item from dead_letters")"
health
passed 'and mended' "$(said 0 OK)"

sql "update runs set started_at = started_at - 400000,
	finished_at = finished_at - 400000"
sql "update meta set value = value - 200000 where key = 'poll_at'"
health
passed 'poll-updates has not run' \
	"$(said 2 'CRITICAL: poll-updates ran 6 min')"
run poll-updates

sql "insert into tasks(due_at, id, kind, priority, chat_id, expire_at,
	created_at, method, params) values(
	(unixepoch() - 90) * 1000, 900, 'send', 5, 42, 9000000000000, 1,
	'sendMessage', '{\"text\":\"x\"}')"
health
passed 'a task that waits for 90 s' \
	"$(said 1 'WARNING: the oldest due waits 1 min')"
is 'is counted' 1 "$([[ $(perf due_lag) =~ ^9[0-9] ]] && echo 1)"
sql 'delete from tasks'

# --- crashes

"$LEADPIPE" poll-updates --for 30 >/dev/null 2>&1 &
bot_children=$!
runs() { [ "$(sql 'select count(*) from runs where finished_at is null')" = 1 ]; }
wait_for runs
health
passed 'a command that runs is well' "$(said 0 'poll-updates runs')"
kill -9 $bot_children
wait $bot_children 2>/dev/null
before=$(ls "$tmp/state/run")
health
passed 'killed: a crash, before any other command noticed' \
	"$(said 1 'the last poll-updates crashed')"
is 'it is counted' '1;0;;0' "$(perf crashes)"
is 'no file is touched' "$before" "$(ls "$tmp/state/run")"
run poll-updates
health
passed 'the next run does not hide it' \
	"$(said 1 'runs crashed in the last hour: 1$')"
health -w crashes=1
passed 'who knows of it says so' "$(said 0 OK)"
sql 'update runs set crashed = 0'

# --- Telegram

fault '{"kind":"401","times":0}'
run poll-updates
health
passed 'the token is rejected' \
	"$(said 2 'getUpdates is refused for .* s: .*BOT_TOKEN')"
since=$(sql "select value from meta where key = 'poll_fault_at'")
run poll-updates
is 'since the first time' "$since" \
	"$(sql "select value from meta where key = 'poll_fault_at'")"
is 'the token is nowhere' '' "$(grep -rl "${sim_token#*:}" "$tmp/out" "$tmp/err")"
sim reset '{}' >"$tmp/said"
run poll-updates
health
passed 'the next good answer ends it' "$(said 0 OK)"

fault '{"kind":"401","method":"sendMessage","times":1}'
say '{"chat":45,"text":"/start"}'
run poll-updates
health
passed 'sending alone is refused' \
	"$(said 2 'sending is refused for .* s: .*BOT_TOKEN')"
run poll-updates
health
passed 'the next message that arrives ends it' "$(said 0 OK)"
bot setWebhook '{"url":"https://example.org/x"}' >"$tmp/said"
run poll-updates
health
passed 'a webhook is in the way' \
	"$(said 2 'getUpdates is refused for .* s: a webhook is set')"
bot deleteWebhook >"$tmp/said"
run poll-updates

sql "update meta set value = 'line 3: a | b' where key = 'flow_refused'"
sql "insert or ignore into meta values('flow_refused', 'line 3: a | b')"
health
passed 'a refused flow is told, its bar is not perfdata' \
	"$(said 1 'the newest flow is not used: line 3: a   b$')"
sql "delete from meta where key in ('flow_refused', 'flow')"
health
passed 'no flow at all' "$(said 1 'no flow is deployed')"

# --- what the process is given

for shell in 'exec 0<&-' 'exec 2>&-' 'exec 0<&- 2>&-' 'umask 000' 'umask 077' \
	"trap '' PIPE"; do
	("$BASH" -c "$shell; exec \"\$@\"" - "$LEADPIPE" healthcheck \
		--component queue) >"$tmp/out" 2>"$tmp/err"
	is "alike with: $shell" '0 LEADPIPE OK' \
		"$? $(cut -d: -f1 "$tmp/out")"
done
env -i "$LEADPIPE" healthcheck --component queue --config "$tmp/env" \
	>"$tmp/out"
is 'alike with env -i' '0 LEADPIPE OK' "$? $(cut -d: -f1 "$tmp/out")"
for locale in tr_TR.UTF-8 ru_RU.UTF-8; do
	if locale -a | grep -qix "${locale/UTF-8/utf8}"; then
		LC_ALL=$locale "$LEADPIPE" healthcheck --component queue \
			>"$tmp/out"
		is "alike in $locale" '0 LEADPIPE OK' \
			"$? $(cut -d: -f1 "$tmp/out")"
	else
		passed "# skip $locale is not installed"
	fi
done

# --- the database in trouble

# hold COMMANDS: another program in the database until held_end
hold()
{
	mkfifo "$tmp/hold"
	sqlite3 "$db" <"$tmp/hold" >"$tmp/held" 2>&1 &
	bot_children=$!
	exec 9>"$tmp/hold"
	printf '%s\nselect 1;\n' "$1" >&9
	wait_for grep -q 1 "$tmp/held"
}
held_end()
{
	exec 9>&-
	wait $bot_children
	rm "$tmp/hold"
}

hold 'begin immediate;'
health --component queue -t 3
passed 'a writer elsewhere does not matter' "$(said 0 OK)"
held_end
run poll-updates
hold "pragma locking_mode = exclusive; begin immediate;
	update meta set value = value where key = 'poll_at'; commit;"
start=$(date +%s%N)
health -t 2
elapsed=$((($(date +%s%N) - start) / 1000000))
passed 'locked whole: UNKNOWN' \
	"$(said 3 "^LEADPIPE UNKNOWN: .* is locked by another program")"
is 'in time' 1 "$([ $elapsed -lt 15000 ] && echo 1)"
is 'what needs no database is judged' 1 \
	"$(perf memory | grep -c '^[0-9.]*%;101;102;0$')"
health --component machine
passed 'alone it does not wait for it' "$(said 0 '^LEADPIPE OK')"
held_end
exec 8<"$tmp/state/migrate.lock"
flock -x 8
health -t 1
passed 'a migration that lasts: UNKNOWN' "$(said 3 '^LEADPIPE UNKNOWN')"
exec 8<&-

mkdir -m 700 "$tmp/other"
sqlite3 "$tmp/other/foreign.db" 'create table t(x)'
health --db "$tmp/other/foreign.db"
passed 'a foreign database' "$(said 2 'not a database of leadpipe')"
echo 'this is no database, whatever it looks like' >"$tmp/other/text.db"
health --db "$tmp/other/text.db"
passed 'a file that is none' "$(said 2 'not a database of leadpipe')"
sqlite3 "$db" ".backup '$tmp/other/newer.db'" 'select 1' >/dev/null
sqlite3 "$tmp/other/newer.db" 'pragma user_version = 99'
health --db "$tmp/other/newer.db"
passed 'a newer one' "$(said 2 'newer leadpipe')"
sqlite3 "$db" ".backup '$tmp/other/damaged.db'"
dd if=/dev/urandom of="$tmp/other/damaged.db" bs=4096 seek=2 count=12 \
	conv=notrunc 2>/dev/null
health --db "$tmp/other/damaged.db" -v
passed 'a damaged one' "$(said 2 'damaged')"
is 'with the remedy' 1 "$(grep -c '\[CRITICAL\].*restore a backup' "$tmp/out")"
passed 'nothing is made beside them' \
	"$(find "$tmp/other" -type f ! -name '*.db')"

# --- the configuration in trouble

bot_config 'LEADPIPE_LIMITS=3'
health
passed 'a misspelt setting' "$(said 2 "unknown setting 'LEADPIPE_LIMITS'")"
bot_config
sed -i 's/^BOT_TOKEN=4242/BOT_TOKEN=4243/' "$tmp/env"
health
passed 'the token of another bot' "$(said 2 'bot 4242.*bot 4243')"
tap_end
