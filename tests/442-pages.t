#!/bin/bash
# SPDX-License-Identifier: MIT
# leadpipe.conf(5), flow(5) and leadpipe(7) have what the program has: each
# key, each member, each check; and their examples work.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
cd "$TOP" || exit
conf=man/leadpipe.conf.5 flow=man/flow.5 guide=man/leadpipe.7

# entries PAGE MACRO: the words of that macro in the heads of its lists
entries()
{
	sed -n 's/^\.It //p' "$1" | grep -oP "(^|, )$2 \K[^,]+( , [^,]+)*" |
		sed 's/ , /\n/g' | grep -v ' '
}

for page in $conf $flow $guide; do
	passed "$page: mandoc has no doubts" \
		"$(mandoc -Tlint -Wwarning "$page" 2>&1)"
	passed "$page: names pages that are there" "$(
		grep -oP '^\.(Xr|It Xr) \K(leadpipe|flow)\S* \d' "$page" |
			while read -r name section; do
				[ -e "man/$name.$section" ] ||
					echo "$name($section)"
			done)"
	passed "$page: no line is wider than a terminal" \
		"$(mandoc -Tutf8 -O width=80 "$page" | sed "s/.\x08//g" |
		grep '.\{81\}')"
done

# agree NAME PROGRAM PAGE: the same words; what only one side has is shown
agree() { is "$1" "$(sort -u <<<"$2")" "$(sort -u <<<"$3")"; }

# --- leadpipe.conf(5): the table of keys

table=$(sed -n '/^const struct config_key config_keys/,/^};/p' \
	lib/base/config_key.c)
agree 'every key and alias, and no other' \
	"$(grep -oP '"\K[A-Z0-9_]+' <<<"$table")" \
	"$(sed '/^\.Sh ENVIRONMENT/,$d' $conf | grep '^\.It Ev' |
		grep -oP 'Ev \K\S+')"
# A page says of each key what is said nowhere else.
awk '/^\.It Ev/ { key = $3 } /^\.S[sh]/ { key = "" } key { print key "\t" $0 }' \
	$conf >"$tmp/said"
passed 'each secret is called one, and nothing else is' "$(
	while IFS=$'\t' read -r key kind; do
		secret=$(grep -c "^$key	Secret" "$tmp/said")
		case $kind in
		KEY_SECRET | KEY_URL | KEY_USERINFO) [ "$secret" = 1 ] ;;
		*) [ "$secret" = 0 ] ;;
		esac || echo "$key $kind"
	done < <(tr -d '\n' <<<"$table" | grep -oP '\{\s*"[^}]*\{[^}]*\}[^}]*' |
		sed -E 's/^\{\s*"([A-Z0-9_]+)".*(KEY_[A-Z]+).*/\1\t\2/'))"
passed 'each path is called one' "$(
	grep -oP '"\K[A-Z0-9_]+(?=", \{[^}]*\}, KEY_PATH)' <<<"$table" |
		while read -r key; do
			grep -q "^$key	Path of " "$tmp/said" || echo "$key"
		done)"

# numbers SETTING: least, most and default as the page has them
numbers()
{
	grep "^$1	" "$tmp/said" | tr '\n' ' ' |
		grep -oP 'from \d+ to \d+(, default \d+)?' | grep -oP '\d+' |
		paste -sd ' '
}
# what the program takes: one below, one above, and the ends
printf 'BOT_TOKEN=1:a\n' >"$tmp/env"
chmod 600 "$tmp/env"
takes()
{
	env "$1=$2" "$LEADPIPE" check-config --config "$tmp/env" \
		--db "$tmp/none.db" 2>&1 | grep -q "$1 is '$2'" && echo no ||
		echo yes
}
for key in LEADPIPE_LIMIT_PER_SECOND LEADPIPE_LIMIT_CHAT_PER_SECOND \
	LEADPIPE_LIMIT_GROUP_PER_MINUTE LEADPIPE_SEND_SLOTS \
	LEADPIPE_HANDLER_SLOTS; do
	read -r least most _ <<<"$(numbers $key)"
	is "$key: its range" 'no yes yes no' "$(for value in $((least - 1)) \
		"$least" "$most" $((most + 1)); do
		takes "$key" "$value"
	done | paste -sd ' ')"
done

