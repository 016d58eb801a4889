#!/bin/bash
# SPDX-License-Identifier: MIT
# chat-state and show-history, on the booking and the shop of examples/.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/command.sh
. "$TOP/tests/command.sh"
trap 'rm -rf "$tmp"' EXIT

bot_setup http://127.0.0.1:9
booking=$TOP/examples/booking/flow.json
where() { "$LEADPIPE" chat-state get "$1"; }
# has NAME TEXT: the last output has it
has()
{
	if [[ $out$err == *"$2"* ]]; then passed "$1"; else
		passed "$1" "$out$err"
	fi
}
# tasks: names of what waits for chat 5
tasks() { sql "SELECT group_concat(name, ' ') FROM (SELECT name FROM tasks
	WHERE chat_id = 5 ORDER BY name)"; }

# --- the command line

refuses_files chat-state chat-state get 5
refuses_files show-history show-history 5
exits 'nothing is 64' 64 chat-state
exits 'an unknown verb is 64' 64 chat-state got 5
exits 'nobody is 64' 64 chat-state get
exits 'set without a state is 64' 64 chat-state set 5
exits 'get with a state is 64' 64 chat-state get 5 idle
exits 'delete with a state is 64' 64 chat-state delete 5 idle
exits 'get with data is 64' 64 chat-state get 5 --data '{}'
exits 'has with --enter is 64' 64 chat-state has 5 idle --enter
exits 'history of nobody is 64' 64 show-history

"$LEADPIPE" deploy-flow "$booking" >/dev/null
exits 'get of a stranger is 65' 65 chat-state get 5
exits 'set of a stranger is 65' 65 chat-state set 5 idle
exits 'a stranger is nowhere' 1 chat-state has 5
is 'which is said by the status alone' '' "$out$err"

# A person in the middle of a question, with all that hangs on it.
sql "INSERT INTO chats(chat_id, user_id, username, first_name, state, vars,
	tags, created_at, seen_at) VALUES(5, 5, 'ann', 'Ann', 'welcome',
	'{\"phone\":\"+79123456789\",\"city\":\"omsk\"}', '{\"vip\":true}', 1, 1),
	(6, 6, NULL, 'Bob', 'gone', '{}', '{}', 1, 1)"
is 'get' welcome "$(where @ann)"
exits 'has any' 0 chat-state has 5
exits 'has this one' 0 chat-state has 5 welcome
exits 'has another' 1 chat-state has 5 idle
exits 'has one that the flow does not know is 65' 65 chat-state has 5 wellcome
has 'with a suggestion' "did you mean 'welcome'?"
is 'a state of an older flow is shown as it is' gone "$(where 6)"

# --- set

exits 'an unknown state is 65' 65 chat-state set 5 book.phon
has 'with a suggestion' "has no state 'book.phon'; did you mean 'book.phone'?"
exits 'data that is no JSON is 65' 65 chat-state set 5 idle --data '{'
exits 'nor an object is 65' 65 chat-state set 5 idle --data '[]'
exits 'an unknown variable is 65' 65 chat-state set 5 idle \
	--data '{"pric":1}'
has 'with a suggestion' "did you mean 'price'?"
exits 'a word is no number' 65 chat-state set 5 idle --data '{"price":"ten"}'
exits 'nor a date' 65 chat-state set 5 idle --data '{"book_at":"soon"}'
exits 'an object is no text' 65 chat-state set 5 idle --data '{"service":{}}'
exits 'what is too long is not cut' 65 chat-state set 5 idle \
	--data '{"service":"12345678901234567"}'
has 'but said' 'holds 16 characters, its value has 17'
exits 'a ttl where there is none' 65 chat-state set 5 idle --ttl 5m
is 'nothing of this did anything' 'welcome 0 0' "$(where 5) $(
	sql "SELECT (SELECT count(*) FROM messages) || ' ' ||
	(SELECT count(*) FROM tasks)")"

run chat-state set 5 book.when --ttl 10m \
	--data '{"service":"hour","price":4000,"want_at":"13.3.2035 12:00"}'
is 'set is silent' '0 ' "$status $out$err"
is 'there they are' book.when "$(where 5)"
run chat-state get 5 --json
is '--json' '1 5 book.when true 4000 2035-03-13 12:00 null' "$(jq -r \
	'"\(.schema) \(.chat) \(.state) \(.since != null) \(.vars.price.value
	) \(.vars.want_at.value) \(.vars.phone.value)"' <<<"$out")"
is 'keys are stable' 'schema chat state since expires_at vars' \
	"$(jq -r 'keys_unsorted | join(" ")' <<<"$out")"
is '--pii' +79123456789 "$("$LEADPIPE" chat-state get 5 --json --pii |
	jq -r .vars.phone.value)"
is 'it ends in 10 minutes, not in 30' yes "$(jq -r '(.expires_at[:19] + "Z" |
	fromdate) - now | if . > 540 and . < 660 then "yes" else . end' \
	<<<"$out")"
