# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the tests that kill a command at every point at which it touches
# the world outside. Who sources it has $tmp and tests/fault/floor.sh, the
# array `people`, $classes of points, and the functions
#   stage NUMBER       what people do before the command runs
#   victim_of NUMBER   which command that is; nothing: poll-updates
#   end_of NUMBER      the stage after which they have seen all there is then,
#                      as $top/seen.NUMBER holds it
#   wrong NUMBER       a line for each further thing that is wrong then
# $doubts is how many messages may be in doubt at once: one for each of them.
# shellcheck disable=SC2034,SC2119,SC2154 # for and of who sources it

# shellcheck source=tests/seed.sh
. "$TOP/tests/seed.sh"
top=$tmp

# What the bot needs besides what floor_open() makes.
prepare() { :; }

start_over()
{
	sim reset '{}' >/dev/null
	: >"$tmp/record"
	rm -rf "$floor/state" "$floor/errors"
	mkdir -m 700 "$floor/state"
}

# kill_at STAGE POINT: a line for each thing that is wrong afterwards
kill_at()
{
	local stage
	start_over
	for ((stage = 1; stage < $1; stage++)); do
		stage $stage
		poll
	done
	stage "$1"
	victim=$(victim_of "$1") shim FAULT_KILL_AT="$2" FAULT_ONLY="$classes"
	[ $? -eq 137 ] && echo killed >>"$tmp/killed"
	settle || echo 'not all is done in the end'
	delivered --settled --most-ambiguous "${doubts:-${#people[@]}}"
	views "${people[@]}" >"$tmp/views"
	once <"$tmp/views" | diff "$top/seen.$(end_of "$1")" - >"$tmp/diff" ||
		echo "they saw other things: $(cut -c 1-900 "$tmp/diff")"
	wrong "$1"
	ask 'SELECT sum(ambiguous) FROM messages' >>"$tmp/doubts"
}

# worker NUMBER: every second line of $top/points with a simulator of its own
worker()
{
	local stage point found
	tmp=$top/$1
	mkdir "$tmp"
	trap sim_stop EXIT
	sim_start --no-quirks
	floor_open
	prepare
	: >"$tmp/killed"
	while read -r stage point; do
		found=$(kill_at "$stage" "$point")
		[ -z "$found" ] || printf '%s\n' "$found" |
			sed "s/^/stage $stage, point $point: /" >>"$top/found"
	done < <(awk "NR % 2 == $1" "$top/points")
}

# sample STAGE POINTS STEP: one of every STEP points
sample()
{
	local at
	for ((at = RANDOM % $3 + 1; at <= $2;
		at = ((at - 1) / $3 + 1) * $3 + RANDOM % $3 + 1)); do
		echo "$1 $at"
	done
}

# sweep STAGE:POINTS:STEP...: leaves $top/found, and $killed of $tried
sweep()
{
	local range stage last step
	rm -rf "$top/0" "$top/1"
	: >"$top/found"
	for range; do
		IFS=: read -r stage last step <<<"$range"
		sample "$stage" "$last" "$step"
	done >"$top/points"
	worker 0 &
	worker 1 &
	wait
	tried=$(wc -l <"$top/points")
	killed=$(cat "$top"/[01]/killed | wc -l)
}
