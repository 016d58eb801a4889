#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# The conversation through proxies: http and socks5h, with a password, names
# known to the proxy alone, plain and TLS. A proxy that is dead, refuses,
# or freezes holds nobody up, is named in the message, and loses nothing.
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
top=$tmp
trap 'sim_stop; kill $(jobs -p) 2>/dev/null; wait 2>/dev/null
	rm -rf "$top"' EXIT
secret=Pa55-word-of-nobody
certs=$tmp/certs
"$TOP/tests/fault/make-certs.sh" "$certs"
export SSL_CERT_FILE=$certs/ca.pem

# proxy KIND PORT MODE: KIND is http or socks5h; leaves $proxy_port, $proxy_pid
proxy()
{
	local i option=--${1%5h}
	rm -f "$tmp/proxy.port"
	"$B/tests/fault/proxy-sim" "$option" "$2" --mode "$3" \
		--auth "leadpipe:$secret" --port-file "$tmp/proxy.port" \
		--map "telegram=${sim_root#*//}" \
		--map "api.telegram.test=${sim_root#*//}" \
		--log "$tmp/proxy.log" &
	proxy_pid=$!
	for ((i = 0; i < 100; i++)); do
		[ -s "$tmp/proxy.port" ] && break
		sleep 0.05
	done
	proxy_port=$(cat "$tmp/proxy.port")
}

proxy_stop() { { kill "$proxy_pid" && wait "$proxy_pid"; } 2>/dev/null; }

# through KIND: the settings of a bot that reaches the simulator by name
through()
{
	case $sim_root in
	https:*) floor_open https://api.telegram.test ;;
	*) floor_open http://telegram ;;
	esac
	echo "TELEGRAM_PROXY=$1://leadpipe:$secret@127.0.0.1:$proxy_port" \
		>>"$floor/env"
}

said() { sim "chats/$1" | jq -r '[.[] | select(.from == "bot")] | length'; }

# Whatever waits may be tried at once.
hurry()
{
	sqlite3 "$floor_db" 'UPDATE tasks SET due_at = 1;
		UPDATE messages SET not_before = 0 WHERE state = "queued";
		UPDATE lanes SET not_before = 0'
}

# fails NAME MODE WANTED LONGEST: one poll-updates that cannot get through
fails()
{
	local from code took
	hurry
	: >"$floor/errors"
	from=$(date +%s%3N)
	poll
	code=$?
	took=$(($(date +%s%3N) - from))
	is "$1 $2: exit" 75 $code
	passed "$1 $2: ends in time" "$([ $took -le "$4" ] || echo "$took ms")"
	passed "$1 $2: the message says what failed and what mends it" \
		"$(grep -q "$3.*check TELEGRAM_PROXY" "$floor/errors" ||
			cat "$floor/errors")"
	is "$1 $2: one line" 1 "$(wc -l <"$floor/errors")"
	hurry
	"$program/send-due" 2>>"$floor/errors"
	is "$1 $2: send-due, too" '75 2' \
		"$? $(grep -c "$3.*check TELEGRAM_PROXY" "$floor/errors")"
	passed "$1 $2: no credentials" "$(grep -rlE "$secret|OF_THE_FLOOR" \
		"$floor/errors" "$floor/state")"
}

# frozen KIND MODE SECONDS WANTED: a file with what is wrong, in $top
frozen()
{
	local code from took
	tmp=$top/$1.$2
	mkdir "$tmp"
	proxy "$1" 0 "$2"
	through "$1"
	from=$(date +%s%3N)
	poll --for "$3"
	code=$?
	took=$(($(date +%s%3N) - from))
	{
		[ $code = 75 ] || echo "exit $code"
		[ $took -le $((($3 + 12) * 1000)) ] || echo "took $took ms"
		grep -q "$4.*TELEGRAM_PROXY" "$floor/errors" ||
			cat "$floor/errors"
		grep -E "$secret|OF_THE_FLOOR" "$floor/errors"
	} >"$top/frozen.$1.$2"
	proxy_stop
}

