#!/bin/bash
# SPDX-License-Identifier: MIT
# The manual: a page for each command, well formed, that says what the command
# says of itself, and nothing that is not so.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
. "$TOP/tests/every.sh"
cd "$TOP" || exit 1
if ! command -v mandoc >/dev/null; then
	echo '1..0 # SKIP no mandoc'
	exit
fi
shopt -s nullglob
pages=(man/*.[1578])

for page in "${pages[@]}"; do
	mandoc -Thtml -O fragment "$page" >"$tmp/${page##*/}.html"
done

# rendered CLASS PAGE: what is marked up so, one a line
rendered()
{
	grep -o "class=\"$1\"[^>]*>[^<]*" "$tmp/${2##*/}.html" | sed 's/.*>//'
}

# section NAME PAGE: its lines
section()
{
	awk -v name="$1" '/^\.Sh / { in_it = $0 == ".Sh " name; next }
		in_it' "$2"
}

# codes PAGE: the exit codes that it has
codes()
{
	section 'EXIT STATUS' "$1" | sed -n 's/^\.It \([0-9 ,]*\)$/\1/p' |
		tr -s ' ,' '\n' | sort -nu
}

# --- what there is

"$LEADPIPE" help >"$tmp/help"
is 'each command has a page, and no page is without one' \
	"$(for command in $commands; do echo "man/leadpipe-$command.1"; done)" \
	"$(ls man/leadpipe-*.1)"
is 'leadpipe(1) lists them as leadpipe help does' \
	"$(sed -n 's/^  \([a-z-][a-z-]*\) *\(.*\)/\1: \2/p' "$tmp/help")" \
	"$(sed -n '/^\.It Xr leadpipe-/{N
		s/\.It Xr leadpipe-\([a-z-]*\) 1\n/\1: /p
	}' man/leadpipe.1)"
is 'and under the same headings' \
	"$(grep '^[A-Z]' "$tmp/help")" \
	"$(sed -n 's/^\.Ss //p' man/leadpipe.1 | grep -v '^Common')"
is 'each is called what its file is called' '' \
	"$(for page in "${pages[@]}"; do
		name=${page##*/}
		grep -qix "\.Dt ${name%.*} ${name##*.}" "$page" || echo "$page"
	done)"
is 'mandoc has nothing to say' '' \
	"$(mandoc -Tlint -Wwarning "${pages[@]}" 2>&1)"
is 'they fit a terminal' '' "$(for page in "${pages[@]}"; do
	mandoc -Tascii -O width=80 "$page" | sed 's/.\x08//g' |
		grep -E '.{81}' | sed "s|^|$page: |"
done)"
is 'and are plain text' '' "$(LC_ALL=C grep -n '[^ -~	]' "${pages[@]}")"

# --- options

# options PAGE: -f and --for, each in a line; -ov are two
options()
{
	rendered Fl "$1" | sed -E 's/^-([a-zA-Z])([a-zA-Z]+)$/-\1\n-\2/; P; D' |
		sort -u
}

for command in $commands; do
	"$LEADPIPE" "$command" --help |
		sed -nE 's/^  (-[^ ]*, |    )?(--[a-z-]+).*/\1\2/p' |
		tr -d ',' | tr -s ' ' '\n' | grep . | sort >"$tmp/$command.opts"
	is "$command: the options of --help are those of its page" \
		"$(cat "$tmp/$command.opts")" \
		"$(options "man/leadpipe-$command.1")"
	bad=
	for code in $(codes "man/leadpipe-$command.1"); do
		[ "$command" = healthcheck ] ||
			codes man/leadpipe.1 | grep -qx "$code" ||
			bad+=" $code"
	done
	is "$command: its page has exit codes, all known to leadpipe(1)" 'yes ' \
		"$(codes "man/leadpipe-$command.1" | grep -qx 0 && echo yes) $bad"
done
sort "$tmp"/*.opts | uniq -c | awk -v all="$(wc -w <<<"$commands")" \
	'$1 == all { print $2 }' >"$tmp/common"
is 'leadpipe(1) has the options of all' "$(cat "$tmp/common")" \
	"$(options man/leadpipe.1)"
is 'and all exit codes' \
	"$(sed -n 's/.*EXIT_[A-Z]* = \([0-9]*\).*/\1/p' lib/base/fault.h)" \
	"$(codes man/leadpipe.1)"
is 'the other pages name no option that no command has' '' \
	"$(for page in man/*.[578]; do
		options "$page"
	done | sort -u | comm -23 - <(sort -u "$tmp"/*.opts))"

# --- settings

sed -nE 's/^	\{ "([A-Z0-9_]*)", \{ ("([A-Z_]*)")?.*/\1\n\3/p' \
	lib/base/config_key.c | grep . | sort -u >"$tmp/settings"
is 'leadpipe.conf(5) has all settings' '' \
	"$(rendered Ev man/leadpipe.conf.5 | sort -u |
		comm -13 - "$tmp/settings")"
