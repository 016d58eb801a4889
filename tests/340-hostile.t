#!/bin/bash
# SPDX-License-Identifier: MIT
# Updates that mean harm. The command survives, whoever stands beside them is
# answered, and one that cannot be stepped ends as a dead letter after three
# tries, also when each of them kills the command.
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
trap 'sim_stop; rm -rf "$tmp"' EXIT
sim_start --no-quirks

# fresh: no state on either side, and everybody has started the bot
fresh()
{
	floor_fresh
	sim chats '{"from":1,"to":20}' >/dev/null
	sim chats '{"from":666,"to":666}' >/dev/null
}

# raw FILE...: updates as they are, but for their id
raw()
{
	local file args=()
	for file; do
		args+=(--next -sk -o /dev/null --noproxy '*' -m 30
			--data-binary "@$file" "$sim_root/sim/raw")
	done
	curl "${args[@]:1}"
}

# update CHAT TEXT-AS-JSON [MEMBERS]: a message, its text with the escapes
update()
{
	printf '{"message":{"message_id":1,"date":1,"chat":{"id":%s,"type":' "$1"
	printf '"private"},"from":{"id":%s,"is_bot":false,"first_name":' "$1"
	printf '"Hostile"},"text":"%s"%s}}' "$2" "${3-}"
}

say() { people say '"text":"/start","first_name":"Neighbour"' "$@"; }

waiting() { ask "SELECT count(*) FROM updates WHERE state IN
	('received', 'failed')"; }

# --- markup, size, encoding, depth

fresh
# shellcheck disable=SC1003 # as JSON writes it
name='<b>&amp;{{user.id}}_*[x](http://x)\\'
sim say "{\"chat\":7,\"text\":\"/start\",\"first_name\":\"$name\"}" >/dev/null
say 1
head -c 520000 /dev/zero | tr '\0' 'x' >"$tmp/long"
update 11 "$(cat "$tmp/long")" >"$tmp/u1"
update 12 '/start \ud800 and \udc00\u0000 ends' >"$tmp/u2"
update 13 '/start' ",\"reply_to_message\":$(printf '[%.0s' {1..3000})$(
	printf ']%.0s' {1..3000})" >"$tmp/u3"
update 14 "$(printf '/start \377\376\355\240\200')" >"$tmp/u4"
raw "$tmp/u1" "$tmp/u2" "$tmp/u3" "$tmp/u4"
say 2
poll
is 'the command ends well' 'yes' "$([[ $? =~ ^[01]$ ]] && echo yes)"
is 'nothing waits' 0 "$(waiting)"
is 'neighbours before and behind are answered' '1 1 ' "$(answered 1 2)"
is 'a name is a name, not markup' yes "$(views 7 | jq -r --argjson name \
	"\"$name\"" '.seen[1].text | if contains(", \($name)!") then "yes"
	else . end')"
is 'what is long or badly encoded is answered like anything else' '1 1 1 ' \
	"$(answered 11 12 14)"
is 'what is too deep is answered or a dead letter, whole' 1 \
	"$(ask "SELECT count(*) FROM updates WHERE raw LIKE '%[[[[[[%'
	AND (state = 'done' OR id IN (SELECT item FROM dead_letters
	WHERE kind = 'update'))")"
passed 'nothing lost, nothing repeated' "$(delivered --settled)"

# --- wrong types everywhere

fresh
say 1
sim press '{"chat":1,"data":"ed00a|access","force":true}' >/dev/null
sim contact '{"chat":2,"phone":"+79991234567"}' >/dev/null
sim block '{"chat":3}' >/dev/null
jq -c 'select(.kind == "update") | .body | fromjson | del(.update_id)' \
	"$tmp/record" >"$tmp/real"
# Each value of each update by each of another type: some 500 updates.
jq -c '. as $u | [paths] as $all | $all[] as $p |
	("text", -1, 1.5e300, true, null, [[]], {"a": {}}) as $v |
	try ($u | setpath($p; $v)) catch empty' "$tmp/real" >"$tmp/wrong"
