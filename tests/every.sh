# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests of what holds for every command: all of them in $commands,
# and in $arguments what each is tried with; the files are the test's to write.
: "${tmp:?a directory for the files}"
commands=$(cd "$B/libexec" && echo *)
# shellcheck disable=SC2034 # for whoever sourced it
declare -A arguments=(
	[poll-updates]='' [send-due]='' [sync-crm]='' [sync-redis]=''
	[receive-update]="$tmp/update.json" [set-webhook]='--status'
	[add-lead]="$tmp/lead.json" [authorize-crm]='--url'
	[fire-event]='paid --user 42'
	[schedule-task]='--text hello --chat 42 --in 1d'
	[cancel-task]='payment_reminder --user 42'
	[list-tasks]='' [show-chat]='42' [show-history]='42' [show-funnel]=''
	[send-broadcast]='--text hello --everybody --dry-run'
	[chat-state]='get 42' [check-flow]="$tmp/flow/funnel.json"
	[render-status]='--html -'
	[recover-pending]='' [healthcheck]='' [check-config]='--online'
	[deploy-flow]="$tmp/flow/funnel.json"
	[backup-state]='' [restore-state]="$tmp/backup.db"
	[verify-state]='' [prune-state]=''
	[export-user]='42' [forget-user]='42 --yes --with-leads'
)
