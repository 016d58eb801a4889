#!/bin/bash
# SPDX-License-Identifier: MIT
# send-broadcast: whom it reaches and what it says, what it refuses, and how
# one is tried, sent, paused, resumed, cancelled and reported on.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"

cat >"$tmp/flow.json" <<'END'
{"leadpipe": 1, "id": "shop", "start": "menu",
 "lang": {"default": "en", "available": ["en", "ru"]},
 "vars": {"name": {"from": "user.first_name", "max": 64}, "city": {},
  "n": {"type": "int"}},
 "commands": {
  "/vip": [{"tag": ["+vip"]}, {"set": {"city": "Omsk", "n": 5}}],
  "/quiz": [{"goto": "quiz.one"}]},
 "states": {
  "menu": {"enter": [{"send": "hi"}],
   "on": {"button:quiz": [{"goto": "quiz.one"}]}},
  "quiz.one": {"enter": [{"send": "quiz"}],
   "on": {"button:next": [{"send": "hi"}]}}},
 "texts": {
  "en": {"hi": "Hi", "quiz": "Quiz", "button.unsubscribed": "Bye"},
  "ru": {"hi": "Привет", "quiz": "Тест", "button.unsubscribed": "Пока"}}}
END
bot_start --no-quirks
bot_config LEADPIPE_LIMIT_PER_SECOND=0 LEADPIPE_LIMIT_CHAT_PER_SECOND=0 \
	ADMIN_IDS=1,99
sed -i "s|^FLOW_FILE=.*|FLOW_FILE=$tmp/flow.json|" "$tmp/env"

# broadcast OPTION...: nobody is asked
broadcast() { run send-broadcast "$@"; }

run send-broadcast --text Hi --everybody --dry-run
is 'before there is a state' 78 $status

# Twelve people, the even ones Russian; 2 and 3 have the tag, 4 and 5 are in the
# quiz, 6 blocks the bot, 7 has a name that spreadsheets would run.
for ((i = 1; i <= 12; i++)); do
	say "{\"chat\":$i,\"text\":\"/start\",\"first_name\":\"P$i\",
		\"username\":\"user_$i\",\"lang\":\"$( ((i % 2)) && echo en || echo ru)\"}"
done
say "{\"chat\":7,\"text\":\"hm\",\"first_name\":\"=cmd|' /C calc'!A0\"}"
for i in 2 3; do say "{\"chat\":$i,\"text\":\"/vip\"}"; done
for i in 4 5; do say "{\"chat\":$i,\"text\":\"/quiz\"}"; done
run poll-updates
sim block '{"chat":6}' >"$tmp/said"
run poll-updates
is 'there are people' '12 1' \
	"$(sql 'SELECT count(*), sum(blocked_at IS NOT NULL) FROM chats' | tr '|' ' ')"

# --- whom it reaches

# reached OPTION...: whom, of how many in the audience
reached()
{
	broadcast --text Hi --dry-run --json "$@"
	if [ $status = 0 ]; then
		jq -r '"\(.reached) of \(.chosen)"' "$tmp/out"
	else
		echo "$status $(cat "$tmp/err")"
	fi
}
while IFS='|' read -r words wanted; do
	# shellcheck disable=SC2086 # words
	is "to $words" "$wanted" "$(eval reached $words)"
done <<'CASES'
--everybody|11 of 12
--tag vip|2 of 2
--tag vip --no-tag vip|0 of 0
--no-tag vip|9 of 10
--state menu|9 of 10
--state quiz|2 of 2
--state quiz.one --state menu|11 of 12
--lang ru|5 of 6
--lang ru --tag vip|1 of 1
--var city=Omsk|2 of 2
--var n=5 --var city|2 of 2
--var city=|9 of 10
--seen-within 1h|11 of 12
--not-seen-for 1h|0 of 0
--if '{"any": [{"tag": "vip"}, {"state": "quiz.one"}]}'|4 of 4
CASES
is 'two parts are everybody' 11 \
	"$(($(reached --part a:1/2 | cut -d ' ' -f 1) + $(reached --part a:2/2 | cut -d ' ' -f 1)))"
