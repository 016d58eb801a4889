# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests/bench/run: one message for many, and what it does to those
# who wait for an answer.
# shellcheck disable=SC2034,SC2154 # for and of tests/bench/run and lib.sh

# crowd COUNT: people who started the bot some time ago
crowd()
{
	sqlite3 "$tmp/state/leadpipe.db" "WITH RECURSIVE n(i) AS (SELECT 1
		UNION ALL SELECT i + 1 FROM n WHERE i < $1)
	INSERT INTO chats(chat_id, first_name, tags, vars, created_at, seen_at)
	SELECT i, 'P' || i, '{\"vip\":1}', '{\"name\":\"P' || i || '\"}', 1, 1
	FROM n"
}

# announce OPTION...
announce()
{
	"$B/libexec/send-broadcast" --text 'News, {{name}}' --yes \
		--no-unsubscribe "$@" >"$tmp/said" || problem='not accepted'
}

# people_wait NAME: eight write each second, for 20 s
people_wait()
{
	sim load '{"messages":160,"seconds":20,"first_chat":1000000}' \
		>"$tmp/said"
	until [ "$(sim load | jq '.answered')" -ge 160 ]; do sleep 0.2; done
	sim load >"$tmp/load"
	rss=0
	emit_ms broadcast "$1, median" "$(jq .median_ms "$tmp/load")" 0
	emit_ms broadcast '  99 of 100 answered within' \
		"$(jq .p99_ms "$tmp/load")" 0
}

# sent: how many of the broadcast
sent()
{
	db "SELECT coalesce((SELECT count FROM broadcast_tally
		WHERE kind = 'sent'), 0)"
}

# The limit is 30 a second for all that the bot says.
row_broadcast()
{
	local before count=10000
	bot_begin --latency 50 --open-chats
	sed -i 's/^LEADPIPE_LIMIT_PER_SECOND=.*/LEADPIPE_LIMIT_PER_SECOND=30/' \
		"$tmp/env"
	crowd 100000
	"$B/libexec/poll-updates" --for 75 &
	until [ "$(sim stats | jq .polling)" = true ]; do sleep 0.1; done
	people_wait 'answers, limit 30/s, no broadcast'
	announce --tag vip
	until [ "$(sent)" -gt 0 ]; do sleep 0.1; done
	before=$(sent)
	people_wait 'answers while one goes to 100,000'
	line broadcast '  and of the broadcast meanwhile' \
		"$(calc %.1f "($(sent) - $before) / 20")" 1/s '' '' ''
	announce --tag vip --var name=P100000
	people_wait '... and one more looks for one of 100,000'
	wait "$!"
	bot_end

	bot_begin --open-chats
	crowd $count
	announce --tag vip --paid
	measure send-due --batch $count
	take_best
	bot_check $count "state = 'sent'" "$(sim stats |
		jq '.methods.sendMessage')"
	bot_end
	emit broadcast 'a broadcast to 10,000 that pays for 1000/s' $count
}
