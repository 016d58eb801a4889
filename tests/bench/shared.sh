# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests/bench/run: tasks shared through a Redis of its own. Uses what
# tests/bench/lib.sh has.
# shellcheck disable=SC2034 # against: for emit

shared_redis()
{
	redis-cli -s "$tmp/shared.socket" "$@"
}

shared_begin()
{
	bot_begin --open-chats
	redis-server --save '' --port 0 --unixsocket "$tmp/shared.socket" \
		--dir "$tmp" --logfile "$tmp/shared.log" --daemonize no \
		>"$tmp/said" &
	shared_pid=$!
	until shared_redis PING >"$tmp/said" 2>&1; do sleep 0.02; done
	printf '%s\n' "REDIS_URL=unix://$tmp/shared.socket" \
		LEADPIPE_SHARED_TASKS=true >>"$tmp/env"
}

shared_end()
{
	kill "$shared_pid"
	wait "$shared_pid" 2>"$tmp/killed"
	bot_end
}

# shared_put COUNT DUE_S: members as another program writes them
shared_put()
{
	awk -v n="$1" -v due="$2" 'BEGIN { for (i = 1; i <= n; i++) {
		m = sprintf("{\"type\":\"reminder\",\"userId\":%d,\"chatId\":%d," \
			"\"data\":{\"text\":\"Reminder %d\"},\"id\":\"r%d\"," \
			"\"executeAt\":%d000}", 1000000 + i, 1000000 + i, i, i, due)
		printf "*4\r\n$4\r\nZADD\r\n$15\r\nscheduler:tasks\r\n$13\r\n" \
			"%d000\r\n$%d\r\n%s\r\n", due, length(m), m } }' |
		shared_redis --pipe >"$tmp/said"
}

shared_memory()
{
	shared_redis INFO memory | tr -d '\r' | sed -n 's/^used_memory://p'
}

# Rounds of sync-redis until it has nothing more to do; all of them count.
shared_sync()
{
	: >"$tmp/rounds"
	while [ "$(shared_redis ZCARD scheduler:tasks) $(shared_redis ZCARD \
		'{scheduler:tasks}:lp:lease')" != '0 0' ]; do
		measured=$tmp/rounds measure sync-redis
	done
	read -r wall cpu rss < <(awk '{ w += $1; c += $2 } $3 > r { r = $3 }
		END { print w, c, r }' "$tmp/rounds")
}

row_shared()
{
	local count before
	has sync-redis || return 0
	against=
	for count in 10000 100000 500000; do
		shared_begin
		shared_put "$count" "$(date +%s)"
		shared_sync
		is_count "$count" "SELECT count(*) FROM shared_tasks WHERE
			state = 'running'"
		emit shared "$count shared tasks come in" "$count"
		shared_end
		shared_begin
		before=$(shared_memory)
		seq "$count" | awk '{ printf "{\"chat\":%d,\"text\":\"Reminder %d\"," \
			"\"in\":\"1d\"}\n", 1000000 + $1, $1 }' >"$tmp/lines"
		: >"$tmp/measured"
		measure schedule-task --ndjson --shared <"$tmp/lines" >"$tmp/said"
		take_best
		is_count "$count" "SELECT count(*) FROM shared_tasks WHERE
			state = 'exported'"
		emit shared "$count tasks are handed over" "$count"
		emit_text shared "Redis for $count" "$(calc %.0f \
			"($(shared_memory) - $before) / 1048576") MB"
		shared_put 100 "$(date +%s)"
		: >"$tmp/measured"
		measure sync-redis
		take_best
		emit_ms shared "... and 100 others are claimed" "$wall" 0
		shared_end
	done
}
