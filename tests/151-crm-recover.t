#!/bin/bash
# SPDX-License-Identifier: MIT
# recover-pending for leads: listed, decided, dropped and had again, imported;
# healthcheck tells of those that wait.
set -u
tmp=$(mktemp -d)
. "$TOP/tests/tap.sh"
. "$TOP/tests/command.sh"
trap 'rm -rf "$tmp"' EXIT

bot_setup http://127.0.0.1:9

# --- leads that were lost elsewhere

printf 'Имя;Телефон;Комментарий\nАнна;8 (999) 111-22-33;"раз; два"\nБорис;89992223344;\n;;\n' \
	>"$tmp/lost.csv"
run recover-pending --import "$tmp/lost.csv" --dry-run
is '--import --dry-run changes nothing' '0 1 0' "$status $(
	grep -c '^2 leads would be added' <<<"$out") $(
	sql 'select count(*) from leads')"
run recover-pending --import "$tmp/lost.csv"
is 'a table is imported' '0 2' "$status $(sql 'select count(*) from leads')"
run recover-pending --import "$tmp/lost.csv" --json
is 'again: everybody is known' '[0,0,2]' \
	"$(jq -c '[.added,.joined,.known]' <<<"$out")"
printf '%s\n' '{"name":"Anna","phone":"+7 999 111-22-33"}' \
	'{"name":"Carl","phone":"+79995556677"}' '{broken' >"$tmp/more.ndjson"
run recover-pending --import "$tmp/more.ndjson" --json
is 'who is known by the phone joins, a bad line is told: 65' '65 [1,1,0,1] 1' \
	"$status $(jq -c '[.added,.joined,.known,.refused]' <<<"$out") $(
	grep -c 'line 3' <<<"$err")"
sql 'update leads set created_at = 1; update lead_sources set received_at = 1'
run recover-pending --import "$tmp/lost.csv" --json
is 'however long ago it was' '0 3' "$(jq .added <<<"$out") $(
	sql 'select count(*) from leads')"
head -n 2 "$tmp/more.ndjson" >"$tmp/more"
for from in "$tmp/more" -; do
	said=$("$LEADPIPE" recover-pending --import "$from" --json <"$tmp/more")
	is "what it holds tells what it is: $from" '0 [0,2,0]' \
		"$? $(jq -c '[.added, .joined + .known, .refused]' <<<"$said")"
done
exits 'a directory: 65' 65 recover-pending --import "$tmp"
is 'and what to do is said' 1 "$(grep -c "'$tmp' is a directory: .*file" <<<"$err")"
exits 'a file that is not there: 65' 65 recover-pending --import "$tmp/none"
exits 'one thing at a time' 64 recover-pending --import "$tmp/lost.csv" --list

# --- what is in doubt, what fails, what is parked

sql "update leads set state = 'unknown', errand = 'search', sends = 1,
	crm = 'amocrm', tries = 1, reason = 'no answer', settled_at =
	unixepoch() * 1000 - 7200000, not_before = 9000000000000 where id = 1;
	update leads set state = 'queued', tries = 4, reason = 'HTTP 502',
	crm = 'amocrm', not_before = 9000000000000 where id = 2;
	update leads set state = 'parked', errand = null, reason = 'no rights',
	crm = 'amocrm' where id = 3;
	insert into dead_letters(kind, item, reason, answer, mend, died_at)
	values('lead', 3, 'the CRM does not take it', 'no rights',
	'leadpipe recover-pending --retry lead:3', 5)"
run recover-pending --list lead --json
is 'each is listed, the oldest first' \
	'["lead:2","queued","lead:3","parked","lead:1","unknown"]' \
	"$(jq -sc '[.[] | .id, .state]' <<<"$out")"
passed 'the remedy is a command' "$(jq -r .mend <<<"$out" |
	grep -v 'leadpipe recover-pending --')"
run recover-pending --show lead:1
is 'one with all that is known' '1 1' "$(grep -c '^text .*+79991112233' \
	<<<"$out") $(grep -c '^detail .*"sends":1' <<<"$out")"
run recover-pending --retry lead:2
is '--retry: due at once, with all tries' '0 queued|0|1' "$status $(sql "select
	state, tries, not_before <= (unixepoch() + 1) * 1000 from leads where id = 2")"
run recover-pending --retry lead:3
is 'a parked one too' 'queued|create|0' "$(sql "select state, errand, (select
	count(*) from dead_letters) from leads where id = 3")"
