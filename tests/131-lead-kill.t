#!/bin/bash
# SPDX-License-Identifier: MIT
# add-lead is killed at every point at which it touches the world outside: one
# lead into a new database, one by CGI, a table, a directory. Whoever was told
# ok has a lead then, and after the same once more everybody has exactly one.
#
# A sample of the points; LEADPIPE_SWEEP=full takes them all.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
trap 'rm -rf "$tmp"' EXIT
extent=${LEADPIPE_SWEEP-}
unset LEADPIPE_SWEEP
program=$B/libexec/add-lead
classes=write,send,fsync,ftruncate,unlink,rename,flock
db=$tmp/state/leadpipe.db
printf 'DATABASE_PATH=%s\n' "$db" >"$tmp/env"
chmod 600 "$tmp/env"
export LEADPIPE_CONFIG=$tmp/env

ask() { sqlite3 "$db" "$1" 2>&1; }

# Four people, one of them twice.
rows='{"name":"Ann","phone":"89990000001"}
{"name":"Bob","phone":"89990000002"}
{"name":"Cid","email":"cid@example.org"}
{"name":"Ann","phone":"+7 999 000 00 01","comment":"again"}
{"name":"Dan","phone":"89990000004"}'

fresh()
{
	rm -rf "$tmp/state" "$tmp/drop"
	if [ "$1" = first ]; then
		mkdir -m 700 "$tmp/state"
	else
		cp -a "$tmp/template" "$tmp/state"
	fi
	[ "$1" != spool ] || {
		mkdir "$tmp/drop"
		split -l 1 - "$tmp/drop/lead." <<<"$rows"
	}
}

# intake HOW [VARIABLE=VALUE...]: what HOW is, once
intake()
{
	local how=$1
	shift
	case $how in
	first) env "$@" "$program" <<<'{"name":"Ann","phone":"89990000001"}' ;;
	cgi) printf 'name=Ann&phone=89990000001&tranid=1:1' |
		env REQUEST_METHOD=POST CONTENT_LENGTH=37 \
		CONTENT_TYPE=application/x-www-form-urlencoded "$@" "$program" ;;
	table) env "$@" "$program" --ndjson --json <<<"$rows" ;;
	spool) env "$@" "$program" --spool "$tmp/drop" --json ;;
	esac >"$tmp/out" 2>"$tmp/err"
}

# told: how many leads were acknowledged
told()
{
	tr -d '\r' <"$tmp/out" | grep -c -e '^ok$' -e '"fate":"[a-z]*".*}$'
}

# counts: leads, sources, and what is not well with either
counts()
{
	ask "SELECT (SELECT count(*) FROM leads) || ' ' ||
	(SELECT count(*) FROM lead_sources) || ' ' || (SELECT count(*)
	FROM lead_sources WHERE lead_id NOT IN (SELECT id FROM leads)) || ' ' ||
	(SELECT quick_check FROM pragma_quick_check)"
}

# kill_at HOW POINT WANTED: a line for each thing that is wrong afterwards
kill_at()
{
	local acknowledged stored
	fresh "$1"
	{ intake "$1" LD_PRELOAD="$B/tests/fault/fault-shim.so" \
		FAULT_KILL_AT="$2" FAULT_ONLY=$classes; } 2>&-
	[ $? -eq 137 ] && echo killed >>"$tmp/killed"
	acknowledged=$(told)
	if [ "$acknowledged" -gt 0 ]; then
		stored=$(ask 'SELECT count(*) FROM lead_sources')
		[ "$stored" -ge "$acknowledged" ] ||
			echo "told of $acknowledged, stored are $stored"
	fi
	intake "$1" || echo "the next run ends with $?: $(cat "$tmp/err")"
	[ "$(counts)" = "$3" ] || echo "afterwards: $(counts)"
	[ "$1" != spool ] || [ -z "$(ls -A "$tmp/drop")" ] ||
		echo "left behind: $(ls -A "$tmp/drop")"
}

mkdir -m 700 "$tmp/state"
"$program" >"$tmp/out" <<<'{"name":"Template"}'
ask 'DELETE FROM leads; DELETE FROM lead_sources' >"$tmp/out"
mv "$tmp/state" "$tmp/template"

for how in first cgi table spool; do
	case $how in
	first | cgi) wanted='1 1 0 ok' ;;
	*) wanted='4 5 0 ok' ;;
	esac
	fresh $how
	intake $how LD_PRELOAD="$B/tests/fault/fault-shim.so" \
		FAULT_COUNT_FILE="$tmp/count" FAULT_ONLY=$classes
	is "$how: undisturbed" "0 $wanted" "$? $(counts)"
	last=$(tr -d ' ' <"$tmp/count")
	step=9
	[ "$extent" != full ] || step=1
	found='' tried=0
	: >"$tmp/killed"
	for ((point = 1 + RANDOM % step; point <= last; point += step)); do
		tried=$((tried + 1))
		line=$(kill_at $how $point "$wanted")
		[ -z "$line" ] || found+="point $point of $last: $line"$'\n'
	done
	echo "# $how: $last points, killed at $(wc -l <"$tmp/killed") of $tried"
	is "$how: every point kills" "$tried" "$(wc -l <"$tmp/killed")"
	passed "$how: killed anywhere: nothing lost, nothing doubled" "$found"
done
tap_end
