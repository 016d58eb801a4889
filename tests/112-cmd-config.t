#!/bin/bash
# SPDX-License-Identifier: MIT
# check-config names every problem with its remedy, and changes nothing.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"

check() { run check-config "$@"; }

# problems STATUS PATTERN...: each on a line of its own, and no further ones
problems()
{
	local pattern count
	[ "$status" = "$1" ] || echo "exit $status"
	shift
	count=$(grep -c '^problem' "$tmp/out")
	[ "$count" = $# ] || cat "$tmp/out"
	for pattern; do
		grep '^problem' "$tmp/out" | grep -q -e "$pattern" ||
			echo "missing: $pattern"
	done
}

bot_start

# --- all is good

check
passed 'a good configuration' "$(problems 0)"
is 'nothing is made' '' "$(ls -A "$tmp/state")"
is 'file and mode are told' 1 \
	"$(grep -c "^ok *configuration *'$tmp/env', mode 0600" "$tmp/out")"
is 'the bot' 1 "$(grep -c '^ok *BOT_TOKEN *of bot 4242' "$tmp/out")"
is 'the flow' 1 "$(grep -c "^ok *FLOW_FILE .*flow 'funnel'" "$tmp/out")"
is 'the database to come' 1 \
	"$(grep -c '^ok *DATABASE_PATH .*to be created' "$tmp/out")"
check -q
is '-q: silence' '0 ' "$status $(cat "$tmp/out" "$tmp/err")"
check --json
is 'as JSON' '[1,true]' "$(jq -sc '[.[0].schema, all(.ok)]' "$tmp/out")"
check --online
passed 'online' "$(problems 0)"
is 'the bot has a name' 1 \
	"$(grep -c '^ok *Telegram *answers: @simulated_bot, bot 4242' "$tmp/out")"
is 'no webhook' 1 "$(grep -c '^ok *webhook *none is set, waiting: 0' "$tmp/out")"
is 'getUpdates was not asked' null "$(sim stats | jq .methods.getUpdates)"

# --- settings

bot_config LEADPIPE_LIMITT=1 BOT_TOKN=x FLOW_FIL=y
check
passed 'all wrong names are told, not only the first' "$(problems 78 \
	"line 5: unknown setting 'LEADPIPE_LIMITT'" \
	"line 6: unknown setting 'BOT_TOKN', did you mean 'BOT_TOKEN'" \
	"line 7: unknown setting 'FLOW_FIL', did you mean 'FLOW_FILE'")"
bot_config LEADPIPE_IP=5 LEADPIPE_LIMIT_PER_SECOND=lots DEV_MODE=maybe \
	TELEGRAM_PROXY=socks5://127.0.0.1:1
TZ=Mars/Base check
passed 'wrong values, each with what is right' "$(problems 78 \
	'LEADPIPE_IP must be 4 or 6' \
	'LEADPIPE_LIMIT_PER_SECOND is .lots.*from 0 to 1000' \
	'DEV_MODE is .maybe.*true or false' 'socks5h:// instead' \
	"TZ is 'Mars/Base'")"
for zone in UTC MSK-3 '<+03>-3' :UTC0 ''; do
	bot_config
	TZ=$zone check
	passed "a time zone: '$zone'" "$(problems 0)"
done
bot_config 'BOT_TOKEN=nonsense'
check
passed 'a token that is none' "$(problems 78 'does not look like a token')"
is 'it is not repeated' '' "$(grep nonsense "$tmp/out" "$tmp/err")"
printf 'DATABASE_PATH=%s\n' "$db" >"$tmp/env"
check
passed 'nothing set' "$(problems 78 'BOT_TOKEN is not set.*@BotFather' \
	'there is no flow: set FLOW_FILE')"
bot_config
chmod 644 "$tmp/env"
check
passed 'a file that others can read' "$(problems 78 'chmod')"
chmod 600 "$tmp/env"
echo 'what is this' >>"$tmp/env"
check
passed 'a file that is none' "$(problems 78 'line 5: it is not KEY=value')"
check --config "$tmp/nowhere"
passed 'no such file' "$(problems 78 "$tmp/nowhere")"
bot_config TELEGRAM_PROXY=socks5h://me:pw@127.0.0.1:9
check
is 'the password of a proxy is masked' '1 0' \
	"$(grep -c 'socks5h://\*\*\*@127.0.0.1:9' "$tmp/out") $(grep -c 'pw@' "$tmp/out")"
bot_config TELEGRAM_PROXY=socks5h://me:pw@127.0.0.1:9 \
	TELEGRAM_API_ROOT=http://telegram.internal
check --online
passed 'a proxy that is not there: 75' "$(problems 75 'TELEGRAM_PROXY')"

# --- the flow

cp -r "$TOP/examples" "$tmp/flow"
jq '.states.welcome.nothing = 1 | .start = "nowhere"' \
	"$TOP/examples/funnel.json" >"$tmp/flow/flow.json"
bot_config "FLOW_FILE=$tmp/flow/flow.json"
check
is 'all findings, with their lines' '78 1' \
	"$status $([ "$(grep -c "^problem *FLOW_FILE *$tmp/flow/flow.json:[0-9]*:[0-9]*: /" "$tmp/out")" -ge 2 ] && echo 1)"
bot_config FLOW_FILE=flow.json DATABASE_PATH=~/x.db
sed -i 's,^DATABASE_PATH=.*/x.db,DATABASE_PATH=~/x.db,' "$tmp/env"
check
passed 'relative paths' "$(problems 78 "DATABASE_PATH is '~/x.db'.*absolute" \
	"FLOW_FILE is 'flow.json'.*absolute")"
bot_config "FLOW_FILE=$tmp/flow/gone.json"
check
passed 'no such flow' "$(problems 78 'gone.json')"
is 'is said once, without a line' "FLOW_FILE cannot read '$tmp/flow/gone.json': No such file or directory" \
	"$(sed -n 's/^problem *\(FLOW_FILE\)  */\1 /p' "$tmp/out")"

# --- the database

bot_config
mkdir -m 700 "$tmp/other"
sqlite3 "$tmp/other/foreign.db" 'create table t(x)'
cp "$tmp/other/foreign.db" "$tmp/foreign"
check --db "$tmp/other/foreign.db"
passed 'a foreign database' "$(problems 78 'not a database of leadpipe')"
cmp -s "$tmp/foreign" "$tmp/other/foreign.db"
is 'is left alone' 0 $?
check --db "$tmp/other/none/x.db"
passed 'a directory that will be made' "$(problems 0)"
for path in env/x.db env/deeper/x.db; do
	run schedule-task --text x --chat 5 --in 1h --db "$tmp/$path"
	is "a file for a directory is 78, and what to do is said: $path" '78 1' \
		"$status $(grep -c 'no directory.*DATABASE_PATH' "$tmp/err")"
done
check --db "$tmp/other/none/deeper/x.db"
passed 'not in one that is not there' \
	"$(problems 78 "'$tmp/other/none' does not exist: .*mkdir -p")"
run schedule-task --text x --chat 5 --in 1h --db "$tmp/other/none/deeper/x.db"
is 'nor does a command make what may be mistyped' '78 1 no' "$status $(
	grep -c "'$tmp/other/none' does not exist" "$tmp/err") $(
	[ -e "$tmp/other/none" ] && echo yes || echo no)"
