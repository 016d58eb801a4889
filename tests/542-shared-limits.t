#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# Two hosts send for one bot: together they keep to what Telegram takes of it,
# through Redis or each by its share. The simulator has Telegram's limit, and
# counts whom it sends away.
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
# shellcheck source=tests/redis.sh
. "$TOP/tests/redis.sh"
trap 'kill -9 $bot_children 2>/dev/null; sim_stop; redis_end; rm -rf "$tmp"' EXIT

people=48 # of each host: together more than a burst of 30 and what a second has
bot_start --flood --open-chats
redis_start

# hosts [LINE...]: a state of its own for each, with messages for its people
hosts()
{
	local host
	for host in 1 2; do
		rm -rf "${tmp:?}/$host"
		mkdir -m 700 "$tmp/$host"
		bot_config "$@"
		sed "s|^DATABASE_PATH=.*|DATABASE_PATH=$tmp/$host/leadpipe.db|" \
			"$tmp/env" >"$tmp/env$host"
		chmod 600 "$tmp/env$host"
		"$LEADPIPE" deploy-flow -c "$tmp/env$host" -q \
			"$TOP/examples/funnel.json"
		for ((i = 1; i <= people; i++)); do
			echo "INSERT INTO tasks(due_at, id, kind, priority, chat_id,
			expire_at, created_at, method, params) VALUES(1,
			$((1000 + i)), 'send', 5, $((host * 1000 + i)), 1 << 60, 1,
			'sendMessage', '{\"text\":\"news\"}');"
		done | sqlite3 "$tmp/$host/leadpipe.db"
	done
	: >"$tmp/record"
}
# both [SECONDS]: both send; leaves how many messages arrived, and how many were
# refused
both()
{
	local before host
	before=$(sim stats | jq .flooded)
	for host in 1 2; do
		timeout -s KILL "${1:-60}" "$LEADPIPE" send-due -c "$tmp/env$host" \
			>"$tmp/$host.out" 2>&1 &
		bot_children="$bot_children $!"
	done
	# shellcheck disable=SC2086 # several
	wait $bot_children 2>/dev/null
	bot_children=''
	arrived=$(for host in 1 2; do
		sqlite3 "$tmp/$host/leadpipe.db" "SELECT count(*)
			FROM messages WHERE state = 'sent' AND tries <= 1"
	done | paste -sd +)
	refused=$(($(sim stats | jq .flooded) - before))
}

if [ "${LEADPIPE_SWEEP-}" = full ]; then
	# They would wait for what Telegram tells them to.
	hosts "REDIS_URL=$redis_url"
	both 2.5
	passed 'two hosts that do not know of each other send too much' \
		"$([ "$refused" -gt 0 ] || echo "$refused, $arrived arrived")"
	sim reset '{}' >"$tmp/said"
fi

hosts "REDIS_URL=$redis_url" LEADPIPE_SHARED_LIMITS=true
both
is 'with the limit shared none is refused' "0 $people+$people" \
	"$refused $arrived"
is '... and Redis has what counts for both' 1 \
	"$(redis INFO commandstats | grep -c 'cmdstat_evalsha')"
sim reset '{}' >"$tmp/said"

redis_stop
hosts "REDIS_URL=$redis_url" LEADPIPE_SHARED_LIMITS=true
both
is 'without Redis each keeps to its share' "0 $people+$people" \
	"$refused $arrived"

# --- a key that is none
redis_start
redis LPUSH lp:gcra:4242 x >/dev/null
people=1
hosts "REDIS_URL=$redis_url" LEADPIPE_SHARED_LIMITS=true
both
is 'a key of another type is told, and each has its share' '1+1 1' \
	"$arrived $(grep -c 'the limit of the bot is not shared: WRONGTYPE' \
	"$tmp/1.out")"
LEADPIPE_CONFIG=$tmp/env1 run healthcheck --component redis -v
is '... by healthcheck too' 1 \
	"$(grep -c '^\[WARNING\] redis.*the limit is not shared' "$tmp/out")"
redis DEL lp:gcra:4242 >/dev/null
sqlite3 "$tmp/1/leadpipe.db" "INSERT INTO tasks(due_at, id, kind, priority,
	chat_id, expire_at, created_at, method, params) VALUES(1, 2000, 'send',
	5, 1001, 1 << 60, 1, 'sendMessage', '{\"text\":\"news\"}')"
"$LEADPIPE" send-due -c "$tmp/env1" 2>"$tmp/err"
LEADPIPE_CONFIG=$tmp/env1 run healthcheck --component redis -v
is '... until it is gone' 0 "$(grep -c 'the limit is not shared' "$tmp/out")"
tap_end
