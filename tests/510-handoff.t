#!/bin/bash
# SPDX-License-Identifier: MIT
# Tasks that are shared with other programs through scheduler:tasks, as people
# meet them: the flow's reminders go there and come back, others put theirs
# there or take ours, Redis goes away and comes back.
# shellcheck disable=SC2119 # no options are fine
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
# shellcheck source=tests/redis.sh
. "$TOP/tests/redis.sh"
trap 'redis_end; sim_stop; rm -rf "$tmp"' EXIT
bot_start --no-quirks
redis_start
jq '.states.awaiting_payment.enter[1].after = "1h"' \
	"$TOP/examples/funnel.json" >"$tmp/flow.json"
mkdir "$tmp/media"
head -c 2000 /dev/zero >"$tmp/media/3-traps.mp4"
settings() { bot_config FLOW_FILE="$tmp/flow.json" \
	LEADPIPE_LIMIT_CHAT_PER_SECOND=0 "REDIS_URL=unix://$redis_socket" \
	LEADPIPE_SHARED_TASKS=true "$@"; }
settings
sed -i '0,/^FLOW_FILE/{/^FLOW_FILE/d}' "$tmp/env"

# got CHAT: how many messages the bot has sent there
got() { sim "chats/$1" | jq '[.[] | select(.from == "bot")] | length'; }

# said TEXT: how often person 7 was told so
said() { sim chats/7 | jq --arg text "$1" '[.[] | select(.text == $text)] |
	length'; }

# All that is in Redis is due since a minute, here as well.
let_due()
{
	redis EVAL 'for _, m in ipairs(redis.call("ZRANGE", KEYS[1], 0, -1)) do
		redis.call("ZADD", KEYS[1], ARGV[1], m) end' 1 scheduler:tasks \
		"$(($(date +%s) - 60))000" >"$tmp/due"
	sql "UPDATE shared_tasks SET due_at = 1000 * strftime('%s', 'now') -
		60000, look_at = 0 WHERE ours = 1"
}

# --- the flow's own

say '{"chat":7,"text":"/start","first_name":"Ann"}'
run poll-updates
sim press '{"chat":7,"text":"Получить доступ"}' >/dev/null
run poll-updates
is 'after the button scheduler:tasks has the reminder' 1 \
	"$(redis ZCARD scheduler:tasks)"
is '... as others read it' '{"type":"payment_reminder","userId":7,"chatId":7}' \
	"$(redis ZRANGE scheduler:tasks 0 0 | jq -c '{type, userId, chatId}')"
is '... and this database does not do it' 0 "$(sql 'SELECT count(*) FROM tasks')"
run list-tasks --shared --count
is 'list-tasks --shared --count' 1 "$(cat "$tmp/out")"
run list-tasks --shared --json
is 'list-tasks --shared --json' payment_reminder \
	"$(jq -r '.member | fromjson | .type' "$tmp/out")"
run show-chat 7
is 'show-chat says where it is' 1 "$(grep -c 'handed over to Redis' "$tmp/out")"
before=$(got 7)
let_due
run send-due
is 'when it is due it comes' $((before + 1)) "$(got 7)"
is '... and Redis has nothing of it' '0 0 0' "$(redis ZCARD scheduler:tasks) \
$(redis ZCARD '{scheduler:tasks}:lp:lease') \
$(redis HLEN '{scheduler:tasks}:lp:owner')"

# --- by hand

run schedule-task --shared --text 'Hello again' --chat 7 --in 1h
id=$(cat "$tmp/out")
is 'schedule-task --shared puts it there' "0 $id" "$status $(
	redis ZRANGE scheduler:tasks 0 0 | jq -r '.id | sub(".*-"; "")')"
run cancel-task "$id"
is 'cancel-task takes it out' '0 0' "$status $(redis ZCARD scheduler:tasks)"
printf '{"chat":7,"text":"n%d","in":"1h"}\n' 1 2 3 4 5 |
	"$LEADPIPE" schedule-task --ndjson --shared >"$tmp/ids"
is '--ndjson: an id each, all there' '5 5' \
	"$(wc -l <"$tmp/ids") $(redis ZCARD scheduler:tasks)"
run list-tasks --shared --limit 2
is '--limit' 2 "$(wc -l <"$tmp/out")"

mkdir -m 700 "$tmp/journal"
echo "LEADPIPE_JOURNAL_DIR=$tmp/journal" >>"$tmp/env"
run schedule-task --shared --text 'In the journal' --chat 7 --in 1h
id=$(cat "$tmp/out")
run verify-state
is 'the journal knows that it is in other hands' 0 "$status"
run cancel-task "$id"
sed -i '/JOURNAL/d' "$tmp/env"

# --- Redis is away

redis_freeze
start=$(date +%s%N)
run cancel-task "$(head -1 "$tmp/ids")"
is 'cancelled while Redis hangs: soon, and it is' '0 yes' "$status $(
	[ $(($(date +%s%N) - start)) -lt 2000000000 ] && echo yes)"
redis_thaw
redis_forgiven
run sync-redis
is 'when it answers it leaves' 4 "$(redis ZCARD scheduler:tasks)"
redis_stop
run schedule-task --shared --text late --chat 7 --in 1h
is 'planned without Redis: accepted, and said' '0 1' \
	"$status $(grep -c 'does not know it yet' "$tmp/err")"
