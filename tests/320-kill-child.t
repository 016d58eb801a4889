#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# Whoever is killed leaves nothing that the next command must wait for: also
# when a child lives on with what was open, with the clock an hour off, and
# when several commands run at once. SIGTERM is obeyed within its grace.
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
children=
# shellcheck disable=SC2086 # a list of pids
trap 'exec 2>/dev/null; sim_stop; kill -9 $children; wait; rm -rf "$tmp"' EXIT
sim_start --no-quirks

say() { people say '"text":"/start","first_name":"Ann"' "$@"; }

# spawn COMMAND [OPTION...]: in the background; leaves $pid
spawn()
{
	"$program/$1" "${@:2}" 2>>"$floor/errors" &
	pid=$!
	children="$children $pid"
}

# within MS COMMAND...: leaves $late, what it took, if that was more
within()
{
	local most=$1 from took
	from=$(date +%s%3N)
	shift
	"$@"
	took=$(($(date +%s%3N) - from))
	late=
	[ $took -le "$most" ] || late="'$*' took $took ms"
}

# eventually COMMAND...: true within 10 s
eventually()
{
	local i
	for ((i = 0; i < 200; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	return 1
}

# is_state STATE: a message is in it
is_state()
{
	[ "$(ask "SELECT count(*) FROM messages WHERE state = '$1'")" -gt 0 ]
}

# done_at_once: what a rerun must have done, whatever the clock says
done_at_once()
{
	ask "SELECT 'update row ' || id || ' is ' || state FROM updates
		WHERE state <> 'done' UNION ALL
		SELECT 'message ' || id || ' is ' || state FROM messages
		WHERE state IN ('queued', 'sending')"
}

# --- a child lives on

floor_fresh
say 1
shim FAULT_COUNT_FILE="$tmp/count"
last=$(points "$tmp/count")
found='' alive=0 tried=0
for ((at = 9; at <= last; at += last / 12)); do
	floor_fresh
	say 1 2
	shim FAULT_CHILD_AT=$at FAULT_CHILD_FILE="$tmp/child"
	tried=$((tried + 1))
	children="$children $(cat "$tmp/child")"
	within 6000 poll
	found="$found$late"
	kill -0 "$(cat "$tmp/child")" && alive=$((alive + 1))
	found="$found$(done_at_once)"
	settle || found="$found not all is done"
	found="$found$(delivered --settled --most-ambiguous 2)"
done
passed 'the next command goes on at once' "$found"
is '... while a child of the dead one lives' $tried $alive

# --- the clock is an hour off

for off in +1h -1h; do
	found='' doubts=0
	for ((at = 9; at <= last; at += last / 12)); do
		floor_fresh
		say 1 2
		shim FAULT_KILL_AT=$at
		within 6000 later $off
		found="$found$late$(done_at_once)"
		doubts=$((doubts + $(ask "SELECT sum(state = 'ambiguous')
			FROM messages")))
		# a minute later by the same clock
		later "$([ $off = +1h ] && echo +61m || echo -59m)"
		found="$found$(done_at_once)$(delivered --settled)"
		is_state ambiguous && found="$found still ambiguous"
	done
	passed "clock $off: it goes on at once, doubts after their 30 s" "$found"
	is "... doubts there were" yes "$([ $doubts -gt 0 ] && echo yes)"
done

# --- killed while it polls, started again

floor_fresh
spawn poll-updates --for 60
eventually grep -q '"method":"getUpdates"' "$tmp/record"
kill -9 $pid
{ wait $pid; } 2>/dev/null
say 1
within 6000 poll
passed 'kill -9, then at once the next' "$late"
is '... which answers' '1 ' "$(answered 1)"

# --- copies

floor_fresh
say 1 2 3 4 5
spawn poll-updates --for 2
one=$pid
spawn poll-updates --for 2
sleep 1
say 6 7 8
wait $one; first=$?
wait $pid; second=$?
is 'two poll-updates at once: both end well' '0 0' "$first $second"
is '... and nobody is answered twice' '1 1 1 1 1 1 1 1 ' \
	"$(answered 1 2 3 4 5 6 7 8)"
passed '... says the checker' "$(delivered --settled --most-ambiguous 0)"

floor_fresh
crowd=$(seq 1 30)
# shellcheck disable=SC2086 # a list of chats
say $crowd
poll
# shellcheck disable=SC2086
people press '"text":"Получить доступ"' $crowd
poll
due
spawn send-due; one=$pid
spawn send-due; two=$pid
spawn send-due
poll
wait $one && wait $two && wait $pid
is 'three send-due and a poll-updates at once end well' 0 $?
settle
# shellcheck disable=SC2086
is '... and everybody gets the reminder once' '30 3' \
	"$(answered $crowd | tr ' ' '\n' | grep . | sort | uniq -c |
		sed 's/^ *//')"
passed '... says the checker' "$(delivered --settled --most-ambiguous 0)"
is '... with one upload' 1 "$(sim stats | jq .uploads)"

# --- killed again and again while people write

floor_fresh
poll
sim load '{"messages":100,"seconds":4,"chats":40,"text":"/start"}' >/dev/null
RANDOM=1 kills=0
end=$(($(date +%s) + 5))
while [ "$(date +%s)" -lt $end ]; do
	spawn poll-updates --for 5; one=$pid
	spawn send-due --for 5; two=$pid
	sleep "0.$((100 + RANDOM % 400))"
	kill -9 $one $two
	kills=$((kills + 1))
	{ wait $one $two; } 2>/dev/null
done
settle
is 'people write while both are killed all the time: all is answered' 100 \
	"$(ask "SELECT count(*) FROM messages WHERE state = 'sent'")"
passed '... nothing lost, nothing repeated' "$(delivered --settled)"
echo "# $kills kills, $(ask 'SELECT sum(ambiguous) FROM messages') doubts"

# --- SIGTERM

floor_fresh
say 1
sim fault '{"kind":"hang","method":"sendMessage","ms":60000}' >/dev/null
spawn poll-updates --for 60
eventually grep -q '"method":"sendMessage"' "$tmp/record"
kill -TERM $pid
within 20000 wait $pid
passed 'SIGTERM ends it within its 4 s' "$late"
is '... and what had left is ambiguous' 'ambiguous 1' \
	"$(ask "SELECT state, ambiguous FROM messages WHERE method IS NOT NULL" |
	tr '|' ' ')"
settle
is '... then sent again, marked' 'sent 1' "$(ask "SELECT state,
	maybe_duplicate FROM messages WHERE method IS NOT NULL" | tr '|' ' ')"
passed '... says the checker' "$(delivered --settled --most-ambiguous 1)"

# A handshake that freezes: the request has not left.
"$TOP/tests/fault/make-certs.sh" "$tmp/certs"
export SSL_CERT_FILE=$tmp/certs/ca.pem
sim_stop
sim_start --no-quirks --tls "$tmp/certs/server.pem" "$tmp/certs/server.key"
rm -f "$tmp/gate"
"$B/tests/fault/tcp-fault" --listen 0 --port-file "$tmp/gate" \
	--to "${sim_root#https://}" --control "$tmp/control" &
children="$children $!"
eventually test -s "$tmp/gate"
: >"$tmp/record"
floor_open "https://127.0.0.1:$(cat "$tmp/gate")"
say 1
"$B/tests/fault/tcp-fault" --tell "$tmp/control" 'nth 2' 'freeze down 0'
spawn poll-updates --for 60
eventually is_state sending
sleep 0.2
kill -TERM $pid
within 20000 wait $pid
passed 'SIGTERM in a frozen handshake: the same' "$late"
is '... and what had not left is back in its queue' 'queued 0' \
	"$(ask "SELECT state, ambiguous FROM messages WHERE method IS NOT NULL" |
	tr '|' ' ')"
"$B/tests/fault/tcp-fault" --tell "$tmp/control" clear
poll
is '... and sent by the next at once' '1 ' "$(answered 1)"
passed '... says the checker' "$(delivered --settled --most-ambiguous 0)"
tap_end
