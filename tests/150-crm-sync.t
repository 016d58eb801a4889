#!/bin/bash
# SPDX-License-Identifier: MIT
# sync-crm brings each lead once, says what keeps it, and brings news back.
set -u
tmp=$(mktemp -d)
. "$TOP/tests/tap.sh"
. "$TOP/tests/command.sh"
. "$TOP/tests/sim/crm.sh"
trap 'kill -9 $children 2>/dev/null; crm_stop; rm -rf "$tmp"' EXIT
children=

# add NAME PHONE [CRM]
add()
{
	jq -nc --arg name "$1" --arg phone "$2" --arg crm "${3-}" \
		'$ARGS.named | if .crm == "" then del(.crm) else . end' |
		"$LEADPIPE" add-lead >/dev/null
}

# due: nobody waits for a time
due() { sql 'update leads set not_before = 0; delete from breakers'; }

there() { crm leads | jq -s length; }
states() { sql "select group_concat(s, ' ') from (select state || ':' ||
	count(*) as s from leads group by state order by state)"; }

crm_start
bot_setup http://127.0.0.1:9
run sync-crm
is 'without a database it is 78' 78 "$status"
add Anna '8 (999) 123-45-67'
run sync-crm
is 'a lead and no CRM: 78, and which settings there are' '78 1' \
	"$status $(grep -c AMOCRM_BASE_URL <<<"$err")"
crm_settings | grep AMOCRM >>"$tmp/env"
echo LEADPIPE_LIMIT_CRM_PER_SECOND=0 >>"$tmp/env"
crm set '{"amocrm_per_second":0}' >/dev/null

name=$(sql 'select name from leads')
sql "update leads set name = 'Ann' || char(0x202e) || 'a'"
run sync-crm --dry-run
is 'a name that would turn the line is written out' '0 1' \
	"$(grep -c $'\xe2\x80\xae' <<<"$out") $(grep -c 'Ann.*202e' <<<"$out")"
sql "update leads set name = '$name'"
run sync-crm --dry-run
is '--dry-run lists what waits' 1 \
	"$(grep -c '^1 .*new.*create.*Anna +79991234567$' <<<"$out")"
is 'a pipe gets no heading' 0 "$(grep -c '^ID' <<<"$out")"
sql 'update leads set id = 4000000001'
TERM=dumb script -qec "$LEADPIPE sync-crm --dry-run" /dev/null 2>&1 </dev/null |
	tr -d '\r' >"$tmp/table"
is 'an id of ten digits stays in its column' 1 "$(awk '/^ID/ { at = index($0, "STATE") }
	substr($0, at - 1, 4) == " new"' "$tmp/table" | wc -l)"
sql 'update leads set id = 1'
run sync-crm --dry-run --json
is 'as JSON too' '[1,1,"new","create","Anna",true,null]' \
	"$(jq -c '[.schema,.id,.state,.next,.name,(.created_at | test("^20.*Z$")),
	.not_before]' <<<"$out")"
is 'and sends nothing' 0 "$(there)"
run sync-crm -v
remote=$(sql 'select remote_id from leads')
is 'a lead is created: 0' '0 created:1 1' "$status $(states) $(there)"
is 'and told' 1 "$(grep -c "lead_created id=1 crm=amocrm remote_id=.*$remote" \
	<<<"$err")"
is 'the run says what it did' '1 0' "$(sql "select counts ->> 'created',
	counts ->> 'parked' from runs order by id desc limit 1" | tr '|' ' ')"
run sync-crm
is 'nothing to do: 0 and silence' '0 ' "$status $out$err"

# --- several at once

for ((i = 0; i < 60; i++)); do
	printf '{"name":"N%d","phone":"+7912000%04d"}\n' $i $i
done | "$LEADPIPE" add-lead --ndjson
crm set '{"latency_ms":40}' >/dev/null
for _ in 1 2 3; do
	"$LEADPIPE" sync-crm 2>>"$tmp/errors" &
	children+=" $!"
done
# shellcheck disable=SC2086
wait $children
children=
is 'three at once create each lead once' 'created:61 61 61' \
	"$(states) $(there) $(crm leads | jq -r .data.name | sort -u | wc -l)"
