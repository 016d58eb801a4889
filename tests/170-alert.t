#!/bin/bash
# SPDX-License-Identifier: MIT
# healthcheck --alert: people hear of trouble once, and once that it is over,
# also when the database or Telegram is the trouble.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
if ! command -v faketime >/dev/null; then
	echo '1..0 # SKIP needs the package faketime'
	exit
fi
spare=/dev/shm/leadpipe-$(id -u)

# check MINUTE [OPTION...]: a healthcheck in the minute after now
check()
{
	local at=$1
	shift
	faketime -f "+${at}m" "$LEADPIPE" healthcheck --alert "$@" \
		>"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
}

# hour FIRST STEP [OPTION...]: what people were told in which minute of it
hour()
{
	local first=$1 step=$2 i before after
	shift 2
	for ((i = 0; i < 60; i += i < 1 ? 1 : step)); do
		before=$(told | wc -l)
		check $((first + i)) "$@"
		after=$(told | wc -l)
		[ "$before" = "$after" ] || printf '%s ' "$i"
	done
}

# told: the letters to 7, a line each
told()
{
	jq -r 'select(.kind == "request" and .method == "sendMessage" and
		.chat_id == 7) | .params.text | gsub("\n"; ";")' "$tmp/record"
}

# letters PATTERN: how many
letters() { told | grep -c "$1"; }

# fresh [LINE...]: a bot that does well, and nobody has been told anything
fresh()
{
	rm -rf "$tmp/state"
	mkdir -m 700 "$tmp/state"
	rm -f "$spare/alerts-"*
	bot_config 'ADMIN_IDS=7, 8' "$@"
	sim reset '{}' >"$tmp/said"
	: >"$tmp/record"
	say '{"chat":7,"text":"/start"}'
	say '{"chat":8,"text":"/start"}'
	run poll-updates
	: >"$tmp/record"
}

step=29
[ "${LEADPIPE_SWEEP-}" != full ] || step=1
# Else it is a setting that nobody knows.
unset LEADPIPE_SWEEP
bot_start

# --- all is well

fresh
check 0
is 'all is well: nothing is told' '0 0' "$status $(wc -l <"$tmp/record")"
is 'and nothing kept but the lock' 'alerts.lock' \
	"$(cd "$tmp/state" && echo alerts*)"
check 0 --failed-unit 'a b'
is 'what is no unit' 3 $status
run healthcheck --failed-unit a.service
is 'and a unit without --alert' 3 $status

# --- the database in trouble, an hour long

for how in damaged locked full; do
	fresh
	case $how in
	damaged)
		sqlite3 "$db" 'pragma wal_checkpoint(truncate)' >/dev/null
		cp "$db" "$tmp/good.db"
		dd if=/dev/urandom of="$db" bs=4096 seek=2 count=12 \
			conv=notrunc 2>/dev/null
		;;
	locked)
		mkfifo "$tmp/hold"
		sqlite3 "$db" <"$tmp/hold" >"$tmp/held" 2>&1 &
		bot_children=$!
		exec 9>"$tmp/hold"
		echo "pragma locking_mode = exclusive; begin immediate;
			update meta set value = value; commit; select 1;" >&9
		wait_for grep -q 1 "$tmp/held"
		;;
	full)
		cp -a "$tmp/state" "$tmp/kept"
		if ! mount -t tmpfs -o size=1m,mode=700 tmpfs "$tmp/state" \
			2>/dev/null; then
			for i in 1 2 3 4 5; do
				tap_count=$((tap_count + 1))
				echo "ok $tap_count # SKIP only root may mount"
			done
			continue
		fi
		cp -a "$tmp/kept/." "$tmp/state"
		head -c 4m /dev/zero >"$tmp/state/filler" 2>/dev/null
		;;
	esac
	is "$how: told in its second minute, once in the hour" '1 ' \
		"$(hour 1 $step -t 3)"
	case $how in
	damaged) state=CRITICAL key=database/open what=damaged ;;
	locked) state=UNKNOWN key=database/open what=locked ;;
	full) state=CRITICAL key=machine/disk_free what='0 MiB' ;;
	esac
	is "$how: what it is" 1 "$(letters "\[$state\] $key: .*$what")"
	is "$how: since when, and what mends it" 1 \
		"$(letters ';  since 20.*, for 1 min;  mend: ')"
	is "$how: both admins" 2 "$(grep -c '"kind":"request"' "$tmp/record")"
	case $how in
	damaged) cp "$tmp/good.db" "$db" ;;
	locked)
		exec 9>&-
		wait $bot_children
		rm "$tmp/hold"
		;;
	full) rm "$tmp/state/filler" ;;
	esac
	# Less is left than a bot needs, but for this one.
	for i in 61 62 63 64; do
		check $i --component "${key%/*}" -w disk_free=1: \
			-c disk_free=1:
	done
	is "$how: its end, once" 1 "$(letters "\[OK\] $key: was $state for 5[89] min")"
	[ $how != full ] || umount "$tmp/state"