# shellcheck disable=SC2016 # perl's
{
	find lib -name '*.c' -exec perl -0777 -ne 'sub number { my $n = shift;
		return $n =~ /^\d/ ? $n : /#define\s+\Q$n\E\s+(\d+)/ ? $1 : ""; }
		while (/config_int\(\s*[^,]+,\s*"(\w+)",\s*(\w+),\s*(\w+),\s*(\w+),/g) {
			my ($key, $default) = ($1, $4);
			printf "%s %s\n", $key, number($default); }' {} +
	"$LEADPIPE" prune-state --help | tr '\n' ' ' |
		grep -oP 'LEADPIPE_KEEP_\w+ \(\d+' | tr -d '('
} | grep ' [0-9]' | sort -u >"$tmp/defaults"
passed 'defaults that the program has' "$(
	[ "$(wc -l <"$tmp/defaults")" -ge 10 ] || cat "$tmp/defaults"
	while read -r key value; do
		grep -q "^$key	.*default ${value}[,:.]" "$tmp/said" ||
			echo "$key is $value"
	done <"$tmp/defaults")"

# The example, with files for what it names.
examples()
{
	awk -v want="$2" '/^\.\\" file: / { name = $3 } /^\.Ed/ { on = 0 }
		on { gsub(/\\e/, "\\"); print >(want "/" name) }
		/^\.Bd -literal/ && name { on = 1; next }
		/^\.Ed/ { if (name) close(want "/" name); name = "" }' "$1"
}
sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' $conf |
	sed '1,/^\.Bd/d; /^\.Ed/d; s/\\e/\\/g' >"$tmp/shop.env"
chmod 600 "$tmp/shop.env"
passed 'the example has settings' \
	"$([ "$(grep -c = "$tmp/shop.env")" -gt 8 ] || cat "$tmp/shop.env")"
printf '4242:%s' AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA >"$tmp/token"
echo word >"$tmp/amocrm"
chmod 600 "$tmp/token" "$tmp/amocrm"
sed -i -e "s|/etc/leadpipe/shop.token|$tmp/token|" \
	-e "s|/etc/leadpipe/shop.amocrm|$tmp/amocrm|" \
	-e "s|/etc/leadpipe/shop/flow.json|$TOP/examples/funnel.json|" \
	-e "s|/var/lib/leadpipe/|$tmp/|" "$tmp/shop.env"
is 'which are valid' "0 'Web site'" "$("$LEADPIPE" check-config \
	--config "$tmp/shop.env" >"$tmp/out" 2>&1
	echo "$? $(grep -o "'Web site'" "$tmp/shop.env")"
	grep -v '^ok' "$tmp/out" | sed -n '/[Pp]roblem/p')"

# --- flow(5): the tables of the checker

words=$(sed -n '/^\.I[tc] /p; /^\.Ic /p' $flow | sed 's/ Ns.*//' |
	grep -oP 'Ic \K.*' | tr -s ' ' '\n' | sed 's/:$//' | grep '[a-z]')
members=$(grep -hoP '\{ "\K[^"]+(?=", check_\w+, (true|false) \})' lib/bot/*.c
	grep -hoP '^SINGLE\(\K\w+' lib/bot/action_check.c)
passed 'there are members to look for' \
	"$([ "$(wc -l <<<"$members")" -gt 100 ] || echo "$members")"
has()
{
	sort -u | while read -r word; do
		grep -qxF -- "$word" <<<"$words" || echo "$word"
	done
}
passed 'every member of every part' "$(has <<<"$members")"
passed 'every action' "$(sed -n '/verbs\[\] = {/,/^};/p' \
	lib/bot/action_check.c | grep -oP '\{ "\K\w+' | has)"
passed 'every input of on' "$(sed -n '/plain\[\] = {/,/};/p' \
	lib/bot/on_check.c | grep -oP '"\K\w+' | has)"
passed 'every filter' "$(sed -n '/^} filters\[\] = {/,/^};/p' \
	lib/bot/template.c | grep -oP '\{ "\K\w+' | has)"
passed 'every word that may be chosen' "$(
	grep -hoP 'const char \*const (words|types|scopes)\[\] = \{\K[^}]*' \
		<(cat lib/bot/*_check.c | tr '\n' ' ' | sed 's/};/};\n/g') |
		grep -oP '"\K\w+' | sort -u | while read -r word; do
		grep -qP "^\.(Cm|Ql|It Cm) (.*[ ,])?$word( |$)|, $word( |$)" \
			$flow || echo "$word"
	done)"
passed 'and nothing that the format does not have' "$(
	{ echo "$members"; jq -r '.. | objects | .properties? // {} | keys[]' \
		examples/flow.schema.json
	printf '%s\n' button text regex event contact photo video animation \
		audio voice document sticker location any label lower urlencode
	} >"$tmp/known"
	sort -u <<<"$words" | grep -vxF -f "$tmp/known")"

mkdir -p "$tmp/flows/handlers"
examples $flow "$tmp/flows"
chmod +x "$tmp/flows/handlers/"*
is 'its examples are these' 'hello.json order.json price.json price.txt remind.json remind.txt' \
	"$(cd "$tmp/flows" && echo *.*)"
for file in "$tmp"/flows/*.json; do
	is "check-flow accepts ${file##*/}" ', 0 warnings' \
		"$("$LEADPIPE" check-flow "$file" 2>&1 | grep -o ', 0 warnings$')"