is 'and say nothing' '' "$(cat "$tmp/errors")"
crm set '{"latency_ms":0}' >/dev/null

for i in 1 2 3; do add "L$i" "+791300000$i"; done
run sync-crm --limit 2
is '--limit' '0 created:63 new:1' "$status $(states)"
run sync-crm

# --- a lost reply, a killed command

add Lost 89001112233
crm fault '{"kind":"reply_lost","path":"leads/complex","times":1}' >/dev/null
run sync-crm
is 'a lost reply: it may exist, and is not sent again' 'created:64 unknown:1' \
	"$(states)"
is 'it waits 10 s to be searched for' 1 "$(sql "select count(*) from leads
	where state = 'unknown' and not_before between
	(unixepoch() + 5) * 1000 and (unixepoch() + 11) * 1000")"
is 'the view has it' 1 "$(sql "select count(*) from failed_amocrm_sync
	where lead_id = 65 and retry_count = 1 and error_message <> ''")"
due
run sync-crm -v
is 'it is found' "created:65 1 65" \
	"$(states) $(grep -c 'lead_created id=65 .*found=1' <<<"$err") $(there)"

add Killed 89001112244
crm fault '{"kind":"hang","path":"leads/complex","ms":20000,"times":1}' \
	>/dev/null
"$LEADPIPE" sync-crm >/dev/null 2>&1 &
children=$!
disown
for ((i = 0; i < 100 && $(there) < 66; i++)); do sleep 0.05; done
began=${EPOCHREALTIME/[!0-9]/}
run list-tasks
"$LEADPIPE" schedule-task --chat 42 --text hi --in 1d >/dev/null
took=$(((${EPOCHREALTIME/[!0-9]/} - began) / 1000))
passed 'while the CRM hangs nothing else waits' \
	"$([ $took -lt 12000 ] || echo "$took ms")"
is 'committed before it left' 'sending|search|1' \
	"$(sql 'select state, errand, sends from leads where id = 66')"
kill -9 $children
while kill -0 $children 2>/dev/null; do sleep 0.02; done
children=
run recover-pending
is 'killed: it may be there, says recover-pending' 1 \
	"$(grep -c '1 may be in the CRM and are searched for, 0 are' <<<"$out")"
due
run sync-crm
is 'it is there once' 'created:66 66' "$(states) $(there)"

# --- sent again in doubt: what shows up late in the CRM's index

sql "update leads set state = 'queued', errand = 'create', told = -1,
	check_at = 0, joins = 0 where id = 66"
run sync-crm
is 'nobody looks before an hour is over' '0 67 1' "$status $(there) $(sql "select
	check_at - unixepoch() * 1000 between 3590000 and 3601000 from leads
	where id = 66")"
sql 'update leads set check_at = 1 where id = 66'
run sync-crm
is 'then a pair is told once' '1  67' "$(
	grep -c 'lead 66 is there twice, amocrm has [0-9]* and [0-9]*; join' \
		<<<"$err") $("$LEADPIPE" sync-crm 2>&1) $(there)"
run healthcheck --component crm
is 'healthcheck warns' '1 1' "$status $(grep -c 'leads_doubled=1;' <<<"$out")"
run recover-pending --list lead
is 'recover-pending says what to do' 1 \
	"$(grep -c 'mend: join the two there, then .*--sent lead:66' <<<"$out")"
run recover-pending --sent lead:66
run recover-pending --list lead
is 'and is told when it is done' 'nothing waits for a decision' "$out"

# --- what keeps a lead

add Pause 89001112255
sed -i 's/^AMOCRM_LONG_LIVED_TOKEN=.*/&X/' "$tmp/env"
run sync-crm
is 'a rejected token: 77, and what to do' '77 1' \
	"$status $(grep -c 'rejects.*authorize-crm' <<<"$err")"
run sync-crm
is 'as long as it holds' '77 1' "$status $(grep -c 'the leads wait' <<<"$err")"
is 'the lead is kept, without a try' 'queued|0' \
	"$(sql 'select state, tries from leads where id = 67')"
