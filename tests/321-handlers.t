#!/bin/bash
# SPDX-License-Identifier: MIT
# Handlers that hang, flood, crash, write nonsense or ask to be run again cost
# their own deadline and their own chat only; what comes for that chat
# meanwhile waits in order; a command that is asked to stop, or killed, starts
# the handler again and repeats nothing else.
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
trap 'sim_stop; kill $(jobs -p) 2>/dev/null; wait; rm -rf "$tmp"' EXIT

# open_bot: people who know nothing of it, and a flow with one handler
open_bot()
{
	floor_fresh
	mkdir -p "$floor/handlers"
	cat >"$floor/flow.json" <<-'END'
	{"leadpipe": 1, "id": "handlers", "start": "idle",
	 "lang": {"default": "en", "available": ["en"]},
	 "vars": {"kind": {"type": "text", "max": 20}, "mark": {"type": "text"}},
	 "texts": {"en": {"before": "before", "after": "after {{mark}}",
	   "failed": "failed", "tick": "tick", "ping": "ping", "due": "due"}},
	 "commands": {
	   "/go": {"args": ["kind"], "do": [{"send": "before"},
	     {"exec": {"run": ["act", "--x"], "timeout": "1s", "retry": ["1s"],
	       "input": {"kind": "{{kind}}"}, "on_error": [{"send": "failed"}]}},
	     {"send": "after"}]},
	   "/long": {"args": ["kind"], "do": [{"send": "before"},
	     {"exec": {"run": ["act"], "timeout": "30s",
	       "input": {"kind": "{{kind}}"}, "on_error": [{"send": "failed"}]}},
	     {"send": "after"}]},
	   "/later": [{"schedule": "later", "after": "1s",
	     "do": [{"send": "due"}]}],
	   "/tick": [{"send": "tick"}]},
	 "events": {"ping": [{"send": "ping"}]},
	 "states": {"idle": {"on": {"any": [{"goto": "idle"}]}}}}
	END
	cat >"$floor/handlers/act" <<-'END'
	#!/bin/sh
	input=$(cat)
	kind=${input#*\"input\":\{\"kind\":\"}
	kind=${kind%%\"*}
	echo $$ >>"../started.$kind"
	say() { printf '{"set": {"mark": "%s"}}' "$1"; }
	case $kind in
	hang) sleep 300 & sleep 300 ;;
	flee) setsid sh -c 'echo $$ >../started.fled; exec sleep 300' &
		sleep 300 ;;
	flood) exec yes ;;
	crash) kill -SEGV $$ ;;
	odd) echo '{"goto": "nowhere"}' ;;
	mute) exit 3 ;;
	again) [ "$(wc -l <../started.again)" -gt 1 ] || exit 75; say again ;;
	never) exit 75 ;;
	env) say "$(env | cut -d= -f1 | grep -v '^_$\|^PWD$\|^SHLVL$\|^OLDPWD$' | sort | tr '\n' ' ')$# ${PWD##*/}" ;;
	slow) sleep 1.5; say slow ;;
	stuck) [ "$(wc -l <../started.stuck)" -gt 1 ] || sleep 300; say stuck ;;
	*) echo "I know no '$kind'" >&2; say quick ;;
	esac
	END
	chmod +x "$floor/handlers/act"
}

# heard CHAT: what the bot told it, in order
heard()
{
	views "$1" | jq -r '[.seen[] | select(.from == "bot") | .text] | join(" ")'
}

say() { people say "\"text\":\"$1\"" "${@:2}"; }

ms() { date +%s%3N; }

# until_true COMMAND...: within 10 s
until_true()
{
	local i
	for ((i = 0; i < 200; i++)); do
		"$@" && return
		sleep 0.05
	done
	return 1
}

# chat_of KIND: a chat for each kind of handler
chat_of() { printf '%d%d' "${#1}" "'$1"; }

has() { [ "$(heard "$1")" = "$2" ]; }

started() { [ -s "$floor/started.$1" ]; }

pids_of() { tr '\n' ' ' <"$floor/started.$1"; }

