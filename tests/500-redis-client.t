#!/bin/bash
# SPDX-License-Identifier: MIT
# Redis as people see it: what commands say of it, what its password never
# gets into, and what it costs them when it is not well. The client itself is
# tested in tests/unit/test_redis*.c.
# shellcheck disable=SC2154 # $status, $out, $err: tests/command.sh
set -u
tmp=$(mktemp -d)
. "$TOP/tests/tap.sh"
. "$TOP/tests/command.sh"
. "$TOP/tests/redis.sh"
trap 'redis_end; rm -rf "$tmp"' EXIT
bot_setup http://127.0.0.1:1
run poll-updates # makes the database; there is no Telegram to ask

# with NAME=VALUE COMMAND...: run with one setting more
with()
{
	local setting=$1
	shift
	export "${setting?}"
	run "$@"
	unset "${setting%%=*}"
}

# says NAME TEXT: what was written has it
says()
{
	if [[ $out$err == *"$2"* ]]; then
		passed "$1"
	else
		passed "$1" "$out$err"
	fi
}

# --- the start line

run send-due -v
says 'no Redis' 'redis: not configured, local state only'
redis_start --requirepass 'ses@me/9'
redis_url=redis://:ses%40me%2F9@127.0.0.1:$redis_port
redis() { redis-cli --no-auth-warning -a 'ses@me/9' -s "$redis_socket" "$@"; }
with REDIS_URL="$redis_url" list-tasks -v
says 'who does not use it only names it' 'redis: configured via REDIS_URL'
with REDIS_URL="$redis_url" send-due -v
says 'who uses it says that it answered' 'redis: connected via REDIS_URL'
says 'and has an event for it' 'redis_connected via=REDIS_URL'
export REDISPORT=$redis_port REDISPASSWORD='ses@me/9'
with REDISHOST=localhost send-due -v
says 'by other names' 'redis: connected via REDISHOST'
unset REDISPORT REDISPASSWORD
export DEV_MODE=true
with REDIS_URL="$redis_url" send-due
says 'none in DEV_MODE' 'redis: not configured'
unset DEV_MODE

# --- its password is nowhere

{
	for url in "$redis_url" "${redis_url/ses/sas}" \
		"${redis_url/$redis_port/1}" "${redis_url/127.0.0.1/x y}"; do
		for command in 'send-due -v -v' 'check-config --online' \
			'healthcheck -v --online' 'send-due --log-format json'; do
			# shellcheck disable=SC2086 # options of its own
			with REDIS_URL="$url" $command
			echo "$out$err"
		done
	done
} >"$tmp/all"
redis_forgiven
is 'passwords are not told' 0 "$(grep -c 's[ea]s[@%][m4]' "$tmp/all")"
is 'nor addresses that hold one' 0 "$(grep -v \
	'redis://user:password@' "$tmp/all" | grep -c 'redis://')"
is 'nor stored' 0 "$(sqlite3 "$db" .dump | grep -c 's[ea]s[@%][m4]')"

# --- check-config --online

# probe: the lines about Redis
probe()
{
	with REDIS_URL="${1-$redis_url}" check-config --online
	grep ' Redis ' "$tmp/out"
}
loses() { probe | grep -o 'it would lose.*'; }
is 'it says what would be lost: all' \
	"it would lose everything: it saves nothing; in redis.conf set\
 'appendonly yes' and 'appendfsync everysec'" "$(loses)"
redis CONFIG SET save '3600 1 300 100' >"$tmp/said"
says_loss=$(loses)
is 'an hour' 'it would lose up to 1 h of what others hand over' \
	"${says_loss%% (*}"
redis CONFIG SET appendonly yes >"$tmp/said"
is 'a second' 'it would lose a second at most' "$(loses)"
redis CONFIG SET appendfsync always >"$tmp/said"
is 'nothing' 'it would lose nothing' "$(loses)"
redis CONFIG SET appendfsync no >"$tmp/said"
is 'half a minute' "it would lose some 30 s with its machine; in redis.conf\
 set 'appendfsync everysec'" "$(loses)"
redis CONFIG SET maxmemory 50mb maxmemory-policy allkeys-lru >"$tmp/said"
is 'what throws tasks away is a problem' problem \
	"$(probe | grep noeviction | cut -c1-7)"
with REDIS_URL="$redis_url" check-config --online --json
is 'as JSON' 'false 1' "$(jq -r 'select(.text | test("noeviction")) |
	"\(.ok) \(.schema)"' "$tmp/out")"
redis CONFIG SET maxmemory 0 appendonly no >"$tmp/said"
redis ACL SETUSER few on '>few777' '~scheduler:*' '+@all' -config -zadd \
	>"$tmp/said"
probe "redis://few:few777@127.0.0.1:$redis_port" >"$tmp/few"
is 'a user without CONFIG' 1 "$(grep -c 'CONFIG is not allowed' "$tmp/few")"
is 'and without rights that are needed' 1 "$(grep -c \
	"'few' may not do this.*ZADD scheduler:tasks" "$tmp/few")"
is 'others are not named' 0 "$(grep -c 'ZREM scheduler:tasks' "$tmp/few")"

# Whoever may not ask what they may do.
redis ACL SETUSER blind on '>few777' '~*' '+@all' -acl -zadd >"$tmp/said"
redis ACL SETUSER mute on '>few777' '~*' '+@all' -acl -zadd -multi \
	>"$tmp/said"
