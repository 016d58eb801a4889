#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# `make demo` shows what it says.
set -u
. "$TOP/tests/tap.sh"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/t"

# has NAME PATTERN
has()
{
	passed "$1" "$(grep -Eq -- "$2" "$tmp/out" || echo "no line has '$2'")"
}

TMPDIR=$tmp/t timeout 150 "$TOP/tests/demo" >"$tmp/out" 2>"$tmp/err"
is 'it ends well, in about a minute' 0 $?
is 'it says nothing on stderr' '' "$(cat "$tmp/err")"
is 'nothing in it is called wrong' '' "$(grep WRONG "$tmp/out")"
has 'the stranger is greeted in Russian' 'bot    Здравствуйте, Иван!'
has 'and in English' 'bot    Hello, Emma!'
has 'a lead reaches the CRM, whose reply is lost' \
	'ms  CRM    creates the lead, and its reply is lost'
has 'and is found there, once' 'CRM    has one lead of Ольга: it was found'
has 'a lead of the flow reaches it, too' \
	'ms  CRM    has a lead of Emma, from the flow'
has 'once' 'CRM    has one lead of Emma: sent once'
has 'the poller is killed' 'kill -9 [0-9]+ \(poll-updates\)'
has 'the next one answers' '[0-9] ms after the next one started'
has 'the reminder comes' \
	'\+[0-9.]+ s  bot    \[video 3-traps.mp4\] 3 ловушки'
is 'once: who paid gets none' 1 "$(grep -c 'video 3-traps' "$tmp/out")"
has 'list-tasks shows what is planned' 'UTC .*1001'
has 'show-chat tells the state' 'state +awaiting_payment'
has 'healthcheck says its word' 'LEADPIPE WARNING: runs crashed'
has 'the checkers found nothing' '^ messages: lost 0, repeated 0, ambiguous 0 '
has 'about leads, too' '^ leads: lost 0, doubled 0 '
is 'no colours in a file' 0 "$(grep -c $'\e' "$tmp/out")"
is 'every line fits' '' "$(LC_ALL=C.UTF-8 grep -E '.{81}' "$tmp/out")"
is 'it leaves no file behind' '' "$(ls "$tmp/t")"

# Somebody who interrupts it finds nothing left over.
TMPDIR=$tmp/t "$TOP/tests/demo" >"$tmp/out2" 2>&1 &
demo=$!
for ((i = 0; i < 100; i++)); do
	grep -q 'bot    Hello' "$tmp/out2" && break
	sleep 0.1
done
kill -TERM $demo
wait $demo
is 'interrupted it ends' 143 $?
is 'and leaves no file' '' "$(ls "$tmp/t")"
passed 'and no process' "$(pgrep -fa "$tmp/t")"
tap_end