is 'by a task' ttl:book "$(tasks)"
run show-chat 5
has 'that show-chat understands' 'ttl:book, due '
is 'and expects to run' '' "$(grep 'dead letter' "$tmp/out")"
is 'nothing is said' 0 "$(sql 'SELECT count(*) FROM messages')"
is 'the arrival counts in the funnel' 1 "$(sql "SELECT count(*) FROM arrivals
	WHERE chat_id = 5 AND state = 'book.when' AND came_from = 'welcome'")"

run chat-state set 5 book.wish --enter --json
is '--enter asks' 'book.wish 1' "$(jq -r .state <<<"$out") $(sql \
	"SELECT count(*) FROM messages WHERE text LIKE 'Что важно%'")"
is 'variables of the session stay within its group' '"2035-03-13 12:00"' \
	"$(jq -c .vars.want_at.value <<<"$out")"
run chat-state set 5 idle
is 'left: it does not end any more' 'idle ' "$(where 5) $(tasks)"
exits 'null unsets' 0 chat-state set 5 idle --data '{"price":null}'
is 'which is seen' false "$("$LEADPIPE" chat-state get 5 --json |
	jq .vars.price.set)"
is 'tags are left alone' '{"vip":true}' \
	"$(sql 'SELECT tags FROM chats WHERE chat_id = 5')"

# --- delete

"$LEADPIPE" chat-state set 5 book.when --data '{"want_at":"13.3.2035 12:00"}'
"$LEADPIPE" schedule-task day_before --user 5 --in 1d >/dev/null
is 'before' 'book.when day_before ttl:book' "$(where 5) $(tasks)"
run chat-state delete 5 --json
is 'back to the start; what survives leaving stays' 'welcome day_before' \
	"$(jq -r .state <<<"$out") $(tasks)"
is 'the session is over, what lasts is not' 'false true null' "$(jq -r \
	'"\(.vars.want_at.set) \(.vars.phone.set) \(.expires_at)"' <<<"$out")"
is 'tags stay' '{"vip":true}' \
	"$(sql 'SELECT tags FROM chats WHERE chat_id = 5')"

# --- people of an old bot, who have not written yet

exits 'a stranger is refused by set' 65 chat-state set 4242 book.when
exits 'get with --new is 64' 64 chat-state get 4242 --new
exits 'a group introduces itself' 65 chat-state set --new -- -100123 idle
has 'as is said' 'groups become known'
exits 'nor has a name an id' 65 chat-state set --new @stranger idle
exits 'a wrong state introduces nobody' 65 chat-state set --new 4242 book.whn
is 'of which there is no trace' 0 \
	"$(sql 'SELECT count(*) FROM chats WHERE chat_id = 4242')"
run chat-state set --new 4242 book.when --data '{"service":"hour"}'
is '--new introduces them' '0  book.when hour' "$status $out$err $(where 4242) $(
	"$LEADPIPE" chat-state get 4242 --json | jq -r .vars.service.value)"
is 'as a person who never wrote' 'private 4242 0 1' "$(sql "SELECT type || ' ' ||
	user_id || ' ' || seen_at || ' ' || (created_at > 0) FROM chats
	WHERE chat_id = 4242")"
run show-chat 4242
is 'whom show-chat knows' 0 "$status"
exits 'who is known is moved' 0 chat-state set --new 4242 idle
is 'as without it' 'idle 1' "$(where 4242) $(sql 'SELECT count(*) FROM chats
	WHERE chat_id = 4242')"
sql 'DELETE FROM chats WHERE chat_id = 4242'

# --- a handler is at work

sql "INSERT INTO execs(chat_id, flow, request, resume, created_at, nonce)
	VALUES(5, 'x', '{}', '{}', 1, 1)"
exits 'set must wait for a handler' 75 chat-state set 5 idle
has 'and says so' 'a handler works for chat 5: try again'
exits 'delete too' 75 chat-state delete 5
exits 'get need not' 0 chat-state get 5
is 'nothing has changed' welcome "$(where 5)"
sql 'DELETE FROM execs'

# --- aliases, timers of states

"$LEADPIPE" deploy-flow "$TOP/examples/club/flow.json" --drop-to welcome \
	>/dev/null
run chat-state set 5 'Оплачено'
is 'by the name that another program uses' '0 paid' "$status $(where 5)"
exits 'which has knows too' 0 chat-state has 5 C1:WON
"$LEADPIPE" chat-state set 5 pay.link
is 'what begins with a state' 'after:pay.link:1d after:pay.link:1h day_before' \
	"$(tasks)"
