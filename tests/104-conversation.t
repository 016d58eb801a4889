#!/bin/bash
# SPDX-License-Identifier: MIT
# A whole conversation through the real commands: albums whose files go up
# once, an operator who answers through the bot, questions that are asked again
# after an outage, what recurs for a role, numbers for an admin, and a handler
# that goes on by the version of the flow that it was started under.
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
trap 'sim_stop; kill $(jobs -p) 2>/dev/null; wait; rm -rf "$tmp"' EXIT

# write_flow: the flow, changed by the jq program of stdin
write_flow()
{
	jq "$(cat)" >"$floor/flow.json" <<-'END'
	{"leadpipe": 1, "id": "talk", "start": "idle", "tz": "Europe/Moscow",
	 "lang": {"default": "en", "available": ["en"]},
	 "roles": {"operator": [9], "admin": [8]},
	 "vars": {"pick": {"type": "text", "max": 9}, "n": {"type": "int"}},
	 "media": {"a": {"photo": "a.jpg"}, "b": {"video": "b.mp4"},
	   "c": {"photo": "c.jpg"}},
	 "texts": {"en": {"two": "two of them", "pick": "Which?", "x": "X",
	   "y": "Y", "thanks": "got {{pick}}", "hey": "hey", "first": "first",
	   "then": "then {{n}}", "late": "late"}},
	 "commands": {
	   "/album": [{"send": "two", "media": ["a", "b"]}],
	   "/other": [{"send": "two", "media": ["b", "c"]}],
	   "/ask": [{"goto": "ask"}],
	   "/late": [{"schedule": "late", "after": "1s",
	     "do": [{"send": "late"}]}],
	   "/help": [{"handoff": {"role": "operator", "pause": "1h"}}],
	   "/numbers": {"who": "admin", "do": [{"report": "today"},
	     {"report": "queue"}, {"report": "week"}, {"report": "health"},
	     {"report": "funnel"}]},
	   "/run": [{"send": "first"},
	     {"exec": {"run": ["slow"], "timeout": "20s"}},
	     {"send": "then"}, {"goto": "thanks"}]},
	 "stats": {"asked": ["ask", "thanks"]},
	 "states": {"idle": {"on": {"any": [{"goto": "idle"}]}},
	   "ask": {"ask": {"text": "pick", "var": "pick", "choices": [
	     {"id": "x", "text": "x"}, {"id": "y", "text": "y"}]},
	     "then": "thanks"},
	   "thanks": {"enter": [{"send": "thanks"}], "final": true}}}
	END
}

say() { people say "\"text\":\"$1\"" "${@:2}"; }

# heard CHAT: what the bot told it, in order
heard()
{
	views "$1" | jq -r '[.seen[] | select(.from == "bot") |
		.text // .kind] | join("; ")'
}

# back META MS: that time is so much earlier
back()
{
	sqlite3 "$floor_db" "UPDATE meta SET value = value - $2
		WHERE key = '$1'"
}

sim_start --no-quirks
floor_open
head -c 3000 /dev/zero | tr '\0' a >"$floor/a.jpg"
head -c 4000 /dev/zero | tr '\0' b >"$floor/b.mp4"
head -c 5000 /dev/zero | tr '\0' c >"$floor/c.jpg"
mkdir "$floor/handlers"
cat >"$floor/handlers/slow" <<'END'
#!/bin/sh
echo >../began
while [ ! -e ../go ]; do sleep 0.05; done
echo '{"set": {"n": 7}}'
END
chmod +x "$floor/handlers/slow"
write_flow <<<.

# --- albums

