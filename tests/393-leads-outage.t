#!/bin/bash
# SPDX-License-Identifier: MIT
# A CRM that hangs for an hour while another goes on and the bot answers, and a
# disk that is full from some moment of sync-crm or add-lead on: afterwards each
# lead that was accepted is there once.
#
# A sample of the moments; LEADPIPE_SWEEP=full takes them all.
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
tries=6
[ "$extent" != full ] || tries=1000

# there CRM: how many leads it has; ours CRM: how many it is to have
there() { crm leads | jq -r .crm | grep -c "$1"; }
ours() { ask "SELECT count(*) FROM leads WHERE crm = '$1'"; }

# Half an hour takes 12 s, and the 30 s of a call 200 ms: for sync-crm by its
# clock, for the CRMs by theirs. What the CRM that hangs was sent is created, but
# nobody hears of it.
hour()
{
	local syncs bot
	sim_start --no-quirks
	trap 'sim_stop; crm_stop; kill $(jobs -p) 2>/dev/null; wait' EXIT
	leads_open "TELEGRAM_API_ROOT=$sim_root"
	crm_settings | grep '^BITRIX24' >>"$floor/env"
	crm set '{"bitrix24_per_second": 0}' >"$tmp/out"
	places='["amocrm", "bitrix24"]'
	leads_add 1 3
	bring
	is 'both take leads' '2 1' "$(there amocrm) $(there bitrix24)"
	crm clock '{"scale": 150}' >"$tmp/out"
	crm fault '{"kind": "hang", "path": "/api/v4/leads", "ms": 1800000,
		"times": 0}' >"$tmp/out"
	leads_add 4 15
	timeout 60 faketime -f '+0 x150' "$program/sync-crm" --for 1800 \
		2>>"$floor/errors" &
	syncs=$!
	"$program/poll-updates" --for 7 2>>"$floor/errors" &
	bot=$!
	sim load '{"messages": 60, "seconds": 5, "chats": 30, "text": "/start"}' \
		>"$tmp/out"
	sleep 2
	is 'the other CRM goes on' "$(ours bitrix24)" "$(there bitrix24)"
	leads_add 16 35
	wait $syncs
	is 'half an hour later sync-crm ends by itself' yes \
		"$([ $? -ne 124 ] && echo yes)"
	is 'and had brought what came meanwhile, too' "$(ours bitrix24)" \
		"$(there bitrix24)"
	wait $bot
	is 'the bot has answered everybody' 60 "$(sim load | jq .answered)"
	is 'and nobody waited for a CRM' true "$(sim load | jq '.p99_ms < 4000')"
	is 'of the one that hangs nothing is given up' $(($(ours amocrm) - 2)) \
		"$(ask "SELECT count(*) FROM leads WHERE crm = 'amocrm'
		AND state IN ('new', 'queued', 'unknown')")"
	is '... some are there, which nobody knows' true \
		"$([ "$(there amocrm)" -gt 2 ] && echo true)"
	crm calm '{}' >"$tmp/out"
	rest 7200000
	bring_all
	passed 'when it answers again, each is there once' "$(brought --settled)"
}

# full_at HOW POINT: a line for each thing that is wrong
full_at()
{
	local status
	again
	"$1" FAULT_ERROR_FROM="$2" FAULT_ERRNO=ENOSPC
	status=$?
	[[ $status =~ ^(0|74|75)$ ]] || echo "exit $status"
	[ $status = 0 ] || grep -q '^leadpipe [a-z-]*: .' "$floor/errors" ||
		echo 'no word of it'
	: >"$floor/errors"
	bring_all || echo 'some still wait'
	brought --settled
	[ $status != 74 ] || echo full >>"$tmp/full"
	# what was not accepted comes once more
	leads_add 1 9
	bring_all || echo 'some of the second time still wait'
	brought --settled
	[ "$(there amocrm)" = 9 ] || echo "$(there amocrm) are there"
}

again()
{
	rm -rf "$floor/state" "$floor/errors"
	cp -r "$tmp/begin" "$floor/state"
	cp "$tmp/accepted" "$floor/accepted"
	: >"$floor/errors"
	crm reset '{}' >"$tmp/out"
}

# shimmed VARIABLE=VALUE... COMMAND...: only what is written to files counts
shimmed()
{
	env LD_PRELOAD="$B/tests/fault/fault-shim.so" FAULT_FILES_ONLY=1 \
		FAULT_ONLY=write,fsync,ftruncate,unlink,rename "$@" \
		2>>"$floor/errors"
}

sync() { shimmed "$@" "$program/sync-crm"; }

add()
{
	local status
	shimmed "$@" "$program/add-lead" --ndjson --json "$floor/people" \
		>"$floor/said"
	status=$?
	jq -r 'select(.fate).key' "$floor/said" >>"$floor/accepted"
	return $status
}

# full HOW: from some write of HOW on the disk is full
full()
{
	local point last tried=0 found=''
	leads_open
	leads_add 1 9
	bring
	sqlite3 "$floor_db" 'DELETE FROM leads; DELETE FROM lead_sources'
	: >"$floor/accepted"
	[ "$1" = add ] || leads_add 1 9
	cp -r "$floor/state" "$tmp/begin"
	cp "$floor/accepted" "$tmp/accepted"
	again
	"$1" FAULT_COUNT_FILE="$tmp/count"
	last=$(points "$tmp/count")
	: >"$tmp/full"
	for ((point = 1; point <= last; point += 1 + last / tries)); do
		tried=$((tried + 1))
		found+=$(full_at "$1" $point | sed "s/^/point $point: /")
	done
	is "$1: it is said to be full: 74" yes \
		"$([ "$(wc -l <"$tmp/full")" -ge $((tried / 2)) ] && echo yes)"
	passed "$1: full from one of $tried of $last writes on: none lost, none \
doubled" "$found"
}

beside hour hour
beside full_sync full sync
beside full_add full add
gather hour full_sync full_add
tap_end
