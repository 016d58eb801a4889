#!/bin/bash
# SPDX-License-Identifier: MIT
# What holds for the tree as a whole and for every command alike.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$TOP" || exit 1
n=0

# is NAME WANTED FOUND
is()
{
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | sed 's/^/# /'
		echo "not ok $n - $1"
	fi
}

# run COMMAND...: leaves $status, $tmp/out and $tmp/err
run()
{
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
}

is_empty()
{
	if [ -s "$1" ]; then echo 'says something'; else echo 'says nothing'; fi
}

commands=$(find cmd -name '*.c' ! -name leadpipe.c -printf '%f\n' |
	sed 's/\.c$//' | sort)
version=$(sed -n 's/^VERSION = //p' Makefile)

# --- the dispatcher

run "$LEADPIPE" help
is 'help exits 0' 0 $status
is 'help lists the commands of cmd/, no more, no less' "$commands" \
	"$(sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' "$tmp/out" | sort)"
is 'help fits a terminal' '' "$(grep -E '.{80}' "$tmp/out")"
is 'the README names every command' '' "$(for command in $commands; do
	grep -Fqs "$command" README.md || echo "$command"
done)"
is '--version is the version of the Makefile' "leadpipe $version" \
	"$("$LEADPIPE" --version)"
is 'so is the newest entry of NEWS.md' "$version" \
	"$(sed -n 's/^## \([0-9.]*\).*/\1/p' NEWS.md | head -n 1)"

mkdir -p "$tmp/path" "$tmp/link"
for command in $commands pol-updates; do
	printf '#!/bin/sh\necho ran >>"%s/ran"\n' "$tmp" >"$tmp/path/$command"
done
chmod +x "$tmp"/path/*
ln -s "$LEADPIPE" "$tmp/link/leadpipe"
run env PATH="$tmp/path:$PATH" "$LEADPIPE" pol-updates
is 'an unknown command exits 64' 64 $status
is 'with a suggestion' \
	"leadpipe: no command 'pol-updates', did you mean 'poll-updates'?" \
	"$(cat "$tmp/err")"
run "$LEADPIPE" qqqqqqqqqq
is 'nothing near: the help is named' \
	"leadpipe: no command 'qqqqqqqqqq', see 'leadpipe help'" \
	"$(cat "$tmp/err")"
run "$LEADPIPE" -c "$tmp/env" list-tasks
is 'options follow the command' '64 1' \
	"$status $(grep -c 'options follow it' "$tmp/err")"
run "$LEADPIPE" help help
is 'help help is help' '0 1' "$status $(grep -c '^usage:' "$tmp/out")"
run "$LEADPIPE" ../leadpipe
is 'a path is no command' 64 $status
run "$LEADPIPE"
is 'no command exits 64' 64 $status
run env PATH="$tmp/path:$PATH" "$LEADPIPE" poll-updates --help
first=$(cat "$tmp/out")
(cd "$tmp/path" && run env PATH=".:$PATH" "$tmp/link/leadpipe" help poll-updates)
is 'a link to it finds the same commands; help COMMAND is --help' "$first" \
	"$(cat "$tmp/out")"
is 'nothing was ever run from PATH' 'no' \
	"$([ -e "$tmp/ran" ] && echo yes || echo no)"
"$LEADPIPE" help >/dev/full 2>"$tmp/err"
is 'a full disk is no success' 74 $?

for words in help --version 'poll-updates --help' 'poll-updates --version'; do
	# shellcheck disable=SC2086 # words
	{ sleep 0.1; "$LEADPIPE" $words; echo $? >"$tmp/status"; } | true
	is "$words: a reader that went away is no failure" 0 \
		"$(cat "$tmp/status")"
done

cp leadpipe "$tmp/link/tree"
run "$tmp/link/tree" help
is './leadpipe before make exits 78' 78 $status
is 'and says what to do' \
	"leadpipe: not built yet, run 'make' in $tmp/link first" \
	"$(cat "$tmp/err")"
mkdir -p "$tmp/link/build"
ln -s "$LEADPIPE" "$tmp/link/build/leadpipe"
ln -s link/tree "$tmp/tree"
is './leadpipe after make is leadpipe' "leadpipe $version" \
	"$(cd / && "$tmp/tree" --version)"

# --- every command

for command in $commands; do
	help=0 usage=64 told=err
	if [ "$command" = healthcheck ]; then
		help=3 usage=3 told=out
	fi
	run "$LEADPIPE" "$command" --help
	is "$command --help exits $help, helps on stdout only" \
		"$help says something says nothing" \
		"$status $(is_empty "$tmp/out") $(is_empty "$tmp/err")"
	# What stands in columns begins at two spaces or behind an option.
	is "$command --help fits a terminal, with one space between words" '' \
		"$(grep -E '.{81}' "$tmp/out"
		sed -E 's/^ +//; s/^(-., )?--[^ ]+( [^ ]+)? {2,}//' "$tmp/out" |
		grep '[^ ]  ')"
	# Monitors know -w, -c and -t of healthcheck.
	sed -n 's/^  -\([a-zA-Z]\), --\([a-z-]*\).*/\1 \2/p' "$tmp/out" |
		grep -v -x -e 'w warning' -e 'c critical' -e 't timeout' >>"$tmp/letters"
	run "$LEADPIPE" "$command" --version
	is "$command --version exits $help with the version" \
		"$help $version" "$status $(grep -om1 "$version" "$tmp/out")"
	run "$LEADPIPE" "$command" --no-such-option
	is "$command exits $usage on an unknown option, naming it" \
		"$usage 1 --no-such-option" \
		"$status $(cat "$tmp/err" "$tmp/out" | wc -l) $(grep -o -- \
		'--no-such-option' "$tmp/$told" | head -n 1)"
