#!/bin/bash
# SPDX-License-Identifier: MIT
# Leads reach Bitrix24 and a webhook, too, once each whatever happens; who
# loses the right to create leads loses none of them.
set -u
tmp=$(mktemp -d)
. "$TOP/tests/tap.sh"
. "$TOP/tests/command.sh"
. "$TOP/tests/sim/crm.sh"
trap 'crm_stop; rm -rf "$tmp"' EXIT

# add NAME PHONE CRM [NOTE]
add()
{
	jq -nc --arg name "$1" --arg phone "$2" --arg crm "$3" \
		--arg note "${4-}" '$ARGS.named' | "$LEADPIPE" add-lead >/dev/null
}

# due: nobody waits for a time
due()
{
	sql 'update leads set not_before = 0; update breakers set open_until = 0'
}

# there CRM: how many leads that CRM has
there() { crm leads | jq -s --arg crm "$1" 'map(select(.crm == $crm)) | length'; }
asked() { crm stats | jq '[.requests[]] | add'; }
state() { sql "select state, tries from leads where name = '$1'"; }

crm_start
bot_setup http://127.0.0.1:9
crm_settings >>"$tmp/env"
cat >>"$tmp/env" <<'ENV'
LEADPIPE_LIMIT_CRM_PER_SECOND=0
LEAD_WEBHOOK_PRIVATE=true
LEAD_CRM=amocrm
ENV
crm set '{"amocrm_per_second":0,"bitrix24_per_second":0}' >/dev/null

# --- all three in one run

for crm in amocrm bitrix24 webhook; do
	add "To $crm" 89991234567 "$crm" "🎁 <b>x'; --"
done
run sync-crm
is 'each lead in its CRM' '0 1 1 1' \
	"$status $(there amocrm) $(there bitrix24) $(there webhook)"
[ "$status" = 0 ] || echo "# $err"
is 'Bitrix24 has phone, origin and the text as it was' \
	"+79991234567 leadpipe 1" "$(crm leads | jq -r 'select(.crm ==
	"bitrix24").data | "\(.fm[0].value) \(.originatorId) \(
	.comments | split("🎁 <b>x'"'"'; --") | length - 1)"')"

# --- a lost reply, an answer that is none

for crm in bitrix24 webhook; do add "Lost $crm" 89991234568 "$crm"; done
crm fault '{"kind":"reply_lost","path":"crm.item.add"}' >/dev/null
crm fault '{"kind":"reply_lost","path":"hook"}' >/dev/null
run sync-crm
is 'Bitrix24: it may be there' 'unknown|1' "$(state 'Lost bitrix24')"
due
run sync-crm
is 'searched for, found; the webhook got the same once more' \
	'created created 2 2' "$(sql "select group_concat(state, ' ') from
	leads where name like 'Lost %'") $(there bitrix24) $(there webhook)"

for crm in bitrix24 webhook; do add "Cut $crm" 89991234569 "$crm"; done
crm fault '{"kind":"502html","path":"crm.item.add","effect":false}' >/dev/null
crm fault '{"kind":"truncated","path":"hook"}' >/dev/null
for _ in 1 2 3 4 5; do
	run sync-crm
	due
done
is 'a 502 without effect: three searches, then again' '3 3' \
	"$(there bitrix24) $(there webhook)"
is 'nothing is left' 0 "$(sql "select count(*) from leads where state <> 'created'")"

# --- the same person again

add 'Lost bitrix24' 89991234568 bitrix24 'call me at nine'
run sync-crm
is 'who asks again is a comment of the first lead' '0 3' \
	"$status $(there bitrix24)"
is 'with what they said, once' 1 \
	"$(crm notes | grep -c 'call me at nine')"

add 'Lost webhook' 89991234568 webhook 'call me at ten'
run sync-crm
run sync-crm
is 'the webhook hears it as an update with a key of its own, once' \
	'lead.updated true' "$(jq -r 'select(.kind == "request" and
	.path == "/hook" and .body.data.update) |
	"\(.body.type) \(.headers["webhook-id"] | test("_.*_"))"' \
	"$tmp/crm-record")"

# --- between two tries of the webhook the person writes once more

add 'Two doors' 89991234573 webhook 'first'
crm fault '{"kind":"reply_lost","path":"hook"}' >/dev/null
run sync-crm --limit 1
jq -nc '{phone: "89991234573", crm: "webhook", comment: "second",
	utm_source: "new", price: 7}' | "$LEADPIPE" add-lead >/dev/null
due
run sync-crm
run sync-crm
jq -c 'select(.kind == "request" and .path == "/hook" and
	.body.data.phone == "+79991234573")' "$tmp/crm-record" >"$tmp/hooks"