run healthcheck --component crm
is 'healthcheck is critical' '2 1' \
	"$status $(grep -c 'amocrm needs a new authorization' <<<"$out")"
sed -i '/^AMOCRM_LONG_LIVED_TOKEN=/s/X$//' "$tmp/env"
sql 'update leads set not_before = 0'
run sync-crm
is 'with another token it goes on at once' '0 created:67' "$status $(states)"

add Ban 89001112266
crm fault '{"kind":"403html","path":"leads","times":1}' >/dev/null
run sync-crm
is 'a ban: 75, nobody calls' '75 1' "$status $(grep -c banned <<<"$err")"
before=$(crm stats | jq '[.requests[]] | add')
run sync-crm
is 'also the next run does not' "$before" \
	"$(crm stats | jq '[.requests[]] | add')"
run healthcheck --component crm -v
is 'healthcheck says since when, and what to do' '2 1 1' \
	"$status $(grep -c 'shuts us out' <<<"$(head -1 <<<"$out")") $(
	grep -c '  mend: .*the leads wait meanwhile' <<<"$out")"
due
run sync-crm
crm fault '{"kind":"error","status":422,
	"body":"{\"status\":422,\"title\":\"No\"}","type":"application/problem+json",
	"verb":"POST","path":"leads"}' >/dev/null
add Never 89001112277
run sync-crm
is 'refused for good: parked, 1' '1 parked' \
	"$status $(sql 'select state from leads where id = 69')"
is 'with what mends it' 1 "$(sql "select count(*) from dead_letters where
	kind = 'lead' and item = 69
	and mend like '%leadpipe recover-pending --retry lead:69'")"

crm field '{"remove":701001}' >/dev/null
jq -nc '{name: "Utm", phone: "89001112288", utm_source: "ya"}' |
	"$LEADPIPE" add-lead >/dev/null
run sync-crm
is 'a field that is gone: the lead goes, and it is told' '0 created 1' \
	"$status $(sql 'select state from leads where id = 70') $(
	grep -c 'did not take a field of lead 70: UTM_SOURCE' <<<"$err")"
run healthcheck --component crm
is 'healthcheck counts it' 1 "$(grep -c 'leads_stripped=1;' <<<"$out")"

add Other 89001112299 bitrix24
run sync-crm
is 'a lead for a CRM that is not there: 78, which' '78 1' \
	"$status $(grep -c '1 lead waits for bitrix24' <<<"$err")"
sql "delete from leads where name = 'Other'"

# --- what became of them

cat >"$tmp/flow.json" <<'FLOW'
{ "leadpipe": 1, "id": "news", "start": "a",
  "texts": { "en": { "won": "Sold!", "moved": "On its way" } },
  "states": { "a": {} },
  "commands": { "/start": [] },
  "events": { "crm_won": [ { "send": "won" } ],
              "crm_status": [ { "send": "moved" } ] } }
FLOW
run deploy-flow "$tmp/flow.json"
[ "$status" = 0 ] || echo "# $err"
sql "insert into chats(chat_id, created_at, seen_at) values(42, 1, 1);
	update leads set chat_id = 42 where id = 1"
run sync-crm --pull
is '--pull begins now' '0 1' "$status $(sql "select count(*) from meta
	where key = 'pulled_amocrm'")"
crm stage "{\"lead\":$remote,\"status_id\":142}" >/dev/null
run sync-crm --pull -v
is 'a lead that is won is told to the flow' 1 "$(sql "select count(*)
	from messages where chat_id = 42 and text = 'Sold!'")"
sql "update meta set value = unixepoch() - 600 where key = 'pulled_amocrm'"
asked=$(crm stats | jq '[.requests[]] | add')
run sync-crm --pull
is 'asked again for the same' 1 \
	"$(($(crm stats | jq '[.requests[]] | add') > asked))"
is 'the flow hears it once' 1 "$(sql 'select count(*) from messages where chat_id = 42')"

for wrong in '--for x' '--limit -1' 'more' '--push'; do
	# shellcheck disable=SC2086
	exits "usage: $wrong" 64 sync-crm $wrong
done
tap_end
