#!/bin/bash
# SPDX-License-Identifier: MIT
# What is in a container, as far as it can be seen without Docker: what runs the
# crontab there, that it stops, and what Redis is started with.
set -u
. "$TOP/tests/bot.sh"
cron=$TOP/docker/run-crontab

# --- when a line is due

mkdir "$tmp/fake"
# A clock that reads its times from a list, and passes at once.
cat >"$tmp/fake/date" <<'DATE'
#!/bin/sh
read -r now <times && sed -i 1d times && echo "$now" && echo "$now" >now && exit
kill -TERM "$PPID"
DATE
cat >"$tmp/fake/sleep" <<'SLEEP'
#!/bin/sh
echo "$1" >>slept
exec /usr/bin/sleep 0.05
SLEEP
chmod +x "$tmp/fake"/*
cat >"$tmp/table" <<'TABLE'
# A comment, and a setting for those below
WHO=you and "me"
 * * * * *       echo always $WHO | run
*/5 * * * *      echo fifth | run
47	2	*	*	*	echo night | run
10-20/5,30 * * * * echo list | run
0 0 1 * *        echo month | run
0 12 * * 7       echo sunday | run
0 12 13 * 5      echo either | run
5 4 */2 2 *      echo february | run
0 12 */10 * 1    echo both | run
TABLE
cat >"$tmp/fake/run" <<'RUN'
#!/bin/sh
read -r line
read -r now <now
echo "$now: $line" >>ran
RUN
chmod +x "$tmp/fake/run"
while read -r time _; do
	echo "${time//-/ }"
done >"$tmp/times" <<-'TIMES'
30-00-09-02-03-1
59-08-09-02-03-1
00-10-00-02-03-1
00-11-00-02-03-1
00-15-00-02-03-1
00-30-00-02-03-1
00-47-02-02-03-1
00-00-00-01-03-0
00-00-12-01-03-0
00-00-12-13-03-1
00-00-12-14-03-5
00-05-04-02-02-1
00-05-04-03-02-2
00-05-04-03-03-2
00-00-12-11-05-1
00-00-12-11-05-2
TIMES
(cd "$tmp" && PATH=$tmp/fake:$PATH timeout -k 1 20 "$cron" table) >"$tmp/said" 2>&1
is 'it ends when it is told to' '0 ' "$? $(cat "$tmp/said")"
is 'a line runs when cron would run it' '00 00 00 01 03 0: fifth
00 00 00 01 03 0: month
00 00 12 01 03 0: fifth
00 00 12 01 03 0: sunday
00 00 12 11 05 1: both
00 00 12 11 05 1: fifth
00 00 12 11 05 2: fifth
00 00 12 13 03 1: either
00 00 12 13 03 1: fifth
00 00 12 14 03 5: either
00 00 12 14 03 5: fifth
00 05 04 02 02 1: fifth
00 05 04 03 02 2: february
00 05 04 03 02 2: fifth
00 05 04 03 03 2: fifth
00 10 00 02 03 1: fifth
00 10 00 02 03 1: list
00 15 00 02 03 1: fifth
00 15 00 02 03 1: list
00 30 00 02 03 1: fifth
00 30 00 02 03 1: list
00 47 02 02 03 1: night
30 00 09 02 03 1: fifth' "$(grep -v always "$tmp/ran" | sort)"
is 'each minute, with its setting' 16 "$(grep -c 'always you and "me"$' \
	"$tmp/ran")"
is 'at the second at which it began' '60 31 30' \
	"$(head -n 3 "$tmp/slept" | xargs)"

while IFS='|' read -r line why; do
	printf 'A=1\n%s\n' "$line" >"$tmp/table"
	timeout -k 1 5 "$cron" "$tmp/table" >"$tmp/said" 2>&1
	is "refused: $line" "78 $tmp/table:2: $why" "$? $(cat "$tmp/said")"
done <<'LINES'
60 * * * * true|no time that there is: 60
* 1-24 * * * true|no time that there is: 1-24
* * 0 * * true|no time that there is: 0
* * * jan * true|no time that it knows: jan
*/0 * * * * true|no time that it knows: */0
@daily true|no command
* * * * * date +%s|cron makes a line end of %: write a script
LINES

# --- the Redis of docker-compose.yml

