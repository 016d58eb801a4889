#!/bin/bash
# SPDX-License-Identifier: MIT
# The CRM simulator behaves like the servers it stands for.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/sim/crm.sh
. "$TOP/tests/sim/crm.sh"
trap 'crm_stop; rm -rf "$tmp"' EXIT

# ask JQ VERB PATH [JSON]: of amoCRM's answer
ask()
{
	local wanted=$1
	shift
	amo "$@" | jq -r "$wanted"
}

# lead NAME [MORE]: an item of leads/complex with a contact
lead()
{
	jq -nc --arg name "$1" --argjson more "${2:-{\}}" '{name: $name,
		_embedded: {contacts: [{first_name: "Иван",
		custom_fields_values: [{field_code: "PHONE", values:
		[{value: "+79991234567", enum_code: "WORK"}]}]}]}} + $more'
}

# refused VERB PATH JSON: code and path of everything that is wrong
refused()
{
	ask '."validation-errors"[].errors[] | "\(.code) \(.path)"' "$@" |
		paste -sd ' '
}

crm_start --amocrm-per-second 0
amo_token=$(crm_token long_lived)

# --- amoCRM: who may ask, and what it is like

is 'the account' simulated "$(ask .subdomain GET account)"
is 'without a token' '401 Неверный логин или пароль' \
	"$(curl -s "$crm_root/api/v4/account" | jq -r '"\(.status) \(.detail)"')"
is 'what is not there' '404 405' "$(ask .status GET nothing) $(
	ask .status DELETE leads)"
is 'pages of fields, and then none' '2 701102 ' \
	"$(ask '"\(._page) \(._embedded.custom_fields[0].id)"' GET \
	'leads/custom_fields?limit=1&page=2') $(
	amo GET 'leads/custom_fields?limit=50&page=2')"
is 'pipelines and what can be chosen' '7000001 142' \
	"$(ask '._embedded.pipelines[0] |
	"\(.id) \(._embedded.statuses[-2].id)"' GET leads/pipelines)"

# --- leads

is 'leads/complex answers a bare array' \
	'9770001 12110001 ["lp-1"] false' "$(ask '.[0] |
	"\(.id) \(.contact_id) \(.request_id | tojson) \(.merged)"' POST \
	leads/complex "[$(lead 'Заявка [lp:01J9ABCDEF]' \
	'{"request_id": "lp-1", "status_id": 70000012}')]")"
is 'a lead by its mark, whatever the case' 9770001 \
	"$(ask '._embedded.leads[].id' GET 'leads?query=01j9abcdef')"
amo POST leads "[$(jq -nc '{name: "[lp:01J9ABCXYZ]", request_id: "x"}')]" \
	>"$tmp/out"
is 'leads answers HAL, and a search is fuzzy' 'x 9770001 9770002' \
	"$(jq -r '._embedded.leads[0].request_id' "$tmp/out") $(
	ask '._embedded.leads[].id' GET 'leads?query=01J9ABCDEF' |
	paste -sd ' ')"
is 'nothing found is 204 without a body' '204 0' "$(curl -s -o "$tmp/out" \
	-H "Authorization: Bearer $amo_token" -w '%{http_code} %{size_download}' \
	"$crm_root/api/v4/leads?query=nobody")"
is 'an unknown id too' '' "$(amo GET leads/1)"
is 'the newest first' 9770002 "$(ask '._embedded.leads[0].id' GET \
	'leads?order[created_at]=desc&order[id]=desc&limit=1&filter[id][]=9770002')"
is 'no more than 250' '422 Limit 250 per page' \
	"$(ask '"\(.status) \(.detail)"' GET 'leads?limit=251')"
is 'a contact by its last ten digits, and by seven' '12110001 12110001' \
	"$(ask '._embedded.contacts[0].id' GET 'contacts?query=9991234567') $(
	ask '._embedded.contacts[0].id' GET 'contacts?query=8881234567')"
is 'what is read has the names of fields' 'Телефон PHONE +79991234567' \
	"$(ask '.custom_fields_values[0] |
	"\(.field_name) \(.field_code) \(.values[0].value)"' GET \
	contacts/12110001)"
is 'an existing contact is attached' 12110001 "$(amo POST leads '[{"name":
	"x", "_embedded": {"contacts": [{"id": 12110001}]}}]' >"$tmp/out"
	ask '._embedded.contacts[0].id' GET leads/9770003)"
amo POST leads/9770001/notes '[{"note_type": "common", "params":
	{"text": "note"}}]' >"$tmp/out"
