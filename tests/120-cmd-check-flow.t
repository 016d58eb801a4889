#!/bin/bash
# SPDX-License-Identifier: MIT
# check-flow: findings like those of a compiler, transcripts, pictures; without
# a configuration, a database or a network.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/command.sh
. "$TOP/tests/command.sh"
trap 'rm -rf "$tmp"' EXIT

shop=$TOP/examples/shop/flow.json
# variant NAME JQ-FILTER: the shop changed, beside its files
variant()
{
	ln -sfn "$TOP/examples/shop/media" "$tmp/media"
	ln -sfn "$TOP/examples/shop/handlers" "$tmp/handlers"
	jq "$2" "$shop" >"$tmp/$1.json"
}

# --- findings

exits 'no file is 64' 64 check-flow
exits 'two flows are 64' 64 check-flow "$shop" "$shop"
exits 'an unknown picture is 64' 64 check-flow --graph png "$shop"
exits '--state without a picture is 64' 64 check-flow --state x "$shop"
exits 'a test and a picture are 64' 64 check-flow --test --graph svg "$shop"
run check-flow "$shop"
is 'the shop is fine' "0 " "$status $err"
is 'and that is said' yes "$([[ $out == *"flow 'shop' is fine: 8 states"* ]] && echo yes)"
mkdir "$tmp/nowhere"
is 'it needs no home, no configuration, and leaves nothing' 0 "$(
	cd "$tmp/nowhere" && env -i "$LEADPIPE" check-flow -q "$shop" >/dev/null
	echo $?
)"
is 'nothing was left' '' "$(ls -A "$tmp/nowhere")"
is 'a bad configuration does not matter' 0 "$(
	echo 'nonsense' >"$tmp/bad.env"
	LEADPIPE_CONFIG=$tmp/bad.env "$LEADPIPE" check-flow "$shop" >/dev/null
	echo $?
)"
exits 'unless it is asked for' 78 check-flow "$shop" -c "$tmp/bad.env"

variant bad '.states.welcome.on["button:access"][0].goto = "nowhere" |
	.states.idle.colour = 1'
run check-flow "$tmp/bad.json"
is 'a bad flow is 65, told on stdout' '65 ' "$status $err"
line=$(grep -n '"colour"' "$tmp/bad.json" | cut -d: -f 1)
is 'file, line, column, what, where' yes "$(grep -qE \
	"^$tmp/bad.json:$line:[1-9][0-9]*: error: /states/idle/colour: ." \
	"$tmp/out" && echo yes)"
is 'each of them' yes "$(grep -qE 'error: .*nowhere' "$tmp/out" && echo yes)"
is '--json says the same' "65 false $line error /states/idle/colour" "$(
	"$LEADPIPE" check-flow --json "$tmp/bad.json" >"$tmp/json"
	echo "$? $(jq -r '.ok as $ok | .findings[] |
		select(.where == "/states/idle/colour") |
		"\($ok) \(.line) \(.severity) \(.where)"' "$tmp/json")")"
is 'and counts them' yes "$(jq -e '.schema == 1 and
	.errors == (.findings | map(select(.severity == "error")) | length)
	and .warnings + .errors == (.findings | length)' "$tmp/json" >/dev/null &&
	echo yes)"
echo '{' >"$tmp/half.json"
run check-flow "$tmp/half.json"
is 'half a file' "65 yes" "$status $(
	[[ $out =~ half.json:[12]:[0-9]+:\ error:\ . ]] && echo yes)"
run check-flow "$tmp/missing.json"
is 'no such file' "65 yes" "$status $([[ $out$err == *missing.json* ]] && echo yes)"
jq -n --arg k $'\e[31m\u202ered' '{leadpipe: 1, id: "x", start: "a",
	states: {a: {($k): 1}}}' >"$tmp/hostile.json"
run check-flow "$tmp/hostile.json"
is 'a hostile name acts on no terminal' '65 ' "$status $(LC_ALL=C.UTF-8 \
	grep -P '[\x00-\x08\x0b-\x1f\x7f-\x9f\x{202a}-\x{202e}]' "$tmp/out")"
"$LEADPIPE" check-flow "$shop" >/dev/full 2>/dev/null
is 'a full disk is 74' 74 $?

# What is wrong is said in the order of the file, whatever was looked at first.
variant order '.zzz = 1 | .aaa = 1 | .states.idle.enter = [{send: "Two words"}]'
"$LEADPIPE" check-flow "$tmp/order.json" | cut -d: -f 2,3 >"$tmp/lines"
is 'findings stand in the order of the file' 'yes 4' "$(
	head -n -1 "$tmp/lines" | sort -c -t: -k 1,1n -k 2,2n && echo yes) $(
	wc -l <"$tmp/lines")"
