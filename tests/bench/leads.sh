# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests/bench/run: leads on their way to the CRM simulator. Uses
# what tests/bench/lib.sh and tests/sim/crm.sh have.

# crm_begin LATENCY_MS SETTING...: a CRM without limits and without a record,
# a new database, and the account's pipelines and fields known
crm_begin()
{
	rm -rf "$tmp/state" "$tmp/measured" "$tmp/crm-port"
	mkdir -m 700 "$tmp/state"
	"$B/tests/sim/crm-sim" --quiet --port-file "$tmp/crm-port" \
		--latency "$1" --amocrm-per-second 0 --bitrix24-per-second 0 &
	crm_pid=$!
	until [ -s "$tmp/crm-port" ]; do sleep 0.02; done
	crm_root=http://127.0.0.1:$(cat "$tmp/crm-port")
	shift
	{
		echo "BOT_TOKEN=$sim_token"
		echo "DATABASE_PATH=$tmp/state/leadpipe.db"
		crm_settings | grep '^AMOCRM'
		printf '%s\n' "$@"
	} >"$tmp/env"
	chmod 600 "$tmp/env"
	export LEADPIPE_CONFIG=$tmp/env
	people 1 1
	"$B/libexec/sync-crm" || problem='the first run failed'
}

# people FROM TO: leads with a comment, by add-lead
people()
{
	seq "$1" "$2" | jq -c '{name: "Person \(.)", phone:
		"+\(79990000000 + .)", comment: "call me", tranid: "t\(.)"}' \
		>"$tmp/people"
	"$B/libexec/add-lead" --ndjson "$tmp/people" >"$tmp/said" ||
		problem='add-lead failed'
}

# bring COUNT LATENCY_MS [SETTING]: COUNT leads in one run
bring()
{
	crm_begin "$2" "${3-}"
	people 1001 $((1000 + $1))
	measure sync-crm
	is_count $(($1 + 1)) "SELECT count(*) FROM leads WHERE state = 'created'"
	crm leads >"$tmp/leads"
	"$TOP/tests/sim/check-leads" --settled "$tmp/leads" \
		"$tmp/state/leadpipe.db" >"$tmp/said" 2>&1 ||
		problem=$(tail -n 1 "$tmp/said")
	crm_stop
}

row_leads()
{
	local latency count
	has sync-crm || return 0
	against=
	for latency in 0 200; do
		count=$((latency ? 500 : 2000))
		best bring $count $latency LEADPIPE_LIMIT_CRM_PER_SECOND=0
		emit "leads$latency" \
			"$count leads to amoCRM, latency $latency ms" $count
	done
	for latency in 0 200; do
		times=1 best bring 60 $latency
		emit "leads$latency-limit" \
			"60 leads at its own limit, latency $latency ms" 60
	done
}
