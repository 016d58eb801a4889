#!/bin/bash
# SPDX-License-Identifier: MIT
# The row of a run that could not do its work, or could not even begin, tells
# what is true.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"

last_run() { sql "select $1 from runs where command = '$2' order by id desc limit 1"; }
refuse='{"kind":"error","method":"sendMessage","status":401,"description":"Unauthorized","times":9}'

bot_start
say '{"chat":5,"text":"/start","first_name":"Ann","lang":"en"}'
run poll-updates
fault "$refuse"
say '{"chat":6,"text":"/start","first_name":"Bea","lang":"en"}'
run poll-updates
is 'a run that is refused half-way' 77 $status
is '... says what it did before' '77|1|1' \
	"$(last_run "exit_code, counts ->> 'received', counts ->> 'stepped'" \
	poll-updates)"
fault "$refuse"
run send-due
is 'send-due, too' "$status yes" "$(last_run \
	"exit_code, case when counts ->> 'sent' = 0 then 'yes' end" send-due |
	tr '|' ' ')"

# --- no descriptors

found='' tried=0
for ((most = 4; most < 40; most++)); do
	(
		exec >"$tmp/out" 2>"$tmp/err"
		ulimit -n $most
		exec "$B/libexec/poll-updates" -v
	)
	status=$?
	tried=$((tried + 1))
	! grep -q already_running "$tmp/err" ||
		found="$found with $most: exit $status, already running;"
done
passed "with few descriptors nobody is taken for another ($tried)" "$found"
tap_end
