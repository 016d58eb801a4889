#!/bin/bash
# SPDX-License-Identifier: MIT
# A refresh token works once, and its successor comes in the answer. sync-crm
# is killed at every point at which it touches the world outside (write, send,
# fsync, ...) while it refreshes: the access token is refused, or known to be
# old; the answer comes, or is lost. Whatever happens, nobody may be locked out:
# the next runs bring the lead, refresh once more and bring another.
#
# A sample of the points; LEADPIPE_SWEEP=full takes them all.
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/leads.sh
. "$TOP/tests/fault/leads.sh"
extent=${LEADPIPE_SWEEP-}
unset LEADPIPE_SWEEP
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$tmp"' EXIT
step=11 far=60 # an answer that is lost costs 7 s
[ "$extent" != full ] || step=1 far=1
classes=write,send,fsync,ftruncate,unlink,rename,flock,connect

# old: we know that the access token is
old() { sqlite3 "$floor_db" 'UPDATE crm_tokens SET expires_at = 1'; }

# again DUE LOST: the state after the authorization, with a lead that waits;
# DUE: we know that the access token is old; LOST: the answer to the refresh
again()
{
	rm -rf "$floor/state" "$floor/errors"
	cp -r "$tmp/begin" "$floor/state"
	cp "$tmp/accepted" "$floor/accepted"
	crm reset '{}' >"$tmp/out"
	crm tokens "$tokens" >"$tmp/out"
	[ "$1" = 0 ] || old
	[ "$2" = 0 ] || crm fault '{"path": "/oauth2/", "kind": "reply_lost"}' \
		>"$tmp/out"
}

# let_in: a line for each thing that is wrong with being let in, now and tomorrow
let_in()
{
	bring || bring ||
		echo "sync-crm ended with $?: $(tail -n 1 "$floor/errors")"
	# killed just when it was created: searched for, sent again
	[ "$(waiting)" = 0 ] || bring_all
	[ "$(waiting)" = 0 ] || echo 'the lead still waits'
	crm clock '{"ahead_ms": 90000000}' >"$tmp/out"
	old
	leads_add 2 2
	bring || echo "a day later it ended with $?"
	[ "$(waiting)" = 0 ] || echo 'a day later a lead waits'
	[ -z "$(ask 'SELECT needs_reauth FROM crm_tokens')" ] ||
		echo 'a person must authorize again'
	brought --settled
}

# begin: an account that has let us in, and a lead
begin()
{
	leads_open
	leads_oauth
	leads_add 1 1
	cp -r "$floor/state" "$tmp/begin"
	cp "$floor/accepted" "$tmp/accepted"
	tokens=$(crm tokens | jq -c '{access, refresh}')
	: >"$tmp/found"
}

undisturbed()
{
	begin
	is 'authorized' '' "$(ask 'SELECT needs_reauth FROM crm_tokens')"
	again 0 0
	passed 'refused, refreshed, brought' "$(let_in)"
	again 1 1
	passed 'the answer is lost: the old token once more' "$(let_in)"
}

# sweep DUE LOST FIRST STEP
sweep()
{
	local point last tried=0 killed=0
	begin
	again "$1" "$2"
	shim FAULT_COUNT_FILE="$tmp/count" FAULT_ONLY=$classes
	last=$(points "$tmp/count")
	for ((point = $3; point <= last; point += $4)); do
		again "$1" "$2"
		shim FAULT_KILL_AT=$point FAULT_ONLY=$classes
		[ $? -ne 137 ] || killed=$((killed + 1))
		tried=$((tried + 1))
		crm calm '{}' >"$tmp/out"
		let_in | sed "s/^/point $point: /" >>"$tmp/found"
	done
	echo "# killed at $killed of $tried points tried, of $last"
	is 'nearly every point kills' yes \
		"$([ $((killed * 10)) -ge $((tried * 9)) ] && echo yes)"
	passed "killed anywhere (due $1, lost $2): never locked out" \
		"$(cat "$tmp/found")"
}

three_at_once()
{
	local i pairs one two
	begin
	for i in 1 2 3 4 5; do
		again $((i % 2)) 0
		pairs=$(crm stats | jq .pairs)
		bring & one=$!
		bring & two=$!
		bring
		wait $one $two
		pairs=$(($(crm stats | jq .pairs) - pairs))
		[ $pairs = 1 ] || echo "$pairs refreshes"
		let_in
	done >"$tmp/found"
	passed 'three at once refresh once' "$(cat "$tmp/found")"
}

# Broken on purpose: the new pair is used, but never stored.
forgetful()
{
	begin
	sqlite3 "$tmp/begin/leadpipe.db" 'CREATE TRIGGER forget BEFORE UPDATE OF
		refresh ON crm_tokens BEGIN SELECT RAISE(IGNORE); END;
		CREATE TRIGGER forget_too BEFORE INSERT ON crm_tokens
		BEGIN SELECT RAISE(IGNORE); END'
	again 1 0
	timeout 2 "$program/sync-crm" 2>>"$floor/errors"
	is 'a pair that is used before it is stored is found' 'the lead waits' \
		"$([ "$(waiting)" = 0 ] || echo 'the lead waits')"
}

beside undisturbed undisturbed
beside known sweep 1 0 $step $step
beside lost sweep 1 1 $far $((2 * far))
beside lost_too sweep 1 1 $((2 * far)) $((2 * far))
beside refused sweep 0 0 $far $far
beside three three_at_once
beside forgetful forgetful
gather undisturbed known lost lost_too refused three forgetful
tap_end