done

# --- no configuration that can be used, no database yet

fresh
echo 'LEADPIPE_LIMITS=3' >>"$tmp/env"
check 1
check 2
check 3
is 'a misspelt setting is told all the same' 1 \
	"$(letters "\[CRITICAL\] config/config: .*LEADPIPE_LIMITS")"
fresh
chmod 644 "$tmp/env"
check 1
check 2
is 'so is one that others can read' 1 \
	"$(letters "\[UNKNOWN\] config/config: .*open to others")"
fresh "LEADPIPE_ALERT_COMMAND=touch $tmp/strange"
chmod 666 "$tmp/env"
check 1
check 2
is 'one that others can change is believed in nothing' '0 0' \
	"$(told | wc -l) $([ -e "$tmp/strange" ] && echo 1 || echo 0)"
is 'and stderr has it' 1 "$(grep -c 'an alert did not arrive' "$tmp/err")"
fresh
rm -r "$tmp/state"
check 1
check 2
check 3
is 'no database: told once' 1 "$(letters '\[CRITICAL\] database/open: no database at')"
is 'nothing is made' 0 "$([ -e "$tmp/state" ] && echo 1 || echo 0)"

# --- Telegram is the trouble

fresh "LEADPIPE_ALERT_COMMAND=cat >>$tmp/mail"
sql "update meta set value = value - 400000 where key = 'poll_at'"
fault '{"kind":"401","method":"sendMessage","times":4}'
: >"$tmp/mail"
check 0 --component telegram -v
is 'the token is revoked: the command has it' 1 \
	"$(grep -c '^\[CRITICAL\] telegram/poll_age' "$tmp/mail")"
is 'so has stderr, in one line' '1 1' \
	"$(wc -l <"$tmp/err") $(grep -c 'an alert did not arrive.*BOT_TOKEN' "$tmp/err")"
is 'no token anywhere' '' "$(grep -l "${sim_token#*:}" "$tmp/mail" "$tmp/err" \
	"$tmp/out" "$tmp/state/alerts.json")"
is 'healthcheck says so' 1 "$(grep -c 'an alert did not arrive' "$tmp/out")"
check 1 --component telegram
is 'not again' '1 0' "$(grep -c '^leadpipe' "$tmp/mail") $(wc -l <"$tmp/err")"
for i in 2 5 9; do
	check $i --component telegram
done
is 'with a new token it comes, and of when it is' 1 \
	"$(jq -c 'select(.kind == "answer" and .status == 200 and
		.chat_id == 7)' "$tmp/record" | wc -l)"
is 'the command ran once' 1 "$(grep -c '^leadpipe' "$tmp/mail")"

