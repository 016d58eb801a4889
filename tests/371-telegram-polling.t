#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# What can go wrong with getUpdates and with the way to Telegram: tokens and
# webhooks, another poller, damaged and endless answers, ids that start anew,
# a resolver that says nothing, and a pressed button while the database is
# locked. Nothing is lost, nothing spins, and the exit code says what to do.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
trap 'sim_stop; kill $(jobs -p) 2>/dev/null; wait 2>/dev/null
	rm -rf "$tmp"' EXIT

# tells NAME PATTERN: one line on stderr that says so, and no token
tells()
{
	passed "... $1" "$(
		if [ "$(grep -c . "$floor/errors")" != 1 ] ||
			! grep -q "$2" "$floor/errors" ||
			grep -q OF_THE_FLOOR "$floor/errors"; then
			echo "it said: $(cat "$floor/errors")"
		fi)"
}
took_ms()
{
	local from
	from=$(date +%s%3N)
	"$@"
	code=$?
	took=$(($(date +%s%3N) - from))
}

sim_start --no-quirks

# --- tokens, webhooks, other pollers

start_over
hi 1
fault '"kind":401,"method":"sendMessage"'
poll
is 'the token is revoked while sending: exit, nothing lost' '77; queued' \
	"$?; $(ask "SELECT state FROM messages WHERE role <> 'user'")"
tells 'says which token' 'BOT_TOKEN'
fault '"kind":401'
: >"$floor/errors"
"$program/send-due" 2>>"$floor/errors"
is 'revoked while sending only: exit' 77 $?
tells 'says which token' 'BOT_TOKEN'
fault '"kind":401'
: >"$floor/errors"
poll
is 'revoked while polling: exit' 77 $?
tells 'says which token' 'BOT_TOKEN'
poll
is '... and when it works again, all is sent' '0; 1' "$?; $(got 1)"
well 'once' 0

start_over
hi 1
poll
hi 1
fault '"kind":"error","status":409,"times":2,"method":"getUpdates",
	"description":"Conflict: can'"'"'t use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"'
poll --for 5
is 'a webhook is set: exit' 78 $?
tells 'says so' 'a webhook is set'
is '... nothing was confirmed' 1 "$(got 1)"

start_over
hi 1
fault '"kind":409,"method":"getUpdates"'
poll --for 3
is 'one 409 of another poller passes' '0; 1' "$?; $(got 1)"
passed '... without a word' "$(cat "$floor/errors")"
fault '"kind":409,"method":"getUpdates","times":0'
took_ms poll --for 20
is 'a second one ends the run' 78 $code
tells 'says so' 'another poller'
passed '... before its time' "$([ $took -lt 15000 ] || echo "$took ms")"

start_over
fault '"kind":404'
poll
is 'no bot is found at this address: exit' 78 $?
tells 'says what to check' 'BOT_TOKEN and TELEGRAM_API_ROOT'

# --- damaged answers

for kind in garbage truncated huge '502html' 500; do
	start_over
	hi 1 2
	fault "\"kind\":\"$kind\",\"method\":\"getUpdates\""
	poll --for 3
	is "$kind instead of updates: asked again" '0; 1 1' "$?; $(got 1 2)"
	well 'nothing lost, nothing twice' 0
done
fault '"kind":"garbage","method":"getUpdates"'
poll
is 'one pass of garbage: the next run tries again' 75 $?

start_over
hi 1
fault '"kind":"redirect","method":"getUpdates"'
poll
is 'a redirect is not followed' 78 $?
tells 'says what to check' 'TELEGRAM_API_ROOT'
poll
is '... and costs nothing' '0; 1' "$?; $(got 1)"

# --- ids and offsets

start_over
hi 1 2
poll
for next in 5 900000000 17 2000000000 1; do
	sim restart_ids "{\"next\":$next}" >/dev/null
	hi 1 2
	took_ms poll
	[ $code = 0 ] && [ "$took" -lt 10000 ] || echo "# $code, $took ms"
done >"$tmp/bad"
passed 'ids start anew five times: each run ends' "$(cat "$tmp/bad")"
is '... and all are answered' '6 6' "$(got 1 2)"
well 'once' 0

# deaf BODY: a server that answers everything with BODY; leaves its $root
deaf()
{
	rm -f "$tmp/deaf"
	: >"$tmp/asked"
	"$B/tests/fault/http-origin" --port-file "$tmp/deaf" \
		--log "$tmp/asked" --answer "$1" &
	for ((i = 0; i < 100; i++)); do
		[ -s "$tmp/deaf" ] && break
		sleep 0.05
	done
	root=http://127.0.0.1:$(cat "$tmp/deaf")
}
asked() { grep -c getUpdates "$tmp/asked"; }

deaf '{"ok":true,"result":[]}'
start_over "$root"
poll --for 3
passed 'empty answers that come at once do not make it spin' \
	"$([ "$(asked)" -le 5 ] || echo "$(asked) in 3 s")"
deaf '{"ok":true,"result":[{"update_id":7,"message":{"message_id":1,"date":1,
	"chat":{"id":1,"type":"private"},"text":"hm"}}]}'
start_over "$root"
poll --for 3
passed 'nor does a server that gives the same updates for ever' \
	"$([ "$(asked)" -le 6 ] || echo "$(asked) in 3 s")"
took_ms poll
is '... and one pass ends' '0 yes' "$code $([ $took -lt 10000 ] && echo yes)"
is '... with one row' 1 "$(ask 'SELECT count(*) FROM updates')"

# --- a resolver that says nothing

start_over https://api.telegram.test
took_ms poll LD_PRELOAD="$B/tests/fault/dns-shim.so"
is 'DNS says nothing: exit' 75 $code
passed '... within the time of one call' "$([ $took -lt 16000 ] ||
	echo "$took ms")"
tells 'says so' "the name 'api.telegram.test' does not resolve in time (DNS)"

# --- a pressed button while the database is locked

start_over
hi 1
poll
poll --for 8 &
poller=$!
for ((i = 0; i < 100; i++)); do
	[ "$(sim stats | jq .polling)" = true ] && break
	sleep 0.05
done
{
	echo 'BEGIN IMMEDIATE;'
	sleep 5
	echo 'ROLLBACK;'
} | sqlite3 "$floor_db" &
sleep 0.3
people press '"text":"Получить доступ"' 1
wait $poller
is 'the button: the run goes on' '0; 3' "$?; $(got 1)"
waited=$(jq -s '(map(select(.kind == "request" and .method ==
	"answerCallbackQuery"))[0].at) - (map(select(.kind == "update"))[-1].at)' \
	"$tmp/record")
passed '... it was answered while the database was locked' \
	"$([ "$waited" -le 3500 ] || echo "after $waited ms")"
well 'and the message after it, once' 0
tap_end
