#!/bin/bash
# SPDX-License-Identifier: MIT
# What happens while a broadcast is on its way: somebody writes, unsubscribes or
# blocks the bot; it is paused, and cancelled; its rate is kept; Telegram
# refuses it; the disk is full.
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
# shellcheck source=tests/broadcast.sh
. "$TOP/tests/broadcast.sh"
trap 'sim_stop; rm -rf "$tmp"' EXIT

# begin NAME [OPTION...]: a new bot, twelve people, and a broadcast
begin()
{
	start_over
	poll
	crowd "${crowded:-12}"
	passed "$1: accepted" "$(announce "$@")"
}

# counted: what became of them
counted()
{
	ask "SELECT kind || ' ' || count FROM broadcast_tally WHERE count > 0
		ORDER BY kind" | xargs
}

later_run() { later "$1" 2>>"$floor/errors" || cat "$floor/errors"; }

sim_start --no-quirks --open-chats

# --- its rate

begin rate --rate 4
victim=send-due poll
is 'one run of send-due goes on at its rate' 'sent 8' "$(counted)"
most=$(busiest rate)
is '... which is kept' 4 $((most > 4 ? most : 4))

# --- who writes meanwhile

begin writes --rate 1
poll
# However slow this machine is, the next one is not due yet.
sqlite3 "$floor_db" 'UPDATE lanes SET not_before = not_before + 600000'
is 'one is sent, the others wait for their turn' '1 0' "$(got 1 4)"
hi 4
poll
is 'who writes is answered at once, the news before it' '2 News, P4' \
	"$(sim chats/4 | jq -r '[.[] | select(.from == "bot") | .text] |
		"\(length) \(.[0])"')"
is '... whose turn is not there still waits' 0 "$(got 2)"

# --- who leaves meanwhile

sqlite3 "$floor_db" 'UPDATE chats SET unsubscribed_at = 1 WHERE chat_id = 2'
sim block '{"chat":11}' >/dev/null
for minutes in 11 12 13 14 15 16 17 18; do later_run +${minutes}m; done
is 'who unsubscribed or blocked the bot has nothing' '0 0' "$(got 2 11)"
is '... and is counted' 'blocked 1 sent 6 unsubscribed 1' "$(counted)"
is '... the others have it' '1 2 1 1 1 1' "$(got 1 4 5 7 8 10)"

# --- paused and cancelled

sent() { ask "SELECT count(*) FROM messages WHERE state = 'sent'"; }

begin pause --rate 1
poll
"$program/send-broadcast" --pause pause >/dev/null
before=$(sent)
later_run +1m
is 'paused: nobody else has it' "$before" "$(sent)"
"$program/send-broadcast" --resume pause >/dev/null
later_run +2m
is 'resumed: it goes on' yes "$([ "$(sent)" -gt "$before" ] && echo yes)"
"$program/send-broadcast" --cancel pause >/dev/null
before=$(sent)
later_run +3m
is 'cancelled: nobody else has it' "$before 0" \
	"$(sent) $(ask 'SELECT count(*) FROM lanes')"

# --- nobody gets it

crowded=150 begin refused
echo LEADPIPE_SEND_SLOTS=8 >>"$floor/env"
sim fault '{"kind":"error","method":"sendMessage","status":400,"times":0,
	"description":"Bad Request: BUTTON_URL_INVALID"}' >/dev/null
poll
poll
dead=$(ask "SELECT count(*) FROM messages WHERE state = 'dead'")
is 'what Telegram refuses again and again is paused' 'paused yes' \
	"$(ask 'SELECT state FROM broadcasts') $([ "$dead" -ge 20 ] &&
		[ "$dead" -le 28 ] && echo yes || echo "$dead")"
is '... and says why' 1 "$("$program/send-broadcast" --status refused |
	grep -c 'in a row failed.*BUTTON_URL_INVALID')"
warned() { "$program/healthcheck" -v --component queue | grep -c "$@"; }
is '... and healthcheck shows it, with what mends it' '1 1' "$(
	warned 'WARNING.*broadcast.*is paused, not by hand') $(
	warned -e '--status 1. says why, then --resume or --cancel')"
sqlite3 "$floor_db" 'UPDATE broadcasts SET reason = NULL'
is '... not at once what was paused by hand' 0 "$(warned 'is paused')"
sqlite3 "$floor_db" 'UPDATE broadcasts SET moved_at = moved_at - 86400000'
is '... but a day later' 1 "$(warned 'WARNING.*is paused')"

# What has no words any more is not sent without any.
sqlite3 "$floor_db" "UPDATE broadcasts SET state = 'finished', finished_at = 1;
	DELETE FROM broadcast_aside; UPDATE messages SET params = NULL;
	UPDATE flows SET bundle = '{}'
	WHERE hash = (SELECT flow FROM broadcasts)"
: >"$tmp/record"
"$program/recover-pending" --resend "$(ask 'SELECT min(id) FROM messages')" \
	>"$tmp/said"
poll
is 'without its words nothing is sent' '0 1' \
	"$(grep -c '"method":"sendMessage"' "$tmp/record") $(ask "SELECT
		count(*) FROM messages WHERE reason LIKE 'the flow with its words%'")"

# --- the disk is full

begin full
failed=0
for at in 2 5 9 14 20 27 35; do
	shim FAULT_FILES_ONLY=1 FAULT_ONLY=write,fsync FAULT_ERRNO=ENOSPC \
		FAULT_ERROR_FROM=$at || ((failed++))
done
is 'a full disk is noticed' yes "$([ $failed -gt 3 ] && echo yes ||
	echo "$failed")"
poll
poll
passed '... nobody missed, nobody twice' "$(amiss full)"
tap_end
