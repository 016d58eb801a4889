#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# A disk that is full, fails or is slow, a database that others hold, memory
# that runs out: nothing is lost, nothing is repeated without being counted,
# and the command ends in time with a code that says so.
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
children=
# shellcheck disable=SC2086 # a list of pids
trap 'sim_stop; kill $children 2>/dev/null; wait
	umount "$tmp/floor/state" 2>/dev/null; rm -rf "$tmp"' EXIT
sim_start --no-quirks
# shellcheck source=tests/seed.sh
. "$TOP/tests/seed.sh"
# How many points of each stage are tried.
writes=3 mallocs=8
[ "$extent" != full ] || writes=24 mallocs=150

fresh()
{
	floor_fresh
	people say '"text":"/start","first_name":"Ann"' 1 2
	[ "$1" = start ] && return
	poll
	people press '"text":"Получить доступ"' 1 2
	[ "$1" = press ] && return
	poll
	due
}

# broken STAGE CODES VARIABLE=VALUE...: one run under the shim, whose exit code
# is one of CODES and is explained, then ordinary ones; a line for what is wrong
broken()
{
	local stage=$1 codes=$2 status wrong=''
	fresh "$stage"
	shift 2
	: >"$floor/errors"
	timeout -k 1 20 env LD_PRELOAD="$B/tests/fault/fault-shim.so" "$@" \
		"$program/poll-updates" 2>>"$floor/errors"
	status=$?
	[[ $status =~ ^($codes)$ ]] || wrong="exit $status;"
	[ $status -le 1 ] || [ $status = 139 ] || grep -q '^leadpipe poll-updates: ' \
		"$floor/errors" || wrong="$wrong no word of it;"
	settle || wrong="$wrong not all is done;"
	wrong="$wrong$(delivered --settled)"
	views 1 2 | once >"$tmp/views"
	[ "$stage" = start ] || stage=due
	cmp -s "$tmp/seen.$stage" "$tmp/views" ||
		wrong="$wrong they saw $(cut -c 1-600 "$tmp/views")"
	[ -z "$wrong" ] || echo "stage $stage, $*: $wrong" \
		"$(head -c 300 "$floor/errors")"
}

calls=write,fsync,ftruncate,unlink,rename
for stage in start press due; do
	fresh $stage
	shim FAULT_COUNT_FILE="$tmp/points.$stage" FAULT_FILES_ONLY=1 \
		FAULT_ONLY=$calls \
		FAULT_MALLOC_COUNT_FILE="$tmp/mallocs.$stage"
	settle
	views 1 2 | once >"$tmp/seen.$stage"
done

# --- a write fails once, or all of them from then on

for error in ENOSPC EIO; do
	for how in AT FROM; do
		found='' tried=0
		for stage in start press due; do
			last=$(points "$tmp/points.$stage")
			each=$((last / writes + 1))
			for ((at = 1 + RANDOM % each; at <= last; at += each)); do
				tried=$((tried + 1))
				found="$found$(broken $stage '0|1|74|75' \
					FAULT_ERROR_$how=$at FAULT_ERRNO=$error \
					FAULT_FILES_ONLY=1 FAULT_ONLY=$calls)"
			done
		done
		passed "$error, $how one of $tried points: nothing lost" "$found"
	done
done

# --- memory

found='' tried=0
for stage in start press due; do
	last=$(points "$tmp/mallocs.$stage")
	each=$((last / mallocs + 1))
	for ((at = 1 + RANDOM % each; at <= last; at += each)); do
		tried=$((tried + 1))
		# 139: libcrypto dies when its locks find no memory.
		found="$found$(broken $stage '0|1|75|139' FAULT_MALLOC_AT=$at)"
	done
done
passed "one of $tried allocations fails: done, or 75" "$found"

# --- a file system that is full

fresh start
if mount -t tmpfs -o size=2m,mode=700 tmpfs "$floor/state" 2>/dev/null; then
	poll
	people say '"text":"/start"' 3
	head -c 4m /dev/zero >"$floor/state/filler" 2>/dev/null
	: >"$floor/errors"
	poll
	is 'a full file system: 74' 74 $?
	is '... said in one line' "1 1" "$(grep -c 'disk is full' \
		"$floor/errors") $(wc -l <"$floor/errors")"
	is '... and nothing is confirmed' 1 "$(sim stats | jq .pending)"
	rm "$floor/state/filler"
	settle
	passed 'with room again: nothing lost' "$(delivered --settled)"
	is '... and the third is answered' 1 "$(views 3 |
		jq '[.seen[] | select(.from == "bot")] | length')"
	umount "$floor/state"
else
	for i in 1 2 3 4 5; do
		tap_count=$((tap_count + 1))
		echo "ok $tap_count # SKIP only root may mount"
	done
fi

# --- a slow disk, and others that hold the database half of the time

floor_fresh
people say '"text":"/start"' 1
poll
while :; do
	sqlite3 "$floor_db" 'BEGIN IMMEDIATE' '.shell sleep 1' ROLLBACK
	sleep 1
done >/dev/null 2>&1 &
children="$children $!"
while :; do
	flock "$floor/state/write.lock" sleep 1
	sleep 1.1
done &
children="$children $!"
sim load '{"messages":200,"seconds":8,"chats":100,"text":"/start"}' >/dev/null
from=$(date +%s%3N)
shim FAULT_FSYNC_MS=15 --for 12
is 'a slow disk and a busy database: it ends well' 0 $?
took=$(($(date +%s%3N) - from))
is '... within its time' yes "$([ $took -lt 20000 ] && echo yes || echo $took)"
is '... and nobody is left without an answer' 200 \
	"$(sim load | jq .answered)"
# shellcheck disable=SC2086 # a list of pids
kill $children
children=
settle
passed '... nothing lost, nothing repeated' \
	"$(delivered --settled --most-ambiguous 0)"

# --- the price of a batch

floor_fresh
people say '"text":"/start"' 1
poll
# shellcheck disable=SC2046 # a list of chats
people say '"text":"/start"' $(seq 101 200)
strace -f -qq -s 64 -e trace=fsync,fdatasync,sendto,sendmsg,write,writev \
	-o "$tmp/trace" "$program/poll-updates" 2>/dev/null
before=$(awk '/POST .*getUpdates/ { asked = 1 } /POST .*sendMessage/ { exit }
	asked && /sync\(/ { n++ } END { print n + 0 }' "$tmp/trace")
is 'a hundred updates are on disk and stepped after three commits' yes \
	"$([ "$before" -ge 1 ] && [ "$before" -le 3 ] && echo yes ||
	echo "$before")"
echo "# it took $before"
is '... all of them in that one batch' 100 "$(jq -s 'map(select(.kind ==
	"confirm")) | last.ids | length' "$tmp/record")"
passed '... and all are answered' "$(delivered --settled --most-ambiguous 0)"
tap_end
