#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# The layers of lib/, read from the sources: who includes what, who may speak
# SQL, HTTP or print, how long a file may be, and what nobody calls. Each rule
# is then broken in a tree of its own to show that it bites.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
layers='base net store shared telegram crm bot turn delivery ops'

# Comments may name what code must not use; line numbers stay.
without_comments()
{
	gcc -fpreprocessed -dD -E -x c "$1" 2>/dev/null |
		grep -v '^# [0-9]'
}

folder_of()
{
	local path=${1#lib/}
	case $1 in
	lib/*) echo "${path%%/*}" ;;
	*) echo cmd ;;
	esac
}

may_include()
{
	local from=$1 to=$2 layer
	[ "$from" = "$to" ] && return 0
	case " $layers " in
	*" $to "*) ;;
	*) return 1 ;;
	esac
	case $from in
	cmd) return 0 ;;
	bot) [ "$to" = base ]; return ;;
	esac
	for layer in $layers; do
		[ "$layer" = "$from" ] && return 1
		[ "$layer" = "$to" ] && return 0
	done
	return 1
}

check_includes()
{
	local file from to
	while IFS=: read -r file to; do
		from=$(folder_of "$file")
		may_include "$from" "${to%%/*}" ||
			echo "$file: $from must not include \"$to\""
	done < <(grep -rEo --include='*.[ch]' '^[ 	]*#[ 	]*include[ 	]*"[^"]*"' \
		lib cmd 2>/dev/null | sed 's/:.*"\(.*\)"/:\1/')
}

# only_in WHERE WHAT PATTERN: PATTERN is found in no other file
only_in()
{
	local where=$1 what=$2 pattern=$3 file
	for file in $sources; do
		[[ $file =~ ^($where) ]] && continue
		if grep -Eq "$pattern" "$tmp/plain/$file"; then
			echo "$file: $what is for $where alone"
		fi
	done
}

check_words()
{
	local file sources out='(stdout|stderr)'
	sources=$(find lib cmd -name '*.[ch]' 2>/dev/null)
	for file in $sources; do
		mkdir -p "$tmp/plain/${file%/*}"
		without_comments "$file" >"$tmp/plain/$file"
	done
	only_in lib/store sqlite3.h 'include *<sqlite3\.h>'
	only_in lib/store SQL \
	    '"(SELECT|INSERT|UPDATE|DELETE|PRAGMA|CREATE|DROP|BEGIN|ROLLBACK) [A-Za-z]'
	only_in lib/net curl.h 'include *<curl/'
	# stop: the last words of a signal handler, where the log is unsafe
	only_in 'cmd/|lib/base/(log|opt|progress|stop)' printing \
	    "(^|[^a-z_])(v?printf|puts|putchar|perror)\(|printf\( *$out|(puts|putc|fwrite)\(.*, *$out *\)|write\( *([12]|STD(OUT|ERR)_FILENO) *,"
	only_in 'cmd/|lib/base/(opt|mem)' exit '(^|[^a-z_])(exit|abort)\('
	rm -rf "$tmp/plain"
}

check_files()
{
	find lib cmd tests -regextype posix-extended \( -regex \
		'.*/(utils?|common|helpers?|misc|types|stuff)(\.[ch])?' -o -type d \
		\( -name src -o -name include \) \) -printf '%p: forbidden name\n'
	find lib cmd -name '*.c' -exec awk 'FNR == 451 {
		print FILENAME ": longer than 450 lines" }' {} +
	find lib cmd -name '*.h' -exec awk 'FNR == 111 {
		print FILENAME ": longer than 110 lines" }' {} +
}