sql "UPDATE chats SET seen_at = seen_at - 40 * 86400000 WHERE chat_id = 8"
is 'who was not seen for long' '1 of 1' "$(reached --not-seen-for 30d)"
sql "UPDATE chats SET tags = '{\"by_hand\":true}' WHERE chat_id = 9"
is 'a tag that only people have' '1 of 1' "$(reached --tag by_hand)"

# --- what it refuses

# ago SECONDS: that time
ago() { date -u -d "@$(($(date +%s) - $1))" +%Y-%m-%dT%H:%M:%SZ; }
printf '{"text": {"en": "Only English"}}' >"$tmp/en.json"
printf '{"text": "Hi", "butons": []}' >"$tmp/typo.json"
printf '{"text": ' >"$tmp/cut.json"
printf '\377\376' >"$tmp/utf16.txt"
printf 'a picture' >"$tmp/a.jpg"
printf 'another picture' >"$tmp/b.jpg"
: >"$tmp/empty.jpg"
while IFS='|' read -r wanted words says; do
	# shellcheck disable=SC2086 # words
	eval broadcast $words
	is "$words" "$wanted 1" "$status $(grep -cF -- "$says" "$tmp/err")"
	[ -s "$tmp/out" ] && cat "$tmp/out"
done <<'CASES'
64||what is to be said?
64|--text Hi --yes|to whom?
64|--text Hi --everybody --tag vip --yes|--everybody leaves nobody out
64|--text Hi --everybody|--yes is needed
64|--text Hi -n extra --tag vip|what is 'extra'?
64|--text Hi --test --dry-run|--dry-run does not
64|--text Hi --text-file x --tag vip -n|one of --text and --text-file
64|--text Hi --text Ho --tag vip -n|--text is given twice
64|--text Hi --at 2030-01-01T00:00:00Z --in 5 --tag vip -n|one of --at and --in
64|--text Hi --message x --tag vip -n|all of the message
64|--text Hi --everybody --yes --name 12|--name needs
64|--text Hi --everybody --yes --name 'a b'|--name needs
64|--text Hi --everybody --yes --rate 1001|1000 at the most
64|--list --status x|at a time
64|--status|which?
64|--list x|--list shows all
64|--cancel x --yes|is not changed
64|--status x --bom|--report only
65|--text Hi --tag vpi -n|did you mean 'vip'?
65|--text Hi --state qiuz -n|did you mean 'quiz'?
65|--text Hi --var ctiy=x -n|did you mean 'city'?
65|--text Hi --var n=five -n|of the type int
65|--text Hi --tag buyer -n|the flow has: vip
65|--text Hi --lang fr -n|no language 'fr'; it has: en, ru
65|--text Hi --part a:3/2 -n|is no part
65|--text Hi --if '{"tga": "x"}' -n|did you mean 'tag'?
65|--text Hi --if '{' -n|--if is no guard
65|--text Hi --at tomorrow --everybody -n|is no time
65|--text Hi --at 2030-01-01T00:00:00 --everybody -n|has no time zone: put Z
65|--text Hi --at 2020-01-01T00:00:00Z --everybody -n|leave the time out
65|--text Hi --at $(ago 120) --everybody --yes|leave --at out
65|--text '' --everybody -n|the text in 'en': is empty
65|--text '<b>Hi' --everybody -n|<b> is never closed
65|--text '{{nmae}}' --everybody -n|did you mean 'name'?
65|--text-file $tmp/nowhere --everybody -n|nowhere
65|--text-file $tmp/utf16.txt --everybody -n|not UTF-8
65|--message $tmp/en.json --everybody -n|not there in 'ru'
65|--message $tmp/typo.json --everybody -n|did you mean 'buttons'?
65|--message $tmp/cut.json --everybody -n|is not JSON: line 1
65|--photo $tmp/a.jpg --everybody -n|a text is missing
65|--text Hi --photo $tmp/nowhere.jpg --everybody -n|cannot read
65|--text Hi --photo $tmp/empty.jpg --everybody -n|Telegram takes 1 to
65|--text Hi --photo $tmp/a.jpg --photo $tmp/b.jpg --everybody -n|an album has no buttons: give --no-unsubscribe too
65|--text Hi --photo $tmp/a.jpg --document $tmp/b.jpg --no-unsubscribe --everybody -n|an album is of
65|--text Hi --button Go --everybody -n|is no button
65|--text Hi --photo $tmp/a.jpg --photo $tmp/b.jpg --button Go=https://x.org --everybody -n|an album has no buttons: leave them out
65|--text Hi --button Go=shop.example --everybody -n|write https://shop.example, or
65|--text Hi --button Go=ftp://x --everybody -n|no state 'ftp'
65|--text Hi --button Go=menu:quzi --everybody -n|did you mean 'quiz'?
65|--text Hi --button A=menu:quiz --button B=quiz.one:next --everybody -n|belong to one state
65|--text Hi --not-seen-for 300d --yes|nobody would get it
65|--status nothing|there is no broadcast 'nothing'
65|--pause nothing|there is no broadcast 'nothing'
65|--report nothing|there is no broadcast 'nothing'
65|--text Hi --test 777|chat 777 is not known
69|--text Hi --test 6|chat 6 has blocked the bot: not sent
CASES
is 'nothing was stored by that' '0 0' \
	"$(sql 'SELECT count(*), (SELECT count(*) FROM messages WHERE priority = 9)
		FROM broadcasts' | tr '|' ' ')"

