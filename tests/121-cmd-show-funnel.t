#!/bin/bash
# SPDX-License-Identifier: MIT
# show-funnel: how far people come, counted from what the bot really did.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/command.sh
. "$TOP/tests/command.sh"
trap 'rm -rf "$tmp"' EXIT

bot_setup http://127.0.0.1:9
refuses_files show-funnel show-funnel
exits 'two names are 64' 64 show-funnel a b
"$LEADPIPE" deploy-flow "$TOP/examples/funnel.json" >"$tmp/out" 2>&1 ||
	cat "$tmp/out"
run show-funnel
is 'nobody yet' '0 welcome 0' "$status $(awk '$1 == "welcome" {
	print $1, $2 }' "$tmp/out")"
is 'all funnels of the flow' access "$(head -n 1 "$tmp/out")"
run show-funnel acess
is 'an unknown one is 65, with a suggestion' "65 yes" "$status $(
	[[ $err == *"did you mean 'access'"* ]] && echo yes)"
run show-funnel --since yesterday
is 'an odd --since is 64' "64 yes" "$status $([[ $err == *--since* ]] && echo yes)"

# What really happens is counted: twice the same is one person.
sql "INSERT INTO chats(chat_id, state, created_at, seen_at)
	VALUES (7, 'awaiting_payment', 1, 1)"
"$LEADPIPE" fire-event paid --user 7
"$LEADPIPE" fire-event paid --user 7
is 'an arrival is stored with where it came from' \
	'awaiting_payment 1,paid 1' "$(sql "SELECT came_from || ' ' || times
	FROM arrivals WHERE chat_id = 7 AND state = 'paid' ORDER BY 1" |
	paste -sd,)"

# 4 come, 3 of them wait, 1 pays; one paid before they came, one came long ago.
hour=3600000
now=$(($(date +%s) * 1000))
arrive() { sql "INSERT INTO arrivals(chat_id, state, came_from, first_at,
	last_at) VALUES ($1, '$2', '$3', $4, ${5-$4})"; }
for id in 1 2 3 4; do
	arrive $id welcome '' $((now - 5 * hour + id))
done
arrive 1 awaiting_payment welcome $((now - 4 * hour + 1))
arrive 2 awaiting_payment welcome $((now - 3 * hour + 2))
arrive 3 awaiting_payment welcome $((now - 3 * hour + 3))
arrive 1 paid awaiting_payment $((now - 2 * hour + 1))
arrive 4 paid idle $((now - 9 * hour))
arrive 9 welcome '' 1000 $now
arrive 9 paid idle $now
json() { "$LEADPIPE" show-funnel --json "$@" | jq -c '.funnels.access[] |
	[.state, .people, .of_previous, .of_first, .median_ms]'; }
is 'of those who came' '["welcome",5,1,1,null]
["awaiting_payment",3,0.6,0.6,7200000]
["paid",2,0.6666666666666666,0.4,'"$(((2 * hour + now - 1000) / 2))"']' \
	"$(json access)"
is '--since' '["welcome",4,1,1,null]
["awaiting_payment",3,0.75,0.75,7200000]
["paid",1,0.3333333333333333,0.25,7200000]' "$(json access --since 1d)"
is 'a time does as well' "$(json --since 1d)" "$(json --since \
	"$(date -u -d '-1 day' +%Y-%m-%dT%H:%M:%SZ)")"
is 'the schema is named' 1 "$("$LEADPIPE" show-funnel --json | jq .schema)"
is 'for people' 'awaiting_payment 3 75 % 75 % 2 h' "$(
	"$LEADPIPE" show-funnel --since 1d | grep '^awaiting' | tr -s ' ' |
	sed 's/ █*$//')"
is 'no wider than a terminal' '' "$("$LEADPIPE" show-funnel |
	LC_ALL=C.UTF-8 grep -E '.{80}')"
"$LEADPIPE" show-funnel >/dev/full 2>/dev/null
is 'a full disk is 74' 74 $?
# A state that is called otherwise now keeps its numbers.
ln -s "$TOP/examples/media" "$tmp/media"
jq 'walk(if . == "awaiting_payment" then "wait" else . end) |
	.states.wait = .states.awaiting_payment | del(.states.awaiting_payment) |
	.renamed = {awaiting_payment: "wait"}' "$TOP/examples/funnel.json" \
	>"$tmp/renamed.json"
"$LEADPIPE" deploy-flow "$tmp/renamed.json" >"$tmp/out" 2>&1 || cat "$tmp/out"
is 'a renamed state keeps its numbers' '["wait",3,0.75,0.75,7200000]' \
	"$(json --since 1d | sed -n 2p)"
is 'and the arrows that lead on from it' 'wait 2' "$(sql "SELECT came_from ||
	' ' || count(*) FROM arrivals WHERE state = 'paid' AND came_from = 'wait'")"
jq 'del(.stats)' "$TOP/examples/funnel.json" >"$tmp/plain.json"
"$LEADPIPE" deploy-flow "$tmp/plain.json" --drop-to idle >"$tmp/out" 2>&1 || cat "$tmp/out"
run show-funnel
is 'a flow without stats is 65' "65 yes" "$status $([[ $err == *stats* ]] && echo yes)"
alike show-funnel 65 show-funnel
tap_end