sed '/DATABASE_PATH/d' "$tmp/env" >"$tmp/env.home"
chmod 600 "$tmp/env.home"
HOME=$tmp/home/none run check-config -c "$tmp/env.home"
is 'what nobody typed will be made' 1 \
	"$(grep -c "^ok *DATABASE_PATH .*/home/none/.*to be created" "$tmp/out")"
HOME=$tmp/home/none run schedule-task --text x --chat 5 --in 1h -v \
	-c "$tmp/env.home"
is '... and is, and said' '0 1' "$status $(grep -c \
	"state_created db=.*/home/none/.local/state/leadpipe/leadpipe.db" "$tmp/err")"
HOME=$tmp/home/none run schedule-task --text x --chat 5 --in 1h -v \
	-c "$tmp/env.home"
is '... once' '0 0' "$status $(grep -c state_created "$tmp/err")"
TERM=dumb script -qec "$LEADPIPE schedule-task --text x --chat 5 --in 1h --db \
	$tmp/other/typed.db" /dev/null >"$tmp/out" 2>&1 </dev/null
is 'on a terminal always' 1 \
	"$(grep -c "created new state '$tmp/other/typed.db'" "$tmp/out")"
BOT_TOKEN='' run schedule-task --text x --chat 5 --in 1h
check
is 'one made without a token' '0 1' \
	"$status $(grep -c "^ok *DATABASE_PATH .*of no bot yet" "$tmp/out")"
