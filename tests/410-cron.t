#!/bin/bash
# SPDX-License-Identifier: MIT
# serial
# crontab.example under the real cron daemon. Its minute lasts 10 s here, for
# cron alone, so --for is shortened by as much; everything else is as it is.
set -u
. "$TOP/tests/bot.sh"
chmod 755 "$tmp"
. "$TOP/tests/cron.sh"
trap 'cron_stop; sim_stop; rm -rf "$tmp"' EXIT
trap 'exit 143' INT TERM

file=$TOP/crontab.example
is 'the last line ends' '' "$(tail -c 1 "$file" | tr -d '\n')"
is 'no % that cron would make a newline of' 0 "$(grep -c '^[^#].*%' "$file")"
is 'the lines are six' 6 "$(grep -c '^[0-9*]' "$file")"
passed 'every command in it exists' "$(grep -Eo \
	'leadpipe ([a-z]+-[a-z]+|healthcheck)' \
	"$file" | sort -u | while read -r _ command; do
	[ -x "$B/libexec/$command" ] || echo "$command"
done)"

why=$(cron_missing)
command -v faketime >/dev/null || why='needs the package faketime'
if [ -n "$why" ]; then
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - under cron # SKIP $why"
	tap_end
	exit
fi

bot_start --latency 20 --open-chats
chown nobody "$tmp/env" "$tmp/state"
cron_prepare nobody 's/--for 60/--for 10/'
# Proof that a mail would be seen.
echo '* * * * * nobody echo spoken' >>"$tmp/cron.d/leadpipe"
is 'the lines were adapted' 2 "$(grep -c -- '--for 10$' \
	"$tmp/cron.d/leadpipe")"
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
is 'every run ended well' '' "$(db "SELECT command, exit_code FROM runs
	WHERE exit_code <> 0")"
passed 'the checker finds nothing lost or repeated' \
	"$("$TOP/tests/sim/check-delivery" "$tmp/record" \
	"$tmp/state/leadpipe.db" >"$tmp/said" 2>&1 || cat "$tmp/said")"
is 'all of it belongs to the user of the line' nobody \
	"$(find "$tmp/state" -printf '%u\n' | sort -u)"
tap_end