fresh
sql "update meta set value = value - 400000 where key = 'poll_at'"
fault '{"kind":"429","method":"sendMessage","retry_after":90,"times":1}'
check 0 --component telegram
check 1 --component telegram
is '429: nothing before its time' 1 "$(told | wc -l)"
check 2 --component telegram
check 3 --component telegram
is 'then once' 2 "$(told | wc -l)"

# --- two at once, and one that is killed

fresh
sql "update meta set value = value - 400000 where key = 'poll_at'"
seq 5 | xargs -P5 -I{} "$LEADPIPE" healthcheck --alert >/dev/null 2>&1
is 'five at once tell it once' 1 "$(told | wc -l)"

fresh
sql "update meta set value = value - 400000 where key = 'poll_at'"
fault '{"kind":"hang","method":"sendMessage","ms":3000,"times":1}'
"$LEADPIPE" healthcheck --alert --component telegram >/dev/null 2>&1 &
bot_children=$!
asked() { [ -n "$(told)" ]; }
wait_for asked
kill -9 $bot_children
wait $bot_children 2>/dev/null
for i in 1 2 3; do
	check $i --component telegram
done
is 'killed while it sends: once more, and it says so' '2 1' \
	"$(told | wc -l) $(letters '^(again: this may have arrived before)')"

# --- who is in an error of the CRM's is not in a letter

printf '%s\n' '#!/bin/sh' 'cat >&2' 'exit 1' >"$tmp/crm"
chmod +x "$tmp/crm"
fresh "LEAD_EXEC=$tmp/crm" LEAD_CRM=exec
echo '{"name":"Zaphodina","phone":"+79263141592","comment":"plughtext"}' |
	"$LEADPIPE" add-lead >"$tmp/said"
for i in 1 2 3; do
	sql 'update leads set not_before = 0; update breakers set open_until = 0'
	"$LEADPIPE" sync-crm 2>>"$tmp/said"
done
check 0 --component crm -v
check 1 --component crm -v
is 'it is told that the CRM fails, and how' 1 \
	"$(letters 'crm/circuit:exec: .*ended with 1;')"
is 'not on whom' '' "$(grep -E 'Zaphodina|3141592|plughtext' "$tmp/record" \
	"$tmp/out" "$tmp/err" "$tmp/said" "$tmp/state/alerts.json")"
is 'that is with the lead' 1 "$(sql "select count(*) from leads
	where reason like '%Zaphodina%'")"

# --- units of systemd, and the heartbeat

fresh
export MONITOR_SERVICE_RESULT=exit-code MONITOR_EXIT_STATUS=78
check 0 --component queue --failed-unit leadpipe-poll@shop.service
check 1 --component queue --failed-unit leadpipe-poll@shop.service
check 2 --component queue
unset MONITOR_SERVICE_RESULT MONITOR_EXIT_STATUS
is 'a failed unit, at once and once' '1 1' "$(told | wc -l) $(letters \
	'leadpipe-poll@shop.service failed: exit-code, status 78;.*journalctl -u')"
mv "$db" "$db.gone"
check 3 --failed-unit leadpipe-send@shop.service
mv "$db.gone" "$db"
is 'one more, and nothing but that is looked at' '2 1' \
	"$(told | wc -l) $(grep -c '^LEADPIPE CRITICAL: leadpipe-send@shop' "$tmp/out")"

fresh "LEADPIPE_PING_URL=$sim_root/sim/stats"
check 0 -v
is 'the heartbeat' 1 "$(grep -c 'alert/heartbeat: the heartbeat was taken' "$tmp/out")"
fresh 'LEADPIPE_PING_URL=http://127.0.0.1:1/SECRET-OF-PING'
check 0 -v
is 'one that nobody takes harms nobody' '0 0 1' "$status $(wc -c <"$tmp/err") $(
	grep -c 'the heartbeat was not taken' "$tmp/out")"
is 'its address is not shown' '' "$(grep SECRET-OF-PING "$tmp/out")"
rm -f "$spare/alerts-"*
tap_end