is 'a note, and its list' note \
	"$(ask '._embedded.notes[0].params.text' GET leads/9770001/notes)"
is 'tags are added, or replaced' 'a b c' "$(
	amo PATCH leads/9770001 '{"tags_to_add": [{"name": "a"}]}' >"$tmp/out"
	amo PATCH leads/9770001 '{"tags_to_add": [{"name": "b"}]}' >"$tmp/out"
	ask '._embedded.tags[].name' GET leads/9770001 | paste -sd ' ') $(
	amo PATCH leads/9770001 '{"_embedded": {"tags": [{"name": "c"}]}}' \
	>"$tmp/out"; ask '._embedded.tags[].name' GET leads/9770001)"
crm stage '{"mark": "01J9ABCDEF", "status_id": 142}' >"$tmp/out"
is 'a manager won it' '9770001 70000012 142' \
	"$(ask '._embedded.events[0] | "\(.entity_id) \(
	.value_before[0].lead_status.id) \(.value_after[0].lead_status.id)"' \
	GET 'events?filter[type]=lead_status_changed')"
is 'what changed since' '9770001 ' "$(crm clock '{"ahead_ms": 100000}' \
	>"$tmp/out"; crm stage '{"lead": 9770001, "status_id": 143}' >"$tmp/out"
	since=$(($(crm clock '{}' | jq '.now_ms / 1000 | floor') - 50))
	ask '._embedded.leads[].id' GET "leads?filter[updated_at][from]=$since") $(
	amo GET "leads?filter[updated_at][from]=9999999999")"
is 'unless the account has no filters' 3 "$(
	crm set '{"unfiltered": true}' >"$tmp/out"
	ask '._embedded.leads | length' GET \
	'leads?filter[updated_at][from]=9999999999'
	crm set '{"unfiltered": false}' >"$tmp/out")"

# --- what amoCRM refuses

form='{"source_name": "s", "source_uid": "u", "_embedded": {"leads":
	[{"name": "[lp:01J9UNSORT]"}]}, "metadata": {"form_id": "f",
	"form_name": "n", "form_page": "p", "form_sent_at": 1, "ip": "::1"}}'
while IFS='|' read -r path json wanted; do
	is "refused: $wanted" "$wanted" "$(refused POST "$path" "[$json]")"
done <<CASES
leads/complex|{"nam":"x"}|FieldNotExpected nam
leads/complex|{"name":1,"price":"2"}|InvalidType name InvalidType price
leads/complex|{"status_id":142,"pipeline_id":7}|NotSupportedChoice pipeline_id
leads/complex|{"status_id":70000021}|NotSupportedChoice status_id
leads|{"responsible_user_id":5}|NotSupportedChoice responsible_user_id
leads|{"custom_fields_values":[{"field_id":5,"values":[]}]}|NotSupportedChoice custom_fields_values.0.field_id
leads|{"custom_fields_values":[{"field_id":701102,"values":[{"value":"Омск"}]}]}|NotSupportedChoice custom_fields_values.0.values.0.value
leads|{"custom_fields_values":[{"field_id":701101,"values":[{"value":"x","enum_code":"WORK"}]}]}|FieldNotExpected custom_fields_values.0.values.0.enum_code
leads|{"_embedded":{"contacts":[{"id":7}]}}|NotSupportedChoice _embedded.contacts.0.id
leads/complex|{"_embedded":{"contacts":[{"name":"a"},{"name":"b"}]}}|TooMany _embedded.contacts
leads/unsorted/forms|{"source_uid":"u"}|FieldMissing source_name FieldMissing metadata
leads/1/notes|{"note_type":"common","params":{"text":"x"}}|NotSupportedChoice entity_id
CASES
is 'a name of 256' 'TooLong name' "$(refused POST leads \
	"[{\"name\":\"$(printf 'я%.0s' {1..256})\"}]")"
is 'an empty batch' 'Request data can not be empty' \
	"$(ask .detail POST leads '[]')"
before=$(crm stats | jq .leads)
is 'one bad item refuses the batch, and is named' \
	'bad 0' "$(ask '."validation-errors"[].request_id' POST leads/complex \
	"[$(lead good), {\"nam\": 1, \"request_id\": \"bad\"}]") $((
	$(crm stats | jq .leads) - before))"
is 'no more than 50' 400 "$(ask .status POST leads/complex "$(
	jq -nc '[range(51) | {name: "x"}]')")"
is 'the inbox is in no list of leads' '1 01J9UNSORT ' \
	"$(ask ._total_items POST leads/unsorted/forms "[$form]") $(
	crm leads | jq -r 'select(.data._hidden).marks[]') $(
	amo GET 'leads?query=01J9UNSORT')"
crm field '{"remove": 701101}' >"$tmp/out"
is 'a field that was removed' 'NotSupportedChoice custom_fields_values.0.field_id' \
	"$(refused POST leads '[{"custom_fields_values":
	[{"field_id": 701101, "values": [{"value": "x"}]}]}]')"

