# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests of what stands behind a web server: the real nginx, by
# examples/web/nginx.conf, and the real fcgiwrap, without privileges, in
# $tmp/web. Looked for in PATH and in $TEST_WEB, where .ci/web unpacks them.
# Needs tests/tap.sh and $LEADPIPE_CONFIG; the caller ends with web_stop.
: "${tmp:?a directory for them}" "${TEST_WEB=}" "${web_commands=$B/libexec}"
web_libraries=$(echo "$TEST_WEB"/usr/lib/*-linux-gnu)
fcgi_pid='' nginx_pid=''

# web_program NAME: where it is
web_program()
{
	command -v "$1" || find "$TEST_WEB/usr/sbin/$1" 2>/dev/null
}

# web_needed: ends the test when there is no web server to be tested behind
web_needed()
{
	web_nginx=$(web_program nginx)
	web_fcgiwrap=$(web_program fcgiwrap)
	[ -n "$web_nginx" ] && [ -n "$web_fcgiwrap" ] && return
	echo '1..0 # SKIP needs nginx and fcgiwrap, see .ci/web'
	exit
}

# As systemd/leadpipe-web@.service has it; that ends what is left of the
# processes of one that was killed, and takes the socket over.
fcgi_start()
{
	rm -f "$tmp/web/socket"
	LD_LIBRARY_PATH=$web_libraries setsid "$web_fcgiwrap" -c 16 \
		-p "$web_commands/add-lead" -p "$web_commands/receive-update" \
		-s "unix:$tmp/web/socket" </dev/null >/dev/null \
		2>>"$tmp/web/journal" &
	fcgi_pid=$!
	local i
	for ((i = 0; i < 500; i++)); do
		[ ! -S "$tmp/web/socket" ] || return 0
		sleep 0.01
	done
	echo "Bail out! fcgiwrap: $(cat "$tmp/web/journal")"
	exit 1
}

# fcgi_stop SIGNAL: all of it, as systemd does with a unit
fcgi_stop()
{
	[ -z "$fcgi_pid" ] || { kill "-$1" -- "-$fcgi_pid" && wait "$fcgi_pid"; }
	fcgi_pid=
} 2>/dev/null

# The example with other paths, and another port than 80.
nginx_configure()
{
	local types
	types=$(find "$TEST_WEB/etc/nginx" /etc/nginx -name fastcgi_params \
		2>/dev/null | head -n 1)
	cp "$types" "$tmp/web"
	sed "s|listen 80;|listen 127.0.0.1:$web_port;|; /listen \[::\]/d
		s|/run/leadpipe-web-shop.socket|$tmp/web/socket|
		s|/usr/libexec/leadpipe|$web_commands|
		s|/var/www/bot|$tmp/web/site|
		s|/var/log/nginx/leadpipe.log|$tmp/web/access|" \
		"$TOP/examples/web/nginx.conf" >"$tmp/web/example.conf"
	cat >"$tmp/web/nginx.conf" <<-CONF
	daemon off;
	$([ "$(id -u)" != 0 ] || echo 'user root root;')
	worker_processes 2;
	pid $tmp/web/pid;
	error_log $tmp/web/errors;
	events { }
	http {
		client_body_temp_path $tmp/web/body;
		fastcgi_temp_path $tmp/web/fastcgi;
		proxy_temp_path $tmp/web/proxy;
		scgi_temp_path $tmp/web/scgi;
		uwsgi_temp_path $tmp/web/uwsgi;
		types { text/html html; text/css css; }
		include $tmp/web/example.conf;
	}
	CONF
}

# shellcheck disable=SC2119,SC2120 # without a port it finds one
# nginx_start [PORT]: $web_root is where it answers
nginx_start()
{
	local i attempt
	for ((attempt = 0; attempt < 20; attempt++)); do
		web_port=${1:-$((20000 + RANDOM % 12000))}
		nginx_configure
		setsid "$web_nginx" -e "$tmp/web/errors" -p "$tmp/web" \
			-c "$tmp/web/nginx.conf" </dev/null &>>"$tmp/web/said" &
		nginx_pid=$!
		web_root=http://127.0.0.1:$web_port
		for ((i = 0; i < 500; i++)); do
			kill -0 "$nginx_pid" 2>/dev/null || break
			curl -s -o /dev/null "$web_root/" && return
			sleep 0.01
		done
		nginx_stop KILL
	done
	echo "Bail out! nginx: $(tail -n 3 "$tmp/web/errors")"
	exit 1
}

# nginx_stop SIGNAL
nginx_stop()
{
	[ -z "$nginx_pid" ] ||
		{ kill "-$1" -- "-$nginx_pid" && wait "$nginx_pid"; }
	nginx_pid=
} 2>/dev/null

# shellcheck disable=SC2119
web_start()
{
	mkdir -p "$tmp/web"
	cp -r "$TOP/examples/web" "$tmp/web/site"
	fcgi_start
	nginx_start
}

web_stop()
{
	nginx_stop KILL
	fcgi_stop KILL
}
