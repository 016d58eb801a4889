#!/bin/bash
# SPDX-License-Identifier: MIT
# A loop that cannot look at FLOW_FILE says so, once, and goes on with the flow
# that it has.
set -u
. "$TOP/tests/bot.sh"

# told: how often the last run said that it could not
told() { grep -c 'FLOW_FILE could not be looked at' "$tmp/err"; }

bot_start
cp -r "$TOP/examples/funnel.json" "$TOP/examples/media" "$tmp"
sed -i "s|^FLOW_FILE=.*|FLOW_FILE=$tmp/funnel.json|" "$tmp/env"
run poll-updates
is 'the flow is taken' '0 0' "$status $(told)"

# The second look, two seconds later, finds the database locked.
{
	sleep 1
	touch -d '1 hour ago' "$tmp/funnel.json"
	sqlite3 "$db" 'BEGIN IMMEDIATE;' '.shell sleep 1.8' COMMIT
} &
run poll-updates --for 3
is 'a database that is locked meanwhile is told' '0 1' "$status $(told)"
wait $!

rm "$tmp/funnel.json"
run poll-updates --for 3
is 'so is a file that is not there, not at each look' '0 1' "$status $(told)"
say '{"chat":1,"text":"/start","first_name":"Ann"}'
run poll-updates
is 'and the flow that was there goes on' 1 \
	"$(sim chats/1 | jq '[.[] | select(.from == "bot")] | length')"
rm -r "$tmp/state"
mkdir -m 700 "$tmp/state"
run poll-updates
is 'where there is none, none is said to go on' '1 0' \
	"$(grep -c 'no flow in the database yet' "$tmp/err") $(
	grep -c 'goes on' "$tmp/err")"

# One that the disk does not take is not one to mend.
jq '.note = ("x" * 1000000)' "$TOP/examples/funnel.json" >"$tmp/funnel.json"
ulimit -S -f 700
run poll-updates
ulimit -S -f unlimited
is 'a disk that is full for the first one is 74, and named last' '74 1' \
	"$status $(tail -n 1 "$tmp/err" | grep -c ': the disk is full')"
run poll-updates
is '... and with room it is taken' '0 0' "$status $(told)"
tap_end
