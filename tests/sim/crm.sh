# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests that talk to the CRM simulator. Uses $B and the directory
# $tmp, both set by whoever sources it, who also kills $crm_pid.
: "${tmp:?a directory for the record}"
crm_pid=
crm_root=

# shellcheck disable=SC2120 # no options are fine
# crm_start [OPTION...]: leaves $crm_root and $crm_pid; record in
# $tmp/crm-record
crm_start()
{
	local i
	rm -f "$tmp/crm-port"
	"$B/tests/sim/crm-sim" --quiet --port-file "$tmp/crm-port" \
		--record "$tmp/crm-record" "$@" &
	crm_pid=$!
	for ((i = 0; i < 200; i++)); do
		[ -s "$tmp/crm-port" ] && break
		sleep 0.05
	done
	[ -s "$tmp/crm-port" ] || { echo 'Bail out! no simulator'; exit 1; }
	crm_root=http://127.0.0.1:$(cat "$tmp/crm-port")
}

crm_stop()
{
	[ -z "$crm_pid" ] || { kill "$crm_pid" && wait "$crm_pid"; } 2>/dev/null
	crm_pid=
}

# crm ASK [JSON]: the other side's hand; without JSON a GET
crm()
{
	curl -sk --noproxy '*' -m 30 ${2:+--data-binary "$2"} \
		"$crm_root/sim/$1"
}

# crm_token NAME: long_lived, access, refresh, code, client_id ...
crm_token()
{
	crm tokens | jq -r ".$1"
}

# crm_settings: lines that make all three known to the program
crm_settings()
{
	crm tokens | jq -r --arg root "$crm_root" '
		"AMOCRM_BASE_URL=\($root)",
		"AMOCRM_LONG_LIVED_TOKEN=\(.long_lived)",
		"BITRIX24_WEBHOOK_URL=\($root)/rest/1/\(.bitrix24_code)/",
		"LEAD_WEBHOOK_URL=\($root)/hook",
		"LEAD_WEBHOOK_SECRET=\(.webhook_secret)"'
}

# amo VERB PATH [JSON]: a request with the long-lived token
amo()
{
	curl -sk --noproxy '*' -m 60 -X "$1" ${3:+--data-binary "$3"} \
		-H 'Content-Type: application/json' -g \
		-H "Authorization: Bearer ${amo_token:=$(crm_token long_lived)}" \
		"$crm_root/api/v4/$2"
}
