#!/bin/bash
# SPDX-License-Identifier: MIT
# check-config names every setting whose value is wrong, once; a new setting is
# decided about here.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/command.sh
. "$TOP/tests/command.sh"

amo='AMOCRM_BASE_URL=https://x.amocrm.ru AMOCRM_LONG_LIVED_TOKEN=x'
hook='LEAD_WEBHOOK_URL=https://example.org/x'

# KEY, what is no value of it, and what else has to be set
bad=$(cat <<-KEYS
	BOT_TOKEN nonsense
	ADMIN_IDS 123,abc
	DISPATCHER_IDS abc FLOW_FILE=$tmp/people.json
	DATABASE_PATH state.db
	REDIS_URL http://localhost
	REDISHOST redis://localhost
	REDISPORT x
	REDISUSER me REDISHOST=localhost
	DEV_MODE maybe
	TELEGRAM_ALERT_BOT_TOKEN bad
	TELEGRAM_ALERT_CHAT_ID no-id
	TELEGRAM_API_ROOT ftp://localhost
	TELEGRAM_PROXY socks5://localhost:1
	CRM_PROXY socks5://localhost:1
	FLOW_FILE flow.json
	LEAD_CRM nonsense $hook
	AMOCRM_BASE_URL https://example.org AMOCRM_LONG_LIVED_TOKEN=x
	AMOCRM_MODE both $amo
	AMOCRM_LONG_LIVED_TOKEN a"b $amo
	BITRIX24_WEBHOOK_URL nonsense
	LEAD_WEBHOOK_URL nonsense
	LEAD_WEBHOOK_PRIVATE maybe $hook
	LEAD_WEBHOOK_SECRET short $hook
	LEAD_EXEC program
	LEADPIPE_BACKUP_DIR backups
	LEADPIPE_BULLMQ_PREFIX $(printf '%0129d' 0)
	LEADPIPE_BULLMQ_QUEUES leads,bull:orders
	LEADPIPE_DIALOGS maybe
	LEADPIPE_DIALOG_DATA_KEY data
	LEADPIPE_DIALOG_KEY state
	LEADPIPE_DIALOG_LOCK_KEY lock
	LEADPIPE_DIALOG_TTL soon
	LEADPIPE_HANDLER_SLOTS 0
	LEADPIPE_IP 5
	LEADPIPE_JOURNAL_DIR journal
	LEADPIPE_KEEP_BACKUPS -1
	LEADPIPE_KEEP_HISTORY -1
	LEADPIPE_KEEP_JOURNAL -1
	LEADPIPE_KEEP_RUNS x
	LEADPIPE_KEEP_TASKS 7d
	LEADPIPE_KEEP_UPDATES 2
	LEADPIPE_LEAD_JOIN soon
	LEADPIPE_LIMIT_CHAT_PER_SECOND -1
	LEADPIPE_LIMIT_CRM_PER_SECOND x
	LEADPIPE_LIMIT_GROUP_PER_MINUTE x
	LEADPIPE_LIMIT_PER_SECOND 1001
	LEADPIPE_LIMIT_SHARE 0
	LEADPIPE_MIRROR maybe
	LEADPIPE_MIRROR_HISTORY -1
	LEADPIPE_PHONE_REGION Russia
	LEADPIPE_PING_URL ftp://localhost
	LEADPIPE_SEND_SLOTS 0
	LEADPIPE_SHARED_LIMITS maybe
	LEADPIPE_SHARED_TASKS maybe
	LEADPIPE_WEBHOOK_PER_MINUTE many
	TELEGRAM_WEBHOOK_SECRET a.b
KEYS
)

# Who gave them knows their form, or they are text: nothing is wrong by itself.
# What LEADPIPE_CONFIG names is what is read.
free=(AMOCRM_CLIENT_ID AMOCRM_CLIENT_SECRET AMOCRM_REDIRECT_URI
	AMO_PIPELINE_ID AMO_STATUS_ID LEADPIPE_ALERT_COMMAND LEADPIPE_CONFIG
	LEADPIPE_LIMIT_JOIN REDISPASSWORD)

