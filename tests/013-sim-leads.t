#!/bin/bash
# SPDX-License-Identifier: MIT
# check-leads accepts what is right and sees each kind of wrong: leads made in
# the simulator, rows written by hand, and one thing broken at a time.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/schema.sh
. "$TOP/tests/schema.sh"
# shellcheck source=tests/sim/crm.sh
. "$TOP/tests/sim/crm.sh"
trap 'crm_stop; rm -rf "$tmp"' EXIT
check=$TOP/tests/sim/check-leads

# finds NAME WANTED SQL [OPTION...]: with the change, and undone after it;
# WANTED nothing: it is content
finds()
{
	local name=$1 wanted=$2 sql=$3 status
	shift 3
	cp "$tmp/db" "$tmp/changed"
	sqlite3 "$tmp/changed" "$sql"
	"$check" --accepted "$tmp/keys" "$@" "$tmp/leads" "$tmp/changed" \
		>"$tmp/out" 2>"$tmp/err"
	status=$?
	if [ -z "$wanted" ] && [ $status = 0 ]; then
		passed "$name"
	elif [ -n "$wanted" ] && [ $status = 1 ] &&
		[ "$(wc -l <"$tmp/err")" = 1 ] &&
		grep -q "^$wanted" "$tmp/err"; then
		passed "$name"
	else
		passed "$name" "exit $status, wanted '$wanted', found:
$(cat "$tmp/err" "$tmp/out")"
	fi
}

schema_db "$tmp/db"
crm_start
ids=$(amo POST leads "$(jq -nc '[range(1; 4) |
	{name: "Website \("LPMARKED0000" + tostring)"}]')" |
	jq -r '._embedded.leads[].id')
crm leads >"$tmp/leads"
seq 1 5 | sed 's/^/key-/' >"$tmp/keys"
n=0
for id in $ids; do
	n=$((n + 1))
	echo "INSERT INTO leads(key, crm, marker, created_at, state, remote_id,
		errand) VALUES('key-$n', 'amocrm', 'LPMARKED0000$n', 1,
		'created', '$id', NULL);"
done | sqlite3 "$tmp/db"
sqlite3 "$tmp/db" "INSERT INTO leads(key, crm, marker, created_at)
	VALUES('key-4', 'amocrm', 'LPMARKED00004', 1);
	INSERT INTO lead_sources(lead_id, key, received_at) VALUES(4, 'key-5', 1)"

finds 'all is as the rows say' '' ''
finds 'an accepted lead that is no row' 'lost:lead key-5 was accepted' \
	'DELETE FROM lead_sources'
finds 'created, but there is nothing' 'lost:lead 4 is created as 7' \
	"UPDATE leads SET state = 'created', remote_id = 7 WHERE id = 4"
finds 'created as another' 'lost:lead 1 is created as 9770002' \
	"UPDATE leads SET remote_id = '9770002' WHERE id = 1"
finds 'parked without a dead letter' 'lost:lead 4 is parked without a dead' \
	"UPDATE leads SET state = 'parked', reason = 'x' WHERE id = 4"
finds 'waiting after a failure nobody tells' 'lost:lead 4 is queued without' \
	"UPDATE leads SET state = 'queued', tries = 1 WHERE id = 4"
finds 'with a reason it may' '' \
	"UPDATE leads SET state = 'queued', tries = 1, reason = 'x' WHERE id = 4"
finds 'waiting for nothing' 'lost:lead 4 is queued, and nothing' \
	"UPDATE leads SET state = 'queued', errand = NULL WHERE id = 4"
finds 'there, and to be created' 'doubled:lead 1 is queued to be created' \
	"UPDATE leads SET state = 'queued', errand = 'create' WHERE id = 1"
finds 'there, and in doubt' '' "UPDATE leads SET state = 'unknown',
	errand = 'search', reason = 'x' WHERE id = 1"
finds 'one that no row knows' 'doubled:amocrm has 9770003, which no row' \
	'DELETE FROM leads WHERE id = 3;
	INSERT INTO lead_sources(lead_id, key, received_at) VALUES(4, "key-3", 1)'
finds 'waiting, where all should be settled' 'open:lead 4 is new' '' --settled
told="UPDATE leads SET state = 'created', crm = 'webhook', errand = NULL,
	remote_id = marker WHERE id = 4"
finds 'created in a webhook that got nothing' 'lost:lead 4 is created as' "$told"
echo '{"crm": "webhook", "id": 1, "marks": ["lpmarked00004"]}' >>"$tmp/leads"
finds 'in one that got it and named no id' '' "$told"
amo POST leads '[{"name": "Website lpmarked00002"}]' >"$tmp/out"
crm leads >"$tmp/leads"
finds 'the same twice' 'doubled:lead 2 is there 2 times in amocrm' ''
"$check" "$tmp/none" "$tmp/db" 2>"$tmp/err"
is 'a table that is not there is no success' 64 $?
tap_end
