#!/bin/bash
# SPDX-License-Identifier: MIT
# What every command writes on stderr: one event a line, logfmt or JSON, ids
# first; which service fell and which works; and nothing about a person but
# the number of the chat.
set -u
. "$TOP/tests/bot.sh"
. "$TOP/tests/sim/crm.sh"
. "$TOP/tests/every.sh"
trap 'kill -9 $bot_children 2>/dev/null; sim_stop; crm_stop; rm -rf "$tmp"' EXIT

# Whatever of these is found in a log is one too many. The CRM's program and
# Telegram say some of them back.
personal='Zlatosveta|zlata_quiet|79161234567|916 123-45-67|zlata@quiet|'
personal+='семью печатями|Tishina|Перезвоните|9031112233|k@tishina'
answer='no place for +7 (916) 123-45-67, zlata@quiet.example and @zlata_quiet'

bot_start --open-chats
crm_start
crm set '{"amocrm_per_second":0}' >"$tmp/said"
crm_secret=$(crm_token long_lived)
mkdir "$tmp/flow"
cp -r "$TOP/examples/." "$tmp/flow"
touch -d '1 hour ago' "$tmp/flow/funnel.json"
printf '#!/bin/sh\ncat >/dev/null\necho "%s" >&2\nexit 69\n' "$answer" \
	>"$tmp/refuse"
chmod +x "$tmp/refuse"
bot_config "LEAD_EXEC=$tmp/refuse" \
	LEAD_CRM=amocrm "AMOCRM_BASE_URL=$crm_root" \
	"AMOCRM_LONG_LIVED_TOKEN=$crm_secret" LEADPIPE_LIMIT_CRM_PER_SECOND=0
sed -i "s|^FLOW_FILE=.*|FLOW_FILE=$tmp/flow/funnel.json|" "$tmp/env"
# A name of his own, so that each lead is a new one.
lead()
{
	echo "{\"name\":\"Ксения Tishina\",\"phone\":\"+7903111223$1\",
		\"email\":\"k@tishina$1.example\",\"text\":\"Перезвоните\"${2-}}"
}
lead 3 >"$tmp/lead.json"
echo '{"update_id":5,"message":{"message_id":1,"date":1,"chat":{"id":42,
	"type":"private","first_name":"Zlatosveta"},"text":"за семью печатями"}}' \
	>"$tmp/update.json"
"$LEADPIPE" poll-updates
"$LEADPIPE" backup-state -q "$tmp/backup.db"

# A day with some trouble.
trouble()
{
	say '{"chat":42,"text":"/start за семью печатями",
		"first_name":"Zlatosveta","username":"zlata_quiet"}'
	sim contact '{"chat":42,"phone":"+79161234567"}' >"$tmp/said"
	fault '{"kind":"502html","method":"getUpdates","times":1}'
	"$LEADPIPE" poll-updates --for 2 "$@"
	fault "{\"kind\":\"error\",\"method\":\"sendMessage\",\"status\":400,
		\"description\":\"Bad Request: $answer\",\"times\":1}"
	"$LEADPIPE" schedule-task "$@" --text 'за семью печатями' --chat 42 \
		--in 0s
	"$LEADPIPE" send-due "$@"
	"$LEADPIPE" send-due "$@" --db "$tmp/nowhere/x.db"
	lead 1 | "$LEADPIPE" add-lead "$@"
	lead 5 ',"crm":"exec"' | "$LEADPIPE" add-lead "$@"
	echo '{"name":"Tishina" "k@tishina"}' | "$LEADPIPE" add-lead "$@"
	echo '{"update_id":6,"message":{"text":"за семью печатями"' |
		REQUEST_METHOD=POST CONTENT_LENGTH=60 TELEGRAM_WEBHOOK_SECRET=x \
		HTTP_X_TELEGRAM_BOT_API_SECRET_TOKEN=x "$LEADPIPE" receive-update "$@"
	echo 'Tishina;k@tishina.example' | "$LEADPIPE" add-lead --csv "$@"
	crm fault '{"kind":"500","path":"/","times":1}' >"$tmp/said"
	"$LEADPIPE" sync-crm "$@" --for 3
}
each()
{
	local command
	say '{"chat":42,"text":"за семью печатями"}'
	for command in $commands; do
		# shellcheck disable=SC2086 # words
		"$LEADPIPE" "$command" "$@" ${arguments[$command]} \
			--config "$tmp/env"
	done
}
# What deploy-flow has to say of a flow it says as a compiler does.
logged()
{
	"$@" 2>&1 >"$tmp/out" </dev/null |
		grep -v "^$tmp/flow/funnel.json:[0-9:]* warning: "
}
logged trouble -vv --log logfmt >"$tmp/logfmt"
logged each -vv --log logfmt >>"$tmp/logfmt"
logged each -vv --log json >"$tmp/json"