# configure LINE...: the last of a name counts
configure()
{
	printf '%s\n' "BOT_TOKEN=$sim_token" "DATABASE_PATH=$db" \
		"FLOW_FILE=$TOP/examples/funnel.json" "$@" | tac |
		awk -F = '!seen[$1]++' >"$tmp/env"
}

bot_setup http://localhost
jq '.roles = {"dispatcher": "$DISPATCHER_IDS"}' "$TOP/examples/funnel.json" \
	>"$tmp/people.json"
cp -r "$TOP/examples/." "$tmp/"

is 'every setting is looked at here, or said to be free' \
	"$(sed -n 's/^	{ "\([A-Z0-9_]*\)", .*/\1/p' \
		"$TOP/lib/base/config_key.c" | sort)" \
	"$(printf '%s\n' "$bad" "${free[@]}" | cut -d ' ' -f 1 | sort)"
configure
run check-config
is 'nothing is wrong' '0 0' "$status $(grep -c '^problem' "$tmp/out")"
while read -r key value others; do
	# shellcheck disable=SC2086 # several
	configure $others "$key=$value"
	run check-config
	is "$key is told, once" '78 1 1' "$status $(grep -c '^problem' \
		"$tmp/out") $(grep -c "^problem.*$key" "$tmp/out")"
done <<<"$bad"

# Each in a part of its own, so that none hides another.
configure LEADPIPE_KEEP_BACKUPS=-1 TELEGRAM_ALERT_CHAT_ID=no-id \
	LEADPIPE_PING_URL=ftp://localhost LEADPIPE_MIRROR=maybe \
	LEADPIPE_SHARED_TASKS=maybe REDISPORT=x DEV_MODE=maybe
run check-config
is 'seven at a time' '78 7' "$status $(grep -c '^problem' "$tmp/out")"
# Several that one part reads, of which none hides another.
# hides COUNT LINE...
hides()
{
	configure "${@:2}"
	run check-config
	is "all of ${2%%=*} and its like" "78 $1" \
		"$status $(grep -c '^problem' "$tmp/out")"
}
hides 2 LEADPIPE_MIRROR=x LEADPIPE_MIRROR_HISTORY=-1
hides 3 LEADPIPE_KEEP_UPDATES=1 LEADPIPE_KEEP_RUNS=x LEADPIPE_KEEP_HISTORY=-1
hides 4 LEADPIPE_LIMIT_PER_SECOND=x LEADPIPE_SEND_SLOTS=0 \
	LEADPIPE_LIMIT_SHARE=0 LEADPIPE_HANDLER_SLOTS=0
hides 3 LEADPIPE_DIALOGS=x LEADPIPE_DIALOG_KEY=state LEADPIPE_DIALOG_TTL=soon
hides 2 LEADPIPE_LEAD_JOIN=soon LEADPIPE_PHONE_REGION=Russia
hides 2 REDISHOST=redis://localhost REDISPORT=x
hides 2 AMOCRM_BASE_URL=https://example.org AMOCRM_MODE=both \
	AMOCRM_LONG_LIVED_TOKEN=x
hides 3 LEAD_WEBHOOK_URL=nonsense LEAD_WEBHOOK_PRIVATE=maybe \
	LEAD_WEBHOOK_SECRET=short

# Where there is no Redis to belong to.
for set in REDISPORT=6379 REDISUSER=me REDISPASSWORD=secret; do
	configure "$set"
	run check-config
	is "${set%=*} alone counts for nothing, as is said" '78 1 1' "$status $(
		grep -c '^problem' "$tmp/out") $(grep -c \
		"^problem.*${set%=*} counts for nothing.*REDISHOST" "$tmp/out")"
	configure "$set" DEV_MODE=true
	run check-config
	is "... which is all one to DEV_MODE" '0 0' \
		"$status $(grep -c '^problem' "$tmp/out")"
done
configure REDISPASSWORD=secret REDIS_URL=redis://localhost
run check-config
is 'REDIS_URL needs none' 0 "$(grep -c '^problem' "$tmp/out")"

configure ADMIN_IDS=1,-1001234 'TELEGRAM_ALERT_CHAT_ID=7, @our_ops -100987' \
	LEADPIPE_PING_URL=https://localhost/x
run check-config
is 'ids of people, groups and channels' '0 ' \
	"$status $(grep '^problem' "$tmp/out")"
tap_end
