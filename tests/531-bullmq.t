#!/bin/bash
# SPDX-License-Identifier: MIT
# BullMQ's own producers and workers, versions 6 and 5, beside ours. Needs
# node and npm's bullmq, which .ci/bullmq puts into $TEST_BULLMQ.
# shellcheck disable=SC2119,SC2153 # redis_start takes none, coproc sets it
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/command.sh
. "$TOP/tests/command.sh"
# shellcheck source=tests/redis.sh
. "$TOP/tests/redis.sh"
node_pid=''
trap 'kill $node_pid 2>/dev/null; redis_end; rm -rf "$tmp"' EXIT
extent=${LEADPIPE_SWEEP-}
unset LEADPIPE_SWEEP
: "${TEST_BULLMQ=}"
if ! command -v node >"$tmp/said"; then
	echo '1..0 # SKIP there is no node'
	exit 0
fi
if [ ! -d "$TEST_BULLMQ/6/node_modules/bullmq" ]; then
	echo '1..0 # SKIP there is no BullMQ: .ci/bullmq DIRECTORY, TEST_BULLMQ'
	exit 0
fi
bot_setup http://127.0.0.1:9
redis_start
cat >>"$tmp/env" <<ENV
REDIS_URL=unix://$redis_socket
LEADPIPE_BULLMQ_QUEUES=orders
ENV
program=$B/libexec/sync-redis
"$LEADPIPE" add-lead <<<'{"name":"Template"}' >"$tmp/out"
sql 'DELETE FROM leads; DELETE FROM lead_sources' >"$tmp/out"
mv "$state" "$tmp/template"

fresh()
{
	rm -rf "$state"
	cp -a "$tmp/template" "$state"
}

node_start()
{
	coproc NODE { exec node "$TOP/tests/data/bullmq/session.mjs" \
		"$TEST_BULLMQ/$1" "$redis_port" 2>"$tmp/node.err"; }
	node_pid=$NODE_PID
	exec {to_node}>&"${NODE[1]}" {from_node}<&"${NODE[0]}"
}

# ask VERB QUEUE ARGUMENT...: what BullMQ says
ask()
{
	local line IFS=$'\t'
	echo "$*" >&"$to_node"
	while IFS= read -r -t 30 line <&"$from_node"; do
		[ "$line" != . ] || return 0
		echo "$line"
	done
	echo "node: $(tail -n 3 "$tmp/node.err")"
	return 1
}

node_stop()
{
	kill "$node_pid"
	wait "$node_pid" 2>/dev/null
	exec {to_node}>&- {from_node}<&-
	node_pid=''
}

# What BullMQ does with time: a lock ends, and a sweep may come.
time_passes()
{
	redis EVAL "for _, k in ipairs(redis.call('KEYS', 'bull:*:lock')) do
	redis.call('DEL', k) end
	redis.call('DEL', 'bull:orders:stalled-check')" 0 >"$tmp/said"
}

leads() { sql 'SELECT name FROM leads ORDER BY id'; }

# Ended at the instant at which it would tell BullMQ of what it has stored.
killed_before_the_end()
{
	{ env LD_PRELOAD="$B/tests/fault/fault-shim.so" \
		FAULT_KILL_TEXT='"accepted"' "$program" -q; } 2>"$tmp/err"
	is "$1: killed in the middle" 137 $?
}