# --- trying it

# sent_since N: chat and text of what Telegram got after the first N records
sent_since()
{
	tail -n "+$(($1 + 1))" "$tmp/record" | jq -r '
		select(.kind == "request" and (.method | startswith("send"))) |
		"\(.chat_id) \(.method) \(.params.text // .params.caption //
			"" | split("\n")[0])"' | sort -n
}
mark() { mark=$(wc -l <"$tmp/record"); }

ADMIN_IDS='' broadcast --text Hi --test
is 'nobody is asked for one' '78 1' \
	"$status $(grep -c 'ADMIN_IDS is not set: .* show-chat' "$tmp/err")"
mark
broadcast --text 'Hi {{name}}' --test
is 'the administrators get it first; who never came is named' '0 1' \
	"$status $(grep -c 'chat 99 is not known' "$tmp/err")"
is 'words come from stdin, too' 'Hi P2 {"text": "Hi P2"}' "$(
	echo 'Hi {{name}}' | "$LEADPIPE" send-broadcast --text-file - --tag vip \
		--no-unsubscribe -n | head -n 1
	) $(echo '{"text": "Hi {{name}}"}' | "$LEADPIPE" send-broadcast \
		--message - --tag vip --no-unsubscribe -n --json |
		jq -c '{text: .sample}' | sed 's/:/: /')"
broadcast --text 'Hi {{name}}' --test 2 3
run send-due
is 'each in their own words, nobody else' '1 sendMessage Hi P1
2 sendMessage Hi P2
3 sendMessage Hi P3' "$(sent_since "$mark")"
broadcast --text 'Hi {{name}}' --everybody --dry-run
is 'what would happen is said' "Hi P1
[Unsubscribe]

in its audience: 12 of 12 people
blocked the bot: 1
will get it: 11, en 6, ru 5, within 1 s" "$(cat "$tmp/out")"
broadcast --text Hi --tag vip -n --paid --in 1d
is 'a price, and a time' 'begins: DATE TIME UTC
may cost: up to 0.2 Stars, 0.1 for each message above 30 a second; the' \
	"$(grep '^begins\|^may' "$tmp/out" |
		sed 's/ 20[0-9-]\{8\} [0-9:]\{8\} / DATE TIME /')"

