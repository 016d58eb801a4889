#!/bin/bash
# SPDX-License-Identifier: MIT
# sync-redis keeps a mirror that loses nothing and repeats nothing, and takes
# over what another program knows of the past.
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
# shellcheck source=tests/redis.sh
. "$TOP/tests/redis.sh"
trap 'kill -9 $bot_children 2>/dev/null; sim_stop; redis_end; rm -rf "$tmp"' EXIT

bot_start
redis_start
bot_config "REDIS_URL=$redis_url"
key=4242
users() { sed -n 's/.*sync_completed users=\([0-9]*\).*/\1/p' "$tmp/err"; }
# the roles and texts that the mirror has of a CHAT
mirrored() { redis LRANGE "lp:history:$key:$1" 0 -1 | jq -r '"\(.role) \(.text)"'; }
# ours CHAT: the same from the database
ours()
{
	sql "SELECT role || ' ' || text FROM history WHERE chat_id = $1
		ORDER BY id"
}

for chat in 7 8 9; do
	say "{\"chat\":$chat,\"text\":\"/start\"}"
done
run poll-updates
run sync-redis -v
is 'people are synchronised, and it says how many' '0 3' "$status $(users)"
is '... what was said with who said it' "$(ours 7)" "$(mirrored 7)"
is '... and where they are' "welcome $(sql 'SELECT seen_at FROM chats
	WHERE chat_id = 7')" \
	"$(redis HGET lp:chat:$key:7 state) $(redis HGET lp:chat:$key:7 seen_at)"
run sync-redis -v
is 'once is enough' '0 0' "$status $(users)"
say '{"chat":8,"text":"Ünï & <b>"}'
run poll-updates
run sync-redis -v
is 'only who changed is told of' '1' "$(users)"
is '... as they are' "$(ours 8)" "$(mirrored 8)"

# --- what Redis loses
redis FLUSHALL >/dev/null
run sync-redis -v
is 'a Redis that lost all is told all' '0 3' "$status $(users)"
redis_stop
run sync-redis
is 'without Redis: temporary, and it says where' '75 1' \
	"$status $(grep -c "$redis_port.*refused" "$tmp/err")"
say '{"chat":9,"text":"meanwhile"}'
run poll-updates
is '... people are answered' 0 "$status"
redis_start
redis_forgiven
run sync-redis -v
is '... and it is all told when Redis is back, empty' '0 3' "$status $(users)"
is '... with what happened' "$(ours 9)" "$(mirrored 9)"

# --- a lower pair never takes the place of a higher one
redis HSET lp:chat:$key:7 ver 999999 state theirs >/dev/null
say '{"chat":7,"text":"more"}'
run poll-updates
run sync-redis
is 'a higher version stays' '0 theirs' \
	"$status $(redis HGET lp:chat:$key:7 state)"
redis HSET lp:mirror:$key epoch 9999999999999 >/dev/null
run sync-redis
is 'a newer state of the bot is not written over, and it is said' '69 1' \
	"$status $(grep -c 'newer state of this bot' "$tmp/err")"
"$LEADPIPE" healthcheck --component redis -v >"$tmp/health" 2>&1
is '... also by healthcheck, with what to do' '1 1' \
	"$(grep -c '^\[WARNING\] redis.*newer state of this bot' "$tmp/health") $(grep \
	-c 'mend what it names' "$tmp/health")"
redis FLUSHALL >/dev/null

# --- killed on the way
for ((i = 100; i < 400; i++)); do
	echo "INSERT INTO chats(chat_id, state, created_at, seen_at)
		VALUES($i, 'welcome', 1, 1);"
done | sqlite3 -cmd '.timeout 5000' "$db"
# In the background timeout would kill itself as well, and wait for nobody.
for delay in .004 .008 .012 .02; do
	timeout --foreground -s KILL "$delay" "$LEADPIPE" sync-redis
done >/dev/null 2>&1
run sync-redis
is 'killed at any time, the next run goes on' '0 303' \
	"$status $(redis KEYS "lp:chat:$key:*" | grep -c .)"
is '... and nothing waits' 0 \
	"$(sql 'SELECT count(*) FROM mirror WHERE pushed < version')"
run forget-user 7 --yes
run sync-redis
is 'of who was forgotten the mirror knows nothing' '0 0 0' \
	"$status $(redis EXISTS lp:chat:$key:7 lp:history:$key:7) $(sql \
	'SELECT count(*) FROM mirror WHERE chat_id = 7')"
redis SET lp:chat:$key:8 nonsense >/dev/null
say '{"chat":8,"text":"x"}'
run poll-updates
run sync-redis
is 'a key of another type is said by its name' "69 1" "$status $(grep -c \
	"redis: lp:chat:$key:8 is a string of another program, not a hash: \
rename or delete it" "$tmp/err")"
bot_config "REDIS_URL=$redis_url" LEADPIPE_MIRROR=false
run sync-redis
say '{"chat":9,"text":"y"}'
run poll-updates
is 'not wanted, nothing is marked' '0 0' \
	"$status $(sql 'SELECT count(*) FROM mirror WHERE chat_id = 9
	AND pushed < version')"

# --- the history of another program
redis FLUSHALL >/dev/null
redis RPUSH chat:8:messages \
	'{"role":"user","content":"Old hello","timestamp":1700000000}' \
	'{"role":"assistant","content":"Old answer","timestamp":1700000001500}' \
	'not json' '{"role":"system","content":"x","timestamp":1700000000}' \
	>/dev/null
