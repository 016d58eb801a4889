#!/bin/bash
# SPDX-License-Identifier: MIT
# authorize-crm lets us in by token, code or address, check-config --online
# says what a CRM lacks; neither shows a secret anywhere.
set -u
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
tmp=$(mktemp -d)
# shellcheck source=tests/sim/crm.sh
. "$TOP/tests/sim/crm.sh"
trap 'crm_stop; rm -rf "$tmp"' EXIT
export LEADPIPE_CONFIG=$tmp/env
umask 077

# settings LINE...: what is not said is as it should be
settings()
{
	{
		echo "BOT_TOKEN=4242:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		echo "DATABASE_PATH=$tmp/state/leadpipe.db"
		printf '%s\n' "$@"
	} >"$tmp/env"
}

oauth()
{
	settings "AMOCRM_BASE_URL=$crm_root" \
		"AMOCRM_CLIENT_ID=$(crm_token client_id)" \
		"AMOCRM_CLIENT_SECRET=$(crm_token client_secret)" \
		"AMOCRM_REDIRECT_URI=$(crm_token redirect_uri)"
}

run()
{
	"$LEADPIPE" "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	cat "$tmp/out" "$tmp/err" >>"$tmp/said"
}

# says STATUS PATTERN: what the last run said, on either side
says()
{
	[ "$status" = "$1" ] || echo "exit $status"
	cat "$tmp/out" "$tmp/err" | grep -q -e "$2" ||
		cat "$tmp/out" "$tmp/err"
}

row()
{
	sqlite3 "$tmp/state/leadpipe.db" "SELECT $1 FROM crm_tokens"
}

crm_start --amocrm-per-second 0
long=$(crm_token long_lived)
code=$(crm_token code)
refresh=

oauth
run authorize-crm <<<"$long"
is 'a long-lived token' '' "$(says 0 "^amoCRM account 'Simulated' is authorized until 20..-..-..$")"
is 'is stored as it is' "$long|" "$(row 'access, refresh')"
is 'for us alone' 600 "$(stat -c %a "$tmp/state/leadpipe.db")"
run authorize-crm --json <<<"https://example.org/?code=$code&state=x&referer=y"
is 'the address with a code' '[1,"amocrm","Simulated","oauth"]' \
	"$(jq -c '[.schema, .crm, .account, .kind]' "$tmp/out")"
is 'gives a pair' 1 "$(row "refresh IS NOT NULL AND refresh <> ''")"
refresh=$(row refresh)
run authorize-crm <<<"$code"
is 'a code works once' '' "$(says 77 'get a new one')"
is 'and spoils nothing' "$refresh" "$(row refresh)"
run authorize-crm <<<"eyJ0.eyJleHAiOjE5MDAwMDAwMDB9.c2lnbmF0dXJl"
is 'a token of somebody else' '' "$(says 77 'revoked')"
is 'does not replace a good one' "$refresh|" "$(row 'refresh, needs_reauth')"
run authorize-crm <<<'hello, world'
is 'something else' '' "$(says 65 'neither a token nor a code')"
run authorize-crm </dev/null
is 'nothing' '' "$(says 65 'nothing was read')"
run authorize-crm bitrix24 </dev/null
is 'who needs none' '' "$(says 64 'needs no authorization')"
run authorize-crm amocmr </dev/null
is 'an unknown name' '' "$(says 64 "no CRM 'amocmr'")"
run authorize-crm --url
is 'the page' '' "$(says 0 '^https://www.amocrm.ru/oauth?client_id=')"
settings "AMOCRM_BASE_URL=$crm_root"
run authorize-crm <<<"$code"
is 'a code needs the keys' '' "$(says 78 'AMOCRM_CLIENT_ID is not set')"
settings "AMOCRM_BASE_URL=https://example.org"
run authorize-crm <<<"$code"
is 'a wrong address' '' "$(says 78 'https://NAME.amocrm.ru')"
settings "AMOCRM_BASE_URL=$crm_root" "AMOCRM_LONG_LIVED_TOKEN=$long"
run authorize-crm <<<"$code"
is 'one that is configured wins' '' "$(says 78 'is used instead')"

# --- check-config --online

# problem STATUS PATTERN: told among others
problem()
{
	[ "$status" = "$1" ] || echo "exit $status"
	grep '^problem' "$tmp/out" | grep -q -e "$2" || cat "$tmp/out"
}

# the bot is no part of this: its server is nowhere, and that is told
here()
{
	settings TELEGRAM_API_ROOT=http://127.0.0.1:1 \
		"AMOCRM_BASE_URL=$crm_root" "AMOCRM_LONG_LIVED_TOKEN=$long" "$@"
	run check-config --online
}

here 'AMO_PIPELINE_ID=Ворнка' 'AMO_STATUS_ID=70000099'
is 'a pipeline that is not there, and one that is near' '' \
	"$(problem 78 "AMO_PIPELINE_ID .*no pipeline 'Ворнка' (did you mean 'Воронка'?)")"
is 'a status that is not there' '' \
	"$(problem 78 "AMO_STATUS_ID .*no status '70000099'; it has 'Неразобранное'")"
here AMO_PIPELINE_ID=воронка 'AMO_STATUS_ID=Первичный контакт'
is 'both by name, in any case' 2 "$(grep -c '^ok *AMO_' "$tmp/out")"
is 'the account and a search' 2 \
	"$(grep -c '^ok *amocrm *\(lets us in: Simulated\|searches\)' "$tmp/out")"
is 'the end of the token' 1 \
	"$(grep -c '^ok *amocrm token *long-lived, until 20' "$tmp/out")"
crm revoke '{"what":"long_lived"}' >"$tmp/null"
here
is 'a token that was revoked' '' "$(problem 78 'amocrm .*HTTP 401.*authorize-crm')"
is 'the call can be named to support' '' "$(problem 78 'X-Request-Id')"
oauth
sqlite3 "$tmp/state/leadpipe.db" \
	"UPDATE crm_tokens SET updated_at = updated_at - 40 * 86400000"
run check-config --online
is 'a refresh token that nobody uses' '' \
	"$(problem 78 'amocrm token .*dies after 90 days')"
crm_stop
here
is 'nobody answers' '' "$(problem 78 'is the server of AMOCRM_BASE_URL running')"

is 'no secret was said' '' "$(grep -o -F -e "$long" -e "$code" -e "$refresh" \
	-e simulated-client-secret "$tmp/said" | sort -u)"
tap_end
