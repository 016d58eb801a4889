#!/bin/bash
# SPDX-License-Identifier: MIT
# The examples: flows without a finding, conversations that go as written,
# handlers that answer, the promises of their README, and its tutorial typed
# in as it stands.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
trap 'rm -rf "$tmp"' EXIT
cd "$TOP/examples" || exit 1
names='booking club shop support webinar'
PATH=$(dirname "$LEADPIPE"):$PATH

is 'these are the examples' "$names" \
	"$(find . -mindepth 2 -name flow.json -printf '%h\n' | sed 's/..//' | sort |
		tr '\n' ' ' | sed 's/ $//')"
for name in $names; do
	is "$name: no error, no warning" \
		"$name/flow.json: flow '$name' is fine: 0 warnings" \
		"$(leadpipe check-flow "$name/flow.json" 2>&1 |
			sed 's/fine: .*states, /fine: /')"
	is "$name: Russian and English, for editors too" 'ru en ../flow.schema.json' \
		"$(jq -r '"\(.lang.available | join(" ")) \(.["$schema"])"' \
			"$name/flow.json")"
	is "$name: somebody of each language talks" '' "$(for lang in ru en; do
		grep -qsE "^user .*lang=$lang" "$name"/transcripts/*.txt || echo $lang
	done)"
	leadpipe check-flow --test --json "$name"/transcripts/*.txt >"$tmp/$name"
	is "$name: it talks as it should" 0 $?
	passed "$name: no difference" "$(jq -r '.transcripts[] | .file as $f |
		(.error // empty), (.failures[] | "\($f):\(.line): \(.text)")' \
		"$tmp/$name")"
	is "$name: each transcript looks at something" '' "$(jq -r \
		'.transcripts[] | select(.checks < 10) | .file' "$tmp/$name")"
done
is 'funnel.json is fine' "flow 'funnel' is fine: 4 states, 0 warnings" \
	"$(leadpipe check-flow funnel.json | sed 's/^funnel.json: //')"

# A check of a transcript that no longer holds must be noticed.
sed 's/Телефон/Адрес/' booking/i18n/ru.json >"$tmp/ru.json"
cp -r booking "$tmp/changed"
mv "$tmp/ru.json" "$tmp/changed/i18n/ru.json"
leadpipe check-flow -q --test "$tmp"/changed/transcripts/happy-ru.txt >/dev/null
is 'another text is another conversation' 1 $?

# --- handlers, told what the bot tells them

ask() { printf '%s' "$2" | timeout 10 "$1" | jq -cr "$3"; }
is 'price' '15000 5000' "$(
	for what in crane tank; do
		ask shop/handlers/price "{\"input\":{\"equipment\":\"$what\"}}" \
			.set.price
	done | tr '\n' ' ' | sed 's/ $//')"
is 'calendar: free, closed, taken, past' 'free closed closed taken past ' "$(
	for at in '2035-03-12 12:00' '2035-03-11 12:00' '2035-03-12 09:59' \
		'2035-03-09 10:00' '2020-03-12 12:00'; do
		ask booking/handlers/calendar "{\"input\":{\"at\":\"$at\",
			\"zone\":\"Asia/Omsk\",\"service\":\"hour\"}}" .set.answer
	done | tr '\n' ' ')"
history='{"input":{"name":"Ann","lang":"en-GB"},"history":[
	{"role":"user","text":"I am stuck in lesson 3"},
	{"role":"user","text":"/start"},{"role":"assistant","text":"Hello"}]}'
is 'mentor: has read what was said' \
	'Ann, last time you wrote: "I am stuck in lesson 3". Is it solved? If not, describe where you are stuck, in one sentence.' \
	"$(ask support/handlers/mentor "$history" .set.advice)"
is 'digest: what changed between two reports' 'Leads: 2 (-1)' "$(
	ask support/handlers/digest '{"history":[
		{"role":"assistant","text":"Today\nPeople: 10\nLeads: 3\nLeft: 1"},
		{"role":"user","text":"People: 99\nLeads: 99\nLeft: 99"},
		{"role":"assistant","text":"Today\nPeople: 14\nLeads: 2\nLeft: 1"}
		]}' .set.digest | sed -n 2p)"
is 'order: an unknown one, and a busy shop' 'null 75' "$(
	ask support/handlers/order '{"input":{"order":"A-10001"}}' .set.status) $(
	printf '{"input":{"order":"A-10009"}}' | support/handlers/order >/dev/null
	echo $?)"

# --- the README

# shellcheck disable=SC2016 # backquotes of Markdown
is 'each promise is proven by a transcript that was played' '' "$(
	sed -n '/^## What a flow can say/,/^## Transcripts/p' README.md |
		grep -oE '`[a-z]+/transcripts/[a-z-]+\.txt`' | tr -d '\`' |
		sort -u | while read -r file; do
		jq -e --arg f "$file" '.transcripts[] | select(.file == $f and .ok)' \
			"$tmp/${file%%/*}" >/dev/null || echo "$file"
	done)"
is 'there are as many promises as features' 21 "$(
	sed -n '/^## What a flow can say/,/^## Transcripts/p' README.md |
		grep -c '/transcripts/.*`')"
is 'all settings that the flows read are named' '' "$(for name in $names; do
	line=$(grep "^| \`$name/\`" README.md)
	grep -ohE '"\$[A-Z_]+"' "$name/flow.json" | tr -d '"$' | sort -u |
		while read -r setting; do
			[[ $line == *"\`$setting\`"* ]] || echo "$name: $setting"
		done
done)"

# The tutorial, typed in: `$ ` begins a command, other lines are what it says.
awk '/^## /{on = /^## From nothing/} !on {next}
	/^```/{block = !block; next}
	block && document {print > file; if ($0 == "END") document = 0; next}
	block && /^\$ /{file = dir "/" ++n ".sh"; print substr($0, 3) > file
		document = /<</; next}
	block {print > (dir "/" n ".out")}' dir="$tmp" README.md
mkdir "$tmp/bakery"
cd "$tmp/bakery" || exit 1
count=0
while [ -e "$tmp/$((count + 1)).sh" ]; do
	count=$((count + 1))
	touch "$tmp/$count.out"
	is "tutorial, command $count: $(head -n 1 "$tmp/$count.sh" | cut -c 1-50)" \
		"$(cat "$tmp/$count.out")" "$(bash "$tmp/$count.sh" 2>&1)"
done
is 'the tutorial has commands' yes "$([ $count -ge 10 ] && echo yes)"
tap_end
