# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests that need a Redis: real servers in $tmp/redis*, each on a
# socket and a port of its own. Whoever sources it removes $tmp and calls
# redis_end in its trap.
: "${tmp:?a directory for the servers}"
redis_pids=''
# Below those that the kernel gives to whoever connects.
redis_port_next=$((10000 + $$ % 20000))

# port_free PORT
port_free() { ! (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# redis_start [-n NAME] [ARGUMENT...]: leaves $redis_pid, $redis_port,
# $redis_socket and $redis_url (of the port) of the newest server; the same
# NAME again starts that one once more, with its data if it saved any
# shellcheck disable=SC2034,SC2120 # for whoever sourced it; no options are fine
redis_start()
{
	local name=redis dir i
	[ "${1-}" != -n ] || { name=$2; shift 2; }
	dir=$tmp/$name
	mkdir -p "$dir"
	if [ -e "$dir/port" ]; then
		redis_port=$(<"$dir/port")
	else
		until redis_port_next=$((redis_port_next + 1)) &&
			port_free "$redis_port_next"; do :; done
		redis_port=$redis_port_next
		echo "$redis_port" >"$dir/port"
	fi
	redis_socket=$dir/socket
	redis_url=redis://127.0.0.1:$redis_port
	redis-server --save '' --appendonly no --bind 127.0.0.1 \
		--port "$redis_port" --unixsocket "$redis_socket" \
		--dir "$dir" --logfile redis.log "$@" \
		</dev/null >/dev/null 2>&1 &
	redis_pid=$!
	redis_pids="$redis_pids $redis_pid"
	for ((i = 0; i < 500; i++)); do
		[ -S "$redis_socket" ] && redis_is_up && return
		kill -0 "$redis_pid" 2>/dev/null || break
		sleep .02
	done
	echo '# redis-server did not come up:' >&2
	tail -5 "$dir/redis.log" | sed 's/^/# /' >&2
	return 1
}

# Any answer but LOADING.
redis_is_up()
{
	local said
	said=$(redis-cli -s "$redis_socket" PING 2>&1) || return
	case $said in
	LOADING* | Could*) return 1 ;;
	esac
}

# Ends the newest server as a power cut would: nothing is saved.
redis_stop()
{
	kill -9 "$redis_pid" 2>/dev/null
	wait "$redis_pid" 2>/dev/null
	rm -f "$redis_socket"
}

# It takes connections but does nothing, until thawed.
redis_freeze() { kill -STOP "$redis_pid"; }
redis_thaw() { kill -CONT "$redis_pid"; }

# redis COMMAND...: asks the newest server
redis() { redis-cli -s "$redis_socket" "$@"; }

# Forgets what the database of $tmp/state knows of Redis: the next call tries.
redis_forgiven() { sqlite3 "$db" "DELETE FROM breakers WHERE name = 'redis'"; }

redis_end()
{
	local pid
	for pid in $redis_pids; do
		kill -9 "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
}
