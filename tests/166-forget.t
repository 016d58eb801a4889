#!/bin/bash
# SPDX-License-Identifier: MIT
# A person who went through the bot, a lead, a handler, an operator and a
# website is exported and forgotten: no file of the state has a word of theirs
# any more, nobody else's data has changed, and the bot goes on.
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
sweep=${LEADPIPE_SWEEP-}
unset LEADPIPE_SWEEP
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
trap 'sim_stop; kill $(jobs -p) 2>/dev/null; wait; rm -rf "$tmp"' EXIT
who=777000123
words="Zaphodina 79263141592 314-15-92 xyzzy@forget.example plughtext $who answerwords"

say() { people say "\"text\":\"$1\",\"first_name\":\"${3-Bob}\"" "$2"; }
her() { say "$1" $who Zaphodina; }
heard() { sim "chats/$1" | jq -r '[.[] | select(.from == "bot") | .text] |
	last'; }
# run COMMAND...: leaves $status, $tmp/out, $tmp/err
run()
{
	"$program/$1" "${@:2}" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
}
# found: files with a word of hers
found()
{
	local word
	for word in $words; do
		find "$floor/state" "$floor/journal" -type f -print0 |
			xargs -0 grep -laF -- "$word" | sed "s|^|$word in |"
	done
}
# what others have, without the times of looking
others()
{
	"$program/export-user" 5 | jq -c 'del(.exported_at)'
	ask "SELECT name, phone, state, details FROM leads WHERE phone LIKE '%555%'"
}

sim_start --no-quirks
floor_open
mkdir -m 700 "$floor/journal" "$floor/handlers"
printf '%s\n' LEADPIPE_JOURNAL_DIR="$floor/journal" \
	LEADPIPE_KEEP_BACKUPS=3 >>"$floor/env"
jq . >"$floor/flow.json" <<-'END'
{"leadpipe": 1, "id": "f", "start": "idle", "tz": "UTC",
 "lang": {"default": "en", "available": ["en"]},
 "roles": {"operator": [9]},
 "vars": {"name": {"type": "text", "from": "user.first_name"},
   "tel": {"type": "phone"}},
 "texts": {"en": {"hi": "Hi {{name}}", "tel": "Phone?", "ok": "Got {{tel}}",
   "told": "{{name}} left {{tel}}", "later": "later, {{name}}"}},
 "commands": {
   "/start": [{"send": "hi"}, {"goto": "tel"}],
   "/run": [{"exec": {"run": ["h"], "input": {"n": "{{name}}"}}},
     {"notify": "operator", "text": "told"}],
   "/help": [{"handoff": {"role": "operator", "pause": "1h"}}]},
 "states": {"idle": {"on": {"any": [{"goto": "idle"}]}},
   "tel": {"ask": {"text": "tel", "var": "tel"}, "then": "done"},
   "done": {"enter": [{"send": "ok"}, {"tag": ["+hot"]},
     {"lead": {"key": "k-{{tel}}", "name": "{{name}}",
       "contact": {"name": "{{name}}", "phone": "{{tel}}"}}},
     {"notify": "operator", "text": "told"},
     {"schedule": "later", "after": "1h", "do": [{"send": "later"}]}]}}}
END
cat >"$floor/handlers/h" <<'END'
#!/bin/sh
[ ! -e ../hold ] || { echo >../began; while [ -e ../hold ]; do sleep 0.05; done; }
echo '{"set": {"name": "Zaphodina plughtext"}}'
END
chmod +x "$floor/handlers/h"

# --- they live with us

say /start 9
say /start 5
her /start
poll
say '+7 912 555 00 01' 5
her '8 926 314-15-92'
poll
her /run
poll
her /help
poll
her 'plughtext one'
poll
id=$(sim chats/9 | jq '[.[] | select(.from == "bot")] | last | .message_id')
people say "\"text\":\"answerwords\",\"reply_to\":$id,\"first_name\":\"Op\"" 9
poll
is 'the operator answered' answerwords "$(heard $who)"
printf '{"name":"Z","phone":"89263141592","email":"xyzzy@forget.example"}' |
	"$program/add-lead" >"$tmp/out"
printf '{"name":"B","phone":"89125550002"}' | "$program/add-lead" >"$tmp/out"
run schedule-task --text 'for Zaphodina' --chat $who --in 1d
run backup-state
run export-user $who
is 'all of it is exported' '0 1 777000123 1 1 1 1' "$status $(jq -r '
	[.schema, .chat, (.chats | length), (.handlers | length),
	([.leads[] | select(.email == "xyzzy@forget.example")] | length),
	([.lead_sources[] | select(.raw != null)] | length)] | join(" ")' "$tmp/out")"
is '... with what was said, to operators also' 'assistant operator user 9' "$(jq -r '
	[([.messages[].role] | unique[]), ([.messages[] | select(.chat_id == 9) |
	.chat_id] | unique[])] | join(" ")' "$tmp/out")"
is '... raw, tasks, tags, journal' 'true 3 true true' "$(jq -r '
	[(.updates | map(.raw) | join("") | contains("plughtext one")),
	(.tasks | length), (.chats[0].tags | has("hot")),
	.journal_records > 5] | join(" ")' "$tmp/out")"
"$program/export-user" +79263141592 >"$tmp/out"
is 'a lead of a website is found by its phone' \
	"$(ask "SELECT id FROM leads WHERE chat_id IS NULL AND phone_e164 = '+79263141592'")" \
	"$(jq '.leads[].id' "$tmp/out")"
passed 'her words are in the files' "$(for word in $words; do
	found | grep -q "$word" || echo "$word"; done)"

