#!/bin/bash
# SPDX-License-Identifier: MIT
# backup-state and restore-state are killed at every point at which they touch
# the world outside (write, fsync, ftruncate, unlink, rename, flock). After a
# backup the older ones are whole and the next one cleans up; after a restore
# the state is the old one or the new one, never a mixture, and never nothing.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
trap 'sim_stop; rm -rf "$tmp"' EXIT
classes=write,fsync,ftruncate,unlink,rename,flock

# victim COMMAND VARIABLE=VALUE... -- OPERAND...: under the shim, silently
victim()
{
	local command=$1 set=()
	shift
	while [ "$1" != -- ]; do
		set+=("$1")
		shift
	done
	shift
	{ env LD_PRELOAD="$B/tests/fault/fault-shim.so" FAULT_ONLY=$classes \
		"${set[@]}" "$program/$command" "$@" \
		>"$tmp/out" 2>"$tmp/err"; } 2>&-
}

messages() { sqlite3 "$1" 'SELECT count(*) FROM messages' 2>&1; }

sim_start --no-quirks
floor_open
people say '"text":"/start"' 1 2 3
poll
backups=$floor/state/backups

# --- backup

"$program/backup-state"
"$program/backup-state"
victim backup-state FAULT_COUNT_FILE="$tmp/count" -- --keep 3
last=$(points "$tmp/count")
wrong='' tried=0 killed=0
for ((at = 1; at <= last; at++)); do
	tried=$((tried + 1))
	old=$(find "$backups" -name 'leadpipe-*' | sort | tail -n 3)
	# shellcheck disable=SC2086 # a list of files
	sums=$(md5sum $old)
	victim backup-state FAULT_KILL_AT=$at -- --keep 3
	[ $? -ne 137 ] || killed=$((killed + 1))
	[ "$(find "$backups" -name 'leadpipe-*' | wc -l)" -ge 3 ] ||
		wrong="$wrong point $at: less than three are left;"
	new=$(find "$backups" -name 'leadpipe-*' | sort | tail -n 1)
	"$program/verify-state" -q "$new" >"$tmp/out" ||
		wrong="$wrong point $at: $(cat "$tmp/out");"
	# Those that rotation has not come to are as they were.
	for file in $(echo "$old" | tail -n 2); do
		grep -qF "$(md5sum "$file")" <<<"$sums" ||
			wrong="$wrong point $at: $file is another;"
	done
	[ "$(ask 'PRAGMA quick_check')" = ok ] ||
		wrong="$wrong point $at: the database is hurt;"
done
passed "a backup killed at $killed of $tried points: the old ones are whole" \
	"$wrong"
is '... nearly every point kills' yes \
	"$([ $((killed * 20)) -ge $((tried * 18)) ] && echo yes)"
"$program/backup-state" --keep 3
is '... and the next one cleans up' 3 "$(find "$backups" -type f | wc -l)"

# --- restore

"$program/backup-state" "$tmp/old.db"
people say '"text":"/start"' 4 5
poll
was=$(messages "$tmp/old.db") is=$(messages "$floor_db")
cp -a "$floor/state" "$tmp/start"
victim restore-state FAULT_COUNT_FILE="$tmp/count" -- "$tmp/old.db"
last=$(points "$tmp/count")
wrong='' tried=0 killed=0 before=0 after=0
for ((at = 1; at <= last; at++)); do
	tried=$((tried + 1))
	rm -rf "$floor/state"
	cp -a "$tmp/start" "$floor/state"
	victim restore-state FAULT_KILL_AT=$at -- "$tmp/old.db"
	[ $? -ne 137 ] || killed=$((killed + 1))
	"$program/recover-pending" 2>"$tmp/err" ||
		wrong="$wrong point $at: $(cat "$tmp/err");"
	case $(messages "$floor_db") in
	"$is") before=$((before + 1)) ;;
	"$was")
		after=$((after + 1))
		[ "$(messages "$floor"/state/*.replaced-*/leadpipe.db)" = "$is" ] ||
			wrong="$wrong point $at: the old one is not kept;"
		;;
	*) wrong="$wrong point $at: $(messages "$floor_db") messages;" ;;
	esac
	"$program/verify-state" -q >"$tmp/out" 2>&1 ||
		wrong="$wrong point $at: $(cat "$tmp/out");"
	[ -z "$(find "$floor/state" -name '*.restored')" ] ||
		wrong="$wrong point $at: it is not finished;"
done
passed "a restore killed at $killed of $tried points: the old or the new one" \
	"$wrong"
is '... both happen' yes "$([ $before -gt 0 ] && [ $after -gt 0 ] && echo yes)"
echo "# the old one $before times, the new one $after times"
"$program/restore-state" -q "$tmp/old.db"
passed '... and a later restore leaves no draft' \
	"$(find "$floor/state" -name '*.restore' -o -name '*.restored')"

# --- a restore that fails

for error in ENOSPC EIO; do
	wrong=''
	for ((at = 1; at <= last; at += 5)); do
		rm -rf "$floor/state"
		cp -a "$tmp/start" "$floor/state"
		victim restore-state FAULT_ERROR_FROM=$at FAULT_ERRNO=$error \
			FAULT_FILES_ONLY=1 FAULT_ONLY=write,fsync,rename -- \
			"$tmp/old.db"
		status=$?
		[[ $status =~ ^(0|74)$ ]] || wrong="$wrong from $at: $status;"
		"$program/recover-pending" 2>"$tmp/err" ||
			wrong="$wrong from $at: $(cat "$tmp/err");"
		[[ $(messages "$floor_db") = "$is" || \
			$(messages "$floor_db") = "$was" ]] ||
			wrong="$wrong from $at: neither one;"
	done
	passed "$error from a point on: 74, and the old or the new one" "$wrong"
done
tap_end
