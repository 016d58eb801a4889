# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests/bench/run: a bot with a fresh state, what a command took,
# and the table. Uses $B, $TOP, $LEADPIPE, $tmp and $times.
failed=0
problem=
cpu=0 rss=0 wall=0
declare -A bare_rate

has()
{
	[ -x "$B/libexec/$1" ]
}

# bot_begin [OPTION...]: a simulator that only answers, and a new database
bot_begin()
{
	rm -rf "$tmp/state" "$tmp/measured" "$tmp/port"
	mkdir -m 700 -p "$tmp/state"
	"$B/tests/sim/telegram-sim" --quiet --port-file "$tmp/port" \
		--token "$sim_token" --no-validate --no-quirks "$@" &
	sim_pid=$!
	until [ -s "$tmp/port" ]; do sleep 0.02; done
	sim_root=http://127.0.0.1:$(cat "$tmp/port")
	case " $* " in
	*' --tls '*) sim_root=https://localhost:$(cat "$tmp/port") ;;
	esac
	cat >"$tmp/env" <<-SETTINGS
	BOT_TOKEN=$sim_token
	TELEGRAM_API_ROOT=$sim_root
	DATABASE_PATH=$tmp/state/leadpipe.db
	FLOW_FILE=$TOP/examples/funnel.json
	LEADPIPE_LIMIT_PER_SECOND=0
	LEADPIPE_LIMIT_CHAT_PER_SECOND=0
	LEADPIPE_LIMIT_GROUP_PER_MINUTE=0
	SETTINGS
	chmod 600 "$tmp/env"
	export LEADPIPE_CONFIG=$tmp/env
	SSL_CERT_DIR=$tmp/tls/hashed "$B/libexec/poll-updates" ||
		problem='the first run failed'
}

bot_end()
{
	sim_stop
}

db()
{
	sqlite3 -readonly "$tmp/state/leadpipe.db" "$1"
}

is_count()
{
	local found
	found=$(db "$2")
	[ "$found" = "$1" ] || problem="$found of $1: $2"
}

# bot_check COUNT CONDITION SEEN: messages in the database, and on the other
# side
bot_check()
{
	is_count "$1" "SELECT count(*) FROM messages WHERE $2"
	[ "$3" = "$1" ] || problem="the simulator saw $3 of $1"
}

# tasks COUNT DELAY_MS: messages of as many chats, as the rows that
# schedule-task writes
tasks()
{
	sqlite3 "$tmp/state/leadpipe.db" "BEGIN IMMEDIATE;
	INSERT INTO tasks(due_at, id, kind, priority, chat_id, expire_at,
		created_at, method, params)
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
		WHERE i < $1), o(base) AS (SELECT coalesce(max(id), 0) FROM tasks),
		t(now) AS (SELECT unixepoch() * 1000)
	SELECT now - 1000 + $2 + i % 997, base + i, 'send', 9, 1000000 + base + i,
		now + 86400000, now, 'sendMessage',
		'{\"text\":\"Reminder ' || i || ' of your appointment\"}'
	FROM n, o, t;
	INSERT OR REPLACE INTO meta(key, value)
		SELECT 'task_id', max(id) FROM tasks; COMMIT"
}

# history COUNT: messages of 50,000 chats, one each 200 ms until now, and the
# runs of two weeks
history()
{
	sqlite3 "$tmp/state/leadpipe.db" "BEGIN IMMEDIATE;
	INSERT INTO messages(chat_id, state, role, created_at, settled_at,
		message_id, text, method, policy)
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
		WHERE i < $1), t(now) AS (SELECT unixepoch() * 1000)
	SELECT 1 + i % 50000, iif(i % 2, 'received', 'sent'),
		iif(i % 2, 'user', 'assistant'), now - ($1 - i) * 200,
		iif(i % 2, NULL, now - ($1 - i) * 200), i,
		'Message ' || i || ' of a long conversation about the order',
		iif(i % 2, NULL, 'sendMessage'), iif(i % 2, NULL, 'resend')
	FROM n, t;
	INSERT INTO runs(command, worker, started_at, finished_at, exit_code,
		max_rss_kb)
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
		WHERE i < 40320), t(now) AS (SELECT unixepoch() * 1000)
	SELECT iif(i % 2, 'send-due', 'poll-updates'), i,
		now - (40320 - i) * 30000, now - (40320 - i) * 30000 + 900, 0,
		12000 FROM n, t;
	COMMIT; PRAGMA wal_checkpoint(TRUNCATE)" >"$tmp/said"
}

