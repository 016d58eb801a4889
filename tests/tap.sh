# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests: counts and prints what TAP wants. The end of a test is
# `tap_end`.
tap_count=0

# is NAME WANTED FOUND
is()
{
	tap_count=$((tap_count + 1))
	[ "$2" = "$3" ] || {
		diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") |
			sed 's/^/# /'
		printf 'not '
	}
	echo "ok $tap_count - $1"
}

# passed NAME [LINES]: bad when there are LINES to tell why
passed()
{
	tap_count=$((tap_count + 1))
	[ -z "${2-}" ] || { printf '%s\n' "$2" | sed 's/^/# /'; printf 'not '; }
	echo "ok $tap_count - $1"
}

tap_end()
{
	echo "1..$tap_count"
}
