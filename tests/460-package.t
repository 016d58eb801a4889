#!/bin/bash
# SPDX-License-Identifier: MIT
# What is handed out: the tarball of `make dist`, and with LEADPIPE_PACKAGE=full
# (.ci/package) the Debian package: built from the tarball twice, read by
# lintian, installed, upgraded under a running poller, removed and purged.
set -u
. "$TOP/tests/bot.sh"
# shellcheck source=tests/root.sh
. "$TOP/tests/root.sh"
finish()
{
	sim_stop
	root_leave
	rm -rf "$tmp"
}
trap finish EXIT
trap 'exit 143' INT TERM

version=$(sed -n 's/^VERSION = //p' "$TOP/Makefile")
name=leadpipe-$version

# files DIR: each one there, with its mode
files() { (cd "$1" && find . ! -type d -printf '%P %m\n' | LC_ALL=C sort); }
sum() { sha256sum "$1" | cut -c 1-64; }

# --- the tarball

mkdir "$tmp/tree"
tar -C "$TOP" --exclude=./.git --exclude='./build*' --exclude='./*.tar.gz' \
	--exclude=./MANIFEST -cf - . | tar -C "$tmp/tree" -xf -
if ! command -v git >/dev/null; then
	echo '1..0 # SKIP needs the package git'
	exit
fi
git -C "$tmp/tree" init -q 2>/dev/null
git -C "$tmp/tree" add -A
echo BOT_TOKEN=secret >"$tmp/tree/other.env"
make -s -C "$tmp/tree" dist >"$tmp/made" 2>&1
is 'make dist says nothing' '0 ' "$? $(cat "$tmp/made")"
mv "$tmp/tree/$name.tar.gz" "$tmp/first.tar.gz"
mkdir "$tmp/un"
tar -C "$tmp/un" -xf "$tmp/first.tar.gz"
is 'it has one directory' "$name" "$(ls "$tmp/un")"
is 'what git tracks is in it, and nothing that lies about' \
	"$(cd "$tmp/tree" && git ls-files | LC_ALL=C sort)" \
	"$(files "$tmp/un/$name" | sed 's/ .*//' | grep -vx MANIFEST)"
is 'as it was' '' "$(diff -r -x .git -x other.env -x MANIFEST "$tmp/tree" \
	"$tmp/un/$name")"
is 'for all to read, for nobody else to write' '644 755' \
	"$(find "$tmp/un/$name" -type f -printf '%m\n' | sort -u | xargs)"
echo BOT_TOKEN=secret >"$tmp/un/$name/other.env"
find "$tmp/un" -exec touch -h -d '2001-01-01' {} +
chmod -R go= "$tmp/un"
(umask 077 && LC_ALL=ru_RU.UTF-8 TZ=Asia/Tokyo make -s -C "$tmp/un/$name" dist)
is 'the tarball packs itself again: the same bytes' "$(sum "$tmp/first.tar.gz")" \
	"$(sum "$tmp/un/$name/$name.tar.gz")"
rm -f "$tmp/un/$name/MANIFEST" "$tmp/un/$name/$name.tar.gz"
make -s -C "$tmp/un/$name" dist >"$tmp/made" 2>&1
is 'what is neither checkout nor tarball is refused' \
	'2 dist: neither a checkout nor an unpacked tarball no' \
	"$? $(grep ^dist: "$tmp/made") $([ -e "$tmp/un/$name/$name.tar.gz" ] &&
	echo yes || echo no)"
rm -rf "$tmp/un"

# --- debian/

cd "$TOP" || exit 1
is 'the package has the version of the Makefile' "$version" \
	"$(sed -n '1s/^leadpipe (\([^)]*\)).*/\1/p' debian/changelog)"
is 'its licence is ours' "$(sed '1,4d; /^$/d' LICENSE)" \
	"$(sed -n '/^License:/,$s/^ //p' debian/copyright | grep -vx '\.')"
is 'what is configured by the example' 'FLOW_FILE=/etc/leadpipe/funnel.json 
DATABASE_PATH=/var/lib/leadpipe/leadpipe.db' \
	"$(grep '^[A-Z]' leadpipe.env.example | grep -v '^BOT_TOKEN=$' |
	sed 's/json$/json /')"
