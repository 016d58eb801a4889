# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the tests that break what brings leads to a CRM: a state with the
# settings of the CRM simulator, sync-crm under the fault shim, time that goes
# by, and what must hold afterwards; and parts of a test that run side by side,
# as most of their time is waiting. Uses $B, $TOP and $tmp, like
# tests/fault/floor.sh and tests/sim/crm.sh, which it sources.
# shellcheck disable=SC2034 # for who sources it
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
# shellcheck source=tests/sim/crm.sh
. "$TOP/tests/sim/crm.sh"
victim=sync-crm

# leads_open [SETTING...]: no state, and a CRM that knows nobody
leads_open()
{
	crm reset '{}' >/dev/null
	: >"$tmp/crm-record"
	floor_open http://127.0.0.1:9
	crm_settings | grep '^AMOCRM' >>"$floor/env"
	printf '%s\n' LEADPIPE_LIMIT_CRM_PER_SECOND=0 "$@" >>"$floor/env"
}

# leads_oauth: amoCRM by tokens that are refreshed, authorized
leads_oauth()
{
	sed -i /LONG_LIVED/d "$floor/env"
	crm tokens | jq -r '"AMOCRM_CLIENT_ID=\(.client_id)",
		"AMOCRM_CLIENT_SECRET=\(.client_secret)",
		"AMOCRM_REDIRECT_URI=\(.redirect_uri)"' >>"$floor/env"
	crm_token code | "$program/authorize-crm" >"$floor/said" \
		2>>"$floor/errors"
}

# bring [VARIABLE=VALUE...] [OPTION...]: one sync-crm, like poll in floor.sh
bring() { poll "$@"; }

# leads_add FROM TO: people who asked to be called, each accepted; with $places
# (of JSON) in turn for each of these CRMs
places='[]'
leads_add()
{
	seq "$1" "$2" | jq -c --argjson places "$places" '{name: "Person \(.) 🙂",
		phone: "+\(79990000000 + .)", email: "person\(.)@example.org",
		tranid: "tran-\(.)", utm_source: "test",
		page: "https://example.org/\(.)"} + if . % 3 == 0
		then {comment: "call after \(.)"} else {} end
		+ if $places == [] then {}
		else {crm: $places[. / 3 % ($places | length)]} end' \
		>"$floor/people"
	"$program/add-lead" --ndjson --json "$floor/people" \
		2>>"$floor/errors" | jq -r .key >>"$floor/accepted"
}

# rest MS: so much later, for our rows (the simulator has a clock of its own)
rest()
{
	sqlite3 "$floor_db" ".timeout 5000" "UPDATE leads SET not_before =
		not_before - $1 WHERE not_before > 0; UPDATE breakers SET
		open_until = open_until - $1 WHERE open_until > 0;
		UPDATE limits SET blocked_until = blocked_until - $1
		WHERE kind = 'crm' AND blocked_until > 0;
		UPDATE crm_tokens SET expires_at = expires_at - $1
		WHERE expires_at > $1"
}

# What is still to be done, notes too.
waiting()
{
	ask 'SELECT count(*) FROM leads WHERE errand IS NOT NULL'
}

# bring_all: without misfortunes, until nothing waits
bring_all()
{
	local i
	crm calm '{}' >/dev/null
	for ((i = 0; i < 12; i++)); do
		bring
		[ "$(waiting)" != 0 ] || return 0
		rest 1000000
		crm clock '{"ahead_ms": 100000}' >/dev/null
	done
	return 1
}

# brought [OPTION...]: what the checker finds wrong
brought()
{
	crm leads >"$floor/leads"
	"$TOP/tests/sim/check-leads" "$@" --accepted "$floor/accepted" \
		"$floor/leads" "$floor_db" >"$floor/count" 2>"$floor/wrong" ||
		cat "$floor/wrong" "$floor/count"
}

part()
{
	mkdir "$tmp"
	trap 'crm_stop; kill $(jobs -p) 2>/dev/null; wait' EXIT
	trap 'exit 143' TERM
	crm_start --amocrm-per-second 0
	"$@"
	echo "# ${tmp##*/} took $SECONDS s"
}

# beside NAME COMMAND...: a part of the test, meanwhile, with a directory and a
# CRM of its own; `gather NAME...` waits for it and says what it said
declare -A parts
beside()
{
	local name=$1 said=$tmp/$1.tap
	shift
	tmp=$tmp/$name part "$@" >"$said" 2>&1 &
	parts+=(["$name"]=$!)
}

gather()
{
	local name said
	for name; do
		said=$tmp/$name.tap
		wait "${parts["$name"]}" ||
			echo "not ok 0 - $name ended with $?" >>"$said"
		awk -v n="$tap_count" '/^(not )?ok / {
			sub(/ok [0-9]+/, "ok " ++n) } { print }' "$said"
		tap_count=$((tap_count + $(grep -Ec '^(not )?ok ' "$said")))
	done
}
