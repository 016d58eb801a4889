#!/bin/bash
# SPDX-License-Identifier: MIT
# The units, as make install puts them: systemd understands each word of them,
# they may do little, and they run what cron would run.
set -u
. "$TOP/tests/tap.sh"
if ! command -v systemd-analyze >/dev/null; then
	echo '1..0 # SKIP needs the package systemd'
	exit
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
make -C "$TOP" -s -o all B="$B" prefix="$tmp/usr" install >"$tmp/made" 2>&1
is 'make install' '0 ' "$? $(cat "$tmp/made")"
cd "$tmp/usr/lib/systemd/system" || exit 1

# Each as a bot has it.
mapfile -t units < <(find . -name '*@.*' -type f -printf '%f\n' |
	sed 's/@/@shop/' | sort)
services=$(printf '%s\n' "${units[@]}" | grep 'service$')

# verified UNIT...: what systemd says of them; nothing when all is well
verified()
{
	systemd-analyze verify --man=no "$@" 2>&1 || echo "exit $?"
}
# judged UNIT: fails when it may do more than 1.9 says
judged()
{
	systemd-analyze security --offline=true --threshold=19 "./$1" 2>&1
}
# Where there is no fcgiwrap, and may be none, that is all it may miss.
is 'systemd has nothing to say of them' '' "$(verified "${units[@]}" |
	if [ -x /usr/sbin/fcgiwrap ]; then cat; else
	grep -v -e 'fcgiwrap is not executable: No such file' -e '^exit 1$'; fi)"
for unit in $services; do
	passed "$unit may do little" "$(judged "$unit" >"$tmp/score" ||
		tail -n 1 "$tmp/score")"
	echo "# $(grep -o 'level for .*[0-9]' "$tmp/score")"
done
is 'and none takes more memory than that' 500M \
	"$(sed -n 's/^MemoryMax=//p' leadpipe-.service.d/*)"
is 'a failure of each is told by a unit that is there' '' \
	"$(for unit in $services; do
	[[ $unit != leadpipe-failed-* ]] || continue
	handler=$(sed -n 's/^OnFailure=\(.*\)%i.service$/\1.service/p' \
		"${unit/shop/}")
	if [ "${handler/@/@shop}" != "leadpipe-failed-${unit#leadpipe-}" ] ||
		[ ! -f "$handler" ]; then
		echo "$unit: $handler"
	fi
done)"
is 'what a web server may start is here, and stays' \
	'leadpipe/add-lead leadpipe/healthcheck leadpipe/receive-update exec' "$(
	grep -o -- '-p [^ ]*' leadpipe-web@.service | cut -d ' ' -f 2 |
	while read -r file; do
	[ -x "$file" ] && echo "leadpipe/${file##*/}"
	done | sort | xargs) $(
	# In the order in which systemd reads them, whatever directory they are in.
	for file in leadpipe-.service.d/* leadpipe-web@.service.d/*; do
	echo "${file##*/} $(sed -n 's/^Type=//p' "$file")"
	done | sort | sed -n 's/.* \(.\)/\1/p' | tail -n 1)"
is 'the target starts each timer' "$(printf '%s\n' "${units[@]}" |
	sed -n 's/@shop\(.timer\)$/@%i\1/p')" \
	"$(sed -n 's/^Wants=//p' leadpipe@.target | sort)"
is 'cron runs the same commands' "$(sed -n 's/^[0-9*].*leadpipe  leadpipe //p' \
	"$TOP/crontab.example" | sed 's/ && leadpipe /\n/' | cut -d ' ' -f 1 |
	sort)" "$(sed -n "s|^ExecStart=$tmp/usr/bin/leadpipe ||p" \
	leadpipe-[!f]*.service | cut -d ' ' -f 1 | sort)"
is 'which know the options that they are given' '' \
	"$(grep -h ^ExecStart= ./*.service | sort -u |
	while read -r _ command options; do
	for option in $options; do
		[[ $option != --* ]] || "$LEADPIPE" "$command" --help |
			grep -q -- "$option\( \|$\)" || echo "$command $option"
	done
done)"
is 'each time is one' '' "$(sed -n 's/^OnCalendar=//p' ./*.timer |
	while read -r time; do
	systemd-analyze calendar "$time" >"$tmp/said" 2>&1 || cat "$tmp/said"
done)"
is 'make uninstall takes them away' '' "$(cp -r "$tmp/usr" "$tmp/gone"
	make -C "$TOP" -s -o all B="$B" prefix="$tmp/gone" uninstall 2>&1
	find "$tmp/gone" -name '*leadpipe*')"

# --- would it be seen?

echo 'ProtectSytem=strict' >>leadpipe-send@.service
passed 'a misspelt word is seen' "$(verified leadpipe-send@shop.service |
	grep -q ProtectSytem || echo 'it is not')"
: >leadpipe-.service.d/hardening.conf
passed 'so is what may do much' "$(! judged leadpipe-poll@shop.service \
	>"$tmp/score" || tail -n 1 "$tmp/score")"

# --- the user and its directories

if [ "$(id -u)" = 0 ] && command -v systemd-tmpfiles >/dev/null; then
	mkdir -p "$tmp/fs/etc"
	systemd-sysusers --root="$tmp/fs" \
		"$tmp/usr/lib/sysusers.d/leadpipe.conf" >"$tmp/said" 2>&1
	systemd-tmpfiles --root="$tmp/fs" --create \
		"$tmp/usr/lib/tmpfiles.d/leadpipe.conf" >>"$tmp/said" 2>&1
	is 'a user without a shell' '/var/lib/leadpipe nologin' "$(sed -n \
		's|^leadpipe:.*:\(/[^:]*\):.*/|\1 |p' "$tmp/fs/etc/passwd")"
	is 'whose state nobody else sees' '750 700' "$(cd "$tmp/fs" &&
		stat -c %a etc/leadpipe var/lib/leadpipe | xargs)"
else
	passed 'a user and directories # SKIP needs root'
fi
tap_end