# check_callers OBJECTS: what a file of lib/ offers is used by another one
check_callers()
{
	local file object
	for file in lib/*/*.c; do
		[ ! -e "$file" ] || [ -e "$1/${file%.c}.o" ] ||
			echo "$file: not built"
	done
	while IFS= read -r object; do
		# What was compiled from a file that is gone does not count.
		[ -e "${object%.o}.c" ] && printf '%s\0' "$1/$object"
	done < <(cd "$1" 2>/dev/null && find lib cmd tests/unit -name '*.o' \
		2>/dev/null) | xargs -0 -r nm -A -g 2>/dev/null | awk '
		{ file = $1; sub(/:[^:]*$/, "", file); sub(/.*\/obj\//, "", file) }
		$(NF - 1) == "U" { used[$NF] = 1; next }
		file ~ /^lib\// && $(NF - 1) ~ /^[TDBR]$/ && $NF !~ /^__/ {
			where[$NF] = file }
		END { for (name in where) if (!(name in used))
			print where[name] ": nobody uses " name "()" }' | sort
}

check_tree()
{
	check_includes
	check_words
	check_files
}

# report NAME FINDINGS
report()
{
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		printf '%s\n' "$2" | sed 's/^/# /'
		echo "not ok $n - $1"
	fi
}

# bites NAME FINDING FILE CONTENT: a tree with just this file has the finding
bites()
{
	local found
	mkdir -p "$tmp/tree/lib" "$tmp/tree/cmd" "$tmp/tree/tests" \
		"$tmp/tree/${3%/*}"
	printf '%s\n' "$4" >"$tmp/tree/$3"
	found=$(cd "$tmp/tree" && check_tree)
	rm -rf "$tmp/tree"
	if [ "$found" = "$2" ]; then
		report "$1" ''
	else
		report "$1" "wanted: $2; found: ${found:-nothing}"
	fi
}

n=0
cd "$TOP" || exit 1
report 'includes go downwards' "$(check_includes)"
report 'SQL, HTTP, printing and exits stay where they belong' "$(check_words)"
report 'files have names that say something, and an end' "$(check_files)"
report 'nothing in lib/ is offered for nobody' "$(check_callers "$B/obj")"

bites 'an upward include is seen' \
	'lib/base/a.c: base must not include "store/db.h"' \
	lib/base/a.c '#include "store/db.h"'
bites 'also in a header, also one step up' \
	'lib/net/a.h: net must not include "store/db.h"' \
	lib/net/a.h '#  include "store/db.h"'
bites 'bot may not use even what is below it' \
	'lib/bot/a.c: bot must not include "store/db.h"' \
	lib/bot/a.c '#include "store/db.h"'
bites 'a file beside is named with its folder' \
	'lib/store/a.c: store must not include "db.h"' \
	lib/store/a.c '#include "db.h"'
bites 'lib does not include cmd' \
	'lib/ops/a.c: ops must not include "cmd/a.h"' \
	lib/ops/a.c '#include "cmd/a.h"'
bites 'a downward include is fine' '' lib/ops/a.c '#include "turn/turn.h"'
bites 'bot may use base' '' lib/bot/a.c '#include "base/log.h"'
bites 'cmd may use all' '' cmd/a.c '#include "ops/check.h"'
bites 'SQL outside of store is seen' 'cmd/a.c: SQL is for lib/store alone' \
	cmd/a.c 'const char *a = "SELECT id FROM task";'
bites 'SQL in store is fine' '' \
	lib/store/a.c 'const char *a = "SELECT id FROM task";'
bites 'sqlite3.h outside of store is seen' \
	'lib/turn/a.c: sqlite3.h is for lib/store alone' \
	lib/turn/a.c '#include <sqlite3.h>'
bites 'curl outside of net is seen' \
	'lib/telegram/a.c: curl.h is for lib/net alone' \
	lib/telegram/a.c '#include <curl/curl.h>'
for call in 'printf("a")' 'puts("a")' 'fprintf(stderr, "a")' \
	'fputs("a", stdout)' 'vfprintf(stderr, f, a)' 'write(2, "a", 1)'; do
	bites "$call in lib is seen" \
		'lib/turn/a.c: printing is for cmd/|lib/base/(log|opt|progress|stop) alone' \
		lib/turn/a.c "int a = $call;"
done
bites 'snprintf and a comment are no printing' '' \
	lib/turn/a.c 'int a = snprintf(b, 1, "a"); /* like printf("a") */'
bites 'a library that exits is seen' \
	'lib/turn/a.c: exit is for cmd/|lib/base/(opt|mem) alone' \
	lib/turn/a.c 'void a(void) { exit(1); }'
bites 'utils.c is seen' 'lib/base/utils.c: forbidden name' lib/base/utils.c ''
bites 'helpers/ is seen' 'tests/helpers: forbidden name' tests/helpers/a.sh ''
bites '451 lines are too many' 'cmd/a.c: longer than 450 lines' \
	cmd/a.c "$(yes ';' | head -n 451)"
bites '450 lines are not' '' cmd/a.c "$(yes ';' | head -n 450)"
bites '111 lines of header are too many' 'lib/net/a.h: longer than 110 lines' \
	lib/net/a.h "$(yes ';' | head -n 111)"

mkdir -p "$tmp/two/lib/base" "$tmp/two/cmd" "$tmp/two/obj/lib/base" \
	"$tmp/two/obj/cmd"
cat >"$tmp/two/lib/base/a.c" <<'C'
int used(void);
int lonely(void);
int used(void) { return 1; }
int lonely(void) { return used(); }
C
echo 'int used(void); int main(void) { return used(); }' >"$tmp/two/cmd/m.c"
found=$(cd "$tmp/two" && for file in lib/base/a cmd/m; do
	gcc -c -o "obj/$file.o" "$file.c" || exit 1
done && check_callers "$tmp/two/obj")
if [ "$found" = 'lib/base/a.o: nobody uses lonely()' ]; then
	report 'a function that nobody calls is seen' ''
else
	report 'a function that nobody calls is seen' "found: $found"
fi
echo "1..$n"