if command -v redis-server >/dev/null && python3 -c 'import yaml' 2>/dev/null
then
	# composed KEY...: the last word of what stands there, as a shell gets it
	composed()
	{
		python3 -c 'import sys, yaml
at = yaml.safe_load(open(sys.argv[1]))
for key in sys.argv[2:]:
    at = at[key]
print(at[-1].replace("$$", "$"))' "$TOP/docker-compose.yml" "$@" |
			sed "s|/run/secrets|$tmp|; s|redis-cli|& -p $port|"
	}
	port=$((20000 + $$ % 10000))
	password=8d969eef6ecad3c29a3a629280e686cf
	echo $password >"$tmp/redis_password"
	mkdir "$tmp/redis" "$tmp/entry"
	# What the image has ends so; the rest is its user.
	cat >"$tmp/entry/docker-entrypoint.sh" <<-ENTRY
	#!/bin/sh
	exec "\$@" --port $port --dir $tmp/redis --bind 127.0.0.1
	ENTRY
	chmod +x "$tmp/entry/docker-entrypoint.sh"
	PATH=$tmp/entry:$PATH sh -euc "$(composed services redis command)" \
		>"$tmp/redis.log" 2>&1 &
	bot_children=$!
	for ((i = 0; i < 100; i++)); do
		health=$(sh -c "$(composed services redis healthcheck test)" \
			2>&1) && break
		sleep 0.1
	done
	is 'Redis: its health check finds it' '' "$health"
	ask() { REDISCLI_AUTH=$password redis-cli -p "$port" "$@" 2>&1; }
	is 'Redis: without the password nobody gets in' \
		'NOAUTH Authentication required.' "$(redis-cli -p "$port" ping)"
	is 'Redis: it keeps what it was told' 'appendonly yes appendfsync everysec maxmemory-policy noeviction' \
		"$({
		ask config get appendonly
		ask config get appendfsync
		ask config get maxmemory-policy
	} | xargs)"
	is 'Redis: no argument and no variable has its password' '' "$(tr '\0' '\n' \
		<"/proc/$bot_children/cmdline" | grep $password
		tr '\0' '\n' <"/proc/$bot_children/environ" | grep $password)"
	echo other >"$tmp/redis_password"
	is 'Redis: its health check sees a wrong password' 1 "$(sh -c \
		"$(composed services redis healthcheck test)" 2>/dev/null
		echo $?)"
	kill $bot_children
	wait $bot_children
	bot_children=
else
	passed 'the Redis # SKIP needs redis-server and python3-yaml'
fi

# --- the lines of crontab.example, as the first process, until SIGTERM

sed -f "$TOP/docker/crontab.sed" "$TOP/crontab.example" >"$tmp/crontab"
is 'the container has the lines of crontab.example' \
	"$(sed -n 's/^[0-9*].*  leadpipe  \(leadpipe [a-z]*-*[a-z]*\).*/\1/p' \
	"$TOP/crontab.example")" \
	"$(sed -n 's/^[0-9*/ ]*  \(leadpipe [a-z]*-*[a-z]*\).*/\1/p' \
	"$tmp/crontab")"
is 'and its log' '' "$(grep leadpipe.log "$tmp/crontab")"
if [ "$(id -u)" -ne 0 ] ||
	! unshare --mount --pid --fork --mount-proc true 2>/dev/null; then
	passed 'as the first process # SKIP may not unshare processes here'
	tap_end
	exit