is 'and its names are known' '' "$(sed 's/^#\([A-Z]\)/\1/' \
	leadpipe.env.example | sed -n 's/^\([A-Z_0-9]*\)=.*/\1/p' |
	sed 's/_FILE$//' | while read -r key; do
	grep -q "\"${key/FLOW/FLOW_FILE}\"" lib/base/config_key.c || echo "$key"
done)"

if [ "${LEADPIPE_PACKAGE-}" != full ]; then
	passed 'the Debian package # SKIP takes a minute, see .ci/package'
	tap_end
	exit
fi

# --- the Debian package

# built DIR COMMAND...: the package, built in DIR in the surroundings of COMMAND
built()
{
	local dir=$1
	mkdir -p "$dir"
	tar -C "$dir" -xf "$tmp/first.tar.gz"
	(cd "$dir/$name" && "${@:2}" dpkg-buildpackage -us -uc -b -j2) \
		>"$tmp/built" 2>&1 || tail -n 9 "$tmp/built" | cut -c 1-200
}
is 'it builds from the tarball' '' "$(built "$tmp/one" env LC_ALL=C.UTF-8)"
deb=$(echo "$tmp"/one/leadpipe_*.deb)
[ -e "$deb" ] || { echo 'Bail out! no package'; exit 1; }
is 'without a warning of a compiler' '' "$(grep -i 'warning:' "$tmp/built")"
lintian --fail-on error,warning -EvIL +pedantic "$tmp"/one/*.changes \
	>"$tmp/said" 2>&1
is 'lintian has no error and no warning' '0 ' \
	"$? $(grep '^[EW]:' "$tmp/said")"
umask 077
# Two hours later, elsewhere, for somebody else.
is 'it builds in other surroundings' '' "$(built "$tmp/two/deeper" env \
	LC_ALL=tr_TR.UTF-8 TZ=Asia/Tokyo HOME=/nonexistent USER=else \
	faketime -f '+2h')"
umask 022
is 'to the same bytes' "$(cd "$tmp/one" && sha256sum ./*.deb)" \
	"$(cd "$tmp/two/deeper" && sha256sum ./*.deb)"
is 'no path of the building machine is in it' '' "$(dpkg-deb -x "$deb" \
	"$tmp/x" && grep -rl "$tmp" "$tmp/x")"
rm -rf "$tmp/two" "$tmp/x"

# --- a machine that has it

why=$(root_missing)
if [ -n "$why" ]; then
	passed "on a machine # SKIP $why"
	tap_end
	exit
fi
root_enter
# package VERSION: the same, as that version
package()
{
	dpkg-deb -R "$deb" "$tmp/repack"
	sed -i "s/^Version: .*/Version: $1/" "$tmp/repack/DEBIAN/control"
	echo "$1" >"$tmp/repack/usr/share/doc/leadpipe/version"
	dpkg-deb --root-owner-group -b "$tmp/repack" "$tmp/$1.deb" >"$tmp/said"
	rm -rf "$tmp/repack"
}
package 0.0.9
in_root dpkg -i "$tmp/0.0.9.deb" >"$tmp/said" 2>&1
is 'it installs' '0' "$?"
is 'a user, and directories that nobody else reads' \
	'/var/lib/leadpipe /usr/sbin/nologin
root:leadpipe 750 /etc/leadpipe
leadpipe:leadpipe 700 /var/lib/leadpipe' "$(
	in_root getent passwd leadpipe | cut -d : -f 6,7 | tr : ' '
	in_root stat -c '%U:%G %a %n' /etc/leadpipe /var/lib/leadpipe)"
is 'nothing is in /etc but that' '/etc/leadpipe' "$(in_root find /etc \
	-path '*leadpipe*')"