# https_proxy is named because it is not read.
is 'and what the pages say of the environment is read there' '' \
	"$(for page in man/*.[15]; do
		rendered Ev "$page"
	done | sort -u | comm -23 - "$tmp/settings" |
		grep -vx https_proxy | while read -r name; do
		grep -rqE "\"${name}[\"=]" cmd lib || echo "$name"
	done)"

# --- examples

# Each command line of a page: COMMAND WORD...
command_lines()
{
	awk '/^\.Bd -literal/ { literal = 1; next }
		/^\.Ed/ { literal = 0 }
		literal || /^\.(D1|Dl|Ql) / { sub(/^\.[A-Z][a-z1] /, ""); print }
	' "$1" | sed -e ':join' -e '/\\e$/{N;s/\\e\n//;b join' -e '}' |
		sed 's/&&/\n/g; s/[|;]/\n/g' |
		sed -nE "s/'[^']*'/WORD/g
		s/.*(^|[ (\`])leadpipe ([a-z])/\2/p"
}

bad=$(for page in "${pages[@]}"; do
	command_lines "$page" | sed 's/ -- .*//' |
		while read -r command words; do
		if [ "$command" = help ]; then
			continue
		elif [ ! -s "$tmp/$command.opts" ]; then
			echo "$page: leadpipe $command"
			continue
		fi
		for word in $words; do
			[[ $word =~ ^-[-a-zA-Z] ]] || continue
			grep -qxe "${word%%=*}" "$tmp/$command.opts" ||
				echo "$page: $command $word"
		done
	done
done)
is 'the examples name commands and options that exist' '' "$bad"
is 'there are examples' '' "$(for page in man/*.1; do
	section EXAMPLES "$page" | grep -q leadpipe || echo "$page"
done)"

# --- what --json prints, and the plugin's numbers

bot_start --open-chats
cp -r examples "$tmp/flow"
cat >"$tmp/lead.json" <<<'{"name":"Anna","phone":"8 999 111-22-33"}'
echo '{"update_id":5}' >"$tmp/update.json"
say '{"chat":42,"text":"/start","first_name":"Emma","lang":"en"}'
run poll-updates
say '{"chat":42,"text":"Please give me access"}'
run poll-updates
run schedule-task --method sendPhoto --params '{"photo":"none"}' --chat 42
run send-due
run backup-state "$tmp/backup.db"
dead=$(sql 'SELECT item FROM dead_letters')

# unsaid COMMAND ARGUMENT...: members that its page does not have
unsaid()
{
	run "$@" --json
	jq -r 'keys[], (.checks? // [] | arrays[] | keys[])' \
		<"$tmp/out" 2>"$tmp/err" | sort -u >"$tmp/keys"
	cat "$tmp/keys" >>"$tmp/all-keys"
	comm -23 "$tmp/keys" <(rendered Va "man/leadpipe-$1.1" | sort -u)
}
for command in $commands; do
	# shellcheck disable=SC2086 # words
	is "$command: what --json prints is in its page" '' \
		"$(unsaid "$command" ${arguments[$command]})"
done
while read -r words; do
	# shellcheck disable=SC2086 # words
	is "$words: too" '' "$(unsaid $words)"
done <<WORDS
recover-pending --list
recover-pending --show $dead
recover-pending --drop $dead
recover-pending --release
recover-pending --replay-updates 1..
recover-pending --import $tmp/lead.json
sync-crm --dry-run
list-tasks --count
list-tasks --ambiguous
send-broadcast --text hello --everybody --yes
send-broadcast --text hello --test 42
send-broadcast --list
send-broadcast --report 1
check-flow --test $tmp/flow/shop/transcripts/access-en.txt
verify-state $tmp/backup.db
WORDS
is 'there were some' yes \
	"$([ "$(sort -u "$tmp/all-keys" | wc -l)" -gt 100 ] && echo yes)"
is 'healthcheck(1) has all numbers' '' \
	"$(sed -n 's/^	{ "\([a-z_]*\)", "[a-z]*", "[^"]*", .*/\1/p' \
		lib/ops/check.c | sort |
		comm -23 - <(rendered Va man/leadpipe-healthcheck.1 | sort -u))"

# --- references

for page in "${pages[@]}"; do
	rendered Xr "$page" | sort -u | sed "s|^|$page |"
done | sed -nE 's/^(\S+) ((leadpipe|flow)[^(]*)\(([1-8])\)/\1 man\/\2.\4/p' |
	while read -r page other; do
		[ -e "$other" ] || echo "$other of $page"
	done >"$tmp/missing"
is 'the pages that are named are there' '' "$(cat "$tmp/missing")"
tap_end