theirs_to_ours()
{
	local ids
	ids=$(ask add orders '{}' '{"name":"A","phone":"89990000001"}' \
		'{"type":"lead","lead":{"name":"B","phone":"89990000002"}}' \
		'"text"')
	ids+=" $(ask add orders '{"priority":3}' '{"name":"C","email":"c@e.org"}')"
	ids+=" $(ask add orders '{"delay":1}' '{"name":"D","email":"d@e.org"}')"
	ids+=" $(ask add orders '{"removeOnComplete":true}' \
		'{"name":"E","email":"e@e.org"}')"
	ids+=" $(ask add orders '{"deduplication":{"id":"k"}}' \
		'{"name":"F","email":"f@e.org"}')"
	exits "$1: leads of a producer" 0 sync-redis
	is "$1: are here in its order" 'A
B
E
D
C' "$(leads)"
	is "$1: a job that only BullMQ's worker understands is said" 1 \
		"$(grep -c '1 jobs are no plain ones.*deduplication' <<<"$err")"
	# shellcheck disable=SC2086 # words
	is "$1: BullMQ finds its jobs well" 'completed 1 leadpipe {"accepted":true}
completed 1 leadpipe {"accepted":true}
failed 1 leadpipe it is neither JSON nor a form
completed 1 leadpipe {"accepted":true}
completed 1 leadpipe {"accepted":true}
gone
waiting 0 - null' "$(ask show orders $ids)"
	is "$1: what was refused is seen here" 1 \
		"$(sql "SELECT count(*) FROM dead_letters WHERE kind = 'refusal'")"
	ask retry orders 3
	exits "$1: once more" 0 sync-redis
	is "$1: it is the same refusal" 1 \
		"$(sql "SELECT count(*) FROM dead_letters WHERE kind = 'refusal'")"
	ask pause orders
	ask add orders '{}' '{"name":"G","phone":"89990000007"}' >"$tmp/said"
	exits "$1: a paused queue" 0 sync-redis
	is "$1: is left alone" 5 "$(leads | wc -l)"
	ask resume orders
	exits "$1: and resumed" 0 sync-redis
	is "$1: it is not" G "$(leads | tail -n 1)"
}

# add QUEUE ARGUMENT...: a job of ours
add() { run schedule-task call --queue "$@"; }

ours_to_theirs()
{
	ask work calls
	add calls --params '{"to":"Анна"}'
	is "$1: a job of ours has its id" '0 1' \
		"$status $(grep -c '^leadpipe-[0-9a-f]\{16\}$' <<<"$out")"
	add calls --params 2 --in 1
	is "$1: a worker does it, at its time" 'call {"to":"Анна"}
call 2' "$(ask finish calls 2)"
	is "$1: as completed" '0 0 0 2 0' "$(ask counts calls)"
	ask pause calls
	# Version 5 renames its list of these over the one that others wait in.
	ask add calls '{}' '"theirs"' >"$tmp/said"
	add calls --params '"paused"'
	ask resume calls
	ask work calls
	is "$1: added while it was paused it is done" 'call "paused"
lead "theirs"' "$(ask finish calls 2 | sort)"
	is "$1: nothing is left here" 0 "$(sql 'SELECT count(*) FROM bull_jobs')"
}

while_redis_is_away()
{
	mv "$redis_socket" "$tmp/away"
	add calls --params '"later"'
	is 'without Redis a job is accepted' '0 1' \
		"$status $(sql 'SELECT count(*) FROM bull_jobs')"
	mv "$tmp/away" "$redis_socket"
	redis_forgiven
	exits 'with it' 0 sync-redis
	ask work calls
	is 'it is brought' 'call "later"' "$(ask finish calls 1)"
	sed '/REDIS_URL/d' "$tmp/env" >"$tmp/env2"
	chmod 600 "$tmp/env2"
	exits 'where none is meant to be it is refused' 78 schedule-task call \
		--queue calls --params 1 --config "$tmp/env2"
}

crashes()
{
	ask add orders '{}' '{"name":"H","phone":"89990000008"}' >"$tmp/said"
	killed_before_the_end "$1"
	is "$1: the lead is here, the job in our hands" 'H 0 1' \
		"$(leads) $(ask counts orders | cut -d ' ' -f 1,2)"
	exits "$1: while the lock lasts nobody takes it" 0 sync-redis
	is "$1: nor ends it" '0 1 0 0 0' "$(ask counts orders)"
	time_passes
	exits "$1: the first sweep" 0 sync-redis
	time_passes
	exits "$1: the second" 0 sync-redis
	is "$1: the same lead, one job completed" 'H 0 0 0 1 0' \
		"$(leads) $(ask counts orders)"

	ask add orders '{}' '{"name":"I","phone":"89990000009"}' >"$tmp/said"
	killed_before_the_end "$1"
	time_passes
	ask work orders '{"stalledInterval":50}'
	is "$1: or a worker of BullMQ takes it over" \
		'lead {"name":"I","phone":"89990000009"}' "$(ask finish orders 1)"
}