# measure COMMAND...: its time, CPU and memory become a line of $tmp/measured
measure()
{
	local command=$1
	shift
	"$B/tests/bench/measure" "${measured:-$tmp/measured}" \
		"$B/libexec/$command" "$@" ||
		problem="$command ended with $?"
}

# The quickest line so far: $wall and $cpu (ms), $rss (the largest, kB)
take_best()
{
	read -r wall cpu rss < <(sort -n "$tmp/measured" | awk '
		NR == 1 { wall = $1; cpu = $2 } $3 > rss { rss = $3 }
		END { print wall, cpu, rss }')
}

# best FUNCTION...: the best of $times runs, each with a state of its own
best()
{
	local i
	: >"$tmp/tries"
	for ((i = 0; i < times; i++)); do
		"$@"
		cat "$tmp/measured" >>"$tmp/tries"
	done
	mv "$tmp/tries" "$tmp/measured"
	take_best
}

# bare LATENCY_MS: libcurl alone, as often, as a row and for the ratios
bare()
{
	local count=20000
	[ -z "${bare_rate[$1]-}" ] || return 0
	[ "$1" = 0 ] || count=5000
	bot_begin --latency "$1" --open-chats
	for ((i = 0; i < times; i++)); do
		"$B/tests/bench/measure" "$tmp/measured" "$B/tests/bench/bare" \
			"$sim_root/bot$sim_token/sendMessage" "$count" 64 ||
			problem='bare libcurl failed'
	done
	bot_end
	take_best
	against=
	emit bare "bare libcurl, latency $1 ms, 64 connections" "$count"
	bare_rate[$1]=$(awk "BEGIN { print $count / $wall * 1000 }")
	bare_cpu[$1]=$(awk "BEGIN { print $cpu / $count }")
}
declare -A bare_cpu
against=

# A certificate of our own for localhost, and the directory that knows it
certificate()
{
	mkdir -p "$tmp/tls/hashed"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost -keyout "$tmp/tls/key" \
		-out "$tmp/tls/cert" 2>"$tmp/tls/log"
	cp "$tmp/tls/cert" "$tmp/tls/hashed/sim.pem"
	openssl rehash "$tmp/tls/hashed"
}

# line ROW WHAT VALUE UNIT CPU RSS RATIO: one line of the table, or of NDJSON
line()
{
	local rows=ok
	[ -z "$problem" ] || { rows=$problem; failed=1; }
	problem=
	if [ -n "${BENCH_JSON-}" ]; then
		jq -cn --arg row "$1" --arg what "$2" --arg value "$3" \
			--arg unit "$4" --arg cpu "$5" --arg rss "$6" \
			--arg ratio "$7" --arg rows "$rows" '{schema: 1, $row,
			$what, value: ($value | tonumber? // $value), $unit,
			cpu_s_per_1000: ($cpu | tonumber? // null),
			max_rss_mb: ($rss | tonumber? // null),
			ratio_to_bare: ($ratio | tonumber? // null), $rows}'
	else
		printf '%-46s %10s %-5s %8s %6s %6s  %s\n' "$2" "$3" "$4" "$5" \
			"$6" "$7" "$rows"
	fi
}

header()
{
	[ -n "${BENCH_JSON-}" ] || printf '%-46s %10s %-5s %8s %6s %6s  %s\n' \
		"on $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)" '' '' \
		'CPU s' 'RSS' 'x bare' ''
	[ -n "${BENCH_JSON-}" ] || printf '%-46s %10s %-5s %8s %6s %6s  %s\n' \
		work best '' per1000 MB CPU rows
}

calc()
{
	awk "BEGIN { printf \"$1\", $2 }"
}

# emit ROW WHAT COUNT: a rate, from $wall, $cpu and $rss
emit()
{
	local ratio=
	[ -z "$against" ] || ratio=$(calc %.1f "$cpu / $3 / ${bare_cpu[$against]}")
	line "$1" "$2" "$(calc %.0f "$3 / $wall * 1000")" 1/s \
		"$(calc %.3f "$cpu / $3")" "$(calc %.1f "$rss / 1024")" "$ratio"
}

# emit_ms ROW WHAT MS COUNT: a time; CPU for as many, or for one run
emit_ms()
{
	line "$1" "$2" "$(calc %.1f "$3")" ms \
		"$(if [ "$4" -gt 0 ]; then calc %.3f "$cpu / $4"; fi)" \
		"$(calc %.1f "$rss / 1024")" ''
}

# emit_text ROW WHAT TEXT
emit_text()
{
	line "$1" "$2: $3" '' '' '' "$(calc %.1f "$rss / 1024")" ''
}
