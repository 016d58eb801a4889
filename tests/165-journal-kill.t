#!/bin/bash
# SPDX-License-Identifier: MIT
# add-lead and poll-updates are killed at every point at which they touch the
# disk or the network while the journal is kept: what was acknowledged is in
# both, what was not is taken once when it comes again.
#
# A sample of the points; LEADPIPE_SWEEP=full takes them all.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
trap 'sim_stop; rm -rf "$tmp"' EXIT
classes=write,fsync,ftruncate,send
step=5
[ "${LEADPIPE_SWEEP-}" != full ] || step=1
unset LEADPIPE_SWEEP
sim_start --no-quirks
floor_open
mkdir -m 700 "$floor/journal"
echo "LEADPIPE_JOURNAL_DIR=$floor/journal" >>"$floor/env"
poll
cp -r "$floor/state" "$tmp/base"

again()
{
	rm -rf "$floor/state" "$floor/journal"
	cp -r "$tmp/base" "$floor/state"
	mkdir -m 700 "$floor/journal"
}

# kept KIND: how many of that kind the journal has, by their ids
kept()
{
	cat "$floor"/journal/*.log 2>/dev/null | grep -ao "^lpj1 $1 .*" |
		awk '{ print $4 }' | sort -u | wc -l
}

lead() { echo '{"name":"Ann","phone":"+79991112233"}' | victim=add-lead shim "$@"; }
missing() { "$program/verify-state" | grep '^BAD.*journal'; }

# sweep WHAT...: $killed, and what is wrong in $tmp/wrong
sweep()
{
	local last point
	: >"$tmp/wrong"
	killed=0
	again
	"$1_begin"
	"$1_try" FAULT_COUNT_FILE="$tmp/count" FAULT_ONLY=$classes >"$tmp/said"
	last=$(points "$tmp/count")
	for ((point = 1; point <= last; point += step)); do
		again
		"$1_begin"
		"$1_try" FAULT_KILL_AT=$point FAULT_ONLY=$classes >"$tmp/said"
		[ $? -ne 137 ] || killed=$((killed + 1))
		{
			"$1_after"
			missing
		} | sed "s/^/point $point of $last: /" >>"$tmp/wrong"
	done
}

lead_begin() { :; }
lead_try() { lead "$@"; }
lead_after()
{
	local told
	told=$(grep -c ok "$tmp/said")
	[ "$(kept lead)" -ge "$told" ] || echo 'acknowledged and not kept'
	[ "$(ask 'select count(*) from leads')" -ge "$told" ] ||
		echo 'acknowledged and not stored'
	lead >"$tmp/said" || echo "it is not taken the second time"
	[ "$(ask 'select count(*) from leads') $(kept lead)" = '1 1' ] ||
		echo "then there are $(ask 'select count(*) from leads'), $(kept lead) kept"
}
sweep lead
passed 'a lead: whatever the kill, told means in both, again means once' \
	"$(cat "$tmp/wrong")"
is '... and it was killed' yes "$([ $killed -gt 3 ] && echo yes || echo $killed)"

update_begin()
{
	sim reset '{}' >"$tmp/out"
	people say '"text":"/start"' 901
}
update_try() { shim "$@"; }
update_after()
{
	poll || echo "the next run ended with $?"
	[ "$(ask 'select count(*) from updates') $(kept update)" = '1 1' ] ||
		echo "$(ask 'select count(*) from updates') stored, $(kept update) kept"
}
sweep update
passed 'an update: stored once, and kept' "$(cat "$tmp/wrong")"
is '... and it was killed' yes "$([ $killed -gt 3 ] && echo yes || echo $killed)"
tap_end