say /album 1
say /other 2
poll
say /album 3
poll
is 'an album is one group with the text below its first' \
	'photo two of them; video ' "$(views 1 | jq -r '[.seen[] |
	select(.from == "bot") | .kind + " " + (.text // "")] | join("; ")')"
is 'each file goes up once, whoever sends it' '1 1 1' \
	"$(sim stats | jq -r '[.files[].uploads] | map(tostring) | join(" ")')"
is '... and is known then' 3 "$(ask 'SELECT count(*) FROM media
	WHERE file_id IS NOT NULL AND uploader IS NULL')"
is '... also to the next one' 'two of them; video' "$(heard 3)"
passed '... and the checker agrees' "$(delivered --settled --most-ambiguous 0)"

# --- an operator

say /start 9
say /late 1
say /help 1
poll
say 'the <b>door</b> is stuck' 1
sleep 1
poll
is 'the operator reads what the person writes' yes \
	"$([[ $(heard 9) = *'the <b>door</b> is stuck'* ]] && echo yes)"
is '... and what is due waits' 'held|an operator talks with the person' \
	"$(ask "SELECT state, reason FROM task_ends WHERE name = 'late'")"
id=$(sim chats/9 | jq '[.[] | select(.from == "bot")] | last | .message_id')
people say "\"text\":\"push <hard>\",\"reply_to\":$id" 9
poll
is 'the answer reaches the person' 'push <hard>' \
	"$(heard 1 | sed 's/.*; //')"
is '... as an operator in the history' 'operator|sent' \
	"$(ask "SELECT role, state FROM messages WHERE text = 'push <hard>'
	AND chat_id = 1")"
people say "\"text\":\"/done\",\"reply_to\":$id" 9
poll
is '/done ends it: what was due comes now' yes \
	"$([[ $(heard 1) = *'late'* ]] && echo yes)"
is '... once' 0 "$(ask "SELECT count(*) FROM task_ends WHERE state = 'held'")"

# --- an outage that presses do not survive

say /ask 4
poll
sqlite3 "$floor_db" 'UPDATE chats SET asked_at = asked_at - 600000
	WHERE chat_id = 4'
poll
is 'without an outage nobody is asked again' 'Which?' "$(heard 4)"
back poll_at 300000
poll
is 'after one an open question is' 'Which?; Which?' "$(heard 4)"
back poll_at 900000
sqlite3 "$floor_db" 'UPDATE chats SET asked_at = asked_at - 600000
	WHERE chat_id = 4 AND asked_at > 0'
poll
is '... once' 'Which?; Which?' "$(heard 4)"
people press '"text":"Y"' 4
poll
is '... and answered by its button' 'Which?; Which?; got y' "$(heard 4)"

# --- numbers, and what recurs

say /start 8
poll
say /numbers 8
say /numbers 1
poll
is 'an admin reads the numbers' yes "$(heard 8 | tr '\n' ' ' |
	grep -q 'Today People: [1-9].*Messages to be sent.*Last 7 days.*asked ask: 1 thanks: 1 (100%)' &&
	echo yes)"
is '... and nobody else' no "$([[ $(heard 1) = *People* ]] && echo yes ||
	echo no)"
write_flow <<<'.recurring = {tick: {role: "admin", every: "1m",
	do: [{send: "hey"}]}}'
touch -d '10 seconds ago' "$floor/flow.json"
poll
for i in 1 2; do
	is "what recurs is planned, for the role alone ($i)" 'recurring:tick|8' \
		"$(ask 'SELECT name, chat_id FROM tasks')"
	sqlite3 "$floor_db" 'UPDATE tasks SET due_at = due_at - 60000'
	poll
done
is '... and done each time' 2 "$(heard 8 | grep -o hey | wc -l)"
write_flow <<<.
touch -d '8 seconds ago' "$floor/flow.json"
sqlite3 "$floor_db" 'UPDATE tasks SET due_at = due_at - 60000'
poll
is '... until the flow has it no more' '0 2' "$(ask "SELECT count(*) FROM tasks
	WHERE name LIKE 'recurring:%'") $(heard 8 | grep -o hey | wc -l)"

# --- a new version while a handler works

say /run 5
poll --for 3 &
poller=$!
for ((i = 0; i < 100; i++)); do
	[ -e "$floor/began" ] && break
	sleep 0.05
done
write_flow <<<'.commands["/run"] = [{send: "hey"}] | del(.states.thanks) |
	.states.ask.then = "end" | .states.end = {enter: [], final: true} |
	.renamed = {thanks: "end"} | .stats.asked = ["ask", "end"]'
touch -d '6 seconds ago' "$floor/flow.json"
"$program/deploy-flow" -q "$floor/flow.json" 2>>"$floor/errors"
touch "$floor/go"
wait $poller
is 'the step goes on by its own version' 'first; then 7; got' \
	"$(heard 5 | sed 's/ *$//')"
say /run 5
poll
is '... and the next one by the new one' 'hey' "$(heard 5 | sed 's/.*; //')"
is 'who was in a state that has a new name is there' 'end' \
	"$(ask 'SELECT state FROM chats WHERE chat_id = 4')"
passed 'and the checker agrees' "$(delivered --settled --most-ambiguous 0)"
tap_end
