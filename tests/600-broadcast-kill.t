#!/bin/bash
# SPDX-License-Identifier: MIT
# A broadcast while those who send it are killed.
# First at every point at which poll-updates (1), and send-due while it goes on
# after a pause (2), touch the world outside: a sample of them. Then a big one,
# killed at random again and again. Each of its audience must get it once, but
# who is counted as unknown: they may have got it or not, and what a person
# decides for them is done.
#
# LEADPIPE_SWEEP=full takes all the points, and 100,000 people.
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
# shellcheck source=tests/fault/sweep.sh
. "$TOP/tests/fault/sweep.sh"
# shellcheck source=tests/broadcast.sh
. "$TOP/tests/broadcast.sh"
trap 'sim_stop; kill $(jobs -p) 2>/dev/null; wait; rm -rf "$top"' EXIT
crowded=12
people=(1 2 4 5 7 8 10 11)
# What was under way when it died, and the summary.
doubts=9

eval "$(declare -f sim_start | sed '1s/.*/sim_start_closed ()/')"
sim_start() { sim_start_closed --open-chats "$@"; }

prepare()
{
	printf '%s\n' ADMIN_IDS=42 LEADPIPE_SEND_SLOTS=2 >>"$floor/env"
}

# The broadcast waits; in (2) half of them have it, and it was paused.
stage()
{
	start_over
	cp "$top/begun.db" "$floor_db"
	[ "$1" != 1 ] || return 0
	"$program/send-due" --batch 4
	"$program/send-broadcast" --pause one >/dev/null
	"$program/send-broadcast" --resume one >/dev/null
}

victim_of() { if [ "$1" = 2 ]; then echo send-due; fi; }
end_of() { echo "$1"; }

# Afterwards somebody looks who has not got it, and sends it by hand.
eval "$(declare -f settle | sed '1s/.*/settle_floor ()/')"
settle()
{
	local id chat
	settle_floor || return
	arrived >"$tmp/arrived"
	ask "SELECT id, chat_id FROM messages WHERE state = 'unknown'
		AND broadcast IS NOT NULL" | tr '|' ' ' >"$tmp/unknown"
	while read -r id chat; do
		grep -q "^$chat " "$tmp/arrived" ||
			"$program/recover-pending" --resend "$id" >/dev/null || return
	done <"$tmp/unknown"
	[ ! -s "$tmp/unknown" ] || settle_floor
}

wrong()
{
	amiss one
	[ "$(ask "SELECT count(*) FROM messages WHERE chat_id = 42")" = 1 ] ||
		echo "no summary, or several"
}

# --- nobody kills anything

classes=write,send,fsync,ftruncate,unlink,rename,flock,connect
sim_start --no-quirks
floor_open
prepare
poll
crowd $crowded
crowd_admin
passed 'a broadcast is accepted' "$(announce one)"
sqlite3 "$floor_db" 'PRAGMA wal_checkpoint(TRUNCATE)' >"$tmp/said"
cp "$floor_db" "$top/begun.db"
for stage in 1 2; do
	stage $stage
	is "before ($stage): so many were put aside" $((stage * 4 - 4)) \
		"$(ask 'SELECT count(*) FROM broadcast_aside')"
	victim=$(victim_of $stage) shim FAULT_COUNT_FILE="$tmp/count.$stage" \
		FAULT_ONLY=$classes
	settle
	views "${people[@]}" | once >"$tmp/seen.$stage"
	is "undisturbed ($stage): each of the audience has it" \
		'1 1 1 1 1 1 1 1 0 0' "$(got "${people[@]}" 3 6)"
	passed '... and all agree' "$(delivered --settled --most-ambiguous 0
		wrong $stage)"
done
sim_stop
last1=$(points "$tmp/count.1") last2=$(points "$tmp/count.2")

# --- killed

# A run has a few points more or less, depending on who is faster.
if [ "$extent" = full ]; then
	sweep "1:$last1:1" "2:$last2:1"
else
	sweep "1:$((last1 * 4 / 5)):50" "2:$((last2 * 4 / 5)):50"
fi
echo "# points: $last1 + $last2, killed at $killed of $tried tried"
passed "killed at $tried points: nobody missed, nobody twice" \
	"$(cut -c 1-600 "$top/found" | head -20)"
is '... and most of them were reached' yes \
	"$([ $((killed * 10)) -ge $((tried * 8)) ] && echo yes || echo "$killed")"

# --- two at once

# big COUNT [OPTION...]: a broadcast to COUNT people that pays for its speed
big()
{
	: >"$tmp/record"
	sim_start --no-quirks --no-validate
	floor_open
	sed -i 's/^LEADPIPE_LIMIT_PER_SECOND=.*/ADMIN_IDS=42/' "$floor/env"
	poll
	crowd "$1"
	passed "$1 people: accepted" "$(announce big --paid "${@:2}")"
}

is_over() { [ "$(ask 'SELECT state FROM broadcasts')" = finished ]; }

big 600
victim=send-due poll &
poll
wait $!
for ((i = 0; i < 20; i++)); do is_over || poll; done
passed '... sent by two at once: each has it once' "$(amiss big)"
is '... and none is in doubt' 400 "$(ask "SELECT count(*) FROM messages
	WHERE broadcast = 1 AND state = 'sent'")"
sim_stop

# --- a big one, killed at random

count=1500 kills=4
if [ "$extent" = full ]; then
	count=100000 kills=20
fi
big $count
began=$(date +%s)
for ((i = 1; i <= kills; i++)); do
	"$program/poll-updates" --for 10m 2>>"$floor/errors" &
	# somewhere in the first half, later each time
	goal=$((count * (i - 1) / kills / 3 + RANDOM % (count / kills / 4)))
	until [ "$(ask "SELECT count FROM broadcast_tally WHERE kind = 'sent'
		UNION ALL SELECT 0 LIMIT 1")" -ge $goal ] || ! kill -0 $!; do
		sleep 0.02
	done
	{ kill -9 $! && wait $!; } 2>>"$tmp/killings"
done
for ((i = 0; i < 300; i++)); do is_over || poll --for 1s; done
unknown=$(ask "SELECT count FROM broadcast_tally WHERE kind = 'unknown'")
echo "# $count people, $kills kills: $unknown unknown," \
	"$(($(date +%s) - began)) s," \
	"at most $(busiest big) begun in a second;" \
	"memory $(ask "SELECT max_rss_kb FROM runs WHERE max_rss_kb > 0
		ORDER BY id DESC LIMIT 1") kB"
passed 'nobody missed, nobody twice but who is counted' "$(amiss big)"
is '... as many are counted as may be' yes "$([ "${unknown:-0}" -le \
	$((kills * 64)) ] && echo yes || echo "$unknown")"
is '... all of the audience' $((count - count / 3)) "$(ask "SELECT sum(count)
	FROM broadcast_tally")"
most=$(busiest big)
is '... and no second has more than the limit' 1000 \
	"$((most > 1000 ? most : 1000))"
tap_end
