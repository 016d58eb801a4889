#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# What surrounds a command changes nothing of what it does: environment,
# umask, closed descriptors, signals, locale, user. And what it keeps to
# itself: files, and the token.
set -u
tmp=$(mktemp -d)
chmod 755 "$tmp"
secret=SECRETSECRETSECRETSECRETSECRETSECRE
sim_token=4242:$secret
. "$TOP/tests/tap.sh"
. "$TOP/tests/sim/telegram.sh"
. "$TOP/tests/sim/crm.sh"
poller=
finish()
{
	[ -z "$poller" ] || kill "$poller" 2>/dev/null
	sim_stop
	crm_stop
	rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 143' INT TERM

. "$TOP/tests/every.sh"
reading='list-tasks show-chat show-history show-funnel healthcheck check-config verify-state export-user set-webhook send-broadcast'
is 'every command is known here' "$(tr ' ' '\n' <<<"$commands")" \
	"$(printf '%s\n' "${!arguments[@]}" | sort)"

sim_start --query-life 15
crm_start
crm set '{"amocrm_per_second":0}' >"$tmp/said"
crm_secret=$(crm_token long_lived)
echo '{"name":"Anna","phone":"8 999 111-22-33"}' >"$tmp/lead.json"
echo '{"update_id":5,"message":{"message_id":1,"date":1}}' >"$tmp/update.json"
cp -r "$TOP/examples" "$tmp/flow"
chmod -R a+rX "$tmp/flow"
touch -d '1 hour ago' "$tmp/flow/funnel.json"
# settings FILE [LINE...]: later lines win
settings()
{
	(umask 077; : >"$1")
	printf '%s\n' "DATABASE_PATH=$tmp/state/leadpipe.db" \
		"FLOW_FILE=$tmp/flow/funnel.json" "${@:2}" >>"$1"
}
env=$tmp/env
settings "$env" "BOT_TOKEN=$sim_token" "TELEGRAM_API_ROOT=$sim_root" \
	"AMOCRM_BASE_URL=$crm_root" "AMOCRM_LONG_LIVED_TOKEN=$crm_secret" \
	AMOCRM_CLIENT_ID=1c2b3a49 AMOCRM_CLIENT_SECRET=x \
	AMOCRM_REDIRECT_URI=https://shop.example LEADPIPE_LIMIT_CRM_PER_SECOND=0
export LEADPIPE_CONFIG=$env

# A state to begin with: somebody who has pressed the button.
mkdir -m 700 "$tmp/state"
sim say '{"chat":42,"text":"/start","first_name":"İlker ıI","lang":"tr"}' \
	>"$tmp/said"
"$B/libexec/poll-updates" -vv >>"$tmp/all" 2>&1 || cat "$tmp/all"
sim press '{"chat":42,"text":"Получить доступ"}' >"$tmp/said"
"$B/libexec/poll-updates" -vv --log json >>"$tmp/all" 2>&1 || cat "$tmp/all"
"$B/libexec/backup-state" -q "$tmp/backup.db" || echo 'not backed up'
echo '{"name":"Boris","phone":"8 999 222-33-44"}' |
	"$B/libexec/add-lead" -vv >>"$tmp/all" 2>&1 || cat "$tmp/all"
mv "$tmp/state" "$tmp/base"

fresh()
{
	rm -rf "$tmp/state"
	cp -a "$tmp/base" "$tmp/state"
}

# Numbers and spans of time differ from run to run.
plain()
{
	sed -E 's/state=[0-9a-f]+/state=S/; s/[0-9.]+/N/g; s/N (ms|s|min|h|days?)/T/g; s/(T )+T/T/g'
}

# What there is afterwards, and that it is whole and ours alone.
state()
{
	sqlite3 -readonly "$tmp/state/leadpipe.db" 'PRAGMA quick_check;
		SELECT state, count(*) FROM messages GROUP BY 1;
		SELECT state, count(*) FROM updates GROUP BY 1;
		SELECT state, errand, name, worker FROM leads ORDER BY id;
		SELECT state, tags FROM chats; SELECT name, kind FROM tasks;
		SELECT count(*) FROM task_ends; SELECT count(*) FROM flows;'
	find "$tmp/state" -perm /077 -printf 'open to others: %P %m\n'
}

# try COMMAND WRAPPER...: exit code, output, state
try()
{
	local name=$1 command
	shift
	fresh
	# shellcheck disable=SC2086 # words
	"$@" "$B/libexec/$name" --config "$env" ${arguments[$name]} \
		>"$tmp/out" 2>"$tmp/err" </dev/null
	echo "exit $?"
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
	plain <"$tmp/out"
	plain <"$tmp/err"
	state
}

closed()
{
	case $1 in
	0) shift; "$@" <&- ;;
	1) shift; "$@" >&- ;;
	2) shift; "$@" 2>&- ;;
	*) shift; "$@" <&- >&- 2>&- ;;
	esac
}
masked()
{
	(umask "$1"; shift; exec "$@")
}

