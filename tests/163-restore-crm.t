#!/bin/bash
# SPDX-License-Identifier: MIT
# A restore and the CRM: no lead and no note twice, nobody locked out by a
# refresh token that was used since, and no news told a second time unasked.
set -u
tmp=$(mktemp -d)
. "$TOP/tests/tap.sh"
. "$TOP/tests/command.sh"
. "$TOP/tests/sim/crm.sh"
trap 'crm_stop; rm -rf "$tmp"' EXIT

add() { echo "$1" | "$LEADPIPE" add-lead >/dev/null; }
there() { crm leads | jq -s length; }
notes() { crm notes | jq -s length; }
due() { sql 'update leads set not_before = 0; delete from breakers'; }
told() { sql "select group_concat(text) from messages where text = 'Sold!'"; }
fresh() { sql 'select refresh from crm_tokens'; }

crm_start
bot_setup http://127.0.0.1:9
printf '%s\n' "AMOCRM_BASE_URL=$crm_root" LEADPIPE_LIMIT_CRM_PER_SECOND=0 \
	"AMOCRM_CLIENT_ID=$(crm_token client_id)" \
	"AMOCRM_CLIENT_SECRET=$(crm_token client_secret)" \
	"AMOCRM_REDIRECT_URI=$(crm_token redirect_uri)" >>"$tmp/env"
crm set '{"amocrm_per_second":0}' >/dev/null
cat >"$tmp/flow.json" <<'FLOW'
{ "leadpipe": 1, "id": "news", "start": "a",
  "texts": { "en": { "won": "Sold!", "moved": "On its way" } },
  "states": { "a": {} },
  "commands": { "/start": [] },
  "events": { "crm_won": [ { "send": "won" } ],
              "crm_status": [ { "send": "moved" } ] } }
FLOW
add '{"name":"Ann","phone":"+79991110001","comment":"first"}'
run deploy-flow "$tmp/flow.json"
crm_token code | "$LEADPIPE" authorize-crm >"$tmp/out" 2>&1 ||
	sed 's/^/# /' "$tmp/out"
run sync-crm
remote=$(sql 'select remote_id from leads where id = 1')
sql "insert into chats(chat_id, created_at, seen_at) values(42, 1, 1);
	update leads set chat_id = 42 where id = 1"
run sync-crm --pull
sleep 1

# The backup has a lead that waits and one whose further words do.
add '{"name":"Bob","phone":"+79991110002"}'
add '{"name":"Ann","phone":"+79991110001","comment":"second"}'
run backup-state "$tmp/backup.db"
run sync-crm
sql 'update crm_tokens set expires_at = 1'
add '{"name":"Cid","phone":"+79991110003"}'
run sync-crm
crm stage "{\"lead\":$remote,\"status_id\":142}" >/dev/null
run sync-crm --pull
is 'after the backup: two leads, a note, a new token, news' '3 2 yes Sold!' \
	"$(there) $(notes) $([ "$(fresh)" = "$(sqlite3 "$tmp/backup.db" \
	'select refresh from crm_tokens')" ] || echo yes) $(told)"

# --- the replaced database can be read

run restore-state "$tmp/backup.db"
is 'what nobody else has is taken over, and said' '0 1' "$status $(
	grep -c 'the newer CRM token' <<<"$out")"
aside=$(sed -n 's/^the old database is in //p' <<<"$out")
due
run sync-crm --pull
is 'nobody is locked out, no lead and no note goes out unasked' '0 3 2' \
	"$status $(there) $(notes)"
is '... and no news is told again' '' "$(told)"
run recover-pending --release -q
due
run sync-crm
is 'released, the lead is found and not doubled' '3 created' \
	"$(there) $(sql "select state from leads where name = 'Bob'")"
sql 'update crm_tokens set expires_at = 1'
add '{"name":"Dan","phone":"+79991110004"}'
run sync-crm
is 'the token can be renewed' '0 4' "$status $(there)"

# --- it cannot

token=$(sqlite3 "$aside/leadpipe.db" 'select refresh from crm_tokens')
head -c 65536 /dev/urandom | dd of="$db" bs=512 seek=1 conv=notrunc 2>/dev/null
rm -f "$db-wal" "$db-shm"
run restore-state "$tmp/backup.db"
is 'what may be needed then is said' '0 1' "$status $(
	grep -c 'leadpipe authorize-crm' <<<"$out")"
run restore-state --json "$tmp/backup.db"
is '... once more out of the one that did not know' '[0,0]' \
	"$(jq -c '[.tokens_kept,.tokens_doubtful]' <<<"$out")"
sql "update crm_tokens set access = '$(crm_token access)',
	refresh = '$token', expires_at = 9000000000000"
due
run sync-crm --pull
is 'news that may have been told are on hold' '0  1' "$status $(told) $(
	sql "select count(*) from dead_letters where kind = 'update'
	and reason like 'on hold%'")"
crm stage "{\"lead\":$remote,\"status_id\":143}" >/dev/null
sleep 1
crm stage "{\"lead\":$remote,\"status_id\":142}" >/dev/null
run sync-crm --pull
is 'later ones are told' 'Sold!' "$(told)"
run recover-pending --list update
is 'they are listed' 1 "$(grep -c 'on hold since the restore' <<<"$out")"
run verify-state -q
is 'and all that must hold does' '0 ' "$status $out"
tap_end
