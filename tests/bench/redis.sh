# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests/bench/run: what a Redis that is not well costs those who
# answer. Uses what tests/bench/lib.sh and tests/redis.sh have.

# redis_wait WHAT URL: the first call, and one while nobody asks it, in ms,
# each the best of $times
redis_wait()
{
	local i
	rm -f "$tmp/waits"
	for ((i = 0; i < times; i++)); do
		rm -rf "$tmp/wait"
		mkdir -m 700 "$tmp/wait"
		REDIS_URL=$2 "$B/tests/bench/wait" "$tmp/wait/x.db" \
			>>"$tmp/waits" || problem='the bench failed'
	done
	line redis "$1" "$(sort -n "$tmp/waits" | head -n 1 |
		cut -d' ' -f1)" ms '' '' ''
	line redis '  while it is not asked' "$(cut -d' ' -f2 "$tmp/waits" |
		sort -n | head -n 1)" ms '' '' ''
}

# redis_case WHAT [ARGUMENT...]: of a server with these arguments
redis_case()
{
	local what=$1
	shift
	redis_start -n "case$((redis_cases += 1))" "$@" || problem='no server'
	redis_wait "$what" "$redis_url"
	redis_stop
}
redis_cases=0

row_redis()
{
	local certs=$tmp/certs name port
	: "${db:=$tmp/none}"
	redis_case well
	redis_wait absent redis://127.0.0.1:1
	redis_start
	redis_freeze
	redis_wait 'frozen (SIGSTOP)' "$redis_url"
	redis_wait 'frozen, its socket' "unix://$redis_socket"
	redis_thaw
	redis_stop
	redis_wait 'a socket that is gone' "unix://$redis_socket"
	redis_case full --maxmemory 100kb
	redis_case 'a replica' --replicaof 127.0.0.1 1
	redis_case 'no password' --requirepass sesame
	port=$((redis_port + 5000))
	redis_case 'a cluster' --cluster-enabled yes --cluster-port "$port"
	redis_case 'replicas missing' --min-replicas-to-write 1
	redis_start --maxclients 1
	exec 9<>"/dev/tcp/127.0.0.1/$redis_port"
	redis_wait 'maxclients' "$redis_url"
	exec 9>&-
	redis_stop
	redis_start -n big --enable-debug-command yes
	redis DEBUG POPULATE 4000 k 100 >"$tmp/said"
	redis SAVE >"$tmp/said"
	redis_stop
	redis_is_up() { redis-cli -s "$redis_socket" PING >"$tmp/said" 2>&1; }
	redis_start -n big --key-load-delay 500 \
		--loading-process-events-interval-bytes 1024
	redis_wait 'loading' "$redis_url"
	redis_stop
	for name in certs other; do
		"$TOP/tests/fault/make-certs.sh" "$tmp/$name" >"$tmp/said"
	done
	port=$((redis_port + 6000))
	redis_start -n tls --tls-port "$port" \
		--tls-cert-file "$certs/server.pem" \
		--tls-key-file "$certs/server.key" \
		--tls-ca-cert-file "$certs/ca.pem" --tls-auth-clients no
	name=rediss://127.0.0.1:$port
	SSL_CERT_FILE=$certs/ca.pem redis_wait 'TLS, well' "$name"
	SSL_CERT_FILE=$tmp/other/ca.pem redis_wait 'TLS, another CA' "$name"
	redis_freeze
	SSL_CERT_FILE=$certs/ca.pem redis_wait 'TLS, frozen' "$name"
	redis_stop
	row_redis_hole
}

# A network that swallows everything, where we may make one
row_redis_hole()
{
	export -f redis_wait line
	export tmp B times
	unshare -n bash -c 'ip link set lo up &&
		iptables -A INPUT -p tcp --dport 6379 -j DROP || exit
		problem=
		redis_wait "black hole" redis://127.0.0.1
		SSL_CERT_FILE=$tmp/certs/ca.pem redis_wait "black hole, TLS" \
			rediss://127.0.0.1:6379' 2>"$tmp/said"
}