# --- looking, and being refused

before=$(others)
run forget-user $who
is 'without --yes it is a mistake' 64 $status
run forget-user 'nobody' --yes
is 'so is somebody who is none' 65 $status
run forget-user $who --dry-run
is '--dry-run says what there is' '0 1 1 1' "$status $(grep -c '^would forget: chats 1, messages ' \
	"$tmp/out") $(grep -c '^backup .* from now$' "$tmp/out") $(grep -c 'chat 9 was told' "$tmp/out")"
rows=$(ask 'SELECT count(*) FROM messages')
run forget-user $who --yes
is 'a lead is paid for: 69' '69 1' \
	"$status $(grep -c 'has not reached the CRM' "$tmp/err")"
sqlite3 "$floor_db" "UPDATE leads SET state = 'created', errand = NULL,
	crm = 'amocrm', remote_id = '5150', remote_contact_id = '5151',
	settled_at = 1 WHERE chat_id = $who"
touch "$floor/hold"
say /done $who
people say "\"text\":\"/done\",\"reply_to\":$id,\"first_name\":\"Op\"" 9
poll
her /run
"$program/poll-updates" --for 20 2>>"$floor/errors" &
poller=$!
for ((i = 0; i < 200; i++)); do
	[ -e "$floor/began" ] && break
	sleep 0.05
done
run forget-user $who --yes --with-leads
is 'a handler that works for her: 75, and why' '75 1' \
	"$status $(grep -c 'a handler works for them' "$tmp/err")"
is '... nothing was changed' yes \
	"$([ "$(ask 'SELECT count(*) FROM messages')" -ge "$rows" ] && echo yes)"
rm "$floor/hold"
kill $poller
wait $poller
poll
before=$(others)

# --- forgotten, while a reader looks and then not

mkfifo "$tmp/asked"
sqlite3 -batch "$floor_db" <"$tmp/asked" >"$tmp/said" 2>&1 &
exec 7>"$tmp/asked"
echo 'BEGIN; SELECT count(*) FROM messages;' >&7
for ((i = 0; i < 100; i++)); do
	[ -s "$tmp/said" ] && break
	sleep 0.05
done
# What was deleted before, by programs that overwrite less.
sqlite3 "$floor_db" "PRAGMA secure_delete = OFF; CREATE TABLE gone(a);
	INSERT INTO gone VALUES(replace(hex(zeroblob(4000)), '0', 'plughtext'));
	DROP TABLE gone; INSERT INTO arrivals VALUES(1, 'plughtext', '', 1, 1, 1);
	DELETE FROM arrivals WHERE chat_id = 1" >"$tmp/said"
run forget-user --json $who --yes --with-leads --for 1
exec 7>&-
is 'a reader keeps the file from being cleaned: 75' 75 "$status"
is '... the CRM is named all the same' '5150 5151' "$(jq -r '.leads[] |
	select(.remote_id) | .remote_id + " " + .contact_id' "$tmp/out")"
run recover-pending --replay-updates 1..
is '... nothing of hers is brought back meanwhile' '75 1' \
	"$status $(grep -c 'forget-user' "$tmp/err")"
run forget-user $who --yes
is 'the same again ends it' '0 forgot nothing' "$status $(sed -n '1s/:.*//p' "$tmp/out")"
mv "$floor/state/backups" "$tmp/backups"
passed 'no file has a word of hers' "$(found)"
mv "$tmp/backups" "$floor/state/backups"
is "others' data is as it was" "$before" "$(others)"
run verify-state
is 'the state is sound, the journal too' '0 ' "$status $(grep -v ^ok "$tmp/out")"

# --- what comes afterwards

people say "\"text\":\"once more\",\"reply_to\":$id,\"first_name\":\"Op\"" 9
poll
is "the operator's late answer reaches nobody" \
	'This talk is over, the message was not sent.' "$(heard 9)"