run recover-pending --drop lead:3
is '--drop' '0 lead:3 is dropped dropped|' \
	"$status $out $(sql 'select state, errand from leads where id = 3')"
run recover-pending --list dropped
is 'the list of those tells who, for who knows them' '0 1 1' "$status $(
	grep -c 'lead:3 .*(Carl +7999\*\*\*\*\*77)' <<<"$out") $(
	grep -c '^lead:' <<<"$out")"
run recover-pending --show lead:3
is 'it is still to be seen, with the way back' 1 \
	"$(grep -c '^mend .*--retry lead:3' <<<"$out")"
run recover-pending --retry lead:3
is 'which works' 'queued|create' \
	"$(sql 'select state, errand from leads where id = 3')"
exits '--sent is for those in doubt' 65 recover-pending --sent lead:3
sql "update leads set state = 'created', errand = null, remote_id = '77' where id = 3"
run recover-pending --show lead:3
is 'one that is there is shown with the id it has there' '0 1 1' "$status $(
	grep -c '^state    created$' <<<"$out") $(grep -c '"remote_id":"77"' <<<"$out")"
sql "update leads set state = 'queued', errand = 'create', remote_id = null where id = 3"
run recover-pending --resend lead:1
is '--resend: sent without a search' 'queued|create' \
	"$(sql 'select state, errand from leads where id = 1')"
sql "update leads set state = 'unknown', errand = 'search' where id = 1"
run recover-pending --sent lead:1 --dry-run
is '--dry-run decides nothing' 'lead:1 would be created unknown' \
	"$out $(sql 'select state from leads where id = 1')"
run recover-pending --sent lead:1
is '--sent: it is there' 'created|' \
	"$(sql 'select state, errand from leads where id = 1')"
exits 'then nothing is left to do' 65 recover-pending --retry lead:1
exits 'no such lead' 65 recover-pending --drop lead:99
sql "update leads set tries = 2, not_before = 9000000000000 where id > 1"
run recover-pending --retry --all
is '--retry --all takes those that fail' '0 2' \
	"$status $(grep -c '^lead:. is queued' <<<"$out")"

# --- what healthcheck makes of it

state() { run healthcheck --component crm -v; }
sql 'update leads set created_at = unixepoch() * 1000 - 1000'
state
is 'leads and no sync-crm: warning, with the line for cron' '1 1 1' \
	"$status $(head -1 <<<"$out" | grep -c 'sync-crm has not run yet') $(
	grep -c 'mend: cron needs.*sync-crm --for 60' <<<"$out")"
sql "insert into runs(command, worker, started_at, finished_at, exit_code)
	values('sync-crm', 1, unixepoch() * 1000, unixepoch() * 1000, 0)"
state
is 'all is well' 0 "$status"
sql 'update leads set created_at = unixepoch() * 1000 - 1000000 where id = 2'
state
is 'one waits for 16 min: warning' '1 1' \
	"$status $(grep -c '^LEADPIPE WARNING: 2 leads wait for the CRM, for' <<<"$out")"
sql 'update leads set created_at = unixepoch() * 1000 - 3700000 where id = 2'
state
is 'for an hour: critical' 2 "$status"
sql "delete from leads; insert into breakers(name, failures, since, reason)
	values('amocrm', 3, unixepoch() * 1000 - 60000, 'HTTP 502');
	insert into leads(key, created_at, state, errand) values('x', 1, 'created', null)"
state
is 'three failures in a row: warning, since when' '1 1 1' \
	"$status $(head -1 <<<"$out" | grep -c 'amocrm failed 3 times in a row') $(
	grep -A1 'crm_failures: amocrm' <<<"$out" |
		grep -c "since $(date -u -d '-1 min' +%FT%H:)")"
sql "update breakers set failures = 10, open_until = unixepoch() * 1000 + 90000"
state
is 'ten: critical' 2 "$status"
run healthcheck --component crm -c crm_failures=20 -w crm_failures=20
is 'the limits can be set; an open circuit is told' '1 1' \
	"$status $(grep -c 'amocrm is not called for' <<<"$out")"
run healthcheck --component crm --json
is 'as JSON' 0 "$(jq -e .schema >/dev/null <<<"$out"; echo $?)"
sql 'delete from leads; delete from breakers'
state
is 'without leads it has nothing to say' 0 "$status"
tap_end