"$LEADPIPE" chat-state set 5 inside
is 'ends with it' day_before "$(tasks)"
sql 'DELETE FROM flows'
exits 'without a flow set is 78' 78 chat-state set 5 inside
exits 'has is 78' 78 chat-state has 5 inside
is 'get works' '0 inside' "$(run chat-state get 5; echo "$status $out")"
"$LEADPIPE" deploy-flow "$TOP/examples/club/flow.json" >/dev/null

# --- history

hour=$(($(date +%s) * 1000 - 3600000))
sql "DELETE FROM messages;
	WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n
	WHERE i < 2000) INSERT INTO messages(chat_id, state, role, created_at,
	settled_at, text) SELECT 5, 'received', 'user', i, i, 'old ' || i FROM n;
	INSERT INTO messages(chat_id, state, role, created_at, settled_at,
	message_id, text) VALUES
	(5, 'received', 'user', $hour, $hour, 70, 'new' || char(27) || '[31m' ||
	char(10) || 'two' || char(8238) || 'evil'),
	(6, 'received', 'user', $hour, $hour, 71, 'of Bob');
	INSERT INTO messages(chat_id, state, role, created_at, settled_at,
	method, params, policy, message_id, text) VALUES
	(5, 'sent', 'assistant', $hour + 1, $hour + 1, 'sendMessage', '{}',
	'resend', 72, 'an answer'),
	(5, 'sent', 'operator', $hour + 2, $hour + 2, 'sendMessage', '{}',
	'resend', 73, 'a person')"
exits 'a stranger is 65' 65 show-history 99
is 'which is said as show-chat does' "$(
	"$LEADPIPE" show-chat 99 2>&1 | sed s/show-chat:/show-history:/)" "$err"
sqlite3 "$db" "INSERT INTO messages(chat_id, state, role, created_at,
	settled_at, method, params, policy, message_id, text) VALUES (99, 'sent',
	'assistant', 1, 1, 'sendMessage', '{}', 'resend', 74, 'a lead came')"
exits 'an operator who never wrote is none' 0 show-history 99
is 'and what they were told is shown' yes \
	"$([[ $out == *'a lead came'* ]] && echo yes)"
sqlite3 "$db" 'INSERT INTO chats(chat_id, created_at, seen_at) VALUES (98, 1, 1)'
exits 'who has said nothing yet is no stranger' 0 show-history 98
exits 'an unknown @name is 65' 65 show-history @nobody
run show-history 5
is 'all of it, the oldest first' '0 2003 old 1' "$status $(wc -l <"$tmp/out") $(
	head -n 1 "$tmp/out" | grep -o 'old 1$')"
is 'nothing of it acts on a terminal' '' "$(LC_ALL=C.UTF-8 grep -P \
	'[\x00-\x08\x0b-\x1f\x7f-\x9f\x{202a}-\x{202e}]' "$tmp/out")"
is 'a line each' 1 "$(grep -c 'new.*two' "$tmp/out")"
is 'nothing of others' 0 "$(grep -c Bob "$tmp/out")"
is '--last' 'an answer a person' "$("$LEADPIPE" show-history @ann --last 2 |
	grep -oE 'an answer|a person' | tr '\n' ' ' | sed 's/ $//')"
is '--since' 3 "$("$LEADPIPE" show-history 5 --since 2h | wc -l)"
is 'both' 1 "$("$LEADPIPE" show-history 5 --since 2h --last 1 | wc -l)"
is '--since what nothing is newer than' '0 0' "$("$LEADPIPE" show-history 5 \
	--since 5m | wc -l) $status"
run show-history 5 --json --last 3
is '--json: an object a line' 'user assistant operator 70 72 73 ' "$(jq -r \
	.role "$tmp/out" | tr '\n' ' ')$(jq .message_id "$tmp/out" | tr '\n' ' ')"
is 'whole texts, with the time' '"new\u001b[31m\ntwo\u202eevil" true' "$(
	head -n 1 "$tmp/out" | jq -a -c '.text, .at != null' | tr '\n' ' ' |
		sed 's/ $//')"
is 'who has read enough closes the pipe' 'old 1 0' "$(
	"$LEADPIPE" show-history 5 2>"$tmp/err" | head -n 1 | grep -o 'old 1$'
	) $(wc -l <"$tmp/err")"
"$LEADPIPE" show-history 5 >/dev/full 2>/dev/null
is 'a full disk is 74' 74 $?
exits 'no SPAN is 64' 64 show-history 5 --since soon

# --- surroundings

before=$(find "$state" -type f | sort; sql 'SELECT count(*) FROM runs')
"$LEADPIPE" show-history 5 >/dev/null
"$LEADPIPE" chat-state get 5 >/dev/null
"$LEADPIPE" chat-state has 5 inside
is 'looking leaves nothing behind' "$before" \
	"$(find "$state" -type f | sort; sql 'SELECT count(*) FROM runs')"
alike 'chat-state get' 0 chat-state get 5
alike 'chat-state set' 0 chat-state set 5 inside
alike show-history 0 show-history 5
tap_end