redis SET chat:55:messages '[{"role":"bot","text":"Hi",
	"date":"2023-11-14T22:13:20Z"}]' >/dev/null
redis SADD chat:56:messages a >/dev/null
run sync-redis --import-history 'chat:{user}:messages' --json
is 'a history in Redis is taken over; what is none is said' '65 3 0 2' \
	"$status $(jq -r '"\(.added) \(.known) \(.refused)"' "$tmp/out")"
is '... with the line that is wrong' 2 \
	"$(grep -c 'chat:8:messages [23]: ' "$tmp/err")"
is '... before what was said here, in order' 'user Old hello
assistant Old answer' "$("$LEADPIPE" show-history 8 --json | head -2 |
	jq -r '"\(.role) \(.text)"')"
run sync-redis --import-history 'chat:{user}:messages' --json
is '... once' '0 3' "$(jq -r '"\(.added) \(.known)"' "$tmp/out")"
printf '%s\n' '{"user":"77","role":"operator","text":"From a file",
"time":"2023-11-14 22:13:20"}' | tr -d '\n' >"$tmp/past"
run sync-redis --import-history "$tmp/past"
is 'from a file, too' '0 1 message added, 0 known already, 0 refused' \
	"$status $(<"$tmp/out")"
sql "UPDATE messages SET settled_at = 1 WHERE chat_id = 77"
run prune-state
is 'what is old of it is pruned' 0 \
	"$(sql 'SELECT count(*) FROM messages WHERE chat_id = 77')"
echo 'no JSON' >"$tmp/past"
run sync-redis --import-history "$tmp/past"
is 'one that cannot be read is one' '65 1' \
	"$status $(grep -c ': 1 message was refused$' "$tmp/err")"
for source in "$tmp/nothing" "$tmp" 'nobody:{who}'; do
	run sync-redis --import-history "$source"
	is "no source: ${source##*/}" 65 "$status"
done
# --- of many chats that said a word or two
redis FLUSHALL >/dev/null
for ((i = 1001; i <= 1500; i++)); do
	echo "RPUSH past:$i '{\"role\":\"user\",\"text\":\"$i\",\"at\":1700000000}'"
	((i % 2)) || echo "RPUSH past:$i '{\"role\":\"bot\",\"text\":\"!\",\"at\":1700000001}'"
done | redis >/dev/null
redis CONFIG RESETSTAT >/dev/null
past() { sql "SELECT count(*) FROM messages WHERE chat_id > $1"; }
# past_import CLASS VALUE [SOURCE]: with the fault shim at its fsyncs
past_import()
{
	env LD_PRELOAD="$B/tests/fault/fault-shim.so" FAULT_ONLY=fsync \
		"$1=$2" "$LEADPIPE" sync-redis --json \
		--import-history "${3-past:{chat\}}" >"$tmp/out"
}
# past_killed CHAT [SOURCE]: at the first point at which something of a chat
# above CHAT is stored; leaves $before
past_killed()
{
	local at
	for ((at = 1; at < 20; at++)); do
		past_import FAULT_KILL_AT "$at" "${@:2}"
		before=$(past "$1")
		[ "$before" = 0 ] || break
	done 2>"$tmp/err"
}
past_killed 1000
is 'killed on the way, what it had stored stays, some and not all' yes \
	"$( ((before > 0 && before < 750)) && echo yes)"
past_import FAULT_COUNT_FILE "$tmp/syncs"
is '... and the next run brings the rest, once' "$((750 - before)) 750" \
	"$(jq -r .added "$tmp/out") $(past 1000)"
past_import FAULT_COUNT_FILE "$tmp/syncs"
is '... none of which the third does' '0 750' \
	"$(jq -r .added "$tmp/out") $(past 1000)"
sql 'DELETE FROM messages WHERE chat_id > 1000'
redis CONFIG RESETSTAT >/dev/null
past_import FAULT_COUNT_FILE "$tmp/syncs"
is 'several chats are one transaction' yes \
	"$( (($(<"$tmp/syncs") < 40)) && echo yes)"
is '... and a list that is short is read once' "$(jq -r .keys "$tmp/out")" \
	"$(redis INFO commandstats |
		sed -n 's/^cmdstat_lrange:calls=\([0-9]*\),.*/\1/p')"

# large ID: messages that are 2.7 MB together
large()
{
	local text i
	text=$(printf '%0300000d' 0)
	for i in 1 2 3 4 5 6 7 8 9; do
		echo "{\"user\":$1,\"role\":\"bot\",\"text\":\"$i$text\",\"at\":1700000000}"
	done
}
large 2002 >"$tmp/past"
past_killed 2001 "$tmp/past"
is 'large ones are several transactions' yes \
	"$( ((before > 0 && before < 9)) && echo yes)"
bot_config REDISPASSWORD=secret
run send-due -v
is 'a password of no Redis is told of with -v' '0 1 0' "$status $(grep -c \
	'REDISPASSWORD counts for nothing' "$tmp/err") $(grep -c secret "$tmp/err")"
bot_config
run sync-redis
is 'without a Redis there is nothing to do' '0 0' \
	"$status $(wc -c <"$tmp/err")"
run sync-redis --import-history 'a:{user}'
is '... and no history to read' 78 "$status"
tap_end
