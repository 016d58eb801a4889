#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# What Telegram answers when it does not do what it is asked to, through the
# real commands: each class of refusal ends where it belongs, costs others
# nothing, keeps the order of its chat, and repeats nothing.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
trap 'sim_stop; kill $(jobs -p) 2>/dev/null; wait 2>/dev/null
	rm -rf "$tmp"' EXIT

owed()
{
	hi "$@"
	poll
	people press '"text":"Получить доступ"' "$@"
	poll
	due
}
states() { ask "SELECT group_concat(state, ' ') FROM (SELECT state FROM
	messages WHERE role <> 'user' AND chat_id = $1 ORDER BY id)"; }
requests() { jq -s "[.[] | select(.kind == \"request\" and .method == \"$1\")]
	| length" "$tmp/record"; }

sim_start --no-quirks

# --- 429

start_over
hi 1 2
fault '"kind":429,"method":"sendMessage","chat":1,"retry_after":2'
poll
is '429 for one chat: the other goes on' '0; 0 1' "$?; $(got 1 2)"
is '... it waits as long as told, and no try is used up' '1 0' "$(ask '
	SELECT not_before BETWEEN started_at + 1900 AND started_at + 2600,
	tries FROM messages WHERE state = "queued"' | tr '|' ' ')"
poll --for 3
is '... and is sent after that' '1 1' "$(got 1 2)"
well 'once' 0

start_over
hi 1 2 3 4
for chat in 1 2 3; do
	fault "\"kind\":429,\"method\":\"sendMessage\",\"chat\":$chat,
		\"retry_after\":2"
done
poll
hi 5
poll
is '429 of three chats: the whole bot waits' '0 0 0 1 0' "$(got 1 2 3 4 5)"
poll --for 3
is '... until then' '1 1 1 1 1' "$(got 1 2 3 4 5)"
well 'and all are sent once' 0

# --- what may have arrived

for kind in 500 '"502html"'; do
	start_over
	hi 1 2
	fault "\"kind\":$kind,\"method\":\"sendMessage\",\"chat\":1"
	poll
	is "$kind: nobody knows whether it arrived" 'ambiguous; 0 1' \
		"$(states 1); $(got 1 2)"
	later +25s
	is '... it rests for 30 s' '0' "$(got 1)"
	later +40s
	is '... and is sent again, marked' '1; 1' "$(got 1); $(ask 'SELECT
		maybe_duplicate FROM messages WHERE chat_id = 1 AND
		state = "sent"')"
	well 'once' 1
done

# --- blocked and unsubscribed

start_over
owed 1 2
sim block '{"chat":1}' >/dev/null
fault '"kind":"error","method":"sendVideo","chat":1,"status":403,
	"description":"Forbidden: bot was blocked by the user"'
poll
is '403: held, the other chat goes on' '0; sent sent held; 2 3' \
	"$?; $(states 1); $(got 1 2)"
sqlite3 "$floor_db" "INSERT INTO tasks(due_at, id, kind, priority, chat_id,
	expire_at, created_at, method, params) VALUES(1, 1000, 'send', 5, 1,
	1 << 60, 1, 'sendMessage', '{\"text\":\"later\"}')"
poll
is '... a task of it is held, too' held \
	"$(ask 'SELECT state FROM task_ends WHERE id = 1000')"
sim unblock '{"chat":1}' >/dev/null
poll
is '... unblocked: both are sent' '4; 0' \
	"$(got 1); $(ask 'SELECT count(*) FROM task_ends WHERE state = "held"')"
fault '"kind":"error","method":"sendMessage","chat":2,"status":403,
	"description":"Forbidden: bot was blocked by the user"'
people say '"text":"what?"' 2
poll
is '... again by 403' held "$(states 2 | sed 's/.* //')"
people say '"text":"what now?"' 2
poll
is 'a message releases what is held, in its order' '5; 0' \
	"$(got 2); $(ask 'SELECT count(*) FROM messages WHERE state = "held"')"
well 'and nothing twice' 0

start_over
owed 1
people say '"text":"/stop"' 1
sqlite3 "$floor_db" 'UPDATE tasks SET due_at = 1 << 50'
poll
sqlite3 "$floor_db" "INSERT INTO tasks(due_at, id, kind, priority, chat_id,
	expire_at, created_at, method, params) VALUES(1, 1000, 'send', 5, 1,
	1 << 60, 1, 'sendMessage', '{\"text\":\"later\"}')"
poll
people say '"text":"what?"' 1
poll
is 'unsubscribed: answers, no reminders' \
	'Больше не пишем. Вернуться: /start|Не понял. Команды: /start /stop' \
	"$(sim chats/1 | jq -r '[.[] | select(.from == "bot") | .text][2:] |
		join("|")')"