done
is 'the conversations go as they are written' 0 \
	"$("$LEADPIPE" check-flow --test "$tmp"/flows/*.txt >"$tmp/out" 2>&1
	echo $?; sed 's/, 0 failures$//; /^[0-9]* transcripts, [0-9]* checks$/d' \
		"$tmp/out")"

# --- leadpipe(7): what healthcheck can say, the states, the events

checks=$(
	grep -oP '^\t\{ "\K\w+", "\w+(?=", ")' lib/ops/check.c |
		sed -E 's|(.*)", "(.*)|\2/\1|'
	cat lib/ops/*.c | tr -s '\n\t ' ' ' |
		grep -oP 'checks_(add|fault)\(\w+, "\K\w+", "\w+' |
		sed 's|", "|/|'
	grep -oP 'check_refused\(checks, db, \K\w+' \
		lib/ops/check_telegram.c | while read -r key; do
		sed -n "s|^#define $key \"\([a-z_]*\)\".*|telegram/\1|p" \
			lib/store/meta.h
	done
	sed -n 's|^#define ALERT_UNITS "\(.*\)".*|\1/failed|p' lib/ops/*.h \
		lib/ops/*.c)
agree 'the runbook has every check, and no other' "$checks" \
	"$(sed -n '/^\.Sh RUNBOOK/,/^\.Sh LOG/p' $guide |
		grep -oP '^\.It Cm \K.*' | sed 's/ , /\n/g')"
is 'under its component' '' "$(awk '/^\.Ss/ { part = $2 }
	/^\.It Cm [a-z]*\// && index($3, part "/") != 1 { print part, $3 }' \
	$guide)"

# states TABLE: those that the schema knows
states()
{
	cat lib/store/schema*.c | tr -d '\n\t' | sed 's/""//g' |
		grep -oP "CREATE TABLE $1\(.*?STRICT" |
		grep -oP 'CHECK *\(state (=|IN) .*?\)' | head -n 1 |
		grep -oP "'\K[a-z]+"
}
section() { sed -n "/^\.Ss $1/,/^\.S[sh] /{ /^\.It Cm/p; }" $guide; }
for pair in Update=updates Task=task_ends Message=messages \
	'Program of the flow=execs' Lead=leads 'Shared task=shared_tasks'; do
	passed "states of ${pair#*=}" "$(states "${pair#*=}" | while read -r state
	do
		section "${pair%=*}" | grep -qw "$state" || echo "$state"
	done; [ "$(states "${pair#*=}" | wc -l)" -gt 3 ] || echo 'no states')"
done
events=$(grep -rhPzo 'log_event\(\s*[^,]+,\s*"\K[a-z_]+' lib cmd | tr '\0' '\n')
passed 'events that are logged' "$(
	[ "$(wc -l <<<"$events")" -gt 20 ] || echo 'no events'
	sort -u <<<"$events" | while read -r event; do
		sed -n '/^\.Ss Events/,/^\.Sh/p' $guide | grep '^\.It Cm' |
			grep -qw "$event" || echo "$event"
	done)"
passed 'and those that are not, are not told of' "$(
	sed -n '/^\.Ss Events/,/^\.Sh/s/^\.It Cm //p' $guide | sed 's/ , /\n/g' |
		while read -r event; do
			grep -rqF "\"$event\"" lib cmd || echo "$event"
		done)"
tap_end
