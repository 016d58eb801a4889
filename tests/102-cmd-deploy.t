#!/bin/bash
# SPDX-License-Identifier: MIT
# deploy-flow: a bad flow never replaces a good one, and nobody is dropped.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/command.sh
. "$TOP/tests/command.sh"
trap 'rm -rf "$tmp"' EXIT

bot_setup http://127.0.0.1:9
flow=$TOP/examples/funnel.json
current() { sql "SELECT value FROM meta WHERE key = 'flow'"; }
# variant NAME JQ-FILTER: a flow beside its media
variant()
{
	ln -sfn "$TOP/examples/media" "$tmp/media"
	jq "$2" "$flow" >"$tmp/$1.json"
}

exits 'no file is 64' 64 deploy-flow
exits 'two files are 64' 64 deploy-flow "$flow" "$flow"
refuses_files 'a dry run' deploy-flow --dry-run "$flow"
refuses_foreign deploy-flow deploy-flow "$flow"

run deploy-flow "$flow"
is 'the first one' '0 ' "$status $err"
is 'in one line: hash, states, chats' yes "$(
	[[ $out =~ ^flow\ [0-9a-f]{12}\ deployed:\ 4\ states,\ 0\ chats,\ 0\ moved$ ]] &&
	echo yes)"
is 'it is the current one' "$(current | cut -c 1-12)" "$(cut -d' ' -f 2 <<<"$out")"
is 'no file is for others' '' "$(open_files)"
first=$(current)
run deploy-flow "$flow"
is 'again: unchanged' '0 unchanged' "$status $(cut -d' ' -f 3 <<<"$out" | tr -d :)"
is '--json' "{\"schema\":1,\"hash\":\"$first\",\"states\":4,\"chats\":0,\"moved\":0,\"unchanged\":true,\"dry_run\":false}" \
	"$("$LEADPIPE" deploy-flow --json "$flow")"
is '-q' '' "$("$LEADPIPE" deploy-flow -q "$flow")"

# --- bad ones

variant bad '.states.welcome.on["button:access"][0].goto = "nowhere" |
	.states.idle.colour = 1'
run deploy-flow "$tmp/bad.json"
is 'a bad flow is 65' '65 ' "$status $out"
line=$(grep -n '"colour"' "$tmp/bad.json" | cut -d: -f 1)
is 'each finding has file, line, column and place' 2 "$(
	grep -cE "^$tmp/bad.json:[1-9][0-9]*:[1-9][0-9]*: error: /states/.*: ." "$tmp/err")"
is 'the right line' yes "$(grep -q "^$tmp/bad.json:$line:" "$tmp/err" && echo yes)"
is 'the good one goes on' "$first" "$(current)"
echo '{' >"$tmp/half.json"
exits 'half a file is 65' 65 deploy-flow "$tmp/half.json"
is 'with file and line' yes "$(grep -q "^$tmp/half.json:[0-9]" "$tmp/err" && echo yes)"
exits 'no such file is 65' 65 deploy-flow "$tmp/missing.json"
is 'which is said once' "leadpipe deploy-flow: cannot read '$tmp/missing.json': No such file or directory" \
	"$err"
jq -n --arg k $'\e[31m\u202ered' '{leadpipe: 1, id: "x", start: "a",
	states: {a: {($k): 1}}}' >"$tmp/hostile.json"
exits 'a hostile name is 65' 65 deploy-flow "$tmp/hostile.json"
is 'and acts on no terminal' '' "$(LC_ALL=C.UTF-8 grep -P \
	'[\x00-\x08\x0b-\x1f\x7f-\x9f\x{202a}-\x{202e}]' "$tmp/err")"
is 'still the good one' "$first" "$(current)"

sqlite3 "$db" "UPDATE flows SET bundle = '{}'"
run deploy-flow "$flow"
is 'a stored one that is damaged is replaced' 'deployed: 1' \
	"$(cut -d' ' -f 3 <<<"$out") $(sql "SELECT count(*) FROM flows
	WHERE length(bundle) > 100")"

# --- people

sqlite3 "$db" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
	WHERE i < 5) INSERT INTO chats(chat_id, state, created_at, seen_at)
	SELECT i, iif(i < 4, 'paid', 'welcome'), 1, 1 FROM n"
variant fewer 'del(.states.paid) | del(.events.paid) | .events.never = [] |
	del(.stats) | .states.awaiting_payment.enter[1] |= del(.unless, .cancel_on)'
run deploy-flow "$tmp/fewer.json"
is 'a state with people in it does not vanish' 65 "$status"
is 'how many and where is said' yes \
	"$([[ $err == *"3 chats are in a state that"*"'paid'"* ]] && echo yes)"
is 'the old one goes on' "$first" "$(current)"
exits '--drop-to a state it does not have is 65' 65 \
	deploy-flow "$tmp/fewer.json" --drop-to paid
run deploy-flow "$tmp/fewer.json" --drop-to idle --dry-run
is 'a dry run says whom it touches' "0 3 chats in 'paid' go to 'idle'
would be deployed: 3 states, 5 chats, 3 moved" \
	"$status $(sed 's|^flow [0-9a-f]* ||' "$tmp/out")"
is 'and changes nothing' "$first 3" "$(current) $(
	sql "SELECT count(*) FROM chats WHERE state = 'paid'")"
is 'nor does it leave a run' 0 "$(sql "SELECT count(*) FROM runs
	WHERE finished_at IS NULL")"
sqlite3 "$db" "UPDATE chats SET state = 'welcome' WHERE chat_id IN (2, 3)"
run deploy-flow "$tmp/fewer.json" --drop-to idle --dry-run
is 'one is one' yes "$([[ $out =~ ^1\ chat\ in\ \'paid\'\ goes\ to ]] && echo yes)"
run deploy-flow "$tmp/fewer.json"
is 'one is one in the refusal, too' 1 "$(grep -c ': 1 chat is in a state that' <<<"$err")"
sqlite3 "$db" "UPDATE chats SET state = 'paid' WHERE chat_id < 4"
exits '--drop-to' 0 deploy-flow "$tmp/fewer.json" --drop-to idle
is 'moves them' '3 idle' "$(sql "SELECT count(*), state FROM chats
	WHERE chat_id < 4 GROUP BY state" | tr '|' ' ')"
is 'and is current' no "$([ "$(current)" = "$first" ] && echo yes || echo no)"
(cd "$TOP/examples" && "$LEADPIPE" deploy-flow funnel.json >/dev/null)
is 'the old one comes back under its hash' "0 $first" "$? $(current)"
is 'its source is a whole path' "$flow" \
	"$(sql "SELECT source FROM flows WHERE hash = '$first'")"

# --- surroundings

"$LEADPIPE" deploy-flow "$flow" >/dev/full 2>/dev/null
is 'a full disk is 74' 74 $?
alike deploy-flow 0 deploy-flow "$flow"
tap_end
