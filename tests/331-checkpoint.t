#!/bin/bash
# SPDX-License-Identifier: MIT
# A checkpoint that is killed at any of its writes, or still under way: the file
# alone is damaged then, the file and its WAL are not, and every command works.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
# How far apart the points are, among the first and among the others.
near=4 far=150
[ "${LEADPIPE_SWEEP-}" != full ] || near=1 far=1
unset LEADPIPE_SWEEP

# plan N: that many tasks of a page each, which stay in the WAL
plan()
{
	yes "{\"chat\":9,\"text\":\"$(head -c 3500 /dev/zero | tr '\0' x)\",\"in\":\"2h\"}" |
		head -n "$1" | "$LEADPIPE" schedule-task --ndjson
}

# one VARIABLE=VALUE...: a task whose commit starts the checkpoint
one()
{
	{ env LD_PRELOAD="$B/tests/fault/fault-shim.so" FAULT_ONLY=write \
		FAULT_FILES_ONLY=1 "$@" "$B/libexec/schedule-task" --chat 9 \
		--text last --in 2h >"$tmp/id" 2>"$tmp/err"; } 2>&-
}

put_back() { rm -rf "$tmp/state" && cp -a "$tmp/before" "$tmp/state"; }

# everything WANTED: what does not work, or is not there
everything()
{
	local command count
	for command in 'list-tasks --count' 'recover-pending --list' \
		'show-chat 5' 'healthcheck --component database' 'send-due' \
		'poll-updates' 'recover-pending'; do
		# shellcheck disable=SC2086 # words
		run $command
		[ $status = 0 ] || echo "$command: $status $(cat "$tmp/err")"
	done
	count=$(sql 'SELECT count(*) FROM tasks')
	[ "$count" = "$1" ] || echo "$count tasks, not $1"
	[ "$(sql 'PRAGMA integrity_check')" = ok ] || echo 'not whole'
}

bot_start
say '{"chat":5,"text":"/start","first_name":"Ann","lang":"en"}'
run poll-updates
planned=$(plan 900 | wc -l)
is 'many pages wait in the WAL' '900 yes' "$planned $(
	[ "$(stat -c %s "$db-wal")" -gt 4200000 ] && echo yes)"
cp -a "$tmp/state" "$tmp/before"
one FAULT_COUNT_FILE="$tmp/points"
last=$(tr -d ' ' <"$tmp/points")
is 'the next commit moves them' yes "$([ "$last" -gt 1000 ] && echo yes ||
	echo "$last writes")"

# Page 1, with the new number of pages, goes first.
found='' tried=0 torn=0
for ((at = 1; at <= last; at += at < 24 ? near : far)); do
	put_back
	one FAULT_KILL_AT=$at
	[ $? = 137 ] || found="$found at $at: not killed;"
	[ "$(sqlite3 "file:$db?mode=ro&immutable=1" \
		'SELECT count(*) FROM tasks' 2>&1)" = 900 ] || torn=$((torn + 1))
	# Its commit was whole before the first page was moved.
	wanted=$(sqlite3 -readonly "$db" 'SELECT count(*) FROM tasks')
	[ "$wanted" -ge 900 ] || found="$found at $at: lost;"
	[ ! -s "$tmp/id" ] || [ "$wanted" = 901 ] || found="$found at $at: lied;"
	wrong=$(everything "$wanted")
	[ -z "$wrong" ] || found="$found at $at: $wrong;"
	tried=$((tried + 1))
done
passed "killed at $tried of $last writes: every command works" "$found"
is '... most of which leave a file that is nothing without its WAL' yes \
	"$([ $torn -gt $((tried / 2)) ] && echo yes || echo "$torn")"

# --- while it is under way

put_back
strace -f -qq -e trace=pwrite64 -P "$db" -e inject=pwrite64:delay_enter=2000 \
	-o /dev/null "$B/libexec/schedule-task" --chat 9 --text last --in 2h \
	>"$tmp/id" &
bot_children=$!
starts=0 found=
while kill -0 "$bot_children" 2>/dev/null; do
	starts=$((starts + 1))
	run list-tasks --count
	[ $status = 0 ] || found=$(cat "$tmp/err")
done
wait "$bot_children"
is 'a slow checkpoint ends well' 0 $?
passed 'who starts meanwhile does not notice' "$found"
is '... many times' yes "$([ $starts -gt 5 ] && echo yes || echo $starts)"
tap_end
