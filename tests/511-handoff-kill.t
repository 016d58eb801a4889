#!/bin/bash
# SPDX-License-Identifier: MIT
# poll-updates and send-due are killed at every point at which they touch the
# world outside, Redis and the database among it, while reminders of three
# people go to scheduler:tasks (1), come back from there (2), and tasks of
# another program come in (3). Ordinary runs follow until nothing is left. The
# checker must find nothing lost and nothing repeated, the people must have seen
# what they see when nobody kills anything, and Redis must have nothing left.
#
# A sample of the points; LEADPIPE_SWEEP=full takes them all.
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
# shellcheck source=tests/fault/sweep.sh
. "$TOP/tests/fault/sweep.sh"
# shellcheck source=tests/redis.sh
. "$TOP/tests/redis.sh"
people=(1 2 3)
trap 'redis_end; sim_stop; kill $(jobs -p) 2>/dev/null; wait; rm -rf "$top"' EXIT

# A Redis of its own for each worker, and reminders that are not due soon.
prepare()
{
	redis_port_next=$((redis_port_next + 3000 + RANDOM % 3000))
	trap 'redis_end; sim_stop' EXIT
	redis_start
	flow=$(jq '.states.awaiting_payment.enter[1].after = "1h"' \
		"$floor/flow.json") && printf '%s' "$flow" >"$floor/flow.json"
	printf '%s\n' "REDIS_URL=unix://$redis_socket" \
		LEADPIPE_SHARED_TASKS=true >>"$floor/env"
}

# Time passes in Redis: what is there is due, and leases of the dead end.
pass()
{
	redis EVAL 'for i = 1, 2 do
		for _, m in ipairs(redis.call("ZRANGE", KEYS[i], 0, -1)) do
			redis.call("ZADD", KEYS[i], ARGV[1], m) end end' 2 \
		scheduler:tasks '{scheduler:tasks}:lp:lease' \
		"$(($(date +%s) - 2))000" >"$tmp/passed"
	sqlite3 -cmd '.timeout 5000' "$floor_db" "DELETE FROM breakers;
		UPDATE shared_tasks SET due_at = 1000 * strftime('%s', 'now') - 2000,
		look_at = 0 WHERE ours = 1 AND state IN ('exporting', 'exported',
		'claimed');
		UPDATE tasks SET due_at = 1000 * strftime('%s', 'now') - 2000"
}

# stage NUMBER: what happens before the command runs
stage()
{
	case $1 in
	1) redis FLUSHALL >/dev/null
		people say '"text":"/start","first_name":"Ann"' "${people[@]}"
		poll
		people press '"text":"Получить доступ"' "${people[@]}" ;;
	2) pass ;;
	3) for chat in "${people[@]}"; do
		printf 'ZADD scheduler:tasks %s "{\\"data\\": {\\"text\\": \\"Tomorrow\\"}, %s"\n' \
			"$(date +%s)000" "\\\"chatId\\\": \\\"$chat\\\"}"
	done | redis >/dev/null ;;
	esac
}

victim_of() { if [ "$1" != 1 ]; then echo send-due; fi; }

# What was killed goes on; what is due comes after it.
finish()
{
	local i
	for i in 1 2 3 4; do
		pass
		poll
		[ "$(left)" != '0 0 0 0 0 0' ] || return 0
	done
	return 1
}

# Tasks here and there, leases, notes, and what Redis is still to be told.
left()
{
	echo "$(ask "SELECT (SELECT count(*) FROM tasks) || ' ' || (SELECT count(*)
		FROM shared_tasks WHERE told = 0 OR state NOT IN ('done', 'back',
		'taken', 'cancelled')) || ' ' || (SELECT count(*) FROM lanes)")" \
		"$(redis ZCARD scheduler:tasks)" \
		"$(redis ZCARD '{scheduler:tasks}:lp:lease')" \
		"$(redis HLEN '{scheduler:tasks}:lp:owner')"
}

end_of() { if [ "$1" = 3 ]; then echo 3; else echo 2; fi; }

# Before the messages are looked at.
eval "$(declare -f settle | sed '1s/.*/settle_floor ()/')"
settle()
{
	finish
	settle_floor && finish
}

wrong()
{
	[ "$(left)" = '0 0 0 0 0 0' ] || echo "left: $(left)"
	[ "$(ask 'SELECT count(*) FROM dead_letters')" = 0 ] ||
		echo 'there are dead letters'
}

# --- nobody kills anything

classes=write,send,fsync,ftruncate,unlink,rename,flock,connect
sim_start --no-quirks
floor_open
prepare
for stage in 1 2 3; do
	stage $stage
	victim=$(victim_of $stage) shim FAULT_COUNT_FILE="$tmp/count.$stage" FAULT_ONLY=$classes
	[ $stage != 1 ] || is 'undisturbed: Redis has three reminders' 3 \
		"$(redis ZCARD scheduler:tasks)"
	[ $stage != 2 ] || finish
	views "${people[@]}" | once >"$tmp/seen.$stage"
done
settle
views "${people[@]}" | once >"$tmp/seen.3"
is '... four messages each' '4 4 4' "$(jq -s -r 'map([.seen[] |
	select(.from == "bot")] | length | tostring) | join(" ")' "$tmp/seen.3")"
passed '... and nothing is left' "$(delivered --settled --most-ambiguous 0
	wrong 3)"
sim_stop
redis_end
last=$(for stage in 1 2 3; do points "$tmp/count.$stage"; done | tr '\n' ' ')
read -r last1 last2 last3 <<<"$last"
is 'each stage has a hundred points' yes \
	"$([ $((last1 < last2 ? last1 : last2)) -gt 60 ] && echo yes || echo "$last")"
if [ "$extent" = full ]; then
	sweep "1:$last1:1" "2:$last2:1" "3:$last3:1"
else
	sweep "1:$last1:140" "2:$last2:100" "3:$last3:80"
fi
echo "# points: $last1 + $last2 + $last3, killed at $killed of $tried tried"
passed "killed at $tried points: nothing lost, nothing doubled" \
	"$(cut -c 1-600 "$top/found" | head -20)"
is '... and most of them were reached' yes \
	"$([ "$killed" -ge $((tried * 8 / 10)) ] && echo yes || echo "$killed")"
tap_end