is 'the same key carries the same body, what is new has its own' \
	'2 2 1 lead.updated' "$(jq -r '.headers["Idempotency-Key"]' "$tmp/hooks" |
	sort -u | wc -l) $(jq -r '.body | tojson' "$tmp/hooks" | sort -u |
	wc -l) $(grep -c '"utm_source":"new"' <<<"$(jq -c 'select(.body.type ==
	"lead.updated")' "$tmp/hooks")") $(jq -rs 'last.body.type' "$tmp/hooks")"

# --- names that are not there

jq -nc '{name: "Place", phone: "89991234570", pipeline: "Nowhere"}' |
	"$LEADPIPE" add-lead >/dev/null
run sync-crm
is 'a pipeline that is not there: the lead goes, and it is told' '0 2 1' \
	"$status $(there amocrm) $(grep -c 'field of lead.*: pipeline' <<<"$err")"
is 'also with the lead' 1 "$(crm notes | grep -c Nowhere)"

# --- rights

for crm in amocrm bitrix24; do add "Rights $crm" 89991234571 "$crm"; done
crm fault '{"kind":"403","verb":"POST","path":"leads/complex","times":0}' >/dev/null
crm fault '{"kind":"error","status":403,"path":"crm.item.add","times":0,
	"type":"application/json",
	"body":"{\"error\":\"ACCESS_DENIED\",\"error_description\":\"No\"}"}' >/dev/null
run sync-crm
is 'no rights: 75, and who must be given which' '75 1' \
	"$status $(grep -c 'give .* rights for leads' <<<"$err")"
is 'the leads are kept and have used up no try' 'queued|0 queued|0' \
	"$(state 'Rights amocrm') $(state 'Rights bitrix24')"
for crm in amocrm bitrix24; do add "Next $crm" 89991234572 "$crm"; done
before=$(asked)
run sync-crm
is 'the next ones are not tried' "75 $before new|0" \
	"$status $(asked) $(state 'Next amocrm')"
run healthcheck --component crm -v
is 'healthcheck is critical' '2 2' \
	"$status $(grep -o '[a-z0-9]* takes no leads' <<<"$out" |
		sort -u | wc -l)"
since=$(sql 'select group_concat(since) from breakers')
due
run sync-crm --pull
is 'other good answers do not end it' "75 denied,denied $since" \
	"$status $(sql "select group_concat(kind) from breakers where since > 0"
	) $(sql 'select group_concat(since) from breakers')"
crm calm '{}' >/dev/null
due
run sync-crm
is 'with the rights back all go' '0 0 4 5' "$status $(sql "select count(*)
	from leads where state <> 'created'") $(there amocrm) $(there bitrix24)"
run healthcheck --component crm
is 'and healthcheck is well again' 0 "$(grep -c 'takes no' <<<"$out")"

crm fault '{"kind":"403","verb":"POST","path":"leads/notes","times":0}' >/dev/null
add Note 89991234574 amocrm 'please'
run sync-crm
due
run sync-crm
run healthcheck --component crm -v
is 'no right for notes: the lead is there, the note is counted' \
	'created 1 1 1' "$(sql "select state from leads where name = 'Note'"
	) $status $(grep -c 'leads_untold=1;' <<<"$out") $(
	grep -c 'mend: .*rights for notes' <<<"$out")"
crm calm '{}' >/dev/null
due
run sync-crm
run healthcheck --component crm
is 'and goes with the right' '0 1' "$(grep -c 'leads_untold=[^0]' <<<"$out"
	) $(crm notes | grep -c please)"

# --- an account that is paid for may say that it is not, for minutes at night

add 'Unpaid' 89991234575 amocrm
crm fault '{"kind":"402","path":"api/v4","times":0}' >/dev/null
run sync-crm
run healthcheck --component crm -v
is 'not paid for: the lead waits, nobody is woken up' '0 queued|0 1' \
	"$((status == 2)) $(state Unpaid) $(grep -c 'OK.*shuts us out.*pay for it' <<<"$out")"
sql 'update breakers set since = since - 1900000'
run healthcheck --component crm
is 'before half an hour is over' '2 1' \
	"$status $(grep -c 'shuts us out for 31 min' <<<"$out")"
crm calm '{}' >/dev/null
due
run sync-crm

# --- settings

run check-config --online
is 'Bitrix24 lets us in, and names the fields that leads have' \
	'ok lets us in: 24 fields of leads|ok searches for leads work|' \
	"$(sed -n 's/^\(ok\|problem\)  *bitrix24  *\([ls].*\)/\1 \2/p' \
		"$tmp/out" | grep -v settings | tr '\n' '|')"

for wrong in LEAD_JOIN=soon PHONE_REGION=Russia; do
	export "LEADPIPE_$wrong"
	run check-config
	is "check-config names LEADPIPE_$wrong" '78 1' \
		"$status $(cat "$tmp/out" "$tmp/err" |
			grep -c "LEADPIPE_${wrong%%=*} .*'${wrong#*=}'")"
	unset "LEADPIPE_${wrong%%=*}"
done
tap_end
