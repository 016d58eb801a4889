#!/bin/bash
# SPDX-License-Identifier: MIT
# The simulator brings updates by webhook, 1,000 a minute, to nginx, fcgiwrap and
# receive-update, of which something is killed again and again; then leads come
# to add-lead. What was answered 200 is stored, all of it, once, and answered.
#
# A few seconds; LEADPIPE_SWEEP=full takes the minute.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
# shellcheck source=tests/nginx.sh
. "$TOP/tests/nginx.sh"
load_pid=
finish()
{
	# shellcheck disable=SC2086 # a list of ids
	kill -9 $load_pid $bot_children 2>/dev/null
	web_stop
	sim_stop
	rm -rf "$tmp"
}
trap finish EXIT
web_needed
extent=${LEADPIPE_SWEEP-}
unset LEADPIPE_SWEEP
bot_start --local --no-quirks --open-chats --webhook-retry 50
bot_config TELEGRAM_WEBHOOK_SECRET=open-sesame_1234567890 \
	LEADPIPE_WEBHOOK_PER_MINUTE=0 LEADPIPE_LIMIT_CHAT_PER_SECOND=0 \
	LEADPIPE_LIMIT_PER_SECOND=0
run poll-updates
web_start
seconds=4 leads=12
[ "$extent" != full ] || seconds=60 leads=240
updates=$((seconds * 1000 / 60)) said=0

# children PID: leaves them in $found; pgrep would read all of /proc
children()
{
	found=()
	read -ra found <"/proc/$1/task/$1/children"
} 2>/dev/null

# one_of PID: a child of it, by chance
one_of()
{
	children "$1"
	[ ${#found[@]} -gt 0 ] && one=${found[RANDOM % ${#found[@]}]}
}

# caught NAME: kills a command that is at work; waits for one
caught()
{
	local i wrapper name
	for ((i = 0; i < 200; i++)); do
		children "$fcgi_pid"
		for wrapper in "${found[@]}"; do
			children "$wrapper"
			[ ${#found[@]} -gt 0 ] &&
				read -r name <"/proc/${found[0]}/comm" &&
				[ "$name" = "$1" ] && kill -9 "${found[0]}" &&
				return
		done 2>/dev/null
		kill -0 "$load_pid" 2>/dev/null || return 1
		sleep 0.002
	done
	return 1
}

# strike WHAT COMMAND
strike()
{
	case $1 in
	command) caught "$2" ;;
	wrapper) one_of "$fcgi_pid" && kill -9 "$one" ;;
	wrappers)
		kill -9 "$fcgi_pid" && fcgi_stop KILL
		fcgi_start
		;;
	worker) one_of "$nginx_pid" && kill -9 "$one" ;;
	nginx)
		kill -9 "$nginx_pid" && nginx_stop KILL
		nginx_start "$web_port"
		;;
	esac 2>/dev/null && struck[$1]=$((${struck[$1]-0} + 1))
}

# What can be killed.
kinds='command nginx worker wrapper wrappers'

# storm COMMAND LOAD...: strikes as long as LOAD runs, which then comes again
# until everything was killed
storm()
{
	local command=$1 what
	shift
	declare -gA struck=()
	while [ ${#struck[@]} -lt 5 ]; do
		"$@" &
		load_pid=$!
		while kill -0 $load_pid 2>/dev/null; do
			for what in command wrapper command worker command \
				wrappers command nginx; do
				kill -0 $load_pid 2>/dev/null || break
				strike $what "$command"
				sleep "0.$((1 + RANDOM % 3))"
			done
		done
		wait $load_pid
		load_pid=
		said=$((said + updates))
	done
	echo "# killed: $(for what in $kinds; do
		echo "$what ${struck[$what]}"
	done | paste -sd,)"
}

# people_write: and Telegram has brought it all
people_write()
{
	local before
	before=$(sim load | jq '.said // 0')
	sim load "{\"messages\":$updates,\"seconds\":$seconds}" >"$tmp/people"
	until [ "$(sim load | jq .said)" = $((before + updates)) ] &&
		[ "$(sim stats | jq .pending)" = 0 ]; do
		sleep 0.1
	done
}

people_come()
{
	"$B/tests/fault/web-load" "127.0.0.1:$web_port" /lead "$leads" 240 150 \
		>"$tmp/load"
}

run set-webhook "$web_root/telegram/shop" --connections 8
is 'a webhook is set' 0 "$status"
storm receive-update people_write
echo "# $(sim stats | jq -c .webhook)"
is 'each update is stored once' "$said $said" "$(sql 'SELECT count(*),
	count(DISTINCT update_id) FROM updates' | tr '|' ' ')"
for ((i = 0; i < 20; i++)); do
	run poll-updates
	[ "$(sim load | jq .unanswered)" != 0 ] || break
done
is 'and answered' '0' "$(sim load | jq .unanswered)"
"$TOP/tests/sim/check-delivery" --settled "$tmp/record" "$db" \
	>"$tmp/verdict" 2>&1
is 'nothing was lost, nothing repeated' '0 lost 0, repeated 0, ambiguous 0' \
	"$? $(grep -o '^lost [0-9]*, repeated [0-9]*, ambiguous [0-9]*' \
	"$tmp/verdict")"

storm add-lead people_come
echo "# $(cat "$tmp/load")"
is 'each lead is accepted in the end' "$leads" "$(jq .accepted "$tmp/load")"
is 'and each is stored once' "$leads $leads $leads" "$(sql "SELECT
	(SELECT count(*) FROM leads WHERE source = 'tilda'), count(*),
	count(DISTINCT lead_id) FROM lead_sources WHERE source = 'tilda'" |
	tr '|' ' ')"
is 'the database is well' ok "$(sql 'PRAGMA quick_check')"
tap_end
