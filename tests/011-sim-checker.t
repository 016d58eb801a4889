#!/bin/bash
# SPDX-License-Identifier: MIT
# check-delivery accepts what is right and sees each kind of wrong: a
# conversation with the simulator, rows written by hand, and one thing broken
# at a time.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/schema.sh
. "$TOP/tests/schema.sh"
# shellcheck source=tests/sim/telegram.sh
. "$TOP/tests/sim/telegram.sh"
trap 'sim_stop; rm -rf "$tmp"' EXIT
check=$TOP/tests/sim/check-delivery

# passes NAME [OPTION...]: the checker finds nothing
passes()
{
	local name=$1
	shift
	if "$check" "$@" "$tmp/record" "$tmp/db" >"$tmp/out" 2>&1; then
		passed "$name"
	else
		passed "$name" "$(cat "$tmp/out")"
	fi
}

# finds NAME WANTED SQL [OPTION...]: with the change, and undone after it
finds()
{
	local name=$1 wanted=$2 status
	cp "$tmp/db" "$tmp/good"
	sqlite3 "$tmp/db" "$3"
	shift 3
	"$check" "$@" "$tmp/record" "$tmp/db" >"$tmp/out" 2>"$tmp/err"
	status=$?
	mv "$tmp/good" "$tmp/db"
	if [ $status = 1 ] && grep -q "^$wanted" "$tmp/err"; then
		passed "$name"
	else
		passed "$name" "exit $status, wanted '$wanted', found:
$(cat "$tmp/err" "$tmp/out")"
	fi
}

# receive: all that waits, stored as it came and then confirmed
receive()
{
	jq -r --arg q "'" 'select(.kind == "update") | "INSERT INTO updates(
		update_id, hash, received_at, state, raw) VALUES(\(.update_id),
		1, 1, \($q)done\($q), \($q)\(.body)\($q));"' "$tmp/record" |
		sqlite3 "$tmp/db"
	bot getUpdates "{\"offset\":$(bot getUpdates |
		jq '.result[-1].update_id + 1')}" >"$tmp/out"
}

# send CHAT TEXT [STATE]: the request, and its row
send()
{
	local id
	id=$(bot sendMessage "{\"chat_id\":$1,\"text\":\"$2\"}" |
		jq '.result.message_id // empty' 2>/dev/null)
	sqlite3 "$tmp/db" "INSERT INTO messages(chat_id, state, role,
		created_at, method, text, message_id, ambiguous, worker)
		VALUES($1, '${3-sent}', 'assistant', 1, 'sendMessage', '$2',
		${id:-NULL}, ${4-0}, NULL)"
}

schema_db "$tmp/db"
sim_start --no-quirks
for chat in 1 2; do
	sim say "{\"chat\":$chat,\"text\":\"/start\",\"first_name\":\"Я\"}"
done >"$tmp/out"
receive
send 1 one
send 2 uno
send 1 two
send 1 three
passes 'all is as the rows say' --settled

finds 'a confirmed update that is no row' 'lost:update 700000001 ' \
	'DELETE FROM updates WHERE update_id = 700000001'
finds 'one with another body' 'lost:update 700000002 .* other bytes' \
	"UPDATE updates SET raw = '{}' WHERE update_id = 700000002"
finds 'a parked one without a dead letter' 'lost:update row 1 is parked' \
	"UPDATE updates SET state = 'parked' WHERE id = 1"
finds 'an unknown message without one' 'lost:message 2 is unknown' \
	"UPDATE messages SET state = 'unknown', ambiguous = 1 WHERE id = 2"
finds 'a row that says sent, and nobody got it' 'lost:message 5 is sent' \
	"INSERT INTO messages(chat_id, state, role, created_at, method,
	message_id) VALUES(2, 'sent', 'assistant', 1, 'sendMessage', 999)"
finds 'a row that says sent without an id' 'lost:message 2 is sent' \
	'UPDATE messages SET message_id = NULL WHERE id = 2'
finds 'messages in another order' 'repeated:messages 1 and 3 of chat 1' \
	"UPDATE messages SET message_id = message_id * -1 WHERE id IN (1, 3);
	UPDATE messages SET message_id = (SELECT -message_id FROM messages m
	WHERE m.id = 4 - messages.id) WHERE id IN (1, 3)"
finds 'a message that no row knows' 'repeated:chat 1 got 1 messages' \
	'DELETE FROM messages WHERE id = 3'
finds 'a waiting message without a lane' 'lost:message 5 waits' \
	"INSERT INTO messages(chat_id, state, role, created_at, method)
	VALUES(2, 'queued', 'assistant', 1, 'sendMessage')"
finds 'half done, where all should be settled' 'open:update row 1' \
	"UPDATE updates SET state = 'received' WHERE id = 1" --settled

# A lost reply: what the row doubts is allowed, but not more.
sim fault '{"method":"sendMessage","kind":"reply_lost"}' >"$tmp/out"
bot sendMessage '{"chat_id":2,"text":"due"}' >"$tmp/out"
send 2 due sent 1
passes 'a repeat that its row counted as ambiguous' --most-ambiguous 1
finds 'the same, not counted' 'repeated:chat 2' \
	'UPDATE messages SET ambiguous = 0'
finds 'more doubt than was allowed' 'ambiguous: 2, allowed 1' \
	'UPDATE messages SET ambiguous = 2 WHERE ambiguous' --most-ambiguous 1
sim fault '{"method":"sendMessage","kind":"drop_body"}' >"$tmp/out"
bot sendMessage '{"chat_id":2,"text":"tre"}' >"$tmp/out"
send 2 tre sent 1
passes 'a request without effect that was counted'
finds 'one that was not' 'repeated:chat 2: 5 requests' \
	'UPDATE messages SET ambiguous = 0 WHERE text = "tre"'
sim fault '{"method":"sendMessage","kind":429}' >"$tmp/out"
bot sendMessage '{"chat_id":2,"text":"x"}' >"$tmp/out"
sim block '{"chat":2}' >"$tmp/out"
bot sendMessage '{"chat_id":2,"text":"x"}' >"$tmp/out"
passes 'what was refused counts for nothing'
sim reset '{}' >"$tmp/out"
sqlite3 "$tmp/db" 'DELETE FROM messages; DELETE FROM updates'
passes 'after a reset the record begins anew' --settled
"$check" "$tmp/none" "$tmp/db" 2>"$tmp/err"
is 'a record that is not there is no success' 64 $?
tap_end
