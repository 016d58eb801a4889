#!/bin/bash
# SPDX-License-Identifier: MIT
# Leads on their way to CRMs that do everything a CRM has been seen to do, at
# random, while others come in and sync-crm is killed again and again. Every
# lead that was accepted must be there once.
#
# Twice 90 leads; LEADPIPE_SWEEP=full TEST_TIMEOUT=7200 takes twice 10,000 and
# kills once a second. Time runs 45 times faster (the sample: 90): for the CRM
# (delays of 35 s, an index that lags by up to a minute, tokens) by its own
# clock, for our rows by shifting them after each run.
#
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/leads.sh
. "$TOP/tests/fault/leads.sh"
# No setting of the program, which would refuse it.
extent=${LEADPIPE_SWEEP-}
unset LEADPIPE_SWEEP
trap 'kill $(jobs -p) 2>/dev/null; wait; rm -rf "$tmp"' EXIT
speed=90 count=90 wave=6 least_ms=100 most_ms=400 rounds=30
[ "$extent" != full ] || { speed=45 count=10000 wave=50 least_ms=1000
	most_ms=1000 rounds=5000; }
broken='"drop", "reply_lost", "reset", "cut", "hang", "late", "truncated",
	"empty", "garbage", "403html", "404html", 429, "429html", 500, "502html",
	"503html", "504html"'

more()
{
	leads_add $((added + 1)) $((added + wave))
	added=$((added + wave))
}

# killed_run: some more leads come while it runs, then it is killed
killed_run()
{
	local ms=$((least_ms + RANDOM % (most_ms - least_ms + 1))) pid
	"$program/sync-crm" --for 60 2>>"$floor/errors" &
	pid=$!
	[ "$added" -ge "$count" ] || more
	sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
	kill -9 $pid && kills=$((kills + 1))
	{ wait $pid; } 2>/dev/null
	rest $((ms * speed))
	# Somebody pays the bill and has the ban lifted.
	sqlite3 "$floor_db" ".timeout 5000" 'UPDATE breakers SET open_until = 0'
}

# chaos KINDS: all that was accepted is there once, whatever happened
chaos()
{
	local kinds=$1 i left faults found
	RANDOM=7 kills=0 added=0
	crm clock "{\"scale\": $speed}" >"$tmp/out"
	crm set '{"lag_ms": 60000}' >"$tmp/out"
	crm chaos "{\"seed\": 20261121, \"probability\": 0.5, \"reads\": 0.06,
		\"ms\": 35000, \"kinds\": [$kinds]}" >"$tmp/out"
	more
	for ((i = 0; i < rounds; i++)); do
		killed_run
		[ "$added" -lt "$count" ] || [ "$(waiting)" != 0 ] || break
	done
	left=$(waiting)
	faults=$(crm stats | jq .faults)
	jq -r '.fault // empty' "$tmp/crm-record" | sort -u >"$tmp/kinds"
	bring_all
	found=$(brought --settled)
	echo "# $kills kills, $faults faults of $(wc -l <"$tmp/kinds") kinds," \
		"$left left when they ended; $(cat "$floor/count")"
	passed "$count leads: none lost, none doubled" "$found"
	is 'all were accepted' "$count" "$(sort -u "$floor/accepted" | wc -l)"
	is 'none is parked' '' "$(ask "SELECT crm, reason FROM leads
		WHERE state = 'parked'")"
	is 'every fault was met' "$(tr -cd , <<<"$kinds," | wc -c)" \
		"$(wc -l <"$tmp/kinds")"
	is 'and many kills' yes "$([ $kills -ge 10 ] && echo yes)"
	is 'no person was made twice' '' "$(crm contacts | jq -r '.data |
		.custom_fields_values[]? | select(.field_code == "PHONE") |
		.values[0].value' | sort | uniq -d | head -n 3)"
	is 'no note was left twice' '' "$(crm notes | jq -c '[.crm, (.data |
		.entity_id, .params.text, .ENTITY_ID, .COMMENT)]' |
		sort | uniq -d | head -n 3)"
}

# By a token that never expires.
amocrm()
{
	leads_open
	chaos "$broken, 402, \"system_error\""
}

# By tokens that live for 20 minutes; every third lead to each.
three()
{
	crm set '{"bitrix24_per_second": 0, "access_life_s": 1200}' >"$tmp/out"
	leads_open LEAD_WEBHOOK_PRIVATE=true
	crm_settings | grep -v '^AMOCRM' >>"$floor/env"
	leads_oauth
	places='["amocrm", "bitrix24", "webhook"]'
	chaos "$broken"
	is 'each of the three has its share' true "$(jq -s --argjson count $count \
		'[group_by(.crm)[] | length > $count / 4] == [true, true, true]' \
		"$floor/leads")"
	is 'the webhook got some again, and knew them by their keys' yes \
		"$(crm stats | jq 'if .repeated > 0 then "yes" else . end' -r)"
	is 'tokens were refreshed, and nobody is locked out' 'yes ' \
		"$(crm stats | jq -r 'if .pairs > 2 then "yes" else .pairs end'
		) $(ask 'SELECT needs_reauth FROM crm_tokens')"
}

# A whole run by a clock that is 20 times faster, as nothing else shows that a
# request is given up after 30 s.
given_up()
{
	leads_open
	leads_add 1 1
	bring
	leads_add 2 4
	crm clock '{"scale": 20}' >"$tmp/out"
	crm set '{"lag_ms": 20000}' >"$tmp/out"
	crm fault '{"kind": "late", "verb": "POST", "path": "complex",
		"ms": 35000}' >"$tmp/out"
	timeout 20 faketime -f '+0 x20' "$program/sync-crm" --for 120 \
		2>>"$floor/errors"
	is 'created after we gave up: found, not sent again' '3 ' "$(ask "SELECT
		count(*) FROM leads WHERE state = 'created' AND sends = 1
		AND id > 1") $(brought --settled)"
}

beside amocrm amocrm
beside three three
beside given_up given_up
gather amocrm three given_up
tap_end
