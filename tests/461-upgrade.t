#!/bin/bash
# SPDX-License-Identifier: MIT
# Databases of releases under the commands of today: they wait for those of
# their release that run, change what has to be changed, and go on with what was
# there. Until there is a release: of today under today's, and under those of a
# version that has one migration more.
# shellcheck disable=SC2119 # no options for the simulator
set -u
. "$TOP/tests/bot.sh"
schemas=$TOP/tests/data/schema
bot_start --open-chats

is 'each release has its database' '' "$(sed -n '/not released/d
	s/^## \([0-9.]*\).*/\1/p' "$TOP/NEWS.md" | while read -r version; do
	[ -e "$schemas/$version.sql" ] || echo "$version"
done)"

# The migration that a version may bring, in the store of this one.
mkdir "$tmp/next"
cp "$B/lib/store.a" "$tmp/next"
{
	"$CC" -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
		-DLEADPIPE_TEST_MIGRATION -I"$TOP/lib" -c -fPIE \
		-o "$tmp/next/migrate.o" "$TOP/lib/store/migrate.c"
	ar r "$tmp/next/store.a" "$tmp/next/migrate.o"
	for command in poll-updates verify-state list-tasks fire-event; do
		archives=()
		for layer in ops delivery turn bot crm telegram shared store \
			net base; do
			archive=$B/lib/$layer.a
			[ $layer != store ] || archive=$tmp/next/store.a
			[ ! -e "$archive" ] || archives+=("$archive")
		done
		# shellcheck disable=SC2046 # a list of options
		"$CC" -o "$tmp/next/$command" "$B/obj/cmd/$command.o" \
			"${archives[@]}" $(pkg-config --libs libcurl sqlite3 \
			jansson) $([ ! -e "$B/lib/shared.a" ] || echo -lhiredis)
	done
} >"$tmp/said" 2>&1
passed 'a version with one migration more' "$(grep -i error "$tmp/said")"

version() { sql 'PRAGMA user_version'; }
schema() { sql 'SELECT sql FROM sqlite_schema ORDER BY type, name'; }

# said CHAT: what it was told last
said() { sim "chats/$1" | jq -r '[.[] | select(.from == "bot")][-1].text'; }

# upgrade NAME DUMP COMMANDS: DUMP under those
upgrade()
{
	local name=$1 commands=$3 was latest tasks poller holder
	rm -rf "$tmp/state"
	mkdir -m 700 "$tmp/state"
	"$commands/poll-updates" 2>"$tmp/err"
	latest=$(version)
	schema >"$tmp/new"
	rm -rf "$tmp/state"
	mkdir -m 700 "$tmp/state"
	sqlite3 "$db" <"$2" >"$tmp/said"
	chmod 600 "$db"
	was=$(version)
	tasks=$(sql 'SELECT count(*) FROM tasks')
	# What a command of the release holds for its life.
	(flock -s 9 && exec sleep 60) 9>>"$tmp/state/schema.lock" &
	holder=$!
	bot_children=$holder
	for ((i = 0; i < 100; i++)); do
		flock -n "$tmp/state/schema.lock" true || break
		sleep 0.02
	done
	"$commands/poll-updates" 2>"$tmp/err" &
	poller=$!
	if [ "$was" != "$latest" ]; then
		sleep 0.5
		is "$name: while the old one runs, nothing changes" "$was yes" \
			"$(version) $(kill -0 $poller 2>/dev/null && echo yes)"
		kill $holder
	fi
	wait $poller
	is "$name: is opened" '0 ' "$? $(cat "$tmp/err")"
	kill $holder 2>/dev/null
	wait $holder 2>/dev/null
	bot_children=
	is "$name: is of today" "$latest" "$(version)"
	is "$name: with the tables of today" '' "$(schema | diff - "$tmp/new")"
	"$commands/verify-state" -q >"$tmp/said" 2>&1
	is "$name: is sound" '0 ' "$? $(cat "$tmp/said")"
	is "$name: what is planned still is" "$tasks" \
		"$("$commands/list-tasks" --count)"
	"$commands/fire-event" paid --user 42 >"$tmp/said" 2>&1
	"$commands/poll-updates"
	is "$name: who was in the middle of it goes on" \
		'Thank you! Access is open.' "$(said 42)"
}

"$schemas/dump" >"$tmp/today.sql" 2>"$tmp/err"
is 'a database of today' '0 ' "$? $(cat "$tmp/err")"
upgrade today "$tmp/today.sql" "$B/libexec"
upgrade tomorrow "$tmp/today.sql" "$tmp/next"
for dump in "$schemas"/*.sql; do
	[ -e "$dump" ] || continue
	release=${dump##*/}
	upgrade "${release%.sql}" "$dump" "$B/libexec"
done
tap_end