run poll-updates
check
is 'a good one tells its bot' '0 1' \
	"$status $(grep -c "^ok *DATABASE_PATH .*of bot 4242" "$tmp/out")"
sed -i 's/^BOT_TOKEN=4242/BOT_TOKEN=4243/' "$tmp/env"
check
passed 'the token of another bot: both ids' \
	"$(problems 78 'belongs to bot 4242, but BOT_TOKEN is of bot 4243')"
bot_config
sqlite3 "$db" ".backup '$tmp/other/newer.db'"
sqlite3 "$tmp/other/newer.db" 'pragma user_version = 99'
check --db "$tmp/other/newer.db"
passed 'a newer one' "$(problems 78 'newer leadpipe')"

# --- where no command could write: the exit of poll-updates, and the problem

# refused STATUS PATTERN: by poll-updates with STATUS, and check-config says
# so; $as runs them as somebody else
refused()
{
	local status
	$as "$LEADPIPE" poll-updates --db "$tmp/closed/x.db" >/dev/null 2>&1
	[ $? = "$1" ] || echo "poll-updates exits otherwise than $1"
	$as "$LEADPIPE" check-config --db "$tmp/closed/x.db" >"$tmp/out" 2>&1
	status=$?
	problems 78 "^problem *DATABASE_PATH .*$2"
	[ -z "$(find "$tmp/closed" -name '*probe*')" ] || echo 'left a file'
}

as='setpriv --reuid=65534 --regid=65534 --clear-groups env'
[ "$(id -u)" = 0 ] && chmod 755 "$tmp" &&
	$as test -r "$TOP/examples/funnel.json" -a -x "$LEADPIPE" &&
	may_give=yes || may_give=no
as=
mkdir -m 1777 "$tmp/closed"
echo "somebody's" >"$tmp/closed/other"
passed 'a directory of others' "$(refused 77 'DATABASE_PATH.*chmod 700')"
is 'which is as it was' '1777 other' \
	"$(stat -c %a "$tmp/closed") $(ls -A "$tmp/closed")"
rm "$tmp/closed/other"
chmod 700 "$tmp/closed"
if [ "$may_give" = yes ]; then
	as='setpriv --reuid=65534 --regid=65534 --clear-groups env'
	chown 65534 "$tmp/env"
	chmod 755 "$tmp/closed"
	passed "somebody else's directory" "$(refused 77 'chmod 700')"
	chmod 0500 "$tmp/closed"
	chown 65534 "$tmp/closed"
	passed 'one without the right to write' \
		"$(refused 77 "Permission denied.*belong to the user")"
	cp "$db" "$tmp/closed/x.db"
	chown 65534 "$tmp/closed/x.db"
	passed 'with a database in it' \
		"$(refused 77 "Permission denied.*belong to the user")"
	chmod 0700 "$tmp/closed"
	chown 0 "$tmp/closed/x.db"
	chmod 0644 "$tmp/closed/x.db"
	passed "somebody else's database" "$(refused 77 "x.db'")"
	chown 0 "$tmp/env" "$tmp/closed"
	rm "$tmp/closed/x.db"
