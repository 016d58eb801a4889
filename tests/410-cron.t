#!/bin/bash
# SPDX-License-Identifier: MIT
# serial
# crontab.example under the real cron daemon. Its minute lasts 10 s here, for
# cron alone, so --for is shortened by as much, and every one of them is a night;
# everything else is as it is.
set -u
. "$TOP/tests/bot.sh"
chmod 755 "$tmp"
. "$TOP/tests/cron.sh"
trap 'cron_stop; sim_stop; rm -rf "$tmp"' EXIT
trap 'exit 143' INT TERM

file=$TOP/crontab.example
is 'the last line ends' '' "$(tail -c 1 "$file" | tr -d '\n')"
is 'no % that cron would make a newline of' 0 "$(grep -c '^[^#].*%' "$file")"
is 'the lines are nine' 9 "$(grep -c '^[0-9*]' "$file")"
passed 'every command in it exists' "$(grep -Eo \
	'leadpipe ([a-z]+-[a-z]+|healthcheck)' \
	"$file" | sort -u | while read -r _ command; do
	[ -x "$B/libexec/$command" ] || echo "$command"
done)"

why=$(cron_missing)
command -v faketime >/dev/null || why='needs the package faketime'
command -v logrotate >/dev/null || why='needs the package logrotate'
if [ -n "$why" ]; then
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - under cron # SKIP $why"
	tap_end
	exit
fi

bot_start --latency 20 --open-chats
bot_config ADMIN_IDS=4711
# The tree may lie where only its owner may look, as in /root.
cp -r "$TOP/examples" "$tmp/flow"
sed -i "s|^FLOW_FILE=.*|FLOW_FILE=$tmp/flow/funnel.json|" "$tmp/env"
chown nobody "$tmp/env" "$tmp/state"
cron_prepare nobody \
	's/--for 60/--for 10/; s/^[*0-9/]* [*0-9]* [*] [*] [*] /* * * * * /'
# Proof that a mail would be seen.
echo '* * * * * nobody echo spoken' >>"$tmp/cron.d/leadpipe"
is 'the lines were adapted' '2 9' "$(grep -c -- '--for 10 ' \
	"$tmp/cron.d/leadpipe") $(grep -c '^[*] .*nobody' "$tmp/cron.d/leadpipe")"
# So that a health check in the first minute has nothing to say.
"$LEADPIPE" poll-updates && "$LEADPIPE" send-due

db()
{
	sqlite3 -readonly "$tmp/state/leadpipe.db" ".timeout 5000" "$1"
}
pollers()
{
	db "SELECT count(*) FROM runs WHERE command = 'poll-updates'"
}
before=$(pollers)
cron_start 6
for ((i = 0; i < 300 && $(pollers) == before; i++)); do
	sleep 0.1
done
before=$(pollers)
sim load '{"messages":300,"seconds":30}' >"$tmp/said"
log=$tmp/home/leadpipe.log
sed -e "s|^/.*\.log|$log|" -e 's/su leadpipe leadpipe/su nobody nogroup/' \
	"$TOP/logrotate.example" >"$tmp/logrotate"
chmod 644 "$tmp/logrotate"
logrotate --force --state "$tmp/logrotate.state" "$tmp/logrotate" \
	>"$tmp/rotated" 2>&1
is 'the log is rotated under its writers' '0 ' "$? $(cat "$tmp/rotated")"
zombies='' seen=''
for ((i = 0; i < 45; i++)); do
	sleep 1
	# A child that has just ended is one for an instant.
	now=$(cron_processes | grep '^ *Z')
	zombies+=$(comm -12 <(sort <<<"$seen") <(sort <<<"$now"))
	seen=$now
	[ "$(sim load | jq '.said == 300 and .unanswered == 0')" = false ] ||
		break
done
over=$(($(pollers) - before))
sim load >"$tmp/load"
echo "# $(cat "$tmp/load"), $over hand-overs"
is 'everybody is answered' '300 0' \
	"$(jq -r '"\(.answered) \(.unanswered)"' "$tmp/load")"
passed 'across at least two hand-overs' \
	"$([ $over -ge 2 ] || echo "$over hand-overs")"
is 'p99 is under a second' true "$(jq '.p99_ms < 1000' "$tmp/load")"
passed 'send-due ran as well' "$([ "$(db "SELECT count(*) FROM runs
	WHERE command = 'send-due'")" -gt 0 ] || cat "$tmp/cron.log")"
is 'no zombie' '' "$zombies"
running=$(cron_processes | grep -c '^ *[A-Z][^ ]* *[0-9]* poll-updates')
passed 'one poller runs, or it and its successor' \
	"$([ $((running == 1 || running == 2)) = 1 ] || cron_processes)"
cron_stop
is 'no mail but the one that was asked for' 'spoken' \
	"$(grep -v '^[A-Z][A-Za-z-]*: \|^$' "$tmp/mail" | sort -u)"
is 'what was rotated is whole, and its run went on in it' 'bot_ready run_finished' \
	"$(grep -ho ' \(bot_ready\|run_finished\)' "$log.1" | sort -u | xargs)"
is 'the log has an event a line, and nothing else' '' \
	"$(grep -vhE '^ts=[0-9T:.Z-]{24} level=info cmd=[a-z-]+ run=[0-9]+ [a-z_]+( |$)' \
	"$log" "$log.1")"
is 'of each that has one' 'poll-updates send-due sync-crm sync-redis' \
	"$(grep -oh 'cmd=[a-z-]*' "$log" | cut -d= -f 2 | sort -u | xargs)"
is 'for its user' 'nobody 640' "$(stat -c '%U %a' "$log")"
passed 'a backup was made, and read' "$(find "$tmp/state/backups" -name '*.db' |
	grep -q . || ls -lR "$tmp/state")"
is 'every run ended well' '' "$(db "SELECT command, exit_code FROM runs
	WHERE exit_code <> 0")"
passed 'the checker finds nothing lost or repeated' \
	"$("$TOP/tests/sim/check-delivery" "$tmp/record" \
	"$tmp/state/leadpipe.db" >"$tmp/said" 2>&1 || cat "$tmp/said")"
is 'all of it belongs to the user of the line' nobody \
	"$(find "$tmp/state" -printf '%u\n' | sort -u)"
tap_end
