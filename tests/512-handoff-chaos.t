#!/bin/bash
# SPDX-License-Identifier: MIT
# Two bots of one token, each with a database of its own, share scheduler:tasks
# with each other and with a program that puts its own there. Their commands
# are killed and stopped at random, longer than their leases last, and Redis is
# killed and comes back with its data. Every task must be done, and none twice
# but for the messages that are counted as uncertain.
#
# 240 tasks; LEADPIPE_SWEEP=full TEST_TIMEOUT=7200 takes 50,000.
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
# shellcheck source=tests/seed.sh
. "$TOP/tests/seed.sh"
# shellcheck source=tests/redis.sh
. "$TOP/tests/redis.sh"
trap 'kill -9 $(jobs -p) 2>/dev/null; redis_end; sim_stop; rm -rf "$tmp"' EXIT
tasks=240 rounds=14 least_ms=15
[ "$extent" != full ] || tasks=50000 rounds=4000 least_ms=200
chats=20

redis_up() { redis_start --appendonly yes --appendfsync always; }

# of a|b: the bot that the following is about
of()
{
	floor=$tmp/$1
	floor_db=$floor/state/leadpipe.db
	export LEADPIPE_CONFIG=$floor/env
}

# make a|b
make_bot()
{
	floor_open
	mv "$floor" "$tmp/$1"
	of "$1"
	sed -i "s|$tmp/floor|$tmp/$1|" "$floor/env"
	printf '%s\n' "REDIS_URL=unix://$redis_socket" \
		LEADPIPE_SHARED_TASKS=true >>"$floor/env"
	poll
}

# What the dead and the stopped had claimed may be claimed again.
end_leases()
{
	redis EVAL 'for _, m in ipairs(redis.call("ZRANGE", KEYS[1], 0, -1)) do
		redis.call("ZADD", KEYS[1], 1, m) end' 1 \
		'{scheduler:tasks}:lp:lease' >/dev/null 2>&1
	# Who is stopped may be so in the middle of a transaction.
	for bot in a b; do
		sqlite3 -cmd '.timeout 100' "$tmp/$bot/state/leadpipe.db" \
			'DELETE FROM breakers; UPDATE shared_tasks SET look_at = 0
			WHERE look_at > 0' 2>>"$tmp/busy"
	done
}

# plan FROM TO LATER: what two bots and another program want done, soon
plan()
{
	local at
	at=$(date +%s)
	for bot in a b; do
		of $bot
		seq "$1" "$2" | awk -v bot=$bot -v chats=$chats -v later="$3" '{
			printf "{\"chat\":%d,\"text\":\"%s%d\",\"in\":%d}\n",
				$1 % chats + 1, bot, $1, $1 % later }' |
			"$program/schedule-task" --ndjson --shared 2>>"$floor/errors" |
			wc -l >>"$tmp/accepted"
	done
	seq "$1" "$2" | awk -v at="$at" -v chats=$chats -v later="$3" '{
		for (i = 1; i <= 2; i++)
			printf "ZADD scheduler:tasks %d000 \"{\\\"chatId\\\": %d, " \
				"\\\"data\\\": {\\\"text\\\": \\\"f%d-%d\\\"}}\"\n",
				at + $1 % later, $1 % chats + 1, $1, i }' |
		redis >/dev/null
}

# One of them works and is killed, or sleeps while the other has its turn.
one_round()
{
	local ms=$((least_ms + RANDOM % (8 * least_ms))) pid beside=
	of "$([ $((RANDOM % 2)) = 0 ] && echo a || echo b)"
	"$program/send-due" --for 20 2>>"$floor/errors" &
	pid=$!
	# Another command of the same bot does the same meanwhile.
	if [ $((RANDOM % 2)) = 0 ]; then
		"$program/sync-redis" 2>>"$floor/errors" &
		beside=$!
	fi
	sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
	case $((RANDOM % 6)) in
	0 | 1)
		kill -STOP $pid
		end_leases
		of "$([ "$floor" = "$tmp/a" ] && echo b || echo a)"
		{ timeout -s KILL 1 "$program/send-due" 2>>"$floor/errors"; } 2>&-
		kill -CONT $pid
		stops=$((stops + 1))
		sleep "$(printf '0.%03d' $((RANDOM % 100)))" ;;
	2)
		redis_stop
		sleep "$(printf '0.%03d' $((RANDOM % 100)))"
		redis_up
		restarts=$((restarts + 1)) ;;
	esac
	kill -9 $pid $beside 2>/dev/null
	{ wait $pid $beside; } 2>/dev/null
	kills=$((kills + 1))
	[ $((RANDOM % 3)) != 0 ] || end_leases
}

