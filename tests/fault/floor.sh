# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the tests that break the delivery floor: a bot in a directory of
# its own, the program under the fault shim or another clock, and what must
# hold afterwards. Uses $B, $TOP and $tmp, like tests/sim/telegram.sh, which it
# sources.
# shellcheck disable=SC2034,SC2119,SC2120 # for who sources it; an option
sim_token=4242:SIMULATED_TOKEN_OF_THE_FLOOR
# shellcheck source=tests/sim/telegram.sh
. "$TOP/tests/sim/telegram.sh"
program=${program:-$B/libexec}

# floor_open [ROOT]: no state, a flow whose reminder with a video is due after
# a second, and settings that reach ROOT (the simulator)
floor_open()
{
	floor=$tmp/floor
	floor_db=$floor/state/leadpipe.db
	rm -rf "$floor"
	mkdir -p "$floor/state" "$floor/media"
	chmod 700 "$floor/state"
	head -c 20000 /dev/zero | tr '\0' 'v' >"$floor/media/3-traps.mp4"
	jq '.states.awaiting_payment.enter[1].after = "1s"' \
		"$TOP/examples/funnel.json" >"$floor/flow.json"
	printf '%s\n' "BOT_TOKEN=$sim_token" \
		"TELEGRAM_API_ROOT=${1:-$sim_root}" "DATABASE_PATH=$floor_db" \
		"FLOW_FILE=$floor/flow.json" LEADPIPE_LIMIT_CHAT_PER_SECOND=0 \
		LEADPIPE_LIMIT_PER_SECOND=0 \
		>"$floor/env"
	chmod 600 "$floor/env"
	export LEADPIPE_CONFIG=$floor/env
}

# floor_fresh [ROOT]: the same, and the simulator knows nobody any more
floor_fresh()
{
	sim reset '{}' >/dev/null
	: >"$tmp/record"
	floor_open "$@"
}

# poll [VARIABLE=VALUE...] [OPTION...]: one poll-updates (or $victim), whose
# messages go to $floor/errors; says nothing of a SIGKILL
poll()
{
	local set=()
	while [[ ${1-} = *=* ]]; do
		set+=("$1")
		shift
	done
	{ env "${set[@]}" "$program/${victim:-poll-updates}" "$@" \
		2>>"$floor/errors"; } 2>&-
}

# shim VARIABLE=VALUE...: the same under the fault shim
shim()
{
	poll LD_PRELOAD="$B/tests/fault/fault-shim.so" "$@"
}

# later SPAN: one poll-updates by a clock that is SPAN (+40s, -1h) off; the
# monotonic one is not
later()
{
	FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 \
		faketime -f "$1" "$program/poll-updates" 2>>"$floor/errors"
}

ask() { sqlite3 -readonly "$floor_db" "$1"; }

# due: the reminders that wait, now
due() { sqlite3 "$floor_db" 'UPDATE tasks SET due_at = due_at - 1000'; }

# people ASK JSON CHAT...: each of them says or presses the same
people()
{
	local ask=$1 rest=$2 chat args=()
	shift 2
	for chat; do
		args+=(--next -sk -o /dev/null --noproxy '*' -m 30
			--data-binary "{\"chat\":$chat,$rest}"
			"$sim_root/sim/$ask")
	done
	curl "${args[@]:1}"
}

# settle: runs until nothing is left, ambiguous waits included
settle()
{
	local span
	for span in +0s +40s +3m +15m; do
		if [ $span = +0s ]; then poll; else later $span; fi
		[ "$(ask 'SELECT (SELECT count(*) FROM lanes) + (SELECT count(*)
			FROM updates WHERE state IN ("received", "failed",
			"waiting")) + (SELECT count(*) FROM execs WHERE state IN
			("pending", "running"))
			+ (SELECT count(*) FROM tasks)')" = 0 ] && return
	done
	return 1
}

# views CHAT...: what the people see, without ids and times
views()
{
	local chat
	for chat; do
		sim "chats/$chat" | jq -c --arg chat "$chat" '[.[] |
			del(.message_id, .at, .media.file_id)] | {chat: $chat, seen: .}'
	done
}

# answered CHAT...: how many messages of the bot each of them has
answered()
{
	views "$@" | jq '[.seen[] | select(.from == "bot")] | length' |
		tr '\n' ' '
}

# once: the views without what was said twice in a row
once()
{
	jq -c '.seen |= reduce .[] as $m ([];
		if .[-1] == $m and $m.from == "bot" then . else . + [$m] end)'
}

# delivered [OPTION...]: what the checker finds wrong
delivered()
{
	"$TOP/tests/sim/check-delivery" "$@" "$tmp/record" "$floor_db" \
		>"$floor/count" 2>"$floor/wrong" ||
		cat "$floor/wrong" "$floor/count"
}

points() { tr -d ' ' <"$1"; }

# --- for the tests of what Telegram and the way to it can do to us

# fault RULE: the members of an object that the simulator takes as a fault
fault() { sim fault "{$1}" >/dev/null; }

# hi CHAT...: they write /start
hi() { people say '"text":"/start","first_name":"Ann"' "$@"; }

# got CHAT...: how many messages each has from the bot
got()
{
	local chat
	for chat; do
		sim "chats/$chat" |
			jq -r '[.[] | select(.from == "bot")] | length'
	done | xargs
}

# well NAME AMBIGUOUS: the checker agrees, and no more is in doubt
well() { passed "... $1" "$(delivered --settled --most-ambiguous "$2")"; }

# start_over [ROOT]: a new bot, and people who know nothing of it
start_over()
{
	floor_open "$@"
	sim reset '{}' >/dev/null
	: >"$tmp/record"
}