else
	for name in "somebody else's directory" 'one without the right to write' \
		'with a database in it' "somebody else's database"; do
		passed "$name # SKIP only root can give a file away"
	done
fi
as=
if unshare --mount true 2>"$tmp/said"; then
	export -f problems refused
	export tmp as
	# shellcheck disable=SC2016 # expanded inside
	unshare --mount bash -uc 'mount -t tmpfs -o mode=700,size=64k none \
		"$tmp/closed" && cp /dev/zero "$tmp/closed/journal" 2>/dev/null
		refused 74 "No space left.*free some space"
		: >"$tmp/closed/journal"
		mount -o remount,ro "$tmp/closed"
		refused 73 "Read-only.*files can be made"' >"$tmp/full"
	passed 'a full disk, one that is read-only' "$(cat "$tmp/full")"
else
	passed 'a full disk, one that is read-only # SKIP may not mount here'
fi

# --- Telegram

bot setWebhook '{"url":"https://example.org/x"}' >"$tmp/said"
say '{"chat":42,"text":"hello"}'
check --online
passed 'a webhook is set' \
	"$(problems 78 'webhook is set.*waiting: 1[;)].*set-webhook --delete')"
bot deleteWebhook >"$tmp/said"
fault '{"kind":"401","times":0}'
check --online
passed 'a rejected token: 77' "$(problems 77 'rejects BOT_TOKEN')"
sim reset '{}' >"$tmp/said"
fault '{"kind":"502html","times":0}'
check --online
passed 'a server in trouble: 75' "$(problems 75 'getMe: HTTP 502')"
sim_stop
check --online
passed 'no server: 75' "$(problems 75 'TELEGRAM_API_ROOT')"
is 'the token is in no output' '' \
	"$(grep "${sim_token#*:}" "$tmp/out" "$tmp/err")"
check
passed 'but without --online nobody is asked' "$(problems 0)"

# --- what the process is given

for shell in 'exec 0<&-' 'exec 2>&-' 'exec 0<&- 2>&-' 'umask 000' \
	'umask 077' "trap '' PIPE"; do
	("$BASH" -c "$shell; exec \"\$@\"" - "$LEADPIPE" check-config -q) \
		>"$tmp/out" 2>"$tmp/err"
	is "alike with: $shell" '0 ' "$? $(cat "$tmp/out")"
done
env -i "$LEADPIPE" check-config -q --config "$tmp/env"
is 'alike with env -i' 0 $?
"$LEADPIPE" check-config >/dev/full 2>"$tmp/err"
is 'a full disk is no success' 74 $?
check one
is 'an operand is 64' 64 $status
# --- root looks, and somebody else will work

if [ "$(id -u)" = 0 ]; then
	chmod 755 "$tmp"
	cp -r "$TOP/examples" "$tmp/flow"
	chmod -R a+rX "$tmp/flow"
	mkdir "$tmp/theirs"
	chown nobody "$tmp/theirs"
	chmod 700 "$tmp/theirs"
	bot_config "DATABASE_PATH=$tmp/theirs/leadpipe.db" \
		"FLOW_FILE=$tmp/flow/funnel.json"
	sed -i "0,/^DATABASE_PATH=/{/^DATABASE_PATH=/d}
		0,/^FLOW_FILE=/{/^FLOW_FILE=/d}" "$tmp/env"
	check
	passed 'what the owner of the state cannot read' \
		"$(problems 78 "who owns the state, cannot read '$tmp/env'")"
	chgrp nogroup "$tmp/env"
	chmod 640 "$tmp/env"
	check
	passed 'now it can' "$(problems 0)"
	chmod 600 "$tmp/flow/funnel.json"
	check
	passed 'nor the flow' "$(problems 78 "cannot read '$tmp/flow/funnel.json'")"
	is 'nothing is made as root' '' "$(find "$tmp/theirs" -user 0)"
else
	for i in 1 2 3 4; do
		passed "as root $i # SKIP only root becomes somebody else"
	done
fi
tap_end