is '... and makes nobody known' 0 \
	"$(ask "SELECT count(*) FROM chats WHERE chat_id = $who OR chat_id = 0")"
# shellcheck disable=SC2016 # the inner shell knows it
flock "$floor/state/run/forget-user.lock" \
	sh -c 'echo it >"$0"; sleep 0.3; echo over >"$0"' "$tmp/held" &
for ((i = 0; i < 500; i++)); do
	[ -s "$tmp/held" ] && break
	sleep 0.01
done
run recover-pending --replay-updates 1..
is '... nor while somebody is being forgotten' '0 over' \
	"$status $(cat "$tmp/held")"
poll
is 'nor does replaying what was received' 0 \
	"$(ask "SELECT count(*) FROM chats WHERE chat_id = $who")"
her /start
poll
is 'she comes back as a stranger' 'tel|{}|{}' \
	"$(ask "SELECT state, vars, tags FROM chats WHERE chat_id = $who")"
is '... and is asked' 'Phone?' "$(heard $who)"

# --- while the bot works

"$program/poll-updates" --for 30 2>>"$floor/errors" &
poller=$!
her '8 926 314-15-92'
for ((i = 0; i < 200; i++)); do
	[ "$(heard $who)" = 'Got +79263141592' ] && break
	sleep 0.05
done
rm -rf "$floor/state/backups"
run forget-user $who --yes --with-leads
is 'she is forgotten while the bot works' '0 ' "$status $(found)"
say 'hello' 5
her /start
for ((i = 0; i < 200; i++)); do
	[ "$(heard $who)" = 'Phone?' ] && break
	sleep 0.05
done
is '... which goes on' 'Phone?' "$(heard $who)"
kill $poller
wait $poller
is '... and ends well' 0 $?

# --- by contact, without a chat

printf '{"name":"W","phone":"89261112233"}' | "$program/add-lead" >"$tmp/out"
run forget-user +79261112233 --yes --with-leads
is 'a lead alone is forgotten by its phone' '0 0' \
	"$status $(ask "SELECT count(*) FROM leads WHERE name = 'W'")"

# --- what was accepted before and is copied to the journal after

log=$(find "$floor/journal" -name 'journal-*.log' | sort | tail -n 1)
# Who reads the file may, who appends waits.
copied_late()
{
	flock -s "$log" sleep 0.7 &
	sleep 0.1
	"$@" >"$tmp/id" &
	for ((i = 0; i < 50; i++)); do
		[ "$(ask "SELECT count(*) FROM $table WHERE chat_id = 31337")" = 0 ] ||
			break
		sleep 0.01
	done
	run forget-user 31337 --yes --with-leads
	wait $!
	status="$status $(ask "SELECT count(*) FROM $table WHERE chat_id = 31337") $(
		grep -ac 31337 "$log")"
}
table=tasks
copied_late "$program/schedule-task" --text hi --chat 31337 --in 1d
is 'a task that was accepted before is not copied after' '0 0 0' "$status"
table=leads
echo '{"name":"Y","phone":"89261112244","telegram_id":31337}' >"$tmp/lead"
copied_late "$program/add-lead" "$tmp/lead"
is '... nor a lead' '0 0 0' "$status"

# --- killed at every tenth point, and then again

her '8 926 314-15-92'
poll
cp -a "$floor/state" "$tmp/base"
cp -a "$floor/journal" "$tmp/base.journal"
classes=write,fsync,ftruncate,unlink,rename
victim()
{
	{ env LD_PRELOAD="$B/tests/fault/fault-shim.so" FAULT_ONLY=$classes \
		"$@" "$program/forget-user" -q $who --yes --with-leads \
		>"$tmp/out" 2>"$tmp/err"; } 2>&-
}
victim FAULT_COUNT_FILE="$tmp/count"
last=$(points "$tmp/count")
step=$((last / 12 + 1))
[ "$sweep" != full ] || step=1
wrong='' killed=0
for ((at = 1; at <= last; at += step)); do
	rm -rf "$floor/state" "$floor/journal"
	cp -a "$tmp/base" "$floor/state"
	cp -a "$tmp/base.journal" "$floor/journal"
	rm -rf "$floor/state/backups"
	victim FAULT_KILL_AT=$at
	[ $? -ne 137 ] || killed=$((killed + 1))
	"$program/forget-user" -q $who --yes --with-leads 2>"$tmp/err" ||
		wrong="$wrong point $at: $(cat "$tmp/err");"
	[ -z "$(found)" ] || wrong="$wrong point $at: $(found);"
	"$program/verify-state" -q >"$tmp/out" || wrong="$wrong point $at: $(cat "$tmp/out");"
done
passed "killed at $killed of $last points, and then again: nothing is left" "$wrong"
is '... points do kill' yes "$([ $killed -gt 8 ] && echo yes)"
tap_end
