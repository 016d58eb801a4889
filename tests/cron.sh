# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests: crontab.example under the real cron daemon, which has
# mounts and processes of its own, so that the machine's cron, mail and
# crontabs are neither seen nor touched. Needs root; uses $B, $TOP and $tmp.
: "${tmp:?a directory for the crontab}"
cron_pid=

# Prints why it cannot be done here; nothing when it can.
cron_missing()
{
	if [ "$(id -u)" -ne 0 ]; then
		echo 'needs root to give cron its own mounts'
	elif ! command -v cron >/dev/null; then
		echo 'needs the package cron'
	elif ! command -v mount >/dev/null; then
		echo 'needs the package mount'
	elif ! unshare --mount --pid --fork --mount-proc true 2>/dev/null; then
		echo 'may not unshare mounts and processes here'
	fi
}

# cron_prepare USER [SED]: the crontab, with our copy of the commands first in
# PATH, USER in the user's column, and SED's changes, in $tmp/cron.d/leadpipe.
# $tmp/mail will have what cron mailed.
cron_prepare()
{
	mkdir -p "$tmp/bin" "$tmp/cron.d" "$tmp/spool" "$tmp/sbin" "$tmp/home"
	cp "$B/leadpipe" "$tmp/bin/"
	cp -r "$B/libexec" "$tmp/bin/"
	: >"$tmp/crontab.empty"
	: >"$tmp/mail"
	chmod 666 "$tmp/mail"
	chown "$1" "$tmp/home"
	sed -e "s|^PATH=|PATH=$tmp/bin:|" -e "s|^#MAILTO=.*|MAILTO=root|" \
		-e "s|^\([0-9*][^a-z]*\)leadpipe  |\1$1  |" ${2:+-e "$2"} \
		"$TOP/crontab.example" >"$tmp/cron.lines"
	# A variable counts for the lines below it.
	{
		echo "HOME=$tmp/home"
		echo "LEADPIPE_CONFIG=$tmp/env"
		cat "$tmp/cron.lines"
	} >"$tmp/cron.d/leadpipe"
	chmod 644 "$tmp/cron.d/leadpipe"
	# sendmail is looked for in one place only, and may not be there.
	local tool
	for tool in /usr/sbin/*; do
		ln -sfn "$tmp/sbin.real/${tool##*/}" "$tmp/sbin/${tool##*/}"
	done
	mkdir -p "$tmp/sbin.real"
	rm -f "$tmp/sbin/sendmail"
	printf '#!/bin/sh\nexec cat >>%s\n' "$tmp/mail" >"$tmp/sbin/sendmail"
	chmod 755 "$tmp/sbin/sendmail"
}

# cron_start [SPEED]: with SPEED a minute of cron's takes 60/SPEED seconds
cron_start()
{
	local faster=${1:+"faketime -f '+0 x$1'"}

	cat >"$tmp/cron.sh" <<-SCRIPT
	set -e
	cd /
	mount --make-rprivate /
	mount --bind /usr/sbin '$tmp/sbin.real'
	mount --bind '$tmp/sbin' /usr/sbin
	mount --bind '$tmp/cron.d' /etc/cron.d
	mount --bind '$tmp/spool' /var/spool/cron/crontabs
	mount --bind '$tmp/crontab.empty' /etc/crontab
	mount -t tmpfs none /run
	mount -t tmpfs none /dev/shm
	exec $faster '$tmp/sbin.real/cron' -f -L 15
	SCRIPT
	unshare --mount --pid --fork --kill-child --mount-proc \
		sh "$tmp/cron.sh" >"$tmp/cron.log" 2>&1 </dev/null &
	cron_pid=$!
}

# One line for each process under cron: state and command
cron_processes()
{
	local inside
	inside=$(pgrep -P "$cron_pid") || return 0
	ps -e -o pidns=,stat=,pid=,args= | awk -v ns="$(readlink \
		"/proc/$inside/ns/pid" | tr -dc '0-9')" \
		'$1 == ns { $1 = ""; print }'
}

# All at once: who waits for --fork hears no other signal.
cron_stop()
{
	[ -z "$cron_pid" ] || { kill -KILL "$cron_pid" && wait "$cron_pid"; } \
		2>/dev/null
	cron_pid=
}
