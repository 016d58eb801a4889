# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests of commands: a bot with a configuration, a state directory
# and the simulator as its Telegram. Makes $tmp; the caller ends with tap_end.
tmp=$(mktemp -d)
sim_token=4242:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/sim/telegram.sh
. "$TOP/tests/sim/telegram.sh"
bot_children=
trap 'kill -9 $bot_children 2>/dev/null; sim_stop; rm -rf "$tmp"' EXIT
db=$tmp/state/leadpipe.db
export LEADPIPE_CONFIG=$tmp/env

# bot_config [LINE...]: writes the configuration, with further lines
bot_config()
{
	printf '%s\n' "BOT_TOKEN=$sim_token" "TELEGRAM_API_ROOT=$sim_root" \
		"DATABASE_PATH=$db" "FLOW_FILE=$TOP/examples/funnel.json" \
		"$@" >"$tmp/env"
	chmod 600 "$tmp/env"
}

# shellcheck disable=SC2120 # no options are fine
# bot_start [SIM-OPTION...]
bot_start()
{
	sim_start "$@"
	mkdir -m 700 "$tmp/state"
	bot_config
}

# run COMMAND [OPTION...]: leaves $status, $tmp/out and $tmp/err
run()
{
	"$LEADPIPE" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
}

# sql STATEMENT: another program's hand in the database
sql() { sqlite3 -cmd '.timeout 5000' "$db" "$1"; }

# say JSON, fault JSON: the simulator is asked, silently
say() { sim say "$1" >"$tmp/said"; }
fault() { sim fault "$1" >"$tmp/said"; }

# wait_for COMMAND...: until it succeeds, at most 10 s
wait_for()
{
	local i
	for ((i = 0; i < 200; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.05
	done
	return 1
}