redis ACL SETUSER free on '>few777' '~*' '+@all' -acl >"$tmp/said"
redis RPUSH leadpipe:in a >"$tmp/said"
redis XADD leadpipe:leads 1-1 a b >"$tmp/said"
redis XGROUP CREATE leadpipe:leads leadpipe 0 >"$tmp/said"
redis SADD scheduler:processing x >"$tmp/said"
redis SET user:state:1 idle >"$tmp/said"
redis HSET lp:chat:1:1 y y >"$tmp/said"
# held: all that is in Redis
held()
{
	local key
	redis --scan | sort | while read -r key; do
		[ "$key" = lp:probe ] ||
			echo "$key $(redis DUMP "$key" | cksum)"
	done
}
held >"$tmp/before"
probe "redis://blind:few777@127.0.0.1:$redis_port" >"$tmp/few"
is 'rights are found out in another way' 1 "$(grep -c \
	"^advice.*its user may not do this.*: ZADD scheduler:tasks 1 x$" "$tmp/few")"
is '... with which nothing is done' "$(<"$tmp/before")" "$(held)"
is '... nor said when there are all' 0 "$(probe \
	"redis://free:few777@127.0.0.1:$redis_port" | grep -c 'may not')"
is '... or it is said that nobody knows' 1 "$(probe \
	"redis://mute:few777@127.0.0.1:$redis_port" |
	grep -c '^advice.*+acl|whoami +acl|dryrun')"

# What another bot has there.
redis DEL lp:chat:1:1 >"$tmp/said"
is 'who is alone is told of nobody' 0 "$(probe | grep -c 'uses it too')"
redis SET lp:gcra:4242 x >"$tmp/said"
redis SET lp:probe:4711:x x >"$tmp/said"
is '... nor of itself' 0 "$(probe | grep -c 'uses it too')"
redis HSET lp:mirror:4711 epoch 1 >"$tmp/said"
probe >"$tmp/few"
is 'another bot is' 1 \
	"$(grep -c '^advice.*bot 4711 uses it too.*database of its own' "$tmp/few")"
redis FLUSHALL >"$tmp/said"
is 'none there' "$(printf 'problem  %-17s ' Redis
	)redis at 127.0.0.1:1 (REDIS_URL): connection refused" \
	"$(probe redis://127.0.0.1:1 | grep problem)"

# --- healthcheck

# health [OPTION...]: its exit code and the worst line
health()
{
	with REDIS_URL="$redis_url" healthcheck --component redis "$@"
	echo "$status $(head -n 1 "$tmp/out")"
}
# broken KIND AGE_S: as it was left by the commands before
broken()
{
	sql "INSERT OR REPLACE INTO breakers(name, kind, failures, since,
		open_until, reason) VALUES('redis', '$1', 3,
		unixepoch() * 1000 - $2 * 1000, 1, 'redis at x: no answer')"
}
run healthcheck --component redis -v
is 'no Redis is fine' '[OK] redis/redis: redis is not configured' \
	"$(tail -n 1 "$tmp/out")"
is 'one that is well' '0 LEADPIPE OK' "$(health | cut -d: -f1)"
broken failing 30
is 'a moment is nothing' '0 LEADPIPE OK' "$(health | cut -d: -f1)"
broken failing 120
is 'some minutes' '1 LEADPIPE WARNING: redis at x: no answer, for 2 min' \
	"$(health | sed 's/ |.*//')"
broken failing 3700
is 'too long' '2 LEADPIPE CRITICAL: redis at x: no answer, for 1 h' \
	"$(health | sed 's/ |.*//; s/ 1 min$//')"
broken denied 2
is 'a person is needed at once' '2 LEADPIPE CRITICAL' "$(health |
	cut -d: -f1)"
redis_forgiven
sql "INSERT INTO meta VALUES('shared_off', 'WRONGTYPE Operation against')"
is 'what is off' '1 LEADPIPE WARNING: no tasks are shared: WRONGTYPE' \
	"$(health | cut -d' ' -f1-8)"
sql "DELETE FROM meta WHERE key = 'shared_off'"
redis_freeze
is 'it is asked when that is wanted' '1 LEADPIPE WARNING' "$(health --online \
	-t 1 | cut -d: -f1)"
redis_thaw

# --- what it costs

# timed COMMAND...: milliseconds
timed()
{
	local start=${EPOCHREALTIME/./}
	"$LEADPIPE" "$@" >"$tmp/out" 2>"$tmp/err"
	echo $(((${EPOCHREALTIME/./} - start) / 1000))
}
within()
{
	passed "$1" "$([ "$2" -le "$3" ] || echo "took $2 ms, not $3")"
}
plain=$(timed send-due)
export REDIS_URL=$redis_url
redis_freeze
within 'one that hangs costs 150 ms' "$(timed send-due)" $((plain + 300))
within 'and then nothing' "$(timed send-due)" $((plain + 90))
redis_thaw
redis_stop
redis_forgiven
within 'one that is gone costs nothing' "$(timed send-due)" $((plain + 150))
is 'and the command does its work' 0 "$(run send-due && echo "$status")"
redis_forgiven

# A network that swallows everything
cat >"$tmp/hole.sh" <<'EOF'
ip link set lo up && iptables -A INPUT -p tcp --dport 6379 -j DROP || exit 9
start=${EPOCHREALTIME/./}
"$LEADPIPE" send-due || exit 8
echo $(((${EPOCHREALTIME/./} - start) / 1000))
EOF
if ! REDIS_URL=redis://127.0.0.1 unshare -n bash "$tmp/hole.sh" \
	>"$tmp/took" 2>"$tmp/said" && [ $? != 8 ]; then
	passed "a black hole # SKIP $(tail -n 1 "$tmp/said")"
else
	within 'a black hole costs 50 ms' "$(<"$tmp/took")" $((plain + 250))
	is 'and is remembered' 1 "$(sql "SELECT open_until > 0 AND reason LIKE
		'%no answer' FROM breakers WHERE name = 'redis'")"
fi
tap_end