# --- the index lags

crm set '{"lag_ms": 60000}' >"$tmp/out"
for i in 1 2 3 4 5; do
	amo POST leads "[{\"name\": \"[lp:01J9LAGGING$i]\"}]"
done >"$tmp/out"
found() { for i in 1 2 3 4 5; do amo GET "leads?query=01J9LAGGING$i&limit=1"; done |
	grep -o '"name":"[^"]*LAGGING' | wc -l; }
is 'not all is found at once, but listed' 'true 5' \
	"$([ "$(found)" -lt 5 ] && echo true) $(ask '[._embedded.leads[].name |
	select(contains("LAGGING"))] | length' GET 'leads?limit=250')"
crm clock '{"ahead_ms": 60000}' >"$tmp/out"
is 'after a minute it is' 5 "$(found)"
crm set '{"lag_ms": 0}' >"$tmp/out"

# --- tokens

# token GRANT TOKEN [SECRET]
token()
{
	curl -s -H 'Content-Type: application/json' -d "$(crm tokens | jq -c \
		--arg grant "$1" --arg token "$2" --arg secret "${3-}" '{client_id,
		client_secret: (if $secret == "" then .client_secret else $secret end),
		redirect_uri, grant_type: $grant, refresh_token: $token,
		code: $token}')" "$crm_root/oauth2/access_token"
}
code=$(crm_token code)
is 'a code works once' 'Bearer Authorization code has been revoked' \
	"$(token authorization_code "$code" | jq -r .token_type) $(
	token authorization_code "$code" | jq -r .hint)"
first=$(crm_token refresh) old=$(crm_token access)
is 'a refresh token gives a new pair, once more while it is unused' \
	'true true' "$(token refresh_token "$first" | jq '.refresh_token > ""') $(
	token refresh_token "$first" | jq '.refresh_token > ""')"
is 'the old access token is dead' 401 "$(amo_token=$old ask .status GET account)"
is 'the new one ends the grace' 'Simulated 401 Token has been revoked' \
	"$(amo_token=$(crm_token access) ask .name GET account) $(
	token refresh_token "$first" | jq -r '"\(.status) \(.hint)"')"
is 'a wrong secret' 'Авторизация клиента не прошла' \
	"$(token refresh_token "$(crm_token refresh)" wrong | jq -r .detail)"
crm clock '{"ahead_ms": 86500000}' >"$tmp/out"
is 'an access token lives a day' 401 \
	"$(amo_token=$(crm_token access) ask .status GET account)"
crm rename '{"subdomain": "fresh"}' >"$tmp/out"
is 'a renamed account is elsewhere' '404 401 fresh' "$(curl -s -o "$tmp/out" \
	-w '%{http_code}' "$crm_root/api/v4/account") $(curl -s -o "$tmp/out" \
	-w '%{http_code}' "${crm_root/127.0.0.1/fresh.localhost}/api/v4/account") $(
	curl -s -H "X-Refresh-Token: $(crm_token refresh)" \
	"$crm_root/oauth2/account/current/subdomain" | jq -r .subdomain)"
crm rename '{"subdomain": "simulated"}' >"$tmp/out"
crm revoke '{"what": "long_lived"}' >"$tmp/out"
is 'a revoked one' 401 "$(ask .status GET account)"
amo_token=$(crm_token access)
token refresh_token "$(crm_token refresh)" >"$tmp/out"
amo_token=$(crm_token access)

# --- Bitrix24

# portal METHOD JSON
portal()
{
	curl -s -d "$2" "$crm_root/rest/1/$(crm_token bitrix24_code)/$1.json"
}
is 'an item, unknown members ignored' '3401 leadpipe null' \
	"$(portal crm.item.add '{"entityTypeId": 1, "fields": {"title": "t",
	"originatorId": "leadpipe", "originId": "01J9BITRIX", "bogus": 1,
	"fm": [{"typeId": "PHONE", "value": "+79991234567"}]}}' | jq -r \
	'.result.item | "\(.id) \(.originatorId) \(.bogus)"')"
