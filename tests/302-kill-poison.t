#!/bin/bash
# SPDX-License-Identifier: MIT
# What kills the command each time it is stepped: a task, what follows a
# handler, and a report that is written. Such a death undoes all of the
# transaction, so that the same comes first in the next run; it must be counted
# somewhere else, put aside in the end, and take nobody with it.
# shellcheck disable=SC2119 # arguments of floor_*
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
trap 'sim_stop; rm -rf "$tmp"' EXIT

# An inert text would be in the flow's row too: it is made of what Telegram
# says of the person.
prepare()
{
	mkdir -p "$floor/handlers"
	cat >"$floor/flow.json" <<-'END'
	{"leadpipe": 1, "id": "p", "start": "idle",
	 "lang": {"default": "en", "available": ["en"]},
	 "texts": {"en": {"boom": "boom to {{user.id}}", "hi": "hi"}},
	 "commands": {
	  "/hi": [{"send": "hi"}], "/sum": [{"report": "week"}],
	  "/task": [{"schedule": "soon", "after": "1s",
	    "do": [{"send": "boom"}]}],
	  "/exec": [{"exec": {"run": ["act"], "timeout": "5s",
	    "on_error": []}}, {"send": "boom"}]},
	 "states": {"idle": {"final": true}}}
	END
	printf '%s\n' '#!/bin/sh' "echo '{}'" >"$floor/handlers/act"
	chmod +x "$floor/handlers/act"
}

# deaths COMMAND [TEXT]: how many runs are killed over what is for person 1
deaths()
{
	local runs=0
	while [ $runs -lt 20 ]; do
		victim=$1 shim FAULT_KILL_TEXT="${2:-boom to 1}" >/dev/null
		[ $? -eq 137 ] || break
		runs=$((runs + 1))
	done
	echo $runs
}

# What was on its way when the run was killed may come twice, and later.
said()
{
	views "$1" | jq -r '[.seen[] | select(.from == "bot") | .text] |
		join(", ")' | sed 's/^\(.*\), \1$/\1/'
}

dead() { ask 'SELECT kind, reason FROM dead_letters'; }

sim_start --no-quirks

for command in poll-updates send-due; do
	floor_fresh
	prepare
	people say '"text":"/task","first_name":"Ann"' 1 2
	poll
	due
	people say '"text":"/hi","first_name":"Ann"' 3
	is "$command: a task kills one run with all others, three alone" 4 \
		"$(deaths $command)"
	is '... then it is put aside' \
		'task|the command died each time it was done' "$(dead)"
	settle
	is '... and nobody else has lost anything' 'boom to 2; hi' \
		"$(said 2); $(said 3)"
	is '... healthcheck tells' 1 \
		"$("$program/healthcheck" --component queue >"$tmp/health"; echo $?)"
	id=$(ask "SELECT item FROM dead_letters")
	"$program/recover-pending" --retry "task:$id" >/dev/null
	poll
	is '... and it can be done again' 'boom to 1' "$(said 1)"
done

floor_fresh
prepare
poll
people say '"text":"/hi","first_name":"Ann"' 2
people say '"text":"/sum","first_name":"Ann"' 1
people say '"text":"/hi","first_name":"Ann"' 3
is 'a report kills three runs' 3 "$(deaths poll-updates 'Last 7 days')"
is '... then it is put aside' \
	'message|the command died each time this report was written' "$(dead)"
settle
is '... and nobody else waits, nor is told anything twice' 'hi; hi; ' \
	"$(said 2); $(said 3); $(said 1)"
is '... healthcheck tells' 1 \
	"$("$program/healthcheck" --component queue >"$tmp/health"; echo $?)"
id=$(ask "SELECT item FROM dead_letters")
"$program/recover-pending" --retry "message:$id" >/dev/null
poll
is '... and it can be written again' 'Last 7 days' "$(said 1 | head -1)"

floor_fresh
prepare
people say '"text":"/exec","first_name":"Ann"' 1 2
people say '"text":"/hi","first_name":"Ann"' 1 3
is 'what follows a handler kills one run with all others, six alone' 7 "$(deaths poll-updates)"
is '... then it is put aside' \
	'exec|the command died each time the flow went on' "$(dead)"
settle
is '... and nobody else has lost anything, nor the person the rest' \
	'boom to 2; hi; hi' "$(said 2); $(said 3); $(said 1)"
tap_end