broadcast --text Hi --tag vip -n --at "$(ago 7500)"
is 'a time that is past' 'begins: at once, as DATE TIME UTC was 2 h 5 min ago' \
	"$(grep '^begins' "$tmp/out" |
		sed 's/ 20[0-9-]\{8\} [0-9:]\{8\} / DATE TIME /')"

# --- sending it

mark
broadcast --text 'Hi {{name}}' --everybody --yes --name first --silent
is 'its number is printed' '0 1' "$status $(cat "$tmp/out")"
broadcast --text 'Hi {{name}}' --everybody --yes --silent
is 'the same again is refused' '65 1' \
	"$status $(grep -c "as broadcast 1 ('first')" "$tmp/err")"
broadcast --text Other --everybody --yes --name first
is 'nor is its name given twice' 65 $status
broadcast --status first
is 'whom it waits for' 1 "$(grep -c '^Begins: now, with the next poll' "$tmp/out")"
run send-due
is 'everybody got it once, in silence' "$(for i in 1 2 3 4 5 7 8 9 10 11 12; do
	echo "$i true"
done)" "$(tail -n "+$mark" "$tmp/record" | jq -r 'select(.kind == "request"
	and .params.disable_notification) |
	"\(.chat_id) \(.params.disable_notification)"' | sort -n)"
is 'and the administrators were told' 1 \
	"$(sent_since "$mark" | grep -c "^1 sendMessage Broadcast 'first': finished")"
broadcast --status first --json
is 'how it went' 'finished 12 11 1' \
	"$(jq -r '"\(.state) \(.chosen) \(.sent) \(.blocked)"' "$tmp/out")"
broadcast --resume first
is 'it is over' '65 1' "$status $(grep -c 'is finished$' "$tmp/err")"
broadcast --report 1
is 'each person is in the report' 'chat,username,name,state,reason
6,user_6,P6,cancelled,blocked
7,user_7,"'\''=cmd|'\'' /C calc'\''!A0",sent,' \
	"$(tr -d '\r' <"$tmp/out" | grep '^chat\|^[67],' | cut -d , -f 1-5)"
is 'by the rules of RFC 4180' "$(printf '13\t13')" \
	"$(wc -l <"$tmp/out")$(printf '\t')$(grep -c $'\r$' "$tmp/out")"
if command -v python3 >/dev/null; then
	is 'as others read it' "13 7 '=cmd|' /C calc'!A0" "$(python3 -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline="")))
print(len(rows), len(rows[7]), rows[7][2])' "$tmp/out")"
else
	passed 'as others read it # SKIP no python3'
fi
broadcast --report first --bom
is 'for Excel' 'efbbbf' "$(head -c 3 "$tmp/out" | od -An -tx1 | tr -d ' \n')"
broadcast --report first --json
is 'for programs' 'cancelled blocked 11' "$(jq -r 'select(.chat == 6) |
	"\(.state) \(.reason)"' "$tmp/out") $(grep -c '"state":"sent"' "$tmp/out")"

# --- in two languages, with a file and buttons

cat >"$tmp/sale.json" <<'END'
{"text": {"en": "Sale, {{name}}", "ru": "Скидки, {{name}}"},
 "media": [{"photo": "a.jpg"}], "buttons": [[
  {"text": {"en": "Quiz", "ru": "Тест"}, "id": "quiz"},
  {"text": "Site", "url": "https://shop.example/?u={{user.id|urlencode}}"}]]}
END
mark
broadcast --message "$tmp/sale.json" --tag vip --yes --json
is 'accepted, for programs' 'scheduled true' \
	"$(jq -r '"\(.state) \(.name | test("^20[0-9-]*$"))"' "$tmp/out")"
