#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# The tools that break things, tried on programs that are not ours.
set -u
fault=$B/tests/fault
tmp=$(mktemp -d)
children=
# shellcheck disable=SC2086 # a list of pids
trap 'kill $children 2>/dev/null; rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
n=0

# is NAME WANTED FOUND
is()
{
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | sed 's/^/# /'
		echo "not ok $n - $1"
	fi
}

# start PORT-FILE COMMAND...: in the background, until it listens
start()
{
	local file=$1 i

	shift
	rm -f "$file"
	"$@" 2>>errors &
	children="$children $!"
	for ((i = 0; i < 100; i++)); do
		[ -s "$file" ] && return
		sleep 0.05
	done
	echo "Bail out! '$1' does not start: $(cat errors)"
	exit 1
}

elapsed_ms()
{
	local from to

	from=$(date +%s%3N)
	"$@" >/dev/null 2>&1
	to=$(date +%s%3N)
	echo $((to - from))
}

# at_least LIMIT NUMBER, at_most LIMIT NUMBER: "yes", or the number
at_least() { if [ "$2" -ge "$1" ]; then echo yes; else echo "$2"; fi; }
at_most() { if [ "$2" -le "$1" ]; then echo yes; else echo "$2"; fi; }

# eventually COMMAND...: true within 3 s
eventually()
{
	local i

	for ((i = 0; i < 60; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	return 1
}

# --- fault-shim

# shim VARIABLE=VALUE... COMMAND...; says nothing of a SIGKILL
shim() { { env LD_PRELOAD="$fault/fault-shim.so" "$@" 2>shim.err; } 2>&-; }
count() { tr -d ' ' <"$1"; }

load='pragma journal_mode=wal; pragma synchronous=full;
	create table t(a); insert into t values (1); insert into t values (2);'
printf '%s\n' "$load" >load.sql
shim FAULT_COUNT_FILE=count sqlite3 a.db <load.sql >/dev/null
points=$(count count)
is 'a SQLite load has points' yes "$(at_least 20 "$points")"
shim FAULT_COUNT_FILE=again sqlite3 b.db <load.sql >/dev/null
is 'the same load has as many again' "$points" "$(count again)"
shim FAULT_COUNT_FILE=syncs FAULT_ONLY=fsync sqlite3 c.db <load.sql >/dev/null
is 'FAULT_ONLY leaves the other classes out' yes \
	"$(at_most $((points / 2)) "$(count syncs)")"
is '... but not its own' yes "$(at_least 2 "$(count syncs)")"

killed=0 broken=
for ((i = 1; i <= points; i++)); do
	rm -f k.db*
	shim FAULT_KILL_AT=$i FAULT_COUNT_FILE=killed sqlite3 k.db \
		<load.sql >/dev/null
	[ $? -eq 137 ] && [ "$(count killed)" = "$i" ] && killed=$((killed + 1))
	[ "$(sqlite3 k.db 'pragma integrity_check')" = ok ] || broken="$broken $i"
done
is 'each point kills, and the count file survives it' "$points" $killed
is 'SQLite survives each of them' '' "$broken"
shim FAULT_KILL_AT=$((points + 1)) sqlite3 l.db <load.sql >/dev/null
is 'a point past the end kills nothing' 0 $?

# After the header, so that there is something to fail on.
shim FAULT_ERROR_AT=3 FAULT_ERRNO=ENOSPC FAULT_FILES_ONLY=1 \
	FAULT_ONLY=write sqlite3 e.db 'create table t(a)'
is 'FAULT_ERRNO is the error that is seen' 1 \
	"$(grep -c 'database or disk is full' shim.err)"
shim FAULT_ERROR_FROM=1 FAULT_ONLY=write sh -c 'echo out'
is 'descriptor 2 never fails' 1 "$(grep -c 'I/O error' shim.err)"
shim FAULT_ERROR_AT=1 FAULT_ONLY=write sh -c 'echo one || echo two' >out
is 'FAULT_ERROR_AT fails once' two "$(cat out)"
shim FAULT_ERROR_FROM=1 FAULT_ONLY=write FAULT_FILES_ONLY=1 \
	sh -c 'echo pipe' | cat >out
is 'FAULT_FILES_ONLY spares a pipe' pipe "$(cat out)"
shim FAULT_ERRNO=ENOSUCH true
is 'a misspelt error is refused' 99 $?
shim FAULT_ONLY=wrte true
is 'so is a misspelt class' 99 $?

is 'FAULT_FSYNC_MS slows the disk' yes "$(at_least 400 "$(elapsed_ms \
	shim FAULT_FSYNC_MS=100 sqlite3 s.db "$load")")"

exec 7>held
shim FAULT_CHILD_AT=5 FAULT_CHILD_FILE=child sqlite3 d.db <load.sql >/dev/null
is 'FAULT_CHILD_AT kills too' 137 $?
child=$(cat child)
children="$children $child"
is '... and leaves a child alive' 'sleep 30 ' \
	"$(tr '\0' ' ' <"/proc/$child/cmdline")"
is '... that inherited what was open' "$tmp/held" \
	"$(readlink "/proc/$child/fd/7")"
exec 7>&-

shim FAULT_KILL_TEXT=needle sh -c 'echo hay; echo a needle; echo hay' >out
is 'FAULT_KILL_TEXT kills before that text is written' '137 hay' "$? $(cat out)"

shim FAULT_MATCH=cat FAULT_KILL_AT=1 sqlite3 m.db 'create table t(a)'
is 'FAULT_MATCH spares other programs' 0 $?
shim FAULT_MATCH=qlite FAULT_KILL_AT=1 sqlite3 m2.db 'create table t(a)'
is '... but not the one named' 137 $?

shim FAULT_MALLOC_COUNT_FILE=mallocs sqlite3 :memory: 'select 1' >/dev/null
mallocs=$(count mallocs) failed=0
for ((i = 1; i <= mallocs; i += 3)); do
	shim FAULT_MALLOC_AT=$i sqlite3 :memory: 'select 1' >out
	[ "$(cat out)" = 1 ] || failed=$((failed + 1))
done
is 'a failed allocation is felt' yes "$(at_least 1 $failed)"

# --- dns-shim

resolve() { LD_PRELOAD=$fault/dns-shim.so "$@"; }
is 'DNS_SHIM_MODE=fail fails at once' yes "$(at_most 1000 "$(elapsed_ms \
	resolve env DNS_SHIM_MODE=fail getent ahosts localhost.example)")"
DNS_SHIM_MODE=fail resolve getent ahosts name.example >/dev/null
is '... and fails' 2 $?
resolve timeout 1 getent ahosts name.example >/dev/null
is 'a silent resolver does not answer' 124 $?
is 'localhost and addresses work' yes "$(at_most 1000 "$(elapsed_ms \
	resolve getent ahosts localhost 127.0.0.1)")"

# --- tcp-fault

start origin.port "$fault/http-origin" --port-file origin.port --log origin.log
origin=127.0.0.1:$(cat origin.port)
start port "$fault/tcp-fault" --listen 0 --port-file port --to "$origin" \
	--control control
url=http://127.0.0.1:$(cat port)

tell() { "$fault/tcp-fault" --tell control "$@"; }
ask() { curl -sS -m 2 -o body "$@" 2>curl.err; }
post() { ask -H 'Expect:' -d 0123456789 "$url/$1"; }
# The last line the origin wrote about the path; it may come late.
seen()
{
	eventually grep -q "/$1 " origin.log
	grep "/$1 " origin.log | tail -n 1
}

post plain
is 'nothing armed: the request passes' "0 POST /plain 10 whole" "$? $(seen plain)"
is '... and the answer is whole' 64 "$(stat -c %s body)"

tell 'cut accept'
post accept
is 'cut accept: no answer' yes "$([[ $? =~ ^(52|55|56)$ ]] && echo yes)"
post accept
is '... once' 0 $?
is '... and the server never saw it' 1 "$(grep -c /accept origin.log)"

tell 'cut up 30'
post header-cut
is 'cut up 30: an empty answer' 52 $?
is '... and part of a header arrived' 'POST /header-cut 0 partial' \
	"$(seen header-cut)"

tell 'cut up-body 4'
post body-cut
is 'cut up-body 4: an empty answer' 52 $?
is '... and 4 bytes of body arrived' 'POST /body-cut 4 partial' \
	"$(seen body-cut)"

tell 'cut up-body 0'
post body-none
is 'cut up-body 0: an empty answer, no body' '52 POST /body-none 0 partial' \
	"$? $(seen body-none)"

tell 'cut whole-request'
post whole
is 'cut whole-request: an empty answer' 52 $?
is '... but the server has it all' 'POST /whole 10 whole' "$(seen whole)"

tell 'cut whole-request rst'
post whole-rst
is 'cut whole-request rst: a reset' 56 $?
is '... but the server has it all, too' 'POST /whole-rst 10 whole' \
	"$(seen whole-rst)"

tell 'cut down 0'
post reply-none
is 'cut down 0: an empty answer after the effect' \
	'52 POST /reply-none 10 whole' "$? $(seen reply-none)"

tell 'cut down 90'
post reply-part
is 'cut down 90: part of the answer' 18 $?
is '... to the byte' 25 "$(stat -c %s body)"

tell 'cut up 30 rst'
post reset
is 'rst: a reset' 56 $?

tell 'freeze down 0'
post freeze-down
is 'freeze down: waits until its deadline' '28 POST /freeze-down 10 whole' \
	"$? $(seen freeze-down)"
tell 'freeze up 10'
post freeze-up
is 'freeze up: the same, and nothing arrives' '28 0' \
	"$? $(grep -c '/freeze-up 10 whole' origin.log)"
tell 'freeze down 0'
post thaw &
waiting=$!
eventually grep -q /thaw origin.log
tell clear
wait $waiting
is 'clear: a frozen connection goes on' 0 $?

tell 'nth 2' 'cut down 0'
post nth-1; one=$?
post nth-2; two=$?
post nth-3; three=$?
is 'nth 2: the second connection only' '0 52 0' "$one $two $three"
tell 'nth every' 'cut down 0'
post every-1; one=$?
post every-2; two=$?
tell clear
post every-3; three=$?
is 'nth every: all until clear' '52 52 0' "$one $two $three"

ask "$url/first" -o body "$url/second"
is "a connection is kept alive" "0 GET /second 0 whole" "$? $(seen second)"
exec 9<>"/dev/tcp/127.0.0.1/$(cat port)"
printf 'GET /open-1 HTTP/1.1\r\n\r\n' >&9
seen open-1 >/dev/null
timeout 2 head -c 129 <&9 >/dev/null
tell 'nth open' 'cut up 0'
printf 'GET /open-2 HTTP/1.1\r\n\r\n' >&9
is 'nth open: a living connection ends' '0 0' \
	"$(timeout 2 cat <&9 | wc -c) $(grep -c open-2 origin.log)"
exec 9>&-

head -c 60000 /dev/zero >large
tell 'rate 100000'
took=$(elapsed_ms ask -H 'Expect:' --data-binary @large "$url/rate")
tell clear
is 'rate: as slow as asked' yes "$(at_least 400 "$took")"
is '... and no slower' yes "$(at_most 4000 "$took")"
is '... and all of it arrives' 'POST /rate 60000 whole' "$(seen rate)"

stats=$(tell stats)
is 'stats counts' yes "$([[ $stats =~ \
	^ok\ connections=[0-9]+\ open=0\ up=[0-9]+\ down=[0-9]+\ fired=13$ ]] &&
	echo yes || echo "$stats")"
tell 'cut up' >out
is 'a bad command is refused' "1 error: unknown command 'cut up'" \
	"$? $(cat out)"

# --- make-certs.sh, TLS through tcp-fault

"$TOP/tests/fault/make-certs.sh" certs extra.test
is 'the certificate is good by the hashed directory' 'certs/server.pem: OK' \
	"$(openssl verify -no-CAfile -no-CAstore -CApath certs/hashed \
	certs/server.pem)"
is '... and its key is its own' "$(openssl pkey -in certs/server.key -pubout)" \
	"$(openssl x509 -in certs/server.pem -noout -pubkey)"

# tls_start OPTION...: leaves its port in $tls
tls_start()
{
	rm -f tls.out
	openssl s_server -accept 127.0.0.1:0 -www -cert certs/server.pem \
		-key certs/server.key "$@" >tls.out 2>&1 &
	children="$children $!"
	eventually grep -q '^ACCEPT 127.*[0-9]$' tls.out
	tls=$(sed -n 's/^ACCEPT 127.0.0.1://p' tls.out)
}
tls_start
start tls.port "$fault/tcp-fault" --port-file tls.port --to "127.0.0.1:$tls" \
	--control control
secure() { ask --capath certs/hashed --cacert certs/ca.pem "$@"; }
secure "https://127.0.0.1:$(cat tls.port)/"
is 'TLS passes' 0 $?
ask --cacert /dev/null --capath certs/empty "https://127.0.0.1:$(cat tls.port)/"
is '... but not for who trusts nobody' yes \
	"$([[ $? =~ ^(60|77)$ ]] && echo yes)"
tell 'cut up 100'
secure "https://127.0.0.1:$(cat tls.port)/"
is 'cut up 100: the handshake fails' 35 $?

# --- proxy-sim

# proxy OPTION...: leaves its port in $proxy
proxy()
{
	start proxy.port "$fault/proxy-sim" --port-file proxy.port \
		--map "api.telegram.test=$target" --log proxy.log "$@"
	proxy=127.0.0.1:$(cat proxy.port)
}
target=$origin
proxy --http 0
ask -x "http://$proxy" -d 12345 http://api.telegram.test/forward
is 'HTTP: a URL is forwarded' '0 POST /forward 5 whole' "$? $(seen forward)"
ask -p -x "http://$proxy" -d 12345 http://api.telegram.test/tunnel
is 'HTTP: a tunnel is made' '0 POST /tunnel 5 whole' "$? $(seen tunnel)"
is '... and both are logged by name' \
	'http api.telegram.test:80 ok
connect api.telegram.test:80 ok' "$(cat proxy.log)"
ask -p -x "http://$proxy" http://127.0.0.1:1/
is 'an unreachable target is a 502' 'connect 127.0.0.1:1 unreachable' \
	"$(tail -n 1 proxy.log)"

proxy --http 0 --auth 'user:secret!'
ask -p -x "http://user:secret!@$proxy" http://api.telegram.test/auth
is 'HTTP: the right password' '0 GET /auth 0 whole' "$? $(seen auth)"
status() { curl -s -m 2 -o body -w '%{http_connect}' "$@"; }
is 'HTTP: the wrong password is a 407' 407 \
	"$(status -p -x "http://user:wrong@$proxy" http://api.telegram.test/)"
is 'HTTP: no password is a 407' 407 \
	"$(status -p -x "http://$proxy" http://api.telegram.test/)"
proxy --http 0 --mode refuse407
is 'refuse407' 407 \
	"$(status -p -x "http://u:p@$proxy" http://api.telegram.test/)"

: >proxy.log
proxy --socks 0 --auth user:pass
ask -x "socks5h://user:pass@$proxy" http://api.telegram.test/socks
is 'SOCKS: the right password' '0 GET /socks 0 whole' "$? $(seen socks)"
is '... with the name left to the proxy' 'socks-name api.telegram.test:80 ok' \
	"$(cat proxy.log)"
ask -x "socks5h://user:wrong@$proxy" http://api.telegram.test/
is 'SOCKS: the wrong password' 97 $?
ask -x "socks5h://$proxy" http://api.telegram.test/
is 'SOCKS: no password' 97 $?
proxy --socks 0
ask -x "socks5://$proxy" "http://$origin/address"
is 'SOCKS: an address' "0 socks-address $origin ok" \
	"$? $(tail -n 1 proxy.log)"

proxy --http 0 --mode dead
ask -x "http://$proxy" http://api.telegram.test/
is 'dead: refused' 7 $?
proxy --http 0 --mode freeze
ask -x "http://$proxy" http://api.telegram.test/
is 'freeze: silent' 28 $?
for version in 1.2 1.3; do
	tls_start -tls${version/./_}
	target=127.0.0.1:$tls
	for kind in http socks; do
		proxy --$kind 0 --mode freeze-after-tls
		curl -sv -m 2 --cacert certs/ca.pem -o body \
			-x "${kind/socks/socks5h}://$proxy" \
			https://api.telegram.test/ 2>curl.err
		is "freeze-after-tls: TLS $version by $kind freezes, verified" \
			'28 1' "$? $(grep -c 'certificate verify ok' curl.err)"
	done
done

is 'nothing complained' '' "$(cat errors)"
echo "1..$n"
