# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the tests that break what brings leads to a CRM: a state with the
# settings of the CRM simulator, sync-crm under the fault shim, time that goes
# by, and what must hold afterwards. Uses $B, $TOP and $tmp, like
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

# bring [VARIABLE=VALUE...] [OPTION...]: one sync-crm, like poll in floor.sh
bring() { poll "$@"; }

# leads_add FROM TO: people who asked to be called, each accepted
leads_add()
{
	seq "$1" "$2" | jq -c '{name: "Person \(.) 🙂",
		phone: "+\(79990000000 + .)", email: "person\(.)@example.org",
		tranid: "tran-\(.)", utm_source: "test",
		page: "https://example.org/\(.)"} + if . % 3 == 0
		then {comment: "call after \(.)"} else {} end' >"$floor/people"
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
		WHERE kind = 'crm' AND blocked_until > 0"
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
