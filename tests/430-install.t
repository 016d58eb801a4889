#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# make install, a conversation with what was installed, and an upgrade that
# changes the schema, installed over pollers that run.
set -u
. "$TOP/tests/bot.sh"
# shellcheck source=tests/variant.sh
. "$TOP/tests/variant.sh"
jobs=()
finish()
{
	[ ${#jobs[@]} -eq 0 ] || kill "${jobs[@]}" 2>/dev/null
	sim_stop
	rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 143' INT TERM

# build DIR [SETTING|TARGET...]
build()
{
	make_variant "$tmp/$1" prefix="$tmp/usr" "${@:2}" >"$tmp/make" 2>&1 ||
		cat "$tmp/make"
}

variant "$tmp/old" LEADPIPE_LIBEXECDIR
build old install DESTDIR="$tmp/root"
is 'DESTDIR gets what is installed' "$(cd "$B/libexec" && echo *)" \
	"$(cd "$tmp/root$tmp/usr/libexec/leadpipe" && echo *)"
is 'the documentation with it' '' "$(for file in NEWS.md LICENSE \
	crontab.example logrotate.example; do
	cmp "$TOP/$file" "$tmp/root$tmp/usr/share/doc/leadpipe/$file" 2>&1
done)"
is 'and the manual' '' "$(cd "$TOP/man" && for page in *; do
	cmp "$page" "$tmp/root$tmp/usr/share/man/man${page##*.}/$page" 2>&1
done)"
is 'and nothing is written elsewhere' 'no' \
	"$([ -e "$tmp/usr" ] && echo yes || echo no)"
rm -rf "$tmp/root"
build old install
cp -r "$tmp/usr/libexec/leadpipe" "$tmp/before"
# What was built must not be needed any more.
rm -rf "$tmp/old"
PATH=$tmp/usr/bin:$PATH
is 'leadpipe help' 'usage: leadpipe COMMAND [OPTION...]' \
	"$(leadpipe help | head -n 1)"

mkdir "$tmp/pager"
printf '#!/bin/sh\necho "$@"\n' >"$tmp/pager/man"
chmod +x "$tmp/pager/man"
page=$tmp/usr/share/man/man1/leadpipe-poll-updates.1
is 'leadpipe help COMMAND shows its page' "-l $page" \
	"$(PATH=$tmp/pager:$PATH leadpipe help poll-updates)"
gzip "$page"
is 'also as packages have it' "-l $page.gz" \
	"$(PATH=$tmp/pager:$PATH leadpipe help poll-updates)"
rm "$page.gz"
is 'without the page it is --help' "$(leadpipe poll-updates --help)" \
	"$(leadpipe help poll-updates)"

# --- a conversation

bot_start --open-chats
sim say '{"chat":42,"text":"/start","first_name":"Emma","lang":"en"}' \
	>"$tmp/said"
leadpipe poll-updates
is 'the installed copy polls' 0 $?
is 'and answers' 'Hello, Emma!' "$(sim chats/42 |
	jq -r '.[1].text' | grep -o '^[^!]*!')"

# --- an upgrade under running pollers: each minute of this loop takes 6 s

db()
{
	sqlite3 -readonly "$tmp/state/leadpipe.db" ".timeout 5000" "$1"
}
minutes=0
minute()
{
	leadpipe poll-updates --for 11 >>"$tmp/log" 2>&1 &
	jobs+=($!)
	leadpipe send-due --for 5 >>"$tmp/log" 2>&1 &
	jobs+=($!)
	minutes=$((minutes + 1))
}
# running: how many pollers there are
running()
{
	pgrep -c -f '^poll-updates --for 11$' -P "$$"
}
is 'the schema is the first' 1 "$(db 'PRAGMA user_version')"
variant "$tmp/new" LEADPIPE_LIBEXECDIR LEADPIPE_TEST_MIGRATION
build new all CPPFLAGS=-DLEADPIPE_TEST_MIGRATION
sim load '{"messages":400,"seconds":40}' >"$tmp/said"
minute
sleep 6
minute
for ((i = 0; i < 50 && $(running) < 2; i++)); do
	sleep 0.02
done
is 'two pollers run' 2 "$(running)"
build new install CPPFLAGS=-DLEADPIPE_TEST_MIGRATION
is 'and still run when the new one is installed' 2 "$(running)"
is 'the new one is installed' '' \
	"$(cmp "$tmp/new/libexec/poll-updates" \
	"$tmp/usr/libexec/leadpipe/poll-updates" 2>&1)"
started=$SECONDS
while [ "$(db 'PRAGMA user_version')" = 1 ] &&
	[ $((SECONDS - started)) -lt 180 ]; do
	minute
	sleep 6
done
is 'the schema is the second' 2 "$(db 'PRAGMA user_version')"
echo "# migrated $((SECONDS - started)) s after it was installed"
for ((i = 0; i < 15; i++)); do
	[ "$(sim load | jq '.said == 400 and .unanswered == 0')" = false ] ||
		break
	minute
	sleep 6
done
codes=
for job in "${jobs[@]}"; do
	wait "$job" || codes+=" $?"
done
jobs=()
is 'every run ended well' '' "$codes"
is 'and said nothing' '' "$(cat "$tmp/log")"
is 'everybody was answered' '400 0' \
	"$(sim load | jq -r '"\(.answered) \(.unanswered)"')"
"$TOP/tests/sim/check-delivery" --settled "$tmp/record" \
	"$tmp/state/leadpipe.db" >"$tmp/verdict" 2>&1
is 'nothing was lost, nothing repeated' '0 lost 0, repeated 0, ambiguous 0' \
	"$? $(grep -o '^lost [0-9]*, repeated [0-9]*, ambiguous [0-9]*' \
	"$tmp/verdict")"

# --- the old one afterwards

files()
{
	# SQLite touches the index of the WAL even when it only reads.
	(cd "$tmp/state" && find . ! -name '*-shm' ! -name . \
		-exec stat -c '%n %y %s' {} + | sort &&
		sha256sum leadpipe.db leadpipe.db-wal 2>&1)
}
for command in poll-updates send-due list-tasks recover-pending; do
	was=$(files)
	"$tmp/before/$command" >"$tmp/out" 2>&1
	is "the old $command is refused" 78 $?
	is "and has written nothing: $command" "$was" "$(files)"
	is "in one line: $command" 1 "$(wc -l <"$tmp/out")"
done
leadpipe list-tasks
is 'the new one works' 0 $?

build new uninstall CPPFLAGS=-DLEADPIPE_TEST_MIGRATION
is 'uninstall leaves no file' '' "$(find "$tmp/usr" -type f)"
tap_end
