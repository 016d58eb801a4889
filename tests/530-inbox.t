#!/bin/bash
# SPDX-License-Identifier: MIT
# Leads that websites leave in Redis: none lost, none doubled, whatever stands
# there and wherever sync-redis is killed or meets a full disk.
#
# A sample of the points; LEADPIPE_SWEEP=full takes them all.
# shellcheck disable=SC2119 # redis_start takes none
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/command.sh
. "$TOP/tests/command.sh"
# shellcheck source=tests/redis.sh
. "$TOP/tests/redis.sh"
trap 'redis_end; rm -rf "$tmp"' EXIT
extent=${LEADPIPE_SWEEP-}
unset LEADPIPE_SWEEP
bot_setup http://127.0.0.1:9
redis_start
cat >>"$tmp/env" <<ENV
REDIS_URL=unix://$redis_socket
LEADPIPE_BULLMQ_QUEUES=orders
ENV
program=$B/libexec/sync-redis
classes=write,send,fsync,ftruncate,unlink,rename,flock
"$LEADPIPE" add-lead <<<'{"name":"Template"}' >"$tmp/out"
sql 'DELETE FROM leads; DELETE FROM lead_sources' >"$tmp/out"
mv "$state" "$tmp/template"

fresh()
{
	rm -rf "$state"
	cp -a "$tmp/template" "$state"
	redis FLUSHALL >"$tmp/said"
}

# As BullMQ adds them.
jobs()
{
	local id
	redis HSET bull:orders:meta version bullmq:6.7.0
	for id in "$@"; do
		redis HSET "bull:orders:$id" name lead timestamp 1 opts '{}' \
			data "{\"name\":\"J$id\",\"phone\":\"8999000003$id\"}"
		redis LPUSH bull:orders:wait "$id"
	done
} >"$tmp/said"

fill()
{
	redis RPUSH leadpipe:in '{"name":"A","phone":"89990000001"}' \
		'name=B&phone=89990000002' 'no lead'
	redis XADD leadpipe:leads '*' data '{"name":"C","email":"c@e.org"}'
	redis XADD leadpipe:leads '*' name D phone 89990000004
	redis XADD leadpipe:leads '*' data '[1'
	jobs 1 2
} >"$tmp/said"

# What is known: leads, their sources, refusals, letters.
counts()
{
	sql "SELECT (SELECT count(*) FROM leads) || ' ' ||
	(SELECT count(*) FROM lead_sources) || ' ' ||
	(SELECT count(*) FROM refusals) || ' ' ||
	(SELECT count(*) FROM dead_letters) || ' ' ||
	(SELECT quick_check FROM pragma_quick_check)"
}

# What is in Redis: waiting, in hands, poison, completed.
places()
{
	redis EVAL 'local function n(c, k) return redis.call(c, k) end
	return n("LLEN", "leadpipe:in") + n("XLEN", "leadpipe:leads")
		+ n("LLEN", "bull:orders:wait") .. " " ..
		n("HLEN", "leadpipe:in:processing")
		+ n("LLEN", "bull:orders:active") .. " " ..
		n("LLEN", "leadpipe:in:poison")
		+ n("XLEN", "leadpipe:leads:poison") .. " " ..
		n("ZCARD", "bull:orders:completed")' 0
}

# So long ago that only its key tells that something is known.
age()
{
	sql 'UPDATE leads SET created_at = 1;
	UPDATE lead_sources SET received_at = 1'
}

# What BullMQ does with time: a lock ends, and a sweep may come.
time_passes()
{
	redis EVAL "for _, k in ipairs(redis.call('KEYS', 'bull:*:lock')) do
	redis.call('DEL', k) end
	redis.call('DEL', 'bull:orders:stalled-check')" 0 >"$tmp/said"
}

fresh
fill
exits 'everything is taken' 0 sync-redis
is 'each once' '6 6 2 2 ok' "$(counts)"
is 'nothing waits in Redis, and what cannot be read is kept' '0 0 2 2' \
	"$(places)"
is 'as add-lead takes them' 'A|redis|+79990000001
B|redis|+79990000002
C|redis|
D|redis|+79990000004
J1|bullmq|+79990000031
J2|bullmq|+79990000032' \
	"$(sql 'SELECT name, source, phone_e164 FROM leads ORDER BY name')"
is 'the poison is as it came' 'no lead' "$(redis LRANGE leadpipe:in:poison 0 -1)"
run recover-pending --list --json
is 'and is seen' 'refusal from leadpipe:in: it is neither JSON nor a form
refusal from leadpipe:leads: it is no JSON' \
	"$(jq -r '.kind + " " + .reason' <<<"$out" | sed 's/ JSON: .*/ JSON/')"
exits 'a refusal is dropped' 0 recover-pending --drop refusal:1
run recover-pending --list dropped --json
is 'and listed as such' 'refusal:1 dropped 1' "$(jq -r \
	'"\(.id) \(.state) \(.mend | test("--show refusal:1"))"' <<<"$out" |
	sed s/true/1/)"