mkdir "$tmp/locale"
for locale in ru_RU tr_TR; do
	localedef -i "$locale" -f UTF-8 "$tmp/locale/$locale.UTF-8" \
		2>"$tmp/said" || cat "$tmp/said"
done
foreign()
{
	env LOCPATH="$tmp/locale" LC_ALL="$1" LANGUAGE="$1" "${@:2}"
}
# shellcheck disable=SC2016 # for the inner shell
is 'the Turkish locale is one' I \
	"$(foreign tr_TR.UTF-8 bash -c 'x=ı; echo "${x^^}"')"

for command in $commands; do
	try "$command" env >"$tmp/usual"
	state >"$tmp/usual.state"
	passed "$command: works" "$(grep -E '^exit ([3-9]|[1-9][0-9])' \
		"$tmp/usual")"
	for around in 'env -i' 'masked 000' 'masked 077' \
		'env --ignore-signal=PIPE' 'env --default-signal=PIPE' \
		'foreign ru_RU.UTF-8' 'foreign tr_TR.UTF-8'; do
		# shellcheck disable=SC2086 # words
		is "$command: alike under $around" "$(cat "$tmp/usual")" \
			"$(try "$command" $around)"
	done
	# What goes to a closed descriptor is not seen.
	for fd in 0 1 2 all; do
		is "$command: alike with closed fd $fd" \
			"$(grep '^exit' "$tmp/usual"; cat "$tmp/usual.state")" \
			"$(try "$command" closed "$fd" >"$tmp/closed"
			grep '^exit' "$tmp/closed"; state)"
	done
done

# --- what only reads creates nothing

before=$(fresh; find "$tmp/state" | sort)
for command in $reading; do
	try "$command" env >"$tmp/said"
	is "$command adds no file" "$before" "$(find "$tmp/state" | sort)"
	# shellcheck disable=SC2086 # words
	"$B/libexec/$command" --db "$tmp/none/leadpipe.db" \
		${arguments[$command]} >"$tmp/out" 2>&1
	code=$?
	cat "$tmp/out" >>"$tmp/all"
	passed "$command makes no directory, and says what is missing" "$(
		[ "$code" -ne 0 ] || [ "$command" = check-config ] || echo 'exit 0'
		grep -q "$tmp/none" "$tmp/out" || cat "$tmp/out"
		find "$tmp/none" 2>/dev/null)"
	rm -rf "$tmp/none"
done

