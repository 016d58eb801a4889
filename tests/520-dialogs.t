#!/bin/bash
# SPDX-License-Identifier: MIT
# People who are in a dialog with another program go on with ours, and back.
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
# shellcheck source=tests/redis.sh
. "$TOP/tests/redis.sh"
trap 'sim_stop; redis_end; rm -rf "$tmp"' EXIT

cat >"$tmp/flow.json" <<'END'
{
  "leadpipe": 1, "id": "orders", "start": "hello",
  "vars": {"description": {}, "count": {"type": "int"}, "address": {}},
  "texts": {"en": {"hello": "Hello", "what": "What is it?",
    "where": "Where to? {{count|default:\"?\"}} of it",
    "done": "{{description|default:\"?\"}} to {{address}}",
    "button.expired": "Too late"}},
  "lang": {"default": "en", "available": ["en"]},
  "commands": {"/start": {"do": [{"goto": "hello"}]}},
  "states": {
    "hello": {"enter": [{"send": "hello"}], "on": {"any": [{"goto": "describe"}]}},
    "describe": {"alias": ["OrderState:description"],
      "ask": {"text": "what", "var": "description"}, "then": "where"},
    "where": {"alias": ["OrderState:address", "awaiting_address"],
      "ask": {"text": "where", "var": "address"}, "then": "done"},
    "done": {"final": true, "enter": [{"send": "done"}]}
  }
}
END
bot_start
redis_start
# with_redis MODE [LINE...]
with_redis()
{
	bot_config "REDIS_URL=$redis_url" "LEADPIPE_DIALOGS=$1" "${@:2}"
	sed -i "s|^FLOW_FILE=.*|FLOW_FILE=$tmp/flow.json|" "$tmp/env"
}
# the newest text that CHAT was sent
last_said() { sim "chats/$1" | jq -r '[.[] | select(.from == "bot")] | last.text'; }
aiogram='LEADPIPE_DIALOG_KEY=fsm:{chat}:{user}:state'

# --- aiogram
with_redis both "$aiogram"
redis SET fsm:7:7:state OrderState:description >/dev/null
redis SET fsm:7:7:data '{"count": 3, "cart": [1, {"x": "ю"}]}' >/dev/null
say '{"chat":7,"text":"A red box"}'
run poll-updates -v
is 'a dialog begun by an aiogram bot goes on here' \
	'0 Where to? 3 of it' "$status $(last_said 7)"
is '... and is told' 1 "$(grep -c 'dialog_taken_over chat=7' "$tmp/err")"
is 'aiogram finds it where we left it' OrderState:address \
	"$(redis GET fsm:7:7:state)"
is '... with what it knew and what we learned' \
	'{"count":3,"cart":[1,{"x":"ю"}],"description":"A red box"}' \
	"$(redis GET fsm:7:7:data | jq -c .)"
is '... for as long as aiogram keeps it' -1 "$(redis TTL fsm:7:7:state)"
redis SET fsm:7:7:state OrderState:description >/dev/null
say '{"chat":7,"text":"A blue box"}'
run poll-updates
is 'it writes, we go on from there' 'Where to? 3 of it' "$(last_said 7)"
say '{"chat":7,"text":"Berlin"}'
run poll-updates
is 'what is final is the end of it there, too' \
	'A blue box to Berlin|done' \
	"$(last_said 7)|$(redis GET fsm:7:7:state)"

redis SET fsm:8:8:state OrderState:description >/dev/null
redis SET fsm:8:8:lock somebody >/dev/null
say '{"chat":8,"text":"Box"}'
run poll-updates
is 'while it holds the lock we answer' 'Where to? ? of it' "$(last_said 8)"
is '... and write nothing' OrderState:description \
	"$(redis GET fsm:8:8:state)"
redis DEL fsm:8:8:lock >/dev/null
run sync-redis
is '... until it has let it go' "0 OrderState:address" \
	"$status $(redis GET fsm:8:8:state)"

redis SET fsm:9:9:state 'Quiz:question_7' >/dev/null
say '{"chat":9,"text":"/start"}'
run poll-updates
is 'a state that the flow does not know is told' 1 \
	"$(grep -c 'Quiz:question_7' "$tmp/err")"
is '... and kept; the person is answered' 'Quiz:question_7 Hello' \
	"$(redis GET fsm:9:9:state) $(last_said 9)"

"$LEADPIPE" show-chat 9 >"$tmp/shown"
"$LEADPIPE" healthcheck --component redis -v >"$tmp/health"
is '... show-chat and healthcheck tell of it' '1 1' \
	"$(grep -c '^in Redis .*: Quiz:question_7$' "$tmp/shown") $(grep -c \
	'^\[WARNING\] redis.*1 person is .*Quiz:question_7' "$tmp/health")"
is '... also for machines' Quiz:question_7 \
	"$("$LEADPIPE" show-chat 9 --json | jq -r .foreign_state)"

# --- programs with one key: a hash, a string
redis FLUSHALL >/dev/null
with_redis both
redis HSET user:state:10 state awaiting_address step_no 4 count 2 >/dev/null
redis EXPIRE user:state:10 900 >/dev/null
say '{"chat":10,"text":"Paris"}'
run poll-updates
is 'a hash is read' '? to Paris' "$(last_said 10)"
is '... and stays one, with what we do not know' \
	'hash done 4 2 Paris' "$(redis TYPE user:state:10) $(redis HMGET \
	user:state:10 state step_no count address | tr '\n' ' ' | sed 's/ $//')"
