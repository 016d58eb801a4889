#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# poll-updates is killed at every point at which it touches the world outside
# (write, send, fsync, ftruncate, unlink, rename, flock, connect), in each of
# three stages: three people write /start; they press the button; their
# reminder with a video is due; and send-due in a fourth one: a text is
# scheduled for each of them. Ordinary runs follow until nothing is left.
# The checker must find nothing lost and nothing repeated, and the people must
# have seen what they see when nobody kills anything.
#
# A sample of the points (tests/seed.sh).
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
# shellcheck source=tests/fault/sweep.sh
. "$TOP/tests/fault/sweep.sh"
# shellcheck source=tests/variant.sh
. "$TOP/tests/variant.sh"
people=(1 2 3)
trap 'sim_stop; kill $(jobs -p) 2>/dev/null; wait; rm -rf "$top"' EXIT

# stage NUMBER: what its people do before poll-updates runs
stage()
{
	case $1 in
	1) people say '"text":"/start","first_name":"Ann"' "${people[@]}" ;;
	2) people press '"text":"Получить доступ"' "${people[@]}" ;;
	3) due ;;
	4) for chat in "${people[@]}"; do
		"$program/schedule-task" --text 'Hello again' --chat "$chat"
	done >/dev/null ;;
	esac
}

victim_of() { if [ "$1" = 4 ]; then echo send-due; fi; }

# Of what the others have seen in the end the reminders are part.
end_of() { case $1 in [14]) echo "$1" ;; *) echo 3 ;; esac; }

wrong() { :; }

# --- nobody kills anything

classes=write,send,fsync,ftruncate,unlink,rename,flock,connect
sim_start --no-quirks
floor_open
for stage in 1 2 3 4; do
	stage $stage
	victim=$(victim_of $stage) shim FAULT_COUNT_FILE="$tmp/count.$stage" FAULT_ONLY=$classes
	views "${people[@]}" | once >"$tmp/seen.$stage"
done
is 'undisturbed: three people, four messages of the bot each' '4 4 4' \
	"$(jq -s -r 'map([.seen[] | select(.from == "bot")] | length |
		tostring) | join(" ")' "$tmp/seen.4")"
passed '... and the checker agrees' "$(delivered --settled --most-ambiguous 0)"
sim_stop
last=$(for stage in 1 2 3 4; do points "$tmp/count.$stage"; done | tr '\n' ' ')
read -r last1 last2 last3 last4 <<<"$last"

# --- killed

step=12
[ "$extent" != full ] || step=1
sweep "1:$last1:$step" "2:$last2:$step" "3:$last3:$step" \
	"4:$last4:$step"
echo "# points: $last1 + $last2 + $last3 + $last4, killed at $killed of $tried tried;" \
	"doubted messages: $(cat "$top"/[01]/doubts | awk '{ n += $1 }
	END { print n + 0 }')"
# A run has a few points more or less, depending on who is faster.
is 'nearly every point kills' yes \
	"$([ $((killed * 20)) -ge $((tried * 19)) ] && echo yes)"
passed 'killed anywhere: nothing lost, nothing repeated, all seen' \
	"$(cat "$top/found")"

# --- and if updates were confirmed before they are on disk?

program=$tmp/confirm-first/libexec
variant "$tmp/confirm-first" LEADPIPE_TEST_CONFIRM_FIRST
if make_variant "$tmp/confirm-first" CPPFLAGS=-DLEADPIPE_TEST_CONFIRM_FIRST \
	"$program/poll-updates" >"$tmp/make" 2>&1; then
	passed 'a poll-updates that confirms first is built'
else
	passed 'a poll-updates that confirms first is built' \
		"$(cat "$tmp/make")"
fi
classes='write'
sweep "2:120:5"
is 'confirmed first: the same sweep finds losses' yes \
	"$(grep -q 'was confirmed and is not stored' "$top/found" && echo yes)"
echo "# it found $(grep -c ': lost:' "$top/found") losses"
tap_end
