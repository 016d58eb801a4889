#!/bin/bash
# SPDX-License-Identifier: MIT
# healthcheck as Nagios and Icinga read it: the real daemons run it, in each
# of its four states, and say what they understood.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
states='ok warning critical unknown'
# shellcheck source=tests/monitors.sh
. "$TOP/tests/monitors.sh"
trap 'monitors_stop; kill -9 $bot_children 2>/dev/null; sim_stop
	rm -rf "$tmp"' EXIT

# line_of STATE: the command that leads to it
line_of()
{
	echo "$LEADPIPE healthcheck --config $tmp/env -w memory=101" \
		"-c memory=102 ${options[$1]}"
}
declare -A options=(
	[ok]='' [warning]='-w tasks=1:' [critical]='-w tasks=1: -c tasks=2:3'
	[unknown]="-t 1 --db $tmp/locked/leadpipe.db"
)

nagios=$(monitor_program nagios4 nagios)
icinga=$(monitor_program icinga2)
if [ -z "$nagios$icinga" ]; then
	echo '1..0 # SKIP neither nagios4 nor icinga2 is here: .ci/monitors'
	exit
fi
bot_start
say '{"chat":42,"text":"/start","first_name":"Anna","lang":"en"}'
run poll-updates
is 'there is a bot' 0 "$status"
# Another one, whose database somebody keeps locked.
cp -r "$tmp/state" "$tmp/locked"
mkfifo "$tmp/hold"
sqlite3 "$tmp/locked/leadpipe.db" <"$tmp/hold" >"$tmp/held" 2>&1 &
bot_children=$!
exec 9>"$tmp/hold"
echo "pragma locking_mode = exclusive; begin immediate; update meta set
	value = value where key = 'poll_at'; commit; select 1;" >&9
wait_for grep -q 1 "$tmp/held"
[ -z "$nagios" ] || nagios_start "$nagios"
[ -z "$icinga" ] || icinga_start "$icinga"

# of MONITOR STATE FIELD: what it understood
of() { grep -m1 "^$2	" "$tmp/$1/read" | cut -f "$3"; }

# perf MONITOR STATE LABEL: value, unit and ranges
perf() { of "$1" "$2" 4 | tr ' ' '\n' | sed -n "s/^$3=//p"; }

if [ -n "$nagios" ]; then
	passed 'Nagios has heard of all four' \
		"$(wait_for monitor_heard "$tmp/nagios/read" ||
			cat "$tmp/nagios/out")"
	for state in $states; do
		is "Nagios: $state" "${state^^} LEADPIPE ${state^^}" \
			"$(of nagios "$state" 2) $(of nagios "$state" 3 |
				cut -d: -f 1)"
		is "Nagios: perfdata of $state" 1 \
			"$(perf nagios "$state" memory |
				grep -c '^[0-9.]*%;101;102;0$')"
	done
	is 'Nagios: the ranges as they were given' '0;1:;2:3;0' \
		"$(perf nagios critical tasks)"
	is 'Nagios: the text is text' 'LEADPIPE WARNING: tasks waiting: 0' \
		"$(of nagios warning 3)"
else
	passed 'Nagios # SKIP no nagios4: .ci/monitors'
fi
if [ -n "$icinga" ]; then
	passed 'Icinga has heard of all four' \
		"$(wait_for monitor_heard "$tmp/icinga/read" ||
			cat "$tmp/icinga/out")"
	for state in $states; do
		is "Icinga: $state" "LEADPIPE ${state^^}" \
			"$(of icinga "$state" 3 | cut -d: -f 1)"
		is "Icinga: what it read of $state" 1 \
			"$(perf icinga "$state" memory |
				grep -c '^[0-9.]*percent;101;102$')"
	done
	is 'Icinga: its own states' '0 1 2 3' "$(for state in $states; do
		of icinga "$state" 2
	done | paste -sd ' ')"
	is 'Icinga: bytes, seconds and counts' 3 "$(for label in db_size \
		due_lag tasks; do
		perf icinga ok $label
	done | grep -cE '^([0-9]+bytes;;|0seconds;60;300|0;100000;)$')"
else
	passed 'Icinga # SKIP no icinga2: .ci/monitors'
fi
exec 9>&-
tap_end