# What README.Debian says, with the simulator for Telegram.
bot_start --open-chats
in_root sh -euc "cd /usr/share/doc/leadpipe
	install -m 640 -g leadpipe leadpipe.env.example /etc/leadpipe/leadpipe.env
	cp -r examples/funnel.json examples/media /etc/leadpipe
	sed -i 's/^BOT_TOKEN=/&$sim_token/' /etc/leadpipe/leadpipe.env
	echo TELEGRAM_API_ROOT=$sim_root >>/etc/leadpipe/leadpipe.env
	leadpipe deploy-flow /etc/leadpipe/funnel.json
	runuser -u leadpipe -- leadpipe check-config --online
	cp crontab.example /etc/cron.d/leadpipe
	cp logrotate.example /etc/logrotate.d/leadpipe" >"$tmp/said" 2>&1
is 'README.Debian sets a bot up' '0 ' "$? $(grep -i '^error' "$tmp/said")"

hear()
{
	sim say "{\"chat\":42,\"text\":\"$1\",\"first_name\":\"Emma\",\"lang\":\"en\"}" \
		>"$tmp/said"
}
answers() { sim chats/42 | jq '[.[] | select(.text | startswith("Hello"))] | length'; }
awaited()
{
	local i
	for ((i = 0; i < 100 && $(answers) < $1; i++)); do
		sleep 0.1
	done
	answers
}
in_root runuser -u leadpipe -- leadpipe poll-updates --for 60 2>"$tmp/poll" &
poller=$!
hear /start
is 'which answers' 1 "$(awaited 1)"
in_root dpkg -i "$deb" >"$tmp/said" 2>&1
is 'it is upgraded under the running poller' "0 $version" \
	"$? $(in_root dpkg-query -W -f "\${Version}" leadpipe)"
hear /start
is 'which has not noticed' '2 yes' "$(awaited 2) $(
	kill -0 $poller 2>/dev/null && echo yes)"
in_root runuser -u leadpipe -- leadpipe poll-updates --for 60 \
	2>>"$tmp/poll" &
successor=$!
# Its minute is not over: this test has no time.
in_root pkill -TERM -o -x -u leadpipe poll-updates
wait $poller
is 'and ends well' 0 $?
hear /start
is 'its successor, of the new version, answers' 3 "$(awaited 3)"

# --- and has it no more

in_root dpkg -r leadpipe >"$tmp/said" 2>&1
is 'removing it names the crontab that is left' "0 leadpipe: \
'/etc/cron.d/leadpipe' still has cron run it, delete it" \
	"$? $(grep ^leadpipe: "$tmp/said")"
in_root pkill -TERM -x -u leadpipe poll-updates
wait $successor
is 'what runs may end' 0 $?
is 'nobody said anything' '' "$(grep -v '^Terminated' "$tmp/poll")"
is 'no program is left' '' "$(in_root find /usr /lib/systemd -path \
	'*leadpipe*' 2>&1)"
is 'settings, state and copies are' '/etc/cron.d/leadpipe
/etc/leadpipe/leadpipe.env
/etc/logrotate.d/leadpipe
/var/lib/leadpipe/leadpipe.db' "$(in_root find /etc /var/lib/leadpipe \
	-path '*leadpipe*' -type f -regex '.*leadpipe\(\.db\|\.env\)?' | sort)"
state=$(root_sum /var/lib/leadpipe/leadpipe.db)
in_root dpkg -P leadpipe >"$tmp/said" 2>&1
is 'purging it names the directories' "leadpipe: '/etc/leadpipe' is left, \
delete it by hand
leadpipe: '/var/lib/leadpipe' is left, delete it by hand" \
	"$(grep ^leadpipe: "$tmp/said")"
is 'and deletes neither' "$state" "$(root_sum /var/lib/leadpipe/leadpipe.db)"
in_root dpkg -i "$deb" >"$tmp/said" 2>&1
is 'installed again' 0 $?
is 'it goes on with its state' 3 "$(in_root runuser -u leadpipe -- leadpipe \
	show-history 42 --json | grep -c '"text":"Hello')"
in_root rm -rf /etc/leadpipe /var/lib/leadpipe /etc/cron.d/leadpipe
in_root dpkg -P leadpipe >"$tmp/said" 2>&1
is 'with nothing to keep, purging it says nothing' '0 ' \
	"$? $(grep ^leadpipe: "$tmp/said")"
tap_end