is 'found by its origin, not counted' '{"items":[{"id":3401}]} null' \
	"$(portal crm.item.list '{"entityTypeId": 1, "select": ["id"], "start":
	-1, "filter": {"originatorId": "leadpipe", "originId": "01J9BITRIX"}}' |
	jq -rc '"\(.result | tojson) \(.total)"')"
is 'what changed since' 1 "$(portal crm.item.update '{"entityTypeId": 1,
	"id": 3401, "fields": {"stageId": "IN_PROCESS"}}' >"$tmp/out"
	portal crm.item.list '{"entityTypeId": 1, "filter":
	{">=movedTime": "2020-01-01", "stageId": ["JUNK", "IN_PROCESS"]}}' |
	jq .total)"
is 'by phone, and nobody is a list' '{"LEAD":[3401]} []' \
	"$(portal crm.duplicate.findbycomm '{"type": "PHONE", "values":
	["7 999 123-45-67"]}' | jq -c .result) $(
	portal crm.duplicate.findbycomm '{"type": "PHONE", "values": ["1"]}' |
	jq -c .result)"
is 'a comment' 991 "$(portal crm.timeline.comment.add '{"fields":
	{"ENTITY_ID": 3401, "ENTITY_TYPE": "lead", "COMMENT": "c"}}' |
	jq .result)"
is 'what it refuses' 'ERROR_METHOD_NOT_FOUND CRM_FIELD_ERROR_VALUE_NOT_VALID' \
	"$(portal crm.nothing '{}' | jq -r .error) $(portal crm.item.add \
	'{"entityTypeId": 1, "fields": {"stageId": "x"}}' | jq -r .error)"
many=()
for i in {1..60}; do
	many+=(-s -d '{}' "$crm_root/rest/1/$(crm_token bitrix24_code)/profile" --next)
done
is 'the bucket is full after 50' true "$(curl "${many[@]}" -s "$crm_root" |
	grep -o QUERY_LIMIT_EXCEEDED | wc -l | jq '. > 5')"
crm revoke '{"what": "bitrix24"}' >"$tmp/out"
is 'a deleted webhook' INVALID_CREDENTIALS "$(portal profile '{}' | jq -r .error)"

# --- webhooks

# hook KEY BODY [SIGNED [SECONDS]]: signed by openssl
hook()
{
	local stamp sign
	stamp=$(($(date +%s) + ${4-0}))
	sign=$(printf 'msg_1.%s.%s' "$stamp" "${3-$2}" | openssl dgst -sha256 \
		-binary -mac HMAC -macopt "hexkey:$(printf %s \
		MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw | base64 -d | od -An -tx1 |
		tr -d ' \n')" | base64)
	curl -s -H 'webhook-id: msg_1' -H "webhook-timestamp: $stamp" \
		-H "webhook-signature: v1a,x v1,AAAA v1,$sign" \
		-H "Idempotency-Key: $1" -d "$2" "$crm_root/hook" | jq -c .
}
is 'a signed delivery, and the same again' '{"id":1} {"id":1} 1' \
	"$(hook '"k1"' '{"a":1}') $(hook '"k1"' '{"a":1}') $(
	crm stats | jq .deliveries)"
is 'another payload under that key' '{"error":"key used for another payload"}' \
	"$(hook '"k1"' '{"a":2}')"
is 'a key must be in quotes' '{"error":"missing or invalid Idempotency-Key"}' \
	"$(hook k2 '{"a":2}')"
is 'another text was signed' '{"error":"invalid signature"}' \
	"$(hook '"k2"' '{"a":2}' '{"a":3}')"
is 'six minutes ago' '{"error":"timestamp out of tolerance"}' \
	"$(hook '"k2"' '{"a":2}' '{"a":2}' -360)"

# --- what goes wrong

# fault KIND [MORE]: how curl fares, and whether there is another lead
fault()
{
	local before
	before=$(crm stats | jq .leads)
	crm fault "{\"verb\": \"POST\", \"path\": \"leads\", \"ms\": 100,
		\"kind\": \"$1\"${2:+,$2}}" >"$tmp/out"
	curl -s -o "$tmp/body" -w '%{exitcode} %{http_code} %{content_type}' \
		-m 5 -H "Authorization: Bearer $amo_token" -d '[{"name": "x"}]' \
		"$crm_root/api/v4/leads" | cut -d ';' -f 1
	echo " $(($(crm stats | jq .leads) - before))"
}
while read -r kind wanted; do
	is "fault $kind" "$wanted" "$(fault "$kind" | paste -sd '' )"