# Ordinary runs, until nothing is left.
bring_all()
{
	local span i
	for i in 1 2 3 4 5 6; do
		for bot in a b; do
			of $bot
			end_leases
			for span in +0s +40s +3m +15m; do
				if [ $span = +0s ]; then
					"$program/send-due" 2>>"$floor/errors"
				else
					later $span
				fi
			done
		done
		[ "$(redis ZCARD scheduler:tasks) $(redis ZCARD \
			'{scheduler:tasks}:lp:lease') $(open_rows)" != '0 0 0' ] ||
			return 0
	done
	return 1
}

open_rows()
{
	for bot in a b; do
		of $bot
		ask "SELECT (SELECT count(*) FROM lanes) + (SELECT count(*) FROM
			tasks) + (SELECT count(*) FROM shared_tasks WHERE told = 0 OR
			state IN ('exporting', 'exported', 'claimed', 'owned'))"
	done | awk '{ n += $1 } END { print n }'
}

sim_start --no-quirks
redis_up
# shellcheck disable=SC2046 # words are wanted
people say '"text":"/start","first_name":"Ann"' $(seq 1 $chats)
make_bot a
make_bot b
third=$((tasks / 4))
later=3
[ "$extent" != full ] || later=300
kills=0 stops=0 restarts=0
plan 1 $((third / 2)) "$later"
for ((round = 0; round < rounds; round++)); do
	[ $round != 5 ] || plan $((third / 2 + 1)) $third "$later"
	one_round
	[ $((round % 50)) != 49 ] || [ "$(redis ZCARD scheduler:tasks)" != 0 ] ||
		break
done
passed 'ordinary runs bring it to its end' "$(bring_all ||
	echo "left: $(redis ZCARD scheduler:tasks) $(open_rows)")"

# What people were told, how often; and what is counted as uncertain.
for chat in $(seq 1 $chats); do
	sim "chats/$chat" | jq -r '.[] | select(.from == "bot") | .text |
		select(test("^[abf][0-9]"))'
done | sort | uniq -c >"$tmp/told"
{ seq 1 $third | sed 's/.*/a&\nb&\nf&-1\nf&-2/'; } | sort >"$tmp/wanted"
awk '{ print $2 }' "$tmp/told" | sort | comm -13 - "$tmp/wanted" >"$tmp/lost"
awk '$1 > 1 { print $2 }' "$tmp/told" | sort >"$tmp/twice"
for bot in a b; do
	of $bot
	ask 'SELECT text FROM messages WHERE maybe_duplicate OR ambiguous > 0'
	ask "SELECT count(*) FROM shared_tasks WHERE reason LIKE '%somebody%'" \
		>>"$tmp/late"
done | sort -u >"$tmp/doubted"
of a
is 'all was accepted' $((2 * third)) \
	"$(awk '{ n += $1 } END { print n }' "$tmp/accepted")"
passed "$((4 * third)) tasks: none is lost" "$(head -5 "$tmp/lost")"
passed '... none is done twice that is not counted' \
	"$(comm -23 "$tmp/twice" "$tmp/doubted" | head -5)"
echo "# $kills kills, $stops stops, $restarts restarts of Redis;" \
	"$(wc -l <"$tmp/doubted") counted, $(wc -l <"$tmp/twice") came twice;" \
	"each bot did $(for bot in a b; do of $bot; ask "SELECT count(*) FROM
	messages WHERE state = 'sent' AND task_id > 0"; done | xargs)"
is '... both bots had their share' yes "$(for bot in a b; do of $bot
	ask "SELECT count(*) > 0 FROM messages WHERE state = 'sent' AND task_id > 0"
	done | xargs | grep -qx '1 1' && echo yes)"
is 'Redis remembers nothing of it' 0 \
	"$(redis HLEN '{scheduler:tasks}:lp:owner')"
tap_end