exits 'but cannot be tried again' 65 recover-pending --retry refusal:2
exits 'nor released, as none is on hold' 64 recover-pending --release refusal
is 'and what can be done is said' 1 "$(grep -c -- '--drop refusal:ID' <<<"$err")"
exits 'a task of others neither' 64 recover-pending --release shared
is 'which is mended in other ways' 1 \
	"$(grep -c -- '--resend shared:ID' <<<"$err")"
exits 'what was dropped is mended by its id' 64 recover-pending --release dropped
is 'as is said' 1 "$(grep -c -- '--retry ID' <<<"$err")"
run recover-pending --list --json
is 'one waits' 1 "$(wc -l <<<"$out")"

# Stored, and then killed before Redis hears of it, more often than a poison
# is taken.
fresh
redis RPUSH leadpipe:in '{"name":"A","phone":"89990000001"}' >"$tmp/said"
for ((i = 0; i < 13; i++)); do
	env LD_PRELOAD="$B/tests/fault/fault-shim.so" \
		FAULT_KILL_TEXT=$'$5\r\ntaken' "$program"
done 2>"$tmp/said"
is 'what is stored is no refusal, however often that cannot be said' \
	'1 1 0 0 ok' "$(counts)"
exits 'once it can be' 0 sync-redis
is 'nothing waits, and nothing is poison' '1 1 0 0 ok|0 0 0 0' \
	"$(counts)|$(places)"
redis HSET leadpipe:in:processing 'x-1 - 0 12' '{"name":"B"}' \
	'x-2 - 0 12' 'no lead' >"$tmp/said"
sql "INSERT INTO meta VALUES('intake_try:leadpipe:in', 'leadpipe:in/x-1')"
exits 'what has ended the last try' 0 sync-redis
exits 'and what has not, but is none' 0 sync-redis
is 'are refused' '1 1 2 2 ok|0 0 2 0' "$(counts)|$(places)"
is 'with the reason' '1 1' "$(sql "SELECT sum(reason LIKE '%ended before%')
	|| ' ' || sum(reason LIKE '%neither JSON%') FROM refusals")"
is 'and nothing is kept of it' 0 \
	"$(sql "SELECT count(*) FROM meta WHERE key GLOB 'intake_try*'")"

# The same person twice is one lead, whichever way they come.
fresh
fill
exits 'what came' 0 sync-redis
exits 'is gone' 0 recover-pending --drop refusal:1
fill
exits 'more of the same' 0 sync-redis
is 'joins, or is known' 6 "$(sql 'SELECT count(*) FROM leads')"

fresh
fill
redis DEL leadpipe:in >"$tmp/said"
redis SET leadpipe:in text >"$tmp/said"
exits 'a key of another type' 0 sync-redis
is 'is said' 1 "$(grep -c "'leadpipe:in' in Redis is a string, not a list" \
	<<<"$err")"
is 'and what is elsewhere is taken' 4 "$(sql 'SELECT count(*) FROM leads')"
exits 'the next run' 0 sync-redis
is 'does not say it again' '' "$err"
run healthcheck --component redis
is 'healthcheck does' 1 "$(grep -c 'is a string, not a list' <<<"$out")"
redis DEL leadpipe:in >"$tmp/said"
redis RPUSH leadpipe:in '{"name":"A","phone":"89990000001"}' >"$tmp/said"
exits 'mended' 0 sync-redis
is 'it is taken' 5 "$(sql 'SELECT count(*) FROM leads')"
run healthcheck --component redis
is 'and healthcheck is content' 0 "$(grep -c 'is a string' <<<"$out")"

fresh
head -c 10485760 /dev/zero | redis -x RPUSH leadpipe:in >"$tmp/said"
redis RPUSH leadpipe:in '{"name":"A","phone":"89990000001"}' >"$tmp/said"
exits 'ten megabytes' 0 sync-redis
is 'stop nobody' '1 1 1 1 ok' "$(counts)"
is 'and stay there' 10485760 "$(redis LINDEX leadpipe:in:poison 0 | wc -c |
	awk '{ print $1 - 1 }')"
is 'not here' 1 "$(sql 'SELECT size = 10485760 AND length(raw) <= 256
	FROM refusals')"

(umask 077 && sed 's/=orders/=or:ders/' "$tmp/env" >"$tmp/env2")
exits 'what is no queue is refused' 78 sync-redis --config "$tmp/env2"
is 'by name' 1 "$(grep -c "LEADPIPE_BULLMQ_QUEUES.*'or:ders'" <<<"$err")"

# Ended at the instant at which it would tell Redis of what it has stored, and
# tried again long after: only its key tells that it is known.
for kind in list stream queue; do
	fresh
	case $kind in
	list) redis RPUSH leadpipe:in '{"name":"A","phone":"89990000001"}' ;;
	stream) redis XADD leadpipe:leads '*' name A phone 89990000001 ;;
	queue) jobs 1 ;;
	esac >"$tmp/said"
	text=$'$5\r\ntaken'
	[ $kind != queue ] || text='"accepted"'
	{ env LD_PRELOAD="$B/tests/fault/fault-shim.so" \
		FAULT_KILL_TEXT="$text" "$program" -q; } 2>"$tmp/err"
	is "$kind: killed between the commit and Redis" 137 $?
	age
	time_passes
	"$program" -q
	time_passes
	exits "$kind: the next runs" 0 sync-redis
	is "$kind: it is the same lead" '1 1 0 0 ok 0 0' \
		"$(counts) $(places | cut -d ' ' -f 1,2)"
