#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# The connection of a send dies in each class of bytes, for a JSON request and
# for an upload. Telegram must get each message once, or again only where its
# row was counted ambiguous; and doubt is had only where there is some.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
children=
# shellcheck disable=SC2086 # a list of pids
trap 'sim_stop; kill $children 2>/dev/null; wait; rm -rf "$tmp"' EXIT
fault=$B/tests/fault

# gate: tcp-fault before the simulator; leaves $gate, its host and port
gate()
{
	local i
	rm -f "$tmp/gate"
	"$fault/tcp-fault" --listen 0 --port-file "$tmp/gate" \
		--to "${sim_root#*://}" --control "$tmp/control" &
	children="$children $!"
	for ((i = 0; i < 100; i++)); do
		[ -s "$tmp/gate" ] && break
		sleep 0.05
	done
	gate=127.0.0.1:$(cat "$tmp/gate")
}

tell() { "$fault/tcp-fault" --tell "$tmp/control" "$@"; }

# fresh ROOT KIND: what waits is one message of it, json or upload
fresh()
{
	floor_fresh "$1"
	tell clear
	people say '"text":"/start","first_name":"Ann"' 1
	[ "$2" = upload ] || return
	poll
	people press '"text":"Получить доступ"' 1
	poll
	due
}

doubts() { ask 'SELECT coalesce(sum(ambiguous), 0) FROM messages'; }

# requests: how many that put something into the chat arrived whole
requests()
{
	jq -s 'map(select(.kind == "request" and .chat_id and
		(.method | test("^send[MV]")))) | length' "$tmp/record"
}

# dies NAME ROOT DOUBTS FAULT: the second connection, which is the send's (the
# first one polls), has the fault; DOUBTS is what the row must count, or any
dies()
{
	local kind name=$1 had sent
	for kind in json upload; do
		fresh "$2" $kind
		tell 'nth 2' "$4"
		had=$(tell stats | sed 's/.*fired=//')
		sent=$(requests)
		poll
		found=
		[ "$(tell stats | sed 's/.*fired=//')" -gt "$had" ] ||
			found='the fault did not happen;'
		doubt=$(doubts)
		[[ $doubt =~ ^($3)$ ]] || found="$found $doubt doubts, not $3;"
		tell clear
		settle || found="$found not all is done;"
		[ $(($(requests) - sent)) -le $((1 + doubt)) ] ||
			found="$found $(requests) requests;"
		found="$found$(delivered --settled --most-ambiguous "$doubt")"
		passed "$name, $kind" "$found"
	done
}

sim_start --no-quirks
gate
http=http://$gate

# --- before there is a connection

# queued: a message of each kind waits, as the first try met a 429
queued()
{
	fresh "$http" upload
	people say '"text":"/start","first_name":"Bea"' 2
	sim fault '{"kind":"429","method":"sendVideo","retry_after":1}' \
		>/dev/null
	sim fault '{"kind":"429","method":"sendMessage","retry_after":1}' \
		>/dev/null
	poll
	sleep 1.1
	sent=$(requests)
}

# unreached NAME ROOT [VARIABLE=VALUE...]
unreached()
{
	local from took name=$1 root=$2 found=
	shift 2
	queued
	sed -i "s|^TELEGRAM_API_ROOT=.*|TELEGRAM_API_ROOT=$root|" "$floor/env"
	from=$(date +%s%3N)
	poll "$@"
	status=$?
	took=$(($(date +%s%3N) - from))
	[ $status = 75 ] || found="exit $status;"
	[ $took -lt 13000 ] || found="$found took $took ms;"
	found="$found$(ask "SELECT 'message ' || id || ' is ' || state
		FROM messages WHERE method IS NOT NULL AND (ambiguous > 0
		OR state NOT IN ('queued', 'sent'))")"
	[ "$(ask "SELECT count(*) FROM messages WHERE state = 'queued'")" = 2 ] ||
		found="$found nothing was tried;"
	[ "$(requests)" = "$sent" ] || found="$found something arrived;"
	sed -i "s|^TELEGRAM_API_ROOT=.*|TELEGRAM_API_ROOT=$http|" "$floor/env"
	settle || found="$found not all is done;"
	[ "$(requests)" = $((sent + 2)) ] || found="$found sent twice;"
	found="$found$(delivered --settled --most-ambiguous 0)"
	passed "$name: nothing leaves, both are sent once it is back" "$found"
}

