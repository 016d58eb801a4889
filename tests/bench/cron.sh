#!/bin/bash
# SPDX-License-Identifier: MIT
# cron.sh [SECONDS] [MESSAGES]: answer times under the real cron daemon with
# the lines of crontab.example, across every hand-over of the poller, while
# one chat's send hangs for 70 s and 1,000 reminders fall due. As root.
set -u
: "${TOP:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${B:=$TOP/build}" "${LEADPIPE:=$B/leadpipe}"
seconds=${1:-300} messages=${2:-1000}
. "$TOP/tests/bot.sh"
chmod 755 "$tmp"
. "$TOP/tests/cron.sh"
finish()
{
	cron_stop
	sim_stop
	if [ -n "${KEEP-}" ]; then echo "kept: $tmp"; else rm -rf "$tmp"; fi
}
trap finish EXIT
trap 'exit 130' INT TERM
why=$(cron_missing)
[ -z "$why" ] || { echo "bench: cron $why" >&2; exit 77; }

bot_start --latency 50 --open-chats
cron_prepare nobody
chown nobody "$tmp/env" "$tmp/state"

# What competes: people who are known, then one bulk of messages for them.
"$LEADPIPE" poll-updates || exit
compete()
{
	local i
	for ((i = 1; i <= 1000; i++)); do
		printf '{"chat":%d,"text":"reminder %d","in":"%ds"}\n' \
			$((5000000 + i)) "$i" $((60 + seconds / 5))
	done | "$LEADPIPE" schedule-task --ndjson >"$tmp/ids" || exit
}
compete

# cron acts on whole minutes: the load begins with its first run.
cron_start ''
sleep $((60 - 10#$(date +%S)))
sleep 1
sim fault '{"kind":"hang","method":"sendMessage","chat":1000020,"ms":70000}' \
	>"$tmp/said"
sim load "{\"messages\":$messages,\"seconds\":$seconds}" >"$tmp/said"
start=$(date +%s%3N)
sleep "$seconds"
for ((i = 0; i < 90; i++)); do
	[ "$(sim load | jq .unanswered)" -gt 0 ] || break
	sleep 1
done
sim load >"$tmp/load"
# the last poller has the answer of the hanging send to settle
sleep 2
cron_processes >"$tmp/processes"
cron_stop

db()
{
	sqlite3 -readonly "$tmp/state/leadpipe.db" "$1"
}
jq -r '"messages \(.said), answered \(.answered), median " +
	"\(.median_ms | round) ms, p99 \(.p99_ms | round) ms, max " +
	"\(.max_ms | round) ms"' "$tmp/load"
echo "reminders sent $(db "SELECT count(*) FROM messages
	WHERE chat_id >= 5000000 AND state = 'sent'") of 1000, in" \
	"$(db "SELECT (max(settled_at) - min(started_at)) / 1000
	FROM messages WHERE chat_id >= 5000000 AND state = 'sent'") s"
echo "the send that hangs: $(db "SELECT state || ' after ' ||
	((coalesce(settled_at, unixepoch() * 1000) - started_at) / 1000) || ' s'
	FROM messages WHERE chat_id = 1000020 AND role = 'assistant'")"
# Each answer: when its question came, and how long it took to leave.
jq -rn 'reduce inputs as $l ({};
	if $l.kind == "update" then
		($l.body | fromjson | .message.chat.id | tostring) as $c
		| .[$c].asked = $l.mono | .[$c].at = $l.at
	elif $l.kind == "request" and $l.method == "sendMessage"
		and .[$l.chat_id | tostring] then
		.[$l.chat_id | tostring].sent //= $l.mono
	else . end) | .[] | select(.sent) | "\(.at) \(.sent - .asked)"' \
	"$tmp/record" >"$tmp/waits"
db "SELECT started_at FROM runs WHERE command = 'poll-updates'
	AND started_at > $start ORDER BY 1" >"$tmp/starts"
while read -r at; do
	awk -v at="$at" -v s="$start" '$1 > at - 3000 && $1 < at + 3000 {
		n++; if ($2 > most) most = $2 }
		END { printf "hand-over at %.0f s: %d messages within 3 s " \
		"of it, the slowest answer left after %d ms\n",
		(at - s) / 1000, n, most }' "$tmp/waits"
done <"$tmp/starts"
echo "mail: $(wc -c <"$tmp/mail") bytes; zombies:" \
	"$(grep -c '^ *Z' "$tmp/processes"); processes running:" \
	"$(grep -c . "$tmp/processes")"
cat "$tmp/mail"
db "SELECT 'run ' || command || ' exit ' || coalesce(exit_code, 'none') ||
	': ' || count(*) || ', at most ' || coalesce(max(max_rss_kb), 0) || ' kB'
	FROM runs GROUP BY command, exit_code"
"$TOP/tests/sim/check-delivery" "$tmp/record" "$tmp/state/leadpipe.db"