done

# disturb POINT VARIABLE=VALUE...: a line for each thing that is wrong then
disturb()
{
	local status pass
	fresh
	fill
	shift
	{ env LD_PRELOAD="$B/tests/fault/fault-shim.so" FAULT_ONLY=$classes \
		"$@" "$program" -q; } >"$tmp/out" 2>"$tmp/err"
	status=$?
	case $status in
	137) echo killed >>"$tmp/hit" ;;
	0) ;;
	*) echo failed >>"$tmp/hit" ;;
	esac
	age
	for pass in 1 2; do
		time_passes
		"$program" -q 2>"$tmp/err" || {
			redis_forgiven
			"$program" -q 2>"$tmp/err" ||
			echo "run $pass ends with $?: $(cat "$tmp/err")"
		}
	done
	[ "$(counts)" = '6 6 2 2 ok' ] || echo "leads: $(counts)"
	[ "$(places)" = '0 0 2 2' ] || echo "places: $(places)"
}

# A job for others is accepted when its id is printed: brought once then.
fresh
add=("$B/libexec/schedule-task" call --queue calls --params 1 -q)
redis HSET bull:calls:meta version bullmq:4.1.0 >"$tmp/said"
"${add[@]}" >"$tmp/out" 2>"$tmp/err"
sql 'UPDATE bull_jobs SET created_at = created_at - 700000'
"$LEADPIPE" healthcheck --component redis -v >"$tmp/health" 2>&1
DEV_MODE=true "$LEADPIPE" healthcheck --component redis -v >>"$tmp/health" 2>&1
is 'a job that waits for long is a warning, also without a Redis' '2 2 1' \
	"$(grep -c '^.WARNING. redis.*1 jobs wait for BullMQ' "$tmp/health") $(grep \
	-c 'jobs_lag=7' "$tmp/health") $(grep -c 'not configured' "$tmp/health")"
fresh
redis HSET bull:calls:meta version bullmq:5.81.5 >"$tmp/said"
env LD_PRELOAD="$B/tests/fault/fault-shim.so" FAULT_ONLY=$classes \
	FAULT_COUNT_FILE="$tmp/count" "${add[@]}" >"$tmp/out"
is 'a job is brought at once' "$(cat "$tmp/out")" \
	"$(redis LRANGE bull:calls:wait 0 -1)"
last=$(tr -d ' ' <"$tmp/count")
step=$((last / 5))
[ "$extent" != full ] || step=1
found=''
for ((point = 1 + RANDOM % step; point <= last; point += step)); do
	fresh
	{ env LD_PRELOAD="$B/tests/fault/fault-shim.so" \
		FAULT_ONLY=$classes FAULT_KILL_AT=$point "${add[@]}"; } \
		>"$tmp/out" 2>"$tmp/err"
	printed=$(cat "$tmp/out")
	"$program" -q 2>"$tmp/err"
	brought=$(redis LRANGE bull:calls:wait 0 -1)
	case $brought in
	*$'\n'* | '') [ -z "$printed$brought" ] ||
		found+="point $point: '$printed', but '$brought'"$'\n' ;;
	*) [ "${printed:-$brought}" = "$brought" ] ||
		found+="point $point: '$printed', but '$brought'"$'\n' ;;
	esac
	[ "$(sql 'SELECT count(*) FROM bull_jobs')" = 0 ] ||
		found+="point $point: it waits still"$'\n'
done
passed "killed anywhere of $last points it is brought once" "$found"

fresh
fill
env LD_PRELOAD="$B/tests/fault/fault-shim.so" FAULT_ONLY=$classes \
	FAULT_COUNT_FILE="$tmp/count" "$program" -q 2>"$tmp/err"
last=$(tr -d ' ' <"$tmp/count")
step=$((last / 6))
[ "$extent" != full ] || step=1
found='' tried=0
: >"$tmp/hit"
for ((point = 1 + RANDOM % step; point <= last; point += step)); do
	tried=$((tried + 1))
	line=$(disturb $point FAULT_KILL_AT=$point)
	[ -z "$line" ] || found+="point $point of $last: $line"$'\n'
done
is "every point kills ($last points)" $tried "$(grep -c killed "$tmp/hit")"
passed 'killed anywhere: nothing lost, nothing doubled' "$found"

step=$((last / 3))
[ "$extent" != full ] || step=1
found=''
for ((point = 1 + RANDOM % step; point <= last; point += step)); do
	line=$(disturb $point FAULT_ERROR_AT=$point FAULT_ERRNO=ENOSPC)
	[ -z "$line" ] || found+="point $point of $last: $line"$'\n'
done
passed 'a full disk anywhere: nothing lost, nothing doubled' "$found"
tap_end