run send-due
is 'everybody in their language' '2 sendPhoto Скидки, P2
3 sendPhoto Sale, P3' "$(sent_since "$mark" | grep -v Broadcast)"
sim press '{"chat":2,"text":"Тест"}' >"$tmp/said"
run poll-updates
is 'a button of the flow does what it does there' quiz.one \
	"$(sql 'SELECT state FROM chats WHERE chat_id = 2')"
broadcast --text Next --lang en --var n=5 --yes --button Next=quiz.one:next
run send-due
mark
sim press '{"chat":3,"text":"Next"}' >"$tmp/said"
run poll-updates
is 'also for who never was in its state' '3 sendMessage Hi' \
	"$(sent_since "$mark")"
mark
sim press '{"chat":2,"text":"Отписаться"}' >"$tmp/said"
run poll-updates
is 'who unsubscribes is answered' 'Пока' \
	"$(tail -n "+$mark" "$tmp/record" | jq -r 'select(.kind == "request" and
	.method == "answerCallbackQuery").params.text')"
mark
broadcast --text 'An album' --tag vip --yes --no-unsubscribe \
	--photo "$tmp/a.jpg" --photo "$tmp/b.jpg" --name album
run send-due
is 'and gets no further one' '3 sendMediaGroup' \
	"$(sent_since "$mark" | grep -v Broadcast | cut -d ' ' -f 1,2)"
broadcast --report album
is 'which the report says' 'cancelled,unsubscribed' \
	"$(grep '^2,' "$tmp/out" | cut -d , -f 4,5)"

mark
broadcast --text Paid --tag by_hand --yes --paid --name paid
run send-due
is 'who pays says so' '9 true' "$(tail -n "+$mark" "$tmp/record" | jq -r '
	select(.kind == "request" and .params.text == "Paid") |
	"\(.chat_id) \(.params.allow_paid_broadcast)"')"

printf 'a third picture' >"$tmp/gone.jpg"
broadcast --text Gone --photo "$tmp/gone.jpg" --tag by_hand --yes --name gone
gone=$(cat "$tmp/out")
rm "$tmp/gone.jpg"
run send-due
broadcast --resume gone
is 'whoever failed is in the report' '65 1' "$status $(grep -c \
	"is finished; 1 failed: --report $gone shows why$" "$tmp/err")"
broadcast --report gone
is 'with what to do' 1 \
	"$(grep -c "/gone.jpg' is not there: put it back,," "$tmp/out")"

# --- while it goes

broadcast --text 'Later {{name}}' --everybody --yes --name later --in 1d
run send-due
is 'before its time nothing leaves' 'scheduled 0' "$(broadcast --status later \
	--json; jq -r '"\(.state) \(.chosen)"' "$tmp/out")"
broadcast --pause later --json
is 'it can be paused before it began' 'paused' "$(jq -r .state "$tmp/out")"
broadcast --resume later --json
is 'and be scheduled again' 'scheduled' "$(jq -r .state "$tmp/out")"
broadcast --cancel later --json
is 'or be cancelled' 'cancelled' "$(jq -r .state "$tmp/out")"
broadcast --resume later
is 'which is for good' '65 1' "$status $(grep -c 'is cancelled' "$tmp/err")"

mark
broadcast --text 'Slow {{name}}' --everybody --yes --name slow --rate 1
"$LEADPIPE" send-due --for 60 2>"$tmp/due" &
bot_children=$!
slow_sent() { [ "$(sent_since "$mark" | grep -c Slow)" -ge 1 ]; }
wait_for slow_sent
broadcast --pause slow --json
kill "$bot_children" && wait "$bot_children"
is 'paused: the others wait' 'paused true' \
	"$(jq -r '"\(.state) \(.waiting > 0)"' "$tmp/out")"
run send-due
before=$(sent_since "$mark" | grep -c Slow)
# A flow without the words that run meanwhile.
sed -i 's/"Hi", "quiz"/"Hello", "quiz"/' "$tmp/flow.json"
run deploy-flow "$tmp/flow.json"
sql "UPDATE broadcasts SET rate = 0 WHERE name = 'slow'"
run send-due
is 'while it is paused nobody gets it' "$before" \
	"$(sent_since "$mark" | grep -c Slow)"