variant many '.states += ([range(12000) | {key: "bad\(.)", value: {enterr: 1}}]
	| from_entries)'
is 'thousands of them take no minute' 65 "$(
	timeout 10 "$LEADPIPE" check-flow "$tmp/many.json" >/dev/null; echo $?)"
run check-flow --test "$tmp/none.txt"
is 'a transcript that cannot be played is counted' \
	'65 1 transcript, 0 checks, 0 failures, 1 not played to the end' \
	"$status $out"
run check-flow --test "$tmp/order.json"
is 'no transcript, no sum' '64 ' "$status $out"

# --- transcripts

run check-flow --test "$TOP"/examples/shop/transcripts/*.txt
is 'the examples talk as they are written' '0 ' "$status $err"
is 'all of them' yes "$([[ $out =~ ^[0-9]+\ transcripts,\ [0-9]+\ checks,\ 0\ failures$ ]] &&
	echo yes)"
is 'none is slow' yes "$(
	from=$(date +%s%N)
	"$LEADPIPE" check-flow -q --test "$TOP"/examples/shop/transcripts/*.txt
	[ $(($(date +%s%N) - from)) -lt 5000000000 ] && echo yes)"
sed 's/3 ловушки/4 ловушки/' "$TOP/examples/shop/transcripts/access-ru.txt" |
	grep -v '^flow' >"$tmp/wrong.txt"
run check-flow --test "$shop" "$tmp/wrong.txt"
line=$(grep -n '4 ловушки' "$tmp/wrong.txt" | cut -d: -f 1)
is 'another conversation is 1' 1 "$status"
is 'with file, line and the difference' "$tmp/wrong.txt:$line: user 42
- < (video traps) 4 ловушки, из-за которых откладывают решение. [Получить доступ]
+ < (video traps) 3 ловушки, из-за которых откладывают решение. [Получить доступ]
?                 ^
1 transcript, $(grep -cE '^(<|=|lead|to|no)' "$tmp/wrong.txt") checks, 1 failure" \
	"$(sed '1s/, 2026.*//' "$tmp/out")"
is '--json' "false $line 3" "$("$LEADPIPE" check-flow --json --test "$shop" \
	"$tmp/wrong.txt" | jq -r '.transcripts[0].failures[0] as $f |
	"\(.ok) \($f.line) \($f.diff | length)"')"
colours()
{
	script -qec "$1 $LEADPIPE check-flow --test $shop $tmp/wrong.txt" \
		/dev/null </dev/null | grep -c $'\e'
}
is 'colours on a terminal' 4 "$(colours 'env TERM=xterm')"
is 'but not with NO_COLOR' 0 "$(colours 'env TERM=xterm NO_COLOR=1')"
is 'nor on a dumb one' 0 "$(colours 'env TERM=dumb')"
echo 'hello' >"$tmp/odd.txt"
run check-flow --test "$shop" "$tmp/odd.txt"
is 'what is no transcript is 65' "65 yes" "$status $(
	[[ $out == "$tmp/odd.txt:1: "* ]] && echo yes)"
run check-flow --test "$tmp/wrong.txt"
is 'a transcript without a flow' "65 yes" "$status $(
	[[ $err == *"flow FILE"* ]] && echo yes)"
run check-flow --test "$tmp/bad.json" "$tmp/wrong.txt"
is 'a bad flow is not played' "65 yes" "$status $(
	[[ $out == *"$tmp/bad.json:"*"error: "* ]] && echo yes)"
exits 'no transcript is 64' 64 check-flow --test "$shop"

# The handler of the shop really runs, and only its own deadline is lost.
mkdir -p "$tmp/slow/handlers"
printf '#!/bin/sh\nexec sleep 60\n' >"$tmp/slow/handlers/price"
chmod +x "$tmp/slow/handlers/price"
ln -s "$TOP/examples/shop/media" "$tmp/slow/media"
jq '.states["order.done"].enter[0].exec.timeout = "1s"' "$shop" \
	>"$tmp/slow/shop.json"