for tls in '' "--tls $certs/server.pem $certs/server.key"; do
	# shellcheck disable=SC2086 # three words
	sim_start --no-quirks $tls
	waiting=
	for kind in http socks5h; do
		name="$kind, ${sim_root%%:*}"
		: >"$tmp/proxy.log"
		proxy $kind 0 ok
		through $kind
		people say '"text":"/start","first_name":"Ann"' 7
		poll
		is "$name: the conversation begins" '0 1' "$? $(said 7)"
		people press '"text":"Получить доступ"' 7
		poll
		is "$name: ... and goes on" '0 2' "$? $(said 7)"
		is "$name: the proxy looked the name up" yes "$(
			grep -qE '(http|connect|socks-name) (api\.)?telegram' \
			"$tmp/proxy.log" && ! grep -q socks-address \
			"$tmp/proxy.log" && echo yes)"
		proxy_stop

		fails "$name" dead 'cannot be connected to' 3000
		proxy $kind "$proxy_port" refuse407
		if [ $kind = http ]; then
			fails "$name" refuse407 'user or password' 3000
		else
			proxy_stop
			sed -i "s/$secret@/$secret-wrong@/" "$floor/env"
			proxy $kind "$proxy_port" ok
			fails "$name" password 'user or password' 3000
			sed -i 's/-wrong@/@/' "$floor/env"
		fi
		proxy_stop
		proxy $kind "$proxy_port" ok
		hurry
		poll
		is "$name: once it is back, all is sent" '0 3' "$? $(said 7)"
		passed "$name: ... exactly once" \
			"$(delivered --settled --most-ambiguous 0)"
		proxy_stop
		sim reset '{}' >/dev/null
		: >"$tmp/record"
	done
	if [ -n "$tls" ]; then
		for kind in http socks5h; do
			(frozen $kind freeze 2 'let nothing through in time') &
			waiting="$waiting $!"
			(frozen $kind freeze-after-tls 2 'no whole answer') &
			waiting="$waiting $!"
		done
		# shellcheck disable=SC2086 # a list of pids
		wait $waiting
		for kind in http socks5h; do
			for mode in freeze freeze-after-tls; do
				passed "$kind, $mode: 75, in time, said so" \
					"$(cat "$top/frozen.$kind.$mode")"
			done
		done
	fi
	sim_stop
done

# --- frozen, and the next command waits for its turn

sim_start --no-quirks --tls "$certs/server.pem" "$certs/server.key"
proxy http 0 freeze-after-tls
through http
from=$(date +%s%3N)
poll --for 2 &
first=$!
sleep 0.5
"$program/poll-updates" --for 1 2>/dev/null &
wait $first
code=$?
took=$(($(date +%s%3N) - from))
is 'frozen while the next one waits: exit' 75 $code
passed '... it makes room at once' "$([ $took -lt 4000 ] || echo "$took ms")"
is '... and says why' 1 "$(grep -c 'answered nothing.*TELEGRAM_PROXY' \
	"$floor/errors")"
proxy_stop
sim_stop

# --- what is no proxy

sim_start --no-quirks
proxy_port=1
through socks5h
sed -i 's/socks5h:/socks5:/' "$floor/env"
poll
is 'socks5:// is refused' 78 $?
is '... with the hint' 1 "$(grep -c \
	'TELEGRAM_PROXY must begin with socks5h:// instead of socks5://' \
	"$floor/errors")"
passed '... and no credentials' "$(grep "$secret" "$floor/errors")"

floor_open
people say '"text":"/start","first_name":"Ann"' 8
poll http_proxy=http://127.0.0.1:1 https_proxy=http://127.0.0.1:1 \
	HTTPS_PROXY=http://127.0.0.1:1 ALL_PROXY=socks5h://127.0.0.1:1 \
	all_proxy=socks5h://127.0.0.1:1
is 'the proxies of the environment are not ours' '0 1' "$? $(said 8)"
floor_open
echo "TELEGRAM_PROXY=http://leadpipe:$secret@127.0.0.1:1" >>"$floor/env"
people say '"text":"/start","first_name":"Ann"' 9
poll
is 'never a proxy for loopback' '0 1' "$? $(said 9)"
proxy http 0 ok
through http
poll http_proxy= NO_PROXY='*' no_proxy=telegram
is 'NO_PROXY does not lead past the proxy' 0 $?
is '... which saw the request' 1 "$(grep -c '^http telegram' "$tmp/proxy.log")"
proxy_stop
tap_end