quoted='"([^"\\]|\\.)*"'
is 'each line of logfmt is one' '' "$(grep -nvE "^ts=[0-9T:.Z-]{24} level=(error|warning|info|debug) cmd=[a-z-]+( run=[0-9]+)? [a-z_]+( [a-z_]+=($quoted|[^ \"=]*))*\$" \
	"$tmp/logfmt")"
is 'each line of JSON is an object' "$(wc -l <"$tmp/json")" \
	"$(jq -c 'select(has("ts") and has("level") and has("cmd")
	and (.event | test("^[a-z_]+$")))' "$tmp/json" | wc -l)"
is 'all that know a configuration have logged' \
	"$(tr ' ' '\n' <<<"$commands" |
	grep -vx 'check-config\|check-flow\|healthcheck')" \
	"$(jq -r 'select(.event == "run_started").cmd' "$tmp/json" | sort -u)"
is 'ids come first' '' "$(grep -E \
	' run=[0-9]+ [a-z_]+ .*(text|status|type|role)=.* (id|chat|user_id|exec)=[0-9]' \
	"$tmp/logfmt")"

# has NAME PATTERN: a line of logfmt
has()
{
	passed "$1" "$(grep -qE "$2" "$tmp/logfmt" ||
		echo "no line has '$2'")"
}
has 'a bot is ready' 'cmd=poll-updates .* bot_ready bot=4242$'
has 'reminders leave' 'cmd=send-due .* scheduler_started bot=4242$'
has 'what a person says is stored' \
	' message_stored id=[0-9]+ user_id=42 role=user$'
has 'and the answer' ' message_stored id=[0-9]+ user_id=42 role=assistant$'
has 'which left' ' task_completed id=[0-9]+ chat=42 type=sendMessage '
has 'a lead is added' ' cmd=add-lead run=[0-9]+ lead_added id=[0-9]+$'
has 'leads reached the CRM' ' sync_completed users=[1-9]'
# of COMMAND NAME: how a service did in the first run of COMMAND that heard it
of()
{
	grep -E " cmd=$1 .* service_[a-z]+ name=$2" "$tmp/logfmt" |
		awk '{ run = $4; if (!first) first = run }
			run == first { sub("service_", "", $5); print $5 }' | xargs
}
is 'Telegram fell and came again, in one run' 'down up' \
	"$(of poll-updates telegram)"
is 'so did the CRM' 'down up' "$(of sync-crm amocrm)"
is 'whose database worked' 'up' "$(of sync-crm database)"
has 'a database that is not there' \
	' cmd=send-due .* service_down name=database text=".*nowhere'
is 'what was refused is told without the person' \
	"$(printf 'no place for ***, *** and ***%.0s\n' 1 2)" \
	"$(grep -E 'level=error' "$tmp/logfmt" |
	grep -oE 'no place for .*\*\*\* and [^ ";]*')"

# --- and in words

lead 9 ',"crm":"exec"' | "$LEADPIPE" add-lead -vv >"$tmp/out" 2>"$tmp/plain"
"$LEADPIPE" sync-crm -vv 2>>"$tmp/plain"
is 'without --log complaints are sentences' 1 \
	"$(grep -c '^leadpipe sync-crm: lead [0-9]* is parked, exec' "$tmp/plain")"
is 'nothing says who somebody is' '' \
	"$(grep -hEi "$personal" "$tmp/logfmt" "$tmp/json" "$tmp/plain")"
is 'nor a token' '' "$(grep -hF -e "${sim_token#*:}" -e "$crm_secret" \
	"$tmp/logfmt" "$tmp/json" "$tmp/plain")"
passed 'there was something to look at' \
	"$([ "$(wc -l <"$tmp/logfmt")" -gt 100 ] || cat "$tmp/logfmt")"
tap_end