gone()
{
	local pid
	for pid in $(pids_of "$1"); do
		kill -0 -- "-$pid" 2>/dev/null && return 1
	done
	return 0
}

sim_start --no-quirks
open_bot

# --- what a handler is given, and what becomes of its answer

say '/go env' 1
say '/go quick' 2
poll
is 'its environment, arguments and directory' \
	'before after HOME LANG LEADPIPE_KEY PATH 1 handlers' "$(heard 1)"
is 'its answer is used' 'before after quick' "$(heard 2)"
is 'what it says on stderr is for who asks' '' "$(cat "$floor/errors")"

# --- whatever goes wrong is its own matter

open_bot
for kind in hang flee flood crash odd mute never again; do
	say "/go $kind" "$(chat_of "$kind")"
done
say '/tick' 77
begun=$(ms)
poll &
poller=$!
until_true has 77 tick
answered=$(($(ms) - begun))
wait $poller
sleep 1
poll
is 'others are answered while one hangs' 'tick yes' \
	"$(heard 77) $([ $answered -lt 1500 ] && echo yes || echo $answered)"
for kind in hang flee flood crash odd mute never; do
	is "$kind: on_error, and on it goes" 'before failed after' \
		"$(heard "$(chat_of "$kind")")"
done
is 'who asks to be run again is, as often as the list says' 2 \
	"$(wc -l <"$floor/started.never")"
is 'why is told' 7 "$(grep -c 'the handler at /commands/.* failed for chat' \
	"$floor/errors")"
passed 'what hung is gone with all of its group' \
	"$(until_true gone hang || echo "$(pids_of hang) still there")"
passed '... and what left the group' \
	"$(until_true gone fled || echo "$(pids_of fled) still there")"
is 'run again it answers' 'before after again' \
	"$(heard "$(chat_of again)")"

# --- what comes meanwhile waits in order

open_bot
say /later 1
poll
say '/long slow' 1
poll --for 2 &
poller=$!
until_true started slow
"$program/fire-event" ping --user 1 2>>"$floor/errors"
say /tick 1
say /tick 2
sleep 0.3
is 'another chat does not wait' tick "$(heard 2)"
wait $poller
is 'event and text in the order they came, the due task too' \
	'before after slow ping tick due' "$(heard 1)"
passed '... and the checker agrees' "$(delivered --settled --most-ambiguous 0)"

# --- a command that ends

open_bot
say '/long stuck' 1
say /tick 1
{ "$program/poll-updates" --for 20 2>>"$floor/errors" & } 2>&-
poller=$!
until_true started stuck
begun=$(ms)
kill -TERM $poller
wait $poller
is 'SIGTERM ends it at once' yes \
	"$([ $(($(ms) - begun)) -lt 15000 ] && echo yes)"
passed '... and its handler' "$(until_true gone stuck || pids_of stuck)"
is '... whose row waits' 'pending|1|0' \
	"$(ask 'SELECT state, attempt, crashes FROM execs')"
is '... and so does what came later' 'before' "$(heard 1)"
poll
is 'the next one repeats only the handler' 'before after stuck tick' \
	"$(heard 1)"

open_bot
say '/long stuck' 1
say /tick 1
{ "$program/poll-updates" --for 20 2>>"$floor/errors" & } 2>&-
poller=$!
until_true started stuck
kill -KILL $poller
{ wait $poller; } 2>&-
poll
is 'after kill -9 too' 'before after stuck tick' "$(heard 1)"
passed '... and what it left running is ended' \
	"$(until_true gone stuck || pids_of stuck)"
is '... with the crash counted' 'done|2|1' \
	"$(ask 'SELECT state, attempt, crashes FROM execs')"

open_bot
say '/long hang' 1
poll &
poller=$!
until_true started hang
kill -KILL -- "-$(pids_of hang | tr -d ' ')"
wait $poller
is 'kill -9 of the handler is its failure' 'before failed after' "$(heard 1)"
passed '... and the checker agrees' "$(delivered --settled --most-ambiguous 0)"
tap_end