cat >"$tmp/slow.txt" <<'TXT'
user 42 lang=en
> /create_order
> [Crane]
> Lift something heavy
> +79123456789
< Order received. A dispatcher will call you.
TXT
from=$SECONDS
run check-flow --test "$tmp/slow/shop.json" "$tmp/slow.txt"
is 'a handler that hangs is ended, and said to' '1 yes yes' "$status $(
	[[ $out == *"price': it ran into its timeout"* ]] && echo yes) $(
	[ $((SECONDS - from)) -lt 10 ] && echo yes)"

# A handler that asks to be run again is, as often as `retry` says; what it is
# told, and where, is what it is told by a bot.
mkdir -p "$tmp/again/handlers"
cat >"$tmp/again/handlers/act" <<'END'
#!/bin/sh
input=$(cat)
attempt=${input#*\"attempt\":}
attempt=${attempt%%[!0-9]*}
[ "$attempt" = 3 ] || exit 75
printf '{"set": {"x": "%s %s %s"}}' "$attempt" "$LEADPIPE_KEY" "$(
	env | cut -d= -f1 | grep -v '^_$\|^PWD$\|^SHLVL$\|^OLDPWD$' | sort | tr '\n' ' ')"
END
chmod +x "$tmp/again/handlers/act"
cat >"$tmp/again/flow.json" <<'END'
{"leadpipe": 1, "id": "again", "start": "s", "vars": {"x": {}},
 "texts": {"ru": {"done": "Done: {{x}}.", "failed": "Failed"}},
 "states": {"s": {"final": true, "enter": [
   {"exec": {"run": ["act"], "retry": ["1h", "1d"],
     "on_error": [{"send": "failed"}]}}, {"send": "done"}]}}}
END
jq '.states.s.enter[0].exec.retry = ["1h"]' "$tmp/again/flow.json" \
	>"$tmp/again/less.json"
printf 'flow flow.json\nuser 42\n> /start\n< Done: 3 transcript HOME LANG LEADPIPE_KEY PATH .\n' \
	>"$tmp/again/thrice"
printf 'flow less.json\nuser 42\n> /start\n< Failed\n< Done: .\n' \
	>"$tmp/again/twice"
run check-flow --test "$tmp/again/thrice" "$tmp/again/twice"
is 'a handler is run again' '0 ' "$status $(grep -v '^2 transcripts' "$tmp/out")"

# What was said so far, both ways and by whom, with its time; neither what is
# said in the same step, nor more than was asked for.
cat >"$tmp/again/handlers/hear" <<'END'
#!/bin/sh
exec jq -c '{set: {x: ([.history[] | "\(.at[11:16]) \(.role): \(.text)"] | join("; "))}}'
END
chmod +x "$tmp/again/handlers/hear"
cat >"$tmp/again/heard.json" <<'END'
{"leadpipe": 1, "id": "heard", "start": "s", "vars": {"x": {"max": 500}},
 "roles": {"staff": [7]}, "fallback": [{"send": "what"}],
 "texts": {"ru": {"hi": "Hi", "go": "Go", "what": "What?", "wait": "Wait",
   "heard": "[{{x}}]"}},
 "states": {"s": {"enter": [{"send": "hi", "buttons": [[{"text": "go", "id": "go"}]]}],
   "on": {"photo": [{"handoff": {"role": "staff"}}],
     "button:go": [{"send": "wait"},
       {"exec": {"run": ["hear"], "history": 6}}, {"send": "heard"}]}}}}
END
cat >"$tmp/again/heard" <<'END'
flow heard.json
user 42
> early
+ 1h
> (photo) Look
user 7
> (reply 42) Nice
> (reply 42) /done
user 42
> /start
> [Go]
< Wait
< \[12:00 assistant: What?; 13:00 user: Look; 13:00 operator: Nice; 13:00 user: /start; 13:00 assistant: Hi; 13:00 user: Go]
END
run check-flow --test "$tmp/again/heard"
is 'a handler hears what was said so far' '0 ' \
	"$status $(grep -v '^1 transcript' "$tmp/out")"

jq '.states.s.enter[1].send = "dune"' "$tmp/again/flow.json" >"$tmp/again/less.json"
run check-flow --test "$tmp/again/twice"
is 'what is wrong in a flow is said of the flow, not of the transcript' '65 yes' \
	"$status $(grep -q "^$tmp/again/less.json:[0-9]*:[0-9]*: error: .*dune" "$tmp/out" && echo yes)"

# --- pictures

run check-flow --graph svg "$shop"
is 'svg' '0 <svg yes' "$status $(head -c 4 "$tmp/out") $(
	tail -n 1 "$tmp/out" | grep -q '^</svg>$' && echo yes)"
