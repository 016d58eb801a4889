# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests that install something: this machine, to which nothing of it
# comes back. Mounts of its own, over which an overlay in memory takes all that
# is written; $tmp is the same inside and outside.
: "${tmp:?a directory for the mounts}"
root_pid=

# Prints why it cannot be done here; nothing when it can.
root_missing()
{
	if [ "$(id -u)" -ne 0 ]; then
		echo 'needs root to install anything'
	elif ! unshare --mount sh -c "mount -t tmpfs none /mnt &&
		mkdir /mnt/u /mnt/w && mount -t overlay -o \
		lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w none /mnt" \
		2>/dev/null; then
		echo 'may not mount an overlay here'
	fi
}

root_enter()
{
	mkdir "$tmp/over"
	cat >"$tmp/root.sh" <<-SCRIPT
	set -e
	mount --make-rprivate /
	mount -t tmpfs none '$tmp/over'
	cd '$tmp/over'
	mkdir upper work root
	mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work none root
	mkdir -p 'root$tmp'
	mount --rbind /dev root/dev
	mount -t proc proc root/proc
	mount -t tmpfs none root/run
	mount --bind '$tmp' 'root$tmp'
	printf '#!/bin/sh\nexit 101\n' >root/usr/sbin/policy-rc.d
	chmod 755 root/usr/sbin/policy-rc.d
	: >'$tmp/root.ready'
	exec chroot root sleep infinity
	SCRIPT
	unshare --mount --pid --fork --kill-child \
		sh "$tmp/root.sh" </dev/null >"$tmp/root.log" 2>&1 &
	root_pid=$!
	local i
	for ((i = 0; i < 100; i++)); do
		[ ! -e "$tmp/root.ready" ] || return 0
		sleep 0.05
	done
	echo "Bail out! $(cat "$tmp/root.log")"
	exit 1
}

# in_root COMMAND...: there, as root
in_root()
{
	nsenter --target "$(pgrep -P "$root_pid")" --mount --pid --root --wd env -i \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive "$@"
}

root_sum() { in_root sha256sum "$1"; }

root_leave()
{
	[ -z "$root_pid" ] || { kill -KILL "$root_pid" && wait "$root_pid"; } \
		2>/dev/null
	root_pid=
}
