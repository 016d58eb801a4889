# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests of commands: a bot of its own in $tmp/state, and the
# surroundings in which every command has to behave alike. Needs tests/tap.sh;
# whoever sources it removes $tmp.
: "${tmp:?a directory for the state}"
sim_token=4242:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
state=$tmp/state
db=$state/leadpipe.db

# bot_setup API-ROOT: the configuration; no database yet
bot_setup()
{
	mkdir -p "$state"
	chmod 700 "$state"
	(
		umask 077
		cat >"$tmp/env" <<-ENV
		BOT_TOKEN=$sim_token
		TELEGRAM_API_ROOT=$1
		DATABASE_PATH=$db
		ENV
	)
	export LEADPIPE_CONFIG=$tmp/env
}

# run COMMAND...: leaves $status, $out and $err
# shellcheck disable=SC2034 # for whoever sourced it
run()
{
	"$LEADPIPE" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
	out=$(cat "$tmp/out")
	err=$(cat "$tmp/err")
}

# exits NAME STATUS COMMAND...
exits()
{
	local name=$1 wanted=$2
	shift 2
	run "$@"
	is "$name" "$wanted" "$status"
}

sql() { sqlite3 "$db" "$1"; }

# What somebody else could read or write in the state directory.
open_files() { find "$state" -perm /077; }

# The end of one surrounding: status, open files, and that the database is well.
report_status()
{
	echo "$1 $(open_files)$(sql 'PRAGMA quick_check')"
}

# alike NAME STATUS COMMAND...: the command ends alike however it is started
alike()
{
	local name=$1 wanted="$2 ok" found='' locale
	shift 2
	env -i "$LEADPIPE" "$@" -c "$tmp/env" >/dev/null 2>&1
	is "$name: env -i" "$wanted" "$(report_status $?)"
	for mask in 000 077; do
		(umask $mask && exec "$LEADPIPE" "$@") >/dev/null 2>&1
		is "$name: umask $mask" "$wanted" "$(report_status $?)"
	done
	("$LEADPIPE" "$@" >&-) 2>/dev/null
	is "$name: stdout closed" "$wanted" "$(report_status $?)"
	("$LEADPIPE" "$@" <&- >&- 2>&-)
	is "$name: all closed" "$wanted" "$(report_status $?)"
	(trap '' PIPE && exec "$LEADPIPE" "$@") >/dev/null 2>&1
	is "$name: SIGPIPE ignored" "$wanted" "$(report_status $?)"
	for locale in tr_TR ru_RU; do
		if locale -a 2>/dev/null | grep -qix "$locale.utf-\?8"; then
			LC_ALL=$locale.UTF-8 "$LEADPIPE" "$@" >/dev/null 2>&1
			found=$(report_status $?)
			is "$name: $locale" "$wanted" "$found"
		else
			passed "$name: $locale # SKIP no such locale"
		fi
	done
}

# refuses_files NAME COMMAND...: no database, and one of somebody else's
refuses_files()
{
	local name=$1
	shift
	run "$@" --db "$tmp/nowhere/x.db"
	is "$name: no database is 78" 78 "$status"
	is "$name: which is named" yes "$(
		[[ $err == *"'$tmp/nowhere/x.db'"* ]] && echo yes)"
	is "$name: nothing is created" no "$(
		[ -e "$tmp/nowhere" ] && echo yes || echo no)"
	refuses_foreign "$name" "$@"
}

refuses_foreign()
{
	local name=$1 before
	shift
	[ -e "$tmp/foreign.db" ] ||
		sqlite3 "$tmp/foreign.db" 'CREATE TABLE a(b); PRAGMA user_version = 7'
	before=$(md5sum <"$tmp/foreign.db")
	run "$@" --db "$tmp/foreign.db"
	is "$name: a foreign database is 78" 78 "$status"
	is "$name: it is as it was" "$before" "$(md5sum <"$tmp/foreign.db")"
}