is 'it stands alone' '' "$(grep -oE '(href|src|url)=?.?[("]http[^"]*' "$tmp/out")"
is 'light and dark' yes "$(grep -q 'prefers-color-scheme:dark' "$tmp/out" && echo yes)"
is 'all states' "$(jq -r '.states | keys[]' "$shop" | sort)" "$(
	grep -o 'class="name"[^>]*>[^< ]*' "$tmp/out" | sed 's/.*>//' |
	grep -vE '^(/.*|event|1h)$' | sort)"
edge() { grep -c "class=\"edge$3\".*data-from=\"$1\" data-to=\"$2\"" "$tmp/out"; }
is 'arrows of buttons, answers, commands, events' '1 1 1 1 1' "$(
	edge welcome awaiting_payment '') $(edge order.descr order.contact '') $(
	edge /create_order order.equipment '') $(edge 'event paid' paid '') $(
	edge order.done idle '')"
is 'timers are dashed' 1 "$(edge '1h without an answer' idle ' timer')"
is 'labels of buttons' yes "$(grep -q '>\[Получить доступ\]<' "$tmp/out" && echo yes)"
is 'the start and the ends' 'start 3' "$(grep -o 'class="state start"' "$tmp/out" |
	cut -d' ' -f 2 | tr -d '"') $(grep -c 'class="state end"' "$tmp/out")"
is 'a frame for the group' 1 "$(grep -c 'class="group"' "$tmp/out")"
cp "$tmp/out" "$tmp/shop.svg"
is 'always the same' '' "$("$LEADPIPE" check-flow -g svg "$shop" |
	cmp - "$tmp/shop.svg" 2>&1)"
for format in svg dot; do
	"$LEADPIPE" check-flow --graph $format "$shop" >/dev/full 2>"$tmp/err"
	is "$format on a full disk is 74" "74 yes" \
		"$? $(grep -q 'cannot write to stdout' "$tmp/err" && echo yes)"
done
run check-flow --graph dot "$shop"
is 'dot' '0 digraph 1' "$status $(head -c 7 "$tmp/out") $(
	grep -c 'style=dashed' "$tmp/out")"
if command -v dot >/dev/null; then
	is 'that Graphviz reads' '' "$(dot -Tplain "$tmp/out" 2>&1 >/dev/null)"
else
	passed 'that Graphviz reads # SKIP no dot'
fi
run check-flow --graph svg "$tmp/bad.json"
is 'no picture of a bad flow' '65 ' "$status $out"
exits '--state of no database is 78' 78 check-flow -g svg --state "$tmp/no.db" "$shop"

sed 's/"send"/"sendd"/' "$shop" >"$tmp/sendd.json"
run check-flow "$tmp/sendd.json"
is 'a misspelt action is the member that comes nearest, not the first' '0 yes' \
	"$(grep -c "unknown action '[^s]" "$tmp/out") $(
	grep -q "unknown action 'sendd'; did you mean 'send'" "$tmp/out" &&
		echo yes)"

bot_setup http://127.0.0.1:9
printf '%s\n' ADMIN_IDS=1 DISPATCHER_IDS=2 AMO_PIPELINE_ID=3 AMO_STATUS_ID=4 \
	>>"$tmp/env"
"$LEADPIPE" deploy-flow "$shop" >"$tmp/out" 2>&1 || cat "$tmp/out"
sql "INSERT INTO chats(chat_id, state, created_at, seen_at)
	VALUES (1, 'welcome', 1, 1), (2, 'idle', 1, 1), (3, 'idle', 1, 1);
	INSERT INTO arrivals(chat_id, state, came_from, first_at, last_at)
	VALUES (1, 'welcome', '', 1, 1), (2, 'welcome', '', 1, 1),
	(2, 'awaiting_payment', 'welcome', 2, 2),
	(3, 'awaiting_payment', 'welcome', 2, 2),
	(2, 'order.equipment', 'awaiting_payment', 3, 3)"
run check-flow --graph svg --state "$db" "$shop"
is 'live numbers' 0 "$status"
is 'who is where' '1 2' "$(grep -A 3 '>welcome<' "$tmp/out" |
	grep -o 'class="here"[^<]*' | sed 's/.*>//') $(
	grep -A 3 '>idle<' "$tmp/out" | grep -o 'class="here"[^<]*' | sed 's/.*>//')"
is 'who took which arrow' '1 person 2 people 2 people ' "$(
	grep -o 'class="taken"[^<]*' "$tmp/out" | sed 's/.*>//' | sort | tr '\n' ' ')"
tap_end