done
is 'a letter is one option everywhere' '' \
	"$(sort -u "$tmp/letters" | cut -c 1 | uniq -d)"
is 'and an option has its letter everywhere' '' "$(
	for command in $commands; do "$LEADPIPE" "$command" --help; done |
	grep -oE -e '^      --(for|limit|user|data|dry-run|since|online)\b' | sort -u)"
is 'what sends nothing does not load libcurl' '' "$(for command in leadpipe \
	libexec/{schedule-task,cancel-task,list-tasks,fire-event,show-chat} \
	libexec/{deploy-flow,recover-pending} \
	libexec/{backup,restore,verify,prune}-state; do
	ldd "$B/$command" | grep -q libcurl && echo "$command"
done)"
is 'what sends does' 'poll-updates send-due' \
	"$(for command in poll-updates send-due; do
	ldd "$B/libexec/$command" | grep -q libcurl && echo "$command"
done | paste -sd ' ')"

# --- install (-o all: the tests must not rebuild what they test)

root=$tmp/root
installed()
{
	find "$root" ! -type d -printf '/%P %m\n' 2>/dev/null | sort
}
make -s -o all B="$B" install DESTDIR="$root" >"$tmp/out" 2>&1
is 'make install puts each file in its place' "$({
	echo /usr/local/bin/leadpipe 755
	for command in $commands; do
		echo "/usr/local/libexec/leadpipe/$command 755"
	done
	for file in README.md README.ru.md NEWS.md LICENSE *.example \
		docs/*.md docs/*.png; do
		[ -e "$file" ] && echo "/usr/local/share/doc/leadpipe/$file 644"
	done
	(cd systemd && find . -mindepth 1 -type f \( -name '*@.*' -o \
		-path './*.d/*' \) -printf '%P\n' && find . -name '*@.service' \
		-printf '%P\n' | sed 's/leadpipe-/&failed-/') |
		sed 's|.*|/usr/local/lib/systemd/system/& 644|'
	echo /usr/local/share/leadpipe/completion-words 755
	for file in bash-completion/completions/leadpipe \
		zsh/site-functions/_leadpipe \
		fish/vendor_completions.d/leadpipe.fish; do
		echo "/usr/local/share/$file 644"
	done
	for page in man/*; do
		echo "/usr/local/share/man/man${page##*.}/${page##*/} 644"
	done
	echo /usr/local/lib/sysusers.d/leadpipe.conf 644
	echo /usr/local/lib/tmpfiles.d/leadpipe.conf 644
} | sort)" "$(installed)"
make -s -o all B="$B" uninstall DESTDIR="$root" >"$tmp/out" 2>&1
is 'make uninstall takes every file away' '' "$(installed)"
is 'and the directories that were ours' '' "$(find "$root" -name leadpipe)"
is 'prefix and DESTDIR lead every path' '' "$(make -n -o all B="$B" install \
	DESTDIR="$root" prefix=/opt/lp | tr ' ' '\n' | grep '^/' |
	grep -v -e "^$B/" -e "^$root/opt/lp/")"

# --- the README, in two languages

levels() { awk '/^```/ { code = !code } !code && /^#+ / { print $1 }' "$1"; }
code() { awk '/^```/ { code = !code; print } code' "$1"; }
is 'both READMEs have the same headings' "$(levels README.md)" \
	"$(levels README.ru.md)"
is 'and the same code, to be typed as it is' "$(code README.md)" \
	"$(code README.ru.md)"
# shellcheck disable=SC2016 # backticks of the README
row='^\| `[a-z-]+`(, `[a-z-]+`)* \|'
is 'and the same commands' "$(grep -oE "$row" README.md)" \
	"$(grep -oE "$row" README.ru.md)"
is 'each leads to the other at its top' '1 1' \
	"$(head -n 1 README.md | grep -c '(README\.ru\.md)') $(
	head -n 1 README.ru.md | grep -c '(README\.md)')"