run schedule-task --text here --chat 7
run send-due
is 'what is done here is done' 0 "$status"
let_due 2>/dev/null
sql 'UPDATE shared_tasks SET due_at = due_at - 90000, look_at = 0'
run send-due
run recover-pending --list shared
is 'what Redis had is told past its time' 5 \
	"$(grep -c 'resend shared:' "$tmp/out")"
run recover-pending --resend "shared:$(sed -n 2p "$tmp/ids")"
is '... and taken back by hand' 0 "$status"
run send-due
is '... which is done at once' 1 "$(said n2)"
redis_start
redis_forgiven
run sync-redis
let_due
run send-due
is 'Redis came back empty: the rest comes from there, once' \
	'0 1 1 1 1 1' "$(for text in n1 n2 n3 n4 n5 late; do said $text; done | xargs)"
is '... and nothing waits for a person' 0 \
	"$(sql 'SELECT count(*) FROM dead_letters')"

# --- what others do

redis ZADD scheduler:tasks "$(date +%s)" \
	'{"type":"x","chatId":7,"data":{"text":"soon"}}' >/dev/null
run send-due
run sync-redis
run recover-pending --list shared
is 'a time in seconds is no end of a week ago: it is said and kept' '1 1' \
	"$(grep -c 'not in milliseconds' "$tmp/out") $(redis ZCARD \
	'{scheduler:tasks}:lp:poison')"
redis DEL '{scheduler:tasks}:lp:poison' >/dev/null
run recover-pending --drop "$(awk '/milliseconds/ { print $1 }' "$tmp/out")"
redis ZADD scheduler:tasks 1 'no json' >/dev/null
redis SADD scheduler:processing '{"type":"x","chatId":7,"executeAt":1}' >/dev/null
run send-due
run sync-redis
sql 'UPDATE shared_stuck SET seen_at = seen_at - 600000'
run sync-redis
run recover-pending --list shared
is 'what nobody can read, and what was left in work, is listed' '1 1' \
	"$(grep -c 'not JSON' "$tmp/out") $(grep -c 'took it in work' "$tmp/out")"
id=$(sql "SELECT id FROM shared_stuck WHERE place = 'processing'")
run recover-pending --show "shared:$id"
is '--show has all of it' yes "$(grep -q executeAt "$tmp/out" && echo yes)"
run recover-pending --resend "shared:$id"
run sync-redis
is '--resend: it waits again' 0 "$(redis SCARD scheduler:processing)"
redis DEL scheduler:tasks >/dev/null
redis SET scheduler:tasks x >/dev/null
run sync-redis
is 'a key of another type is said' 1 "$(grep -c 'is a string' "$tmp/err")"
say '{"chat":8,"text":"/start","first_name":"Bo"}'
run poll-updates
is '... and the bot answers' '0 1' "$status $(($(got 8) > 0))"
run list-tasks --shared
is 'list-tasks --shared says so too' 78 "$status"
run list-tasks --shared --user 7
is 'one person of all cannot be listed' 64 "$status"
# --- a person is forgotten, a backup comes back

redis DEL scheduler:tasks >/dev/null
settings
sed -i '0,/^FLOW_FILE/{/^FLOW_FILE/d}' "$tmp/env"
run sync-redis
say '{"chat":9,"text":"/start","first_name":"Cy"}'
run poll-updates
sim press '{"chat":9,"text":"Получить доступ"}' >/dev/null
run poll-updates
is 'a reminder of somebody' 9 "$(redis ZRANGE scheduler:tasks 0 -1 |
	jq .chatId)"
run backup-state "$tmp/backup.db"
run forget-user 9 --yes
run sync-redis
is 'who is forgotten is not in Redis any more' '' \
	"$(redis ZRANGE scheduler:tasks 0 -1)"
is '... nor here' 0 "$(sql "SELECT count(*) FROM shared_tasks WHERE chat_id = 9
	OR src_member LIKE '%\"chatId\":9,%'")"
sqlite3 "$tmp/backup.db" 'UPDATE shared_tasks SET due_at = 1000'
run restore-state "$tmp/backup.db"
is 'after a restore it is on hold, as all that was due' '0 1' "$status $(
	sql "SELECT count(*) FROM dead_letters WHERE kind = 'task'")"
is '... and in nobody else'"'"'s hands' 0 "$(sql "SELECT count(*) FROM
	shared_tasks WHERE ours = 1 AND state IN ('exporting', 'exported')")"
settings LEADPIPE_SHARED_TASKS=off
sed -i '0,/^LEADPIPE_SHARED/{/^LEADPIPE_SHARED/d}' "$tmp/env"
redis FLUSHALL >/dev/null
redis ZADD scheduler:tasks 1000 '{"type":"theirs","userId":7,"id":"t"}' \
	>/dev/null
run send-due
run sync-redis
is 'off: the set is of others, and of nobody else' '0 1' \
	"$status $(redis ZCARD scheduler:tasks)"
settings LEADPIPE_SHARED_TASKS=perhaps
sed -i '0,/^LEADPIPE_SHARED/{/^LEADPIPE_SHARED/d}' "$tmp/env"
run check-config
is 'check-config knows what is no yes or no' 1 \
	"$(grep -c 'LEADPIPE_SHARED_TASKS.*perhaps' "$tmp/out")"
settings REDIS_URL=
run list-tasks --shared
is 'no Redis: 78' 78 "$status"
tap_end