is '... and it says why' 'unsubscribed' \
	"$(ask 'SELECT reason FROM task_ends WHERE id = 1000')"

hi 2
poll
sqlite3 "$floor_db" "INSERT INTO tasks(due_at, id, kind, priority, chat_id,
	expire_at, created_at, method, params) VALUES(1, 1002, 'send', 5, 2,
	1 << 60, 1, 'sendMessage', '{\"text\":\"even later\"}')"
fault '"kind":429,"method":"sendMessage","chat":2,"retry_after":1'
poll
people say '"text":"/stop"' 2
poll
poll --for 2
is 'also those that were waiting to be sent already' \
	'cancelled unsubscribed' "$(ask "SELECT state, reason FROM messages
	WHERE text = 'even later'" | tr '|' ' ')"

# --- its own fault

start_over
hi 1
fault '"kind":"error","method":"sendMessage","description":
	"Bad Request: can'"'"'t parse entities: Unclosed start tag"'
poll
is 'markup refused: sent as plain text at once' '0; 1; Здравствуйте, Ann!' \
	"$?; $(got 1); $(sim chats/1 | jq -r '.[-1].text[:18]')"
is '... without markup' 2 "$(requests sendMessage)"
well 'once' 0

start_over
owed 1
fault '"kind":"error","method":"sendVideo","times":0,"description":
	"Bad Request: can'"'"'t parse entities: Unclosed start tag"'
poll --for 2
is 'also of a reminder: as plain text once, then dead' '1; 2; dead' \
	"$?; $(requests sendVideo); $(states 1 | sed 's/.* //')"

start_over
hi 1 2
fault '"kind":"error","method":"sendMessage","chat":1,"description":
	"Bad Request: message is too long"'
poll
is 'too long: dead, exit 1, the other goes on' '1; dead; 1' \
	"$?; $(states 1); $(got 2)"
is '... with a dead letter that quotes Telegram' \
	'Telegram refuses it|Bad Request: message is too long|1' "$(ask '
	SELECT reason, answer, mend LIKE "%recover-pending%" FROM dead_letters')"
well 'and nothing is repeated' 0

start_over
people say '"text":"/start","chat_type":"group"' -50
fault '"kind":"error","method":"sendMessage","chat":-50,"migrate_to":
	-1000000000050,"description":
	"Bad Request: group chat was upgraded to a supergroup chat"'
sim migrate '{"chat":-50,"to":-1000000000050}' >/dev/null
poll
is 'a group that moved is followed' '0; 1; 0' "$?; $(got -1000000000050); $(
	ask 'SELECT count(*) FROM lanes')"

# --- order

start_over
poll
for ((i = 1; i <= 10; i++)); do
	people say "\"text\":\"/start n$i\",\"first_name\":\"N$i\"" 1
done
fault '"kind":429,"method":"sendMessage","chat":1,"nth":2'
fault '"kind":500,"method":"sendMessage","chat":1,"nth":3'
fault '"kind":"drop_body","method":"sendMessage","chat":1,"nth":4'
fault '"kind":"reset","method":"sendMessage","chat":1,"nth":5,"effect":false'
poll --for 2
for i in 40 80 120 160 200; do later +${i}s; done
is 'ten messages with failures in between arrive in order' \
	'N1 N2 N3 N4 N5 N6 N7 N8 N9 N10' "$(sim chats/1 | jq -r '[.[] |
	select(.from == "bot") | .text | match("N[0-9]+").string] | join(" ")')"
well 'each once' 3

# --- limits

start_over
sed -i '/LIMIT/d' "$floor/env"
poll
sim chats '{"from":1,"to":100}' >/dev/null
for ((i = 1; i <= 100; i++)); do
	echo "INSERT INTO tasks(due_at, id, kind, priority, chat_id, expire_at,
		created_at, method, params) VALUES(1, $i, 'send', 5, $i,
		1 << 60, 1, 'sendMessage', '{\"text\":\"t\"}');"
done | sqlite3 "$floor_db"
sim load '{"messages":10,"seconds":2.5,"first_chat":5000}' >/dev/null
poll --for 6
is 'a hundred reminders: all sent' 100 "$(sim stats |
	jq '.methods.sendMessage - 10')"
is '... at 30 a second' yes "$(jq -s '[.[] | select(.kind == "request" and .method ==
	"sendMessage" and .chat_id <= 100) | .at] | (.[-1] - .[0]) | if . >= 3000
	and . < 5000 then "yes" else . end' -r "$tmp/record")"
is '... and answers do not wait for them' yes "$(sim load | jq -r \
	'if .answered == 10 and .max_ms < 1500 then "yes" else . end')"
well 'once' 0
tap_end