unreached 'no such name' https://api.telegram.test:1 \
	LD_PRELOAD="$fault/dns-shim.so" DNS_SHIM_MODE=fail
unreached 'a resolver that is silent' https://api.telegram.test:1 \
	LD_PRELOAD="$fault/dns-shim.so"
unreached 'connection refused' http://127.0.0.1:1

# --- within the connection

dies 'closed at accept' "$http" '0|1' 'cut accept'
dies 'reset at accept' "$http" '0|1' 'cut accept rst'
dies 'closed inside the headers' "$http" '0|1' 'cut up 60'
dies 'reset inside the headers' "$http" '0|1' 'cut up 60 rst'
dies 'closed before the body' "$http" '0|1' 'cut up-body 0'
dies 'closed inside the body' "$http" '0|1' 'cut up-body 50'
dies 'reset inside the body' "$http" '0|1' 'cut up-body 50 rst'
dies 'closed after the request, no reply' "$http" 1 'cut whole-request'
dies 'reset after the request, no reply' "$http" 1 'cut whole-request rst'
dies 'no byte of the reply' "$http" 1 'cut down 0'
dies 'reset before the reply' "$http" 1 'cut down 0 rst'
dies 'half the head of the reply' "$http" 1 'cut down 40'
dies 'half the body of the reply' "$http" 1 'cut down 200'

# --- a connection that was kept alive

# kept NAME DOUBTS COMMAND...: a second message takes the connection of the
# first, for which COMMAND has set a trap meanwhile
kept()
{
	local i found='' name=$1 wanted=$2
	shift 2
	fresh "$http" json
	"$program/poll-updates" --for 4 2>>"$floor/errors" &
	pid=$!
	for ((i = 0; i < 60 && $(requests) < 1; i++)); do sleep 0.05; done
	for ((i = 0; i < 60; i++)); do
		tell stats | grep -q ' open=2 ' && break
		sleep 0.05
	done
	tell stats | grep -q ' open=2 ' || found='it was not kept alive;'
	"$@" >/dev/null
	people say '"text":"again"' 1
	wait $pid
	doubt=$(doubts)
	[[ $doubt =~ ^($wanted)$ ]] || found="$found $doubt doubts, not $wanted;"
	settle || found="$found not all is done;"
	[ "$(requests)" -le $((2 + doubt)) ] || found="$found $(requests) requests;"
	found="$found$(delivered --settled --most-ambiguous "$doubt")"
	passed "kept alive, $name" "$found"
}

# The poll that waits on the other connection is not what is meant.
kept 'closed at the next request' '0|1' tell 'nth open' 'cut up 0'
kept 'reset at the next request' '0|1' tell 'nth open' 'cut up 0 rst'
kept 'closed inside the next body' '0|1' tell 'nth open' 'cut up-body 40'
kept 'no reply to the next request' 1 sim fault \
	'{"kind":"reply_lost","method":"sendMessage","effect":true}'
kept 'a reset instead of the next reply' 1 sim fault \
	'{"kind":"reset","method":"sendMessage","effect":true}'

# --- TLS

"$TOP/tests/fault/make-certs.sh" "$tmp/certs"
export SSL_CERT_FILE=$tmp/certs/ca.pem
sim_stop
sim_start --no-quirks --tls "$tmp/certs/server.pem" "$tmp/certs/server.key"
gate
https=https://$gate
dies 'TLS: closed at accept' "$https" 0 'cut accept'
dies 'TLS: closed inside the first hello' "$https" 0 'cut up 100'
dies 'TLS: closed before the other hello' "$https" 0 'cut down 0'
dies 'TLS: closed inside the other hello' "$https" 0 'cut down 300'
dies 'TLS: reset inside the other hello' "$https" 0 'cut down 300 rst'
dies 'TLS: no whole request arrives' "$https" '0|1' 'cut up 700'
tap_end