done <<'CASES'
drop 52 000  0
reply_lost 52 000  1
reset 56 000  1
cut 18 200 application/hal+json 1
hang 0 200 application/hal+json 1
late 0 200 application/hal+json 1
truncated 0 200 application/hal+json 1
empty 0 200 application/json 1
garbage 0 200 text/html 1
bad_item 0 400 application/problem+json 0
401 0 401 application/problem+json 0
402 0 402 application/problem+json 0
403 0 403 application/problem+json 0
403html 0 403 text/html 0
404html 0 404 text/html 0
429 0 429 application/problem+json 0
429html 0 429 text/html 0
500 0 500 application/problem+json 0
502html 0 502 text/html 0
503html 0 503 text/html 0
504html 0 504 text/html 0
system_error 0 400 application/problem+json 0
CASES
is 'a 504 may have had its effect' '0 504 text/html 1' \
	"$(fault 504html '"effect": true' | paste -sd '')"
is 'half of the JSON is none' none "$(fault truncated >"$tmp/out"
	jq . "$tmp/body" >"$tmp/out" 2>&1 || echo none)"
is '429 says how long' 300 "$(fault 429 '"retry_after": 300' >"$tmp/out"
	jq .retry_after "$tmp/body")"
is 'a late one is made after its client has gone' '0 1' "$(
	before=$(crm stats | jq .leads)
	crm fault '{"kind": "late", "path": "leads", "ms": 1500}' >"$tmp/out"
	curl -s -m 0.1 -H "Authorization: Bearer $amo_token" \
		-d '[{"name": "x"}]' "$crm_root/api/v4/leads"
	printf '%s ' $(($(crm stats | jq .leads) - before))
	for ((i = 0; i < 200; i++)); do
		[ "$(crm stats | jq .leads)" = "$before" ] || break
		sleep 0.05
	done
	echo $(($(crm stats | jq .leads) - before)))"
is 'a clock that runs faster shortens it' true "$(
	crm clock '{"scale": 100}' >"$tmp/out"
	from=$(date +%s%3N)
	fault hang '"ms": 30000' >"$tmp/out"
	[ $(($(date +%s%3N) - from)) -lt 10000 ] && echo true
	crm clock '{"scale": 1}' >"$tmp/out")"
# the same seed, the same misfortunes
chaos()
{
	crm chaos '{"seed": 7, "probability": 0.5, "path": "leads",
		"kinds": ["drop", "reply_lost", 429, "502html"]}' >"$tmp/out"
	for i in {1..12}; do
		curl -s -o "$tmp/out" -w '%{http_code} ' -H \
			"Authorization: Bearer $amo_token" -d '[{"name": "x"}]' \
			"$crm_root/api/v4/leads"
	done
}
once=$(chaos)
is 'chance follows from a seed' "$once true" \
	"$(chaos) $([[ $once = *000* && $once = *200* ]] && echo true)"
crm calm '{}' >"$tmp/out"
is 'and ends' 200 "$(curl -s -o "$tmp/out" -w '%{http_code}' \
	-H "Authorization: Bearer $amo_token" "$crm_root/api/v4/account")"

# --- limits, and the record

crm set '{"amocrm_per_second": 7, "ban_after": 3}' >"$tmp/out"
many=()
for i in {1..10}; do
	many+=(-s -o "$tmp/out" -w '%{http_code} ' -H
		"Authorization: Bearer $amo_token" "$crm_root/api/v4/account" --next)
done
is 'seven in a second' '200 200 200 200 200 200 200 429 429 429 ' \
	"$(curl "${many[@]:0:${#many[@]}-1}")"
curl "${many[@]}" -s "$crm_root" >"$tmp/out"
sleep 1
is 'who does not listen is shut out' '403 text/html' \
	"$(curl -s -o "$tmp/out" -w '%{http_code} %{content_type}' -H \
	"Authorization: Bearer $amo_token" "$crm_root/api/v4/account" |
	cut -d ';' -f 1)"
is 'the record holds requests and answers, but no token' \
	'lost [9770001] ***' "$(jq -r 'select(.fault == "reply_lost" and
	.kind == "answer").answer' "$tmp/crm-record" | head -n 1) $(
	jq -c 'select(.kind == "answer" and .created).created' \
	"$tmp/crm-record" | head -n 1) $(jq -r \
	'.headers.Authorization // empty' "$tmp/crm-record" | sort -u)"
crm reset '{}' >"$tmp/out"
is 'forgotten' '0 false' "$(crm stats | jq -r '"\(.leads) \(.banned)"')"
tap_end