# Neither SQLite's files nor our locks, where nobody has written yet.
fresh
sqlite3 "$tmp/state/leadpipe.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >"$tmp/said"
rm -f "$tmp"/state/*-wal "$tmp"/state/*-shm "$tmp"/state/*.lock
for command in $reading; do
	# shellcheck disable=SC2086 # words
	"$B/libexec/$command" ${arguments[$command]} >>"$tmp/all" 2>&1
	is "$command reads a closed database and adds no file" 'leadpipe.db run' \
		"$(cd "$tmp/state" && echo *)"
done

# --- another bot

settings "$tmp/other" "BOT_TOKEN=5555:$secret" "TELEGRAM_API_ROOT=$sim_root"
for command in $commands; do
	# It reads a file, and no state.
	[ "$command" != check-flow ] || continue
	fresh
	sum=$(sha256sum "$tmp"/state/*.db "$tmp"/state/*-wal 2>&1)
	# shellcheck disable=SC2086 # words
	"$B/libexec/$command" --config "$tmp/other" ${arguments[$command]} \
		>"$tmp/out" 2>&1
	code=$?
	cat "$tmp/out" >>"$tmp/all"
	passed "$command: refuses the state of another bot" "$(
		[ $code -ne 0 ] || echo 'exit 0'
		[ "$(grep -o '4242\|5555' "$tmp/out" | sort -u | wc -l)" = 2 ] ||
			cat "$tmp/out"
		[ "$sum" = "$(sha256sum "$tmp"/state/*.db "$tmp"/state/*-wal 2>&1)" ] ||
			echo 'the database was changed')"
done

# --- the token

fresh
settings "$tmp/away" "BOT_TOKEN=$sim_token" \
	"TELEGRAM_API_ROOT=http://127.0.0.1:1"
"$B/libexec/poll-updates" -vv --config "$tmp/away" >>"$tmp/all" 2>&1
is 'a server that is away: later' 75 $?
sim fault '{"kind":"401","method":"getUpdates","times":1}' >"$tmp/said"
"$B/libexec/poll-updates" -vv >>"$tmp/all" 2>&1
is 'a token that is rejected' 77 $?
(
	cd "$tmp" || exit
	ulimit -c unlimited
	exec "$B/libexec/poll-updates" --for 60 -vv >>"$tmp/all" 2>&1
) &
poller=$!
for ((i = 0; i < 100; i++)); do
	[ "$(sim stats | jq .polling)" = true ] && break
	sleep 0.1
done
is 'no core file' '0 0' \
	"$(awk '/^Max core/ { print $5, $6 }' "/proc/$poller/limits")"
is 'nor the command line' 0 "$(grep -c "$secret" "/proc/$poller/cmdline")"
kill $poller
wait $poller
poller=
# Another token's: what brings leads, while the CRM hangs.
fresh
crm fault '{"kind":"hang","path":"/","ms":20000,"times":1}' >"$tmp/said"
(
	ulimit -c unlimited
	exec "$B/libexec/sync-crm" -vvv >>"$tmp/all" 2>&1
) &
poller=$!
for ((i = 0; i < 100; i++)); do
	[ "$(tail -1 "$tmp/crm-record" | grep -c '')" = 1 ] &&
		grep -q crm_asking "$tmp/all" && break
	sleep 0.1
done
is 'sync-crm: no core file' '0 0' \
	"$(awk '/^Max core/ { print $5, $6 }' "/proc/$poller/limits")"
is 'sync-crm: nor the command line' 0 \
	"$(grep -c "$crm_secret" "/proc/$poller/cmdline")"
kill $poller
wait $poller
poller=
is "the CRM's token has not been said" '' \
	"$(grep -a "$crm_secret" "$tmp/all" | head)"
is 'nor was it stored' '' "$(grep -rl "$crm_secret" "$tmp/state")"
passed 'the logs were looked at' \
	"$([ "$(wc -l <"$tmp/all")" -gt 100 ] || echo 'hardly any lines')"
is 'has not been said' '' "$(grep -a "$secret" "$tmp/all" | head)"
is 'and is in no file of the state' '' "$(grep -rl "$secret" "$tmp/state")"

# --- root

if [ "$(id -u)" -ne 0 ]; then
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - root gives itself up # SKIP needs root"
	tap_end
	exit
fi
chown -R nobody:nogroup "$tmp/base"
chown nobody "$env"
for command in $commands; do
	try "$command" masked 000 >"$tmp/said"
	is "$command as root: all stays its owner's" nobody \
		"$(find "$tmp/state" -printf '%u\n' | sort -u)"
done
rm -rf "$tmp/state"
mkdir -m 700 "$tmp/state"
chown nobody "$tmp/state"
"$B/libexec/poll-updates" --for 60 >>"$tmp/all" 2>&1 &
poller=$!
# The simulator may still see the one before: SIGTERM is caught, then it polls.
caught()
{
	(($(awk '/^SigCgt/ { print "0x" $2 }' "/proc/$poller/status") & 0x4000))
}
for ((i = 0; i < 300; i++)); do
	caught && [ "$(sim stats | jq .polling)" = true ] && break
	sleep 0.1
done
is 'also what root has made' nobody \
	"$(find "$tmp/state" -printf '%u\n' | sort -u)"
id=$(id -u nobody)
is 'the process is that user' "Uid: $id $id $id $id" \
	"$(grep Uid "/proc/$poller/status" | tr '\t' ' ' | tr -s ' ')"
kill $poller
wait $poller
is 'and ends well' 0 $?
poller=
tap_end