fi
bot_start --open-chats --latency 20
chmod 755 "$tmp"
mkdir "$tmp/bin"
"$LEADPIPE" poll-updates
cp "$B/leadpipe" "$tmp/bin"
cp -r "$B/libexec" "$tmp/bin"
cp -r "$TOP/examples" "$tmp/flow"
cp "$cron" "$tmp/bin"
echo "$sim_token" >"$tmp/token"
chmod 400 "$tmp/token"
chown -R nobody "$tmp/state" "$tmp/token"
# All of them at once, one that has more than one process, and one that wants a
# second to end.
sed 's/^[0-9*][^a-z]*/* * * * *  /' "$tmp/crontab" >"$tmp/crontab.night"
cat >>"$tmp/crontab.night" <<LINES
* * * * * sleep 300 & sleep 300; echo not told to stop
* * * * * trap 'sleep 1; touch $tmp/state/ended; exit' TERM; sleep 300 & wait
LINES
mkdir "$tmp/noted"
cat >"$tmp/noted/leadpipe" <<-NOTED
#!/bin/sh
echo "\$1" >>$tmp/state/noted
exec $tmp/bin/leadpipe "\$@"
NOTED
chmod +x "$tmp/noted/leadpipe"
cat >"$tmp/first" <<-SCRIPT
mount -t tmpfs none /dev/shm
exec setpriv --reuid=nobody --regid=nogroup --clear-groups \
	--inh-caps=-all --no-new-privs env -i PATH=$tmp/noted:$tmp/bin:/usr/bin:/bin \
	HOME=/nonexistent BOT_TOKEN_FILE=$tmp/token TELEGRAM_API_ROOT=$sim_root \
	DATABASE_PATH=$db FLOW_FILE=$tmp/flow/funnel.json \
	run-crontab $tmp/crontab.night
SCRIPT
unshare --mount --pid --fork --kill-child --mount-proc sh "$tmp/first" \
	>"$tmp/log" 2>&1 </dev/null &
outside=$!
bot_children=$outside
for ((i = 0; i < 100; i++)); do
	sim say '{"chat":42,"text":"/start","first_name":"Emma","lang":"en"}' \
		>"$tmp/said" && break
done
for ((i = 0; i < 100 && $(sim chats/42 | jq length) < 2; i++)); do
	sleep 0.1
done
is 'what somebody says is answered' 'Hello, Emma!' "$(sim chats/42 |
	jq -r '.[1].text' | grep -o '^[^!]*!')"
sim load '{"messages":200,"seconds":4}' >"$tmp/said"
first=$(pgrep -P $outside)
# The user it changed to does not end with its parent.
bot_children="$first $outside"
for ((i = 0; i < 100 && $(sort -u "$tmp/state/noted" | wc -l) < 9; i++)); do
	sleep 0.1
done
is 'every line ran' "$(grep -o 'leadpipe [a-z]*-*[a-z]*' "$tmp/crontab" |
	cut -d ' ' -f 2 | sort -u)" "$(sort -u "$tmp/state/noted")"
inside()
{
	ps -e -o pidns=,stat=,args= | awk -v ns="$(readlink \
		"/proc/$first/ns/pid" | tr -dc '0-9')" \
		'$1 == ns { $1 = ""; print }'
}
is 'nobody waits for a zombie' '' "$(inside | grep '^ *Z')"
passed 'no argument has the token' "$(inside | grep -F "${sim_token#*:}")"
started=$(date +%s%N)
kill -TERM "$first"
# Otherwise nobody would end this one either.
(sleep 20 && exec kill -KILL "$first") &
watch=$!
wait $outside
status=$?
kill $watch
bot_children=
took=$((($(date +%s%N) - started) / 1000000))
echo "# SIGTERM took $took ms"
passed 'SIGTERM ends it within 10 s' "$([ $status = 0 ] && [ $took -lt 10000 ] ||
	echo "exit $status after $took ms")"
is 'all that was running, too' '' "$(grep 'not told' "$tmp/log")"
passed 'who needs a second has it' "$([ -e "$tmp/state/ended" ] ||
	echo 'it was killed')"
is 'every run ended well' '' "$(sql 'SELECT command, exit_code FROM runs
	WHERE exit_code IS NOT 0')"
is 'nothing said a secret' '' "$(grep -F "${sim_token#*:}" "$tmp/log")"
is 'the log has the events' 'cmd=poll-updates cmd=send-due' \
	"$(grep -o 'cmd=\(poll-updates\|send-due\)' "$tmp/log" | sort -u | xargs)"
for ((i = 0; i < 50; i++)); do
	"$LEADPIPE" poll-updates
	[ "$(sim load | jq .unanswered)" != 0 ] || break
done
is 'everybody is answered by the next one' '200 0' \
	"$(sim load | jq -r '"\(.answered) \(.unanswered)"')"
passed 'and nothing was lost or repeated' \
	"$("$TOP/tests/sim/check-delivery" "$tmp/record" "$db" >"$tmp/said" 2>&1 ||
	cat "$tmp/said")"
tap_end