broadcast --resume slow
run send-due
is 'then everybody once, whatever was deployed' "$(for i in 1 3 4 5 7 8 9 10 11 12
	do echo "$i"; done)" "$(sent_since "$mark" | grep Slow | cut -d ' ' -f 1)"

# People are where they were, whatever that is called now.
mark
broadcast --text 'To the quiz' --state quiz.one --yes --name quiz --in 1d
sed -i 's/"quiz.one"/"quiz.first"/; s/"states":/"renamed": {"quiz.one": "quiz.first"}, &/
	s/"goto": "quiz.one"/"goto": "quiz.first"/' "$tmp/flow.json"
run deploy-flow "$tmp/flow.json"
sql "UPDATE broadcasts SET start_at = 1 WHERE name = 'quiz'"
run send-due
is 'a state that was renamed meanwhile is the same state' '4
5' "$(sent_since "$mark" | grep 'To the quiz' | cut -d ' ' -f 1)"

# --- a terminal

if command -v script >/dev/null; then
	# typed WORD OPTION...: what is said when WORD is typed
	typed()
	{
		local word=$1
		shift
		(wait_for grep -q 'anything else to stop' "$tmp/shown"; echo "$word") |
			script -qefc "$LEADPIPE send-broadcast $*" "$tmp/shown" \
				>"$tmp/said" 2>&1
	}
	: >"$tmp/shown"
	typed 12 --text Asked --everybody
	is 'the wrong number is no' '69 1' \
		"$? $(grep -c 'nothing was sent' "$tmp/shown")"
	: >"$tmp/shown"
	typed 10 --text Asked --everybody -q
	is 'the right one is yes; the words were shown' '0 1 1' \
		"$? $(grep -c '^Asked' "$tmp/shown") $(sql "SELECT count(*)
		FROM broadcasts WHERE state = 'scheduled'")"
	# ended AGO: what sends ended so many ms ago
	ended()
	{
		sql "UPDATE runs SET finished_at = $(date +%s%3N) - $1
			WHERE finished_at > 0"
	}
	ended 0
	: >"$tmp/shown"
	script -qefc "$LEADPIPE send-broadcast --watch $(sql 'SELECT max(id)
		FROM broadcasts')" "$tmp/shown" \
		>"$tmp/said" 2>&1 </dev/null &
	watch=$!
	wait_for grep -q ' sent' "$tmp/shown"
	silent=$(grep -c 'nothing sends' "$tmp/shown")
	ended 150000
	wait_for grep -q 'nothing sends' "$tmp/shown"
	"$LEADPIPE" send-due --for 20 2>"$tmp/due" &
	bot_children=$!
	wait "$watch"
	is 'it is watched until it ends; once it is told that nothing sends' \
		'0 1 0 1' "$? $(grep -c 'finished' "$tmp/shown") $silent $(
		grep -o 'nothing sends' "$tmp/shown" | wc -l)"
	kill "$bot_children" && wait "$bot_children"
else
	passed 'on a terminal it asks # SKIP no script'
fi
broadcast --list
is 'all are listed' 'first finished
album finished
paid finished
gone finished
later cancelled
slow finished
quiz finished' "$(awk '$NF ~ /^[a-z]/ { print $NF, $2 }' "$tmp/out")"
is 'nobody became known by being told' 12 "$(sql 'SELECT count(*) FROM chats')"
is 'the state is whole' 0 "$(run verify-state; echo $status)"
"$LEADPIPE" send-broadcast --text Unseen --everybody --yes 2>"$tmp/err" \
	>/dev/full
is 'a number that nobody could read is no success' '74 1' \
	"$? $(grep -c 'cannot write to stdout' "$tmp/err")"
tap_end