ttl=$(redis TTL user:state:10)
is '... and lives for another hour' 1 $((ttl > 3500 && ttl <= 3600))
redis SET user:state:11 \
	'{"step":"awaiting_address","data":{"count":5},"v":1.5}' >/dev/null
say '{"chat":11,"text":"Rome"}'
run poll-updates
is 'a JSON string is read and stays one' \
	'{"step":"done","data":{"count":5,"address":"Rome"},"v":1.5}' \
	"$(redis GET user:state:11 | jq -c .)"
say '{"chat":12,"text":"/start"}'
run poll-updates
is 'who began here is told to others' 'hash hello' \
	"$(redis TYPE user:state:12) $(redis HGET user:state:12 state)"
redis LPUSH user:state:13 x >/dev/null
say '{"chat":13,"text":"/start"}'
run poll-updates
is 'a key of a strange type is left alone, the person is answered' \
	'0 Hello list' "$status $(last_said 13) $(redis TYPE user:state:13)"

# --- one way, and none
redis HSET user:state:12 state awaiting_address >/dev/null
with_redis export
say '{"chat":12,"text":"x"}'
run poll-updates
is 'export: what others write counts for nothing' \
	'describe OrderState:description' \
	"$("$LEADPIPE" chat-state get 12) $(redis HGET user:state:12 state)"
with_redis import
redis HSET user:state:12 state awaiting_address by them >/dev/null
run sync-redis
is 'import: it is taken over without a message' where \
	"$("$LEADPIPE" chat-state get 12)"
say '{"chat":12,"text":"Oslo"}'
run poll-updates
is '... and nothing is written back' awaiting_address \
	"$(redis HGET user:state:12 state)"

# --- killed at the instant at which others would be told
with_redis both
redis DEL user:state:14 >/dev/null
say '{"chat":14,"text":"/start"}'
{ env LD_PRELOAD="$B/tests/fault/fault-shim.so" \
	FAULT_KILL_TEXT=$'$4\r\nhash' "$LEADPIPE" poll-updates; } 2>"$tmp/err"
is 'killed before others are told' '137 0' \
	"$? $(redis EXISTS user:state:14)"
run recover-pending
run poll-updates
run sync-redis
is '... the next run tells them, and the person is answered once' \
	'hello Hello' "$(redis HGET user:state:14 state) $(sim chats/14 |
	jq -r '[.[] | select(.from == "bot").text] | join(",")')"

# --- names and sizes of others
with_redis both
redis DEL user:state:16 >/dev/null
redis HSET user:state:16 state awaiting_address note kept >/dev/null
say '{"chat":16,"text":"/nothing"}'
run poll-updates
is 'a state keeps the alias by which its program called it' \
	'awaiting_address|kept' "$(redis HMGET user:state:16 state note |
	paste -sd '|')"
redis CONFIG RESETSTAT >/dev/null
head -c 3000000 /dev/zero | tr '\0' x |
	redis -x HSET user:state:17 big >/dev/null
redis HSET user:state:17 state awaiting_address >/dev/null
say '{"chat":17,"text":"/start"}'
run poll-updates
is 'of a hash that is too large nothing is fetched' '0 Hello 0' \
	"$status $(last_said 17) $(redis INFO commandstats |
	grep -c cmdstat_hgetall)"
is '... which is told' 1 \
	"$(run show-chat 17; grep -c 'more than 64 KB' "$tmp/out")"
redis DEL user:state:16 user:state:17 >/dev/null

# --- without Redis
with_redis both
redis_stop
say '{"chat":12,"text":"/start"}'
run poll-updates
is 'without Redis everybody is answered' '0 Hello' "$status $(last_said 12)"
redis_start
run sync-redis
redis_forgiven
run sync-redis
is 'back again, it hears what happened' hello \
	"$(redis HGET user:state:12 state)"

# --- forgotten, while Redis is away
redis HSET user:state:12 address 'Secret Street' >/dev/null
redis_freeze
run forget-user 12 --yes
is 'who is to be forgotten is, without Redis' 0 "$status"
redis_thaw
redis_forgiven
say '{"chat":12,"text":"/start"}'
run poll-updates
run poll-updates
is '... and back again, begins anew, there too' 'Hello|hello|' \
	"$(last_said 12)|$(redis HMGET user:state:12 state address |
	paste -sd '|')"
run forget-user 12 --yes
run sync-redis
is 'of who was forgotten nothing stays there' '0 0' \
	"$(redis EXISTS user:state:12) $(redis KEYS 'lp:*:12' | grep -c .)"

# --- configuration
bot_config REDIS_URL=nonsense
say '{"chat":8,"text":"/start"}'
run poll-updates
is 'an address that is none: people are answered, and it is said' '0 1' \
	"$status $(grep -c 'going on without Redis: .*REDIS_URL' "$tmp/err")"
for line in LEADPIPE_DIALOGS=sometimes LEADPIPE_DIALOG_KEY=fsm:state \
	'LEADPIPE_DIALOG_KEY=fsm:{chat}:{usr}:state' \
	LEADPIPE_DIALOG_TTL=soon; do
	with_redis both "$line"
	run poll-updates
	is "$line is refused by name" "78 1" \
		"$status $(grep -c "^leadpipe.*${line%=*} " "$tmp/err")"
done
with_redis both 'LEADPIPE_DIALOG_KEY={users}:state:{user}'
run poll-updates
is 'braces may be of the key itself' 0 "$status"
tap_end