# Its workers and ours at one queue.
race()
{
	local n=$1 i
	ask many orders "$n"
	ask work orders '{"concurrency":50}'
	for i in 1 2 3 4; do
		"$program" -q 2>>"$tmp/race.err"
	done
	{ ask drained orders; leads; } >"$tmp/people"
	echo "# of $n people $(leads | wc -l) are ours"
	is 'race: each job is done once' "$n" "$(sort "$tmp/people" | uniq -u |
		wc -l)"
	is 'race: nothing else happened' "0 0 0 $n 0 " \
		"$(ask counts orders) $(cat "$tmp/race.err")"
	is 'race: and some are ours' 1 "$(($(leads | wc -l) > 0))"
}

# killed ROUNDS: 20 jobs in each, while ours is killed at any time
killed()
{
	local rounds=$1 n=$(($1 * 20)) kills=0 i
	for ((i = 0; i < rounds; i++)); do
		ask many orders 20 $((i * 20))
		{ env LD_PRELOAD="$B/tests/fault/fault-shim.so" \
			FAULT_ONLY=write,send,fsync,flock \
			FAULT_KILL_AT=$((1 + RANDOM % 120)) \
			"$program" -q; } 2>"$tmp/err"
		[ $? != 137 ] || kills=$((kills + 1))
		time_passes
	done
	for i in 1 2 3; do
		time_passes
		"$program" -q
	done
	echo "# $kills of $rounds times killed"
	is "killed at random: $n jobs, $n leads" "$n $n 0 0 0 $n 0" \
		"$(sql 'SELECT count(*) || " " || count(DISTINCT name)
			FROM leads') $(ask counts orders)"
	is 'killed at random: often enough' 1 $((kills > rounds / 2))
}

# Ours is stopped for longer than its locks last, and goes on then.
stopped()
{
	local n=2000 pid both
	ask many orders $n
	"$program" -q 2>"$tmp/err" &
	pid=$!
	until [ "$(redis EXISTS bull:orders:active)" = 1 ]; do :; done
	kill -STOP $pid
	ask work orders '{"concurrency":50,"stalledInterval":5000}'
	sleep 40
	kill -CONT $pid
	wait $pid
	"$program" -q
	{ ask drained orders; leads; } >"$tmp/people"
	both=$(sort "$tmp/people" | uniq -d | wc -l)
	echo "# $both of $n were stored here and done there"
	is 'stopped for 40 s: nobody is lost' "$n" \
		"$(sort -u "$tmp/people" | wc -l)"
	is 'stopped for 40 s: at most one batch is done twice' 1 \
		$((both <= 100))
}

for version in 6 5; do
	redis FLUSHALL >"$tmp/said"
	fresh
	node_start $version
	ask counts orders >"$tmp/said"
	theirs_to_ours "BullMQ $version"
	ours_to_theirs "BullMQ $version"
	[ $version = 5 ] || while_redis_is_away
	redis FLUSHALL >"$tmp/said"
	node_stop
	node_start $version
	fresh
	ask counts orders >"$tmp/said"
	crashes "BullMQ $version"
	node_stop
done

redis FLUSHALL >"$tmp/said"
fresh
node_start 6
ask counts orders >"$tmp/said"
if [ "$extent" = full ]; then
	race 5000
else
	race 400
fi
redis FLUSHALL >"$tmp/said"
node_stop
node_start 6
fresh
ask counts orders >"$tmp/said"
if [ "$extent" = full ]; then
	killed 50
else
	killed 12
fi
if [ "$extent" = full ]; then
	redis FLUSHALL >"$tmp/said"
	node_stop
	node_start 6
	fresh
	ask counts orders >"$tmp/said"
	stopped
fi
node_stop
tap_end
