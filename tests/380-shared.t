#!/bin/bash
# SPDX-License-Identifier: MIT
# A handful of processes on one database: two pollers in turn, three send-due,
# one of each sort by a clock an hour ahead, and people who plan tasks
# meanwhile. Nobody gets anything twice, nothing is lost, each chat keeps its
# order.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
trap 'sim_stop; kill $(jobs -p) 2>/dev/null; wait 2>/dev/null
	rm -rf "$tmp"' EXIT
chats=40 planned=800

# other COMMAND...: by a clock that is an hour ahead
other()
{
	FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 \
		faketime -f +1h "$@"
}

# run NAME COMMAND...: in the background; leaves its exit code in $tmp/NAME
run()
{
	local name=$1
	shift
	{
		"$@" 2>>"$floor/errors"
		echo $? >"$tmp/$name.exit"
	} &
}

# plan FROM TO: tasks in the order of their numbers, in each chat
plan()
{
	local i
	for ((i = $1; i <= $2; i++)); do
		printf '{"chat":%d,"text":"planned %d","in":"%ds"}\n' \
			$((i % chats + 1)) "$i" 0
	done | "$program/schedule-task" --ndjson >>"$tmp/ids.$1"
}

sim_start --no-quirks --latency 20
floor_open
echo LEADPIPE_SEND_SLOTS=4 >>"$floor/env"
poll
for ((i = 1; i <= chats; i++)); do
	people say '"text":"/start","first_name":"Ann"' "$i"
done
poll
run poller-1 "$program/poll-updates" --for 3
run poller-2 other "$program/poll-updates" --for 6
run sender-1 "$program/send-due" --for 6
run sender-2 "$program/send-due" --for 6
run sender-3 other "$program/send-due" --for 6
for ((i = 0; i < planned; i += 100)); do
	plan $((i + 1)) $((i + 100))
	people say '"text":"hm"' $(seq 1 $chats)
	sleep 0.3
done
# shellcheck disable=SC2046 # a list of pids
wait $(jobs -p | grep -vx "$sim_pid")
is 'all end well' '0 0 0 0 0' "$(cat "$tmp"/*.exit | xargs)"
passed 'nobody complains' "$(cat "$floor/errors")"
is 'each planned task has an id' $planned "$(cat "$tmp"/ids.* | sort -u |
	wc -l)"
settle
is 'every planned text arrives once' "$(seq 1 $planned | sort)" "$(
	for ((i = 1; i <= chats; i++)); do
		sim "chats/$i" | jq -r '.[] | select(.from == "bot") | .text |
			select(startswith("planned")) | split(" ")[1]'
	done | sort)"
is '... in its order' '' "$(
	for ((i = 1; i <= chats; i++)); do
		sim "chats/$i" | jq -r --arg chat "$i" '[.[] |
			select(.from == "bot") | .text |
			select(startswith("planned")) | split(" ")[1] |
			tonumber] | if . == sort then empty
			else "chat \($chat): \(.)" end'
	done)"
is 'every word is answered once' "$((planned / 100)) x $chats" "$(
	for ((i = 1; i <= chats; i++)); do
		sim "chats/$i" | jq '[.[] | select(.from == "bot" and
			(.text | startswith("Не понял")))] | length'
	done | sort | uniq -c | awk '{ print $2 " x " $1 }')"
passed 'the checker agrees: nothing lost, nothing repeated, in order' \
	"$(delivered --settled --most-ambiguous 0)"
echo "# sent by: $(ask "SELECT group_concat(command || ' ' || json_extract(
	counts, '\$.sent'), ', ') FROM runs WHERE json_extract(counts,
	'\$.sent') > 0")"
is 'more than two of them took part' yes "$(ask "SELECT iif(count(*) > 2, 'yes',
	count(*)) FROM runs WHERE json_extract(counts, '\$.sent') > 0
	AND started_at > 0")"
tap_end