awk 'NR % 3 == 1 { printf "%s", $0 > sprintf("'"$tmp"'/w%04d", NR) }' "$tmp/wrong"
raw "$tmp"/w[0-9]*
say 4
poll
is 'wrong types: the command ends well' yes "$([[ $? =~ ^[01]$ ]] && echo yes)"
poll
is 'nothing waits' 0 "$(waiting)"
is 'over a hundred were looked at' yes \
	"$([ "$(find "$tmp" -name 'w[0-9]*' | wc -l)" -gt 100 ] && echo yes)"
is 'the neighbour behind them is answered' '1 ' "$(answered 4)"
passed 'nothing lost, nothing repeated' "$(delivered)"

# --- a hundred mutations, always the same ones

fresh
awk -v seed=1 'function next_random(n) { seed = (seed * 1103515245 + 12345) \
		% 2147483648; return int(seed / 65536) % n }
	{ real[n++] = $0 }
	END { for (i = 0; i < 100; i++) {
		text = real[next_random(n)]
		for (k = next_random(4); k >= 0; k--) {
			at = 2 + next_random(length(text) - 2)
			c = substr(text, at, 1)
			# the frame of the array must hold, or it is no update
			if (c ~ /[a-z0-9]/)
				text = substr(text, 1, at - 1) substr(\
					"0-9eE.xu\001\177~", \
					1 + next_random(10), 1) \
					substr(text, at + 1)
		}
		printf "%s", text > sprintf("'"$tmp"'/m%03d", i)
	} }' "$tmp/real"
say 5
raw "$tmp"/m[0-9]*
say 6
for i in 1 2 3; do
	poll
	echo $? >>"$tmp/exits"
done
is 'mutations: the command ends well each time' '' \
	"$(grep -v '^[01]$' "$tmp/exits")"
is 'nothing waits' 0 "$(waiting)"
is 'neighbours are answered' '1 1 ' "$(answered 5 6)"
is 'what could not be stepped is parked with its reason' 0 \
	"$(ask "SELECT count(*) FROM updates u WHERE state = 'parked'
	AND NOT EXISTS (SELECT 1 FROM dead_letters WHERE kind = 'update'
	AND item = u.id AND reason <> '' AND mend LIKE '%update:' || u.id)")"
is 'some could not' yes "$([ "$(ask "SELECT count(*) FROM updates
	WHERE state = 'parked'")" -gt 0 ] && echo yes)"
is '... each after three tries' 3 \
	"$(ask "SELECT DISTINCT tries FROM updates WHERE state = 'parked'")"
passed 'nothing lost' "$(delivered)"

# --- one that kills

fresh
say 1 2 3
# Stored as it came it holds no P; what is written when it is stepped does.
update 666 'I am \u0050OISON' >"$tmp/poison"
raw "$tmp/poison"
say 4 5 6
deaths=0
for i in 1 2 3 4 5 6 7 8; do
	shim FAULT_KILL_TEXT=POISON
	[ $? -eq 137 ] || break
	deaths=$((deaths + 1))
	[ $deaths -ne 2 ] || say 7
done
is 'an update that kills the command kills it three times' 3 $deaths
is '... and is parked' 'parked 3' "$(ask "SELECT state || ' ' || tries
	FROM updates WHERE raw LIKE '%OISON%'")"
is '... as a dead letter' 1 "$(ask "SELECT count(*) FROM dead_letters d
	JOIN updates u ON u.id = d.item AND d.kind = 'update'
	WHERE u.raw LIKE '%OISON%'")"
is 'no neighbour goes with it' 1 "$(ask "SELECT count(*) FROM updates
	WHERE state <> 'done'")"
is 'all of them are answered, once' '1 1 1 1 1 1 1 ' \
	"$(answered 1 2 3 4 5 6 7)"
passed 'nothing lost, nothing repeated' "$(delivered --settled)"
tap_end