is 'its steps 2 to 4 are those of README.Debian, which 460 plays' '7 ' \
	"$(code <(sed -n '/^### 2\./,/^### 5\./p' README.md) | grep -v '^```' |
	while IFS= read -r line; do
		grep -qF "    $line" debian/leadpipe.README.Debian ||
			echo "$line"
		echo "$line" >>"$tmp/steps"
	done; wc -l <"$tmp/steps") "
is 'a command in them has the options that they tell of' '' \
	"$(grep -hE "$row" README.md README.ru.md |
	while IFS='|' read -r _ names told; do
		help=$(grep -o '[a-z-]*' <<<"$names" | while read -r command; do
			[ -n "$command" ] && "$LEADPIPE" "$command" --help
		done 2>&1)
		grep -oe '--[a-z-]*' <<<"$told" | while read -r option; do
			grep -qe "$option\b" <<<"$help" || echo "$names $option"
		done
	done)"
is 'what they link to is there' '' "$(for file in *.md docs/*.md; do
	grep -oE '\]\([^)]*\)|src(set)?="[^"]*"' "$file" |
		sed -E 's/^\]\(//; s/^src(set)?="//; s/[)"]$//' |
		while read -r target; do
			case $target in
			http*) ;;
			'#'*) perl -CSD -ne 'if (/^#+ (.*)/) { $_ = lc $1;
				s/[^\w\- ]//g; tr/ /-/; print "$_\n" }' "$file" |
				grep -qxF -- "${target#?}" || echo "$file $target" ;;
			*) [ -e "$(dirname "$file")/${target%%#*}" ] ||
				echo "$file $target" ;;
			esac
		done
done)"
is 'a picture has less than 100 kB' '' \
	"$(find docs -name '*.png' -size +99999c)"

# --- make deps

fakes=$tmp/fakes
mkdir -p "$fakes"
printf '#!/bin/sh\necho "$@" >>%s/asked\n' "$tmp" >"$fakes/apt-get"
# shellcheck disable=SC2016 # expanded by the fake
printf '#!/bin/sh\nfor p; do :; done; [ "$p" = jq ] && exit 1\n%s\n' \
	'printf installed' >"$fakes/dpkg-query"
printf '#!/bin/sh\necho 0\n' >"$fakes/id"
chmod +x "$fakes"/*
run env PATH="$fakes:$PATH" .ci/deps
is 'deps names the missing package and installs only that' \
	'0 deps: installing Debian packages: jq install jq' \
	"$status $(cat "$tmp/out") install $(tail -n 1 "$tmp/asked" |
	sed 's/.*--no-install-recommends //')"
printf '#!/bin/sh\necho 1000\n' >"$fakes/id"
# shellcheck disable=SC2016 # expanded by the fake
printf '#!/bin/sh\n[ "$1" = apt-get ] && touch %s/sudo\nexec "$@"\n' "$tmp" \
	>"$fakes/sudo"
chmod +x "$fakes/sudo"
run env PATH="$fakes:$PATH" .ci/deps
is 'not being root it uses sudo' yes \
	"$([ -e "$tmp/sudo" ] && echo yes || echo no)"
rm "$tmp/asked"
printf '#!/bin/sh\nprintf installed\n' >"$fakes/dpkg-query"
run env PATH="$fakes:$PATH" .ci/deps
is 'with nothing missing it says nothing and asks no network' '0  no' \
	"$status $(cat "$tmp/out") $([ -e "$tmp/asked" ] && echo yes || echo no)"

# --- the tree

tree()
{
	find . \( -path ./.git -o -path './build*' \) -prune -o \
		-type f "$@" -print
}
is 'nothing of the machine it was written on' '' "$(tree ! -name '*.tar.gz' |
	xargs grep -IEn '/wor[k]/|/roo[t]/|/tmp/l[p]/|[Cc]laud[e]|[Cc]hatgp[t]|issu[e] [0-9]')"
is 'nothing is left to do' '' "$(tree | xargs grep -IEnw 'TO[D]O|FIXM[E]|XX[X]')"
is 'the licence is in the first line of each source' '' \
	"$(tree -name '*.[ch]' | while read -r file; do
	head -n 1 "$file" | grep -q '^/\* SPDX-License-Identifier: MIT \*/$' ||
		echo "$file"
done)"
is 'a header is guarded by its own name' '' \
	"$(find lib -name '*.h' | while read -r file; do
	name=$(basename "$file" .h | tr 'a-z-' 'A-Z_')
	grep -q "^#ifndef LEADPIPE_${name}_H$" "$file" || echo "$file"
done)"
is 'no // comments' '' "$(tree -name '*.[ch]' | xargs grep -En '^[ 	]*//')"
is 'tests are executable' '' "$(find tests -name '*.t' ! -perm -u+x)"
echo "1..$n"
