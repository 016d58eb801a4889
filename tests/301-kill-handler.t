#!/bin/bash
# SPDX-License-Identifier: MIT
# long
# The order (a question with buttons, a phone, a price that a handler knows, a
# lead, a word to the dispatcher) is killed at every point of its last step, as
# 300-kill-sweep.t does with the funnel. Each order must become one lead, with
# its price, and nobody is told anything twice; the handler may run again, for
# the same key.
#
# A sample of the points; LEADPIPE_SWEEP=full takes them all.
# shellcheck disable=SC2119,SC2034 # arguments of floor_*; for sweep.sh
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/floor.sh
. "$TOP/tests/fault/floor.sh"
# shellcheck source=tests/fault/sweep.sh
. "$TOP/tests/fault/sweep.sh"
people=(1 2 3)
doubts=4
trap 'sim_stop; kill $(jobs -p) 2>/dev/null; wait; rm -rf "$top"' EXIT

prepare()
{
	mkdir -p "$floor/handlers"
	cat >"$floor/flow.json" <<-'END'
	{"leadpipe": 1, "id": "order", "start": "idle",
	 "lang": {"default": "en", "available": ["en"]},
	 "roles": {"dispatcher": [9]},
	 "vars": {"kind": {"type": "text", "max": 20, "scope": "session"},
	   "phone": {"type": "phone", "max": 20}, "price": {"type": "int"}},
	 "texts": {"en": {"q.kind": "What?", "k.crane": "Crane",
	   "k.truck": "Truck", "q.phone": "Your phone?", "done": "{{price}} RUB",
	   "failed": "no price", "told": "{{user.id}}: {{kind|label}}"}},
	 "commands": {"/order": [{"goto": "order.kind"}]},
	 "states": {"idle": {"on": {"any": [{"goto": "idle"}]}},
	  "order.kind": {"ask": {"text": "q.kind", "var": "kind", "choices": [
	    {"id": "crane", "text": "k.crane"},
	    {"id": "truck", "text": "k.truck"}]}, "then": "order.phone"},
	  "order.phone": {"ask": {"text": "q.phone", "var": "phone",
	    "region": "RU"}, "then": "order.done"},
	  "order.done": {"enter": [
	    {"exec": {"run": ["price"], "timeout": "10s", "retry": ["1s"],
	      "input": {"kind": "{{kind}}"}, "on_error": [{"send": "failed"}]}},
	    {"lead": {"name": "{{kind|label}}", "price": "{{price}}",
	      "contact": {"phone": "{{phone}}"},
	      "key": "order-{{user.id}}-{{session.id}}"}},
	    {"notify": "dispatcher", "text": "told"},
	    {"send": "done"}, {"goto": "idle"}]}}}
	END
	cat >"$floor/handlers/price" <<-'END'
	#!/bin/sh
	echo "$LEADPIPE_KEY" >>../ran
	case $(cat) in
	*'"kind":"crane"'*) echo '{"set": {"price": 15000}}' ;;
	*) echo '{"set": {"price": 6000}}' ;;
	esac
	END
	chmod +x "$floor/handlers/price"
}

# stage NUMBER: what its people do before poll-updates runs
stage()
{
	case $1 in
	1) : >"$floor/ran"
	people say '"text":"/start","first_name":"Eve"' 9
	people say '"text":"/order","first_name":"Ann"' "${people[@]}" ;;
	2) people press '"text":"Crane"' "${people[@]}" ;;
	3) people say '"text":"8 912 345-67-89"' "${people[@]}" ;;
	esac
}

victim_of() { :; }

end_of() { echo "$1"; }

# leads: what became of the orders
leads()
{
	ask "SELECT chat_id, title, phone, details ->> 'price' FROM leads
		ORDER BY chat_id"
}

# told: what the dispatcher has read
told()
{
	views 9 | jq -r '.seen[] | select(.from == "bot" and .text != "?") |
		.text' | sort
}

wrong()
{
	[ "$(leads)" = "$(cat "$top/leads")" ] ||
		echo "other leads: $(leads | tr '\n' ' ')"
	[ "$(told | uniq)" = "$(cat "$top/told")" ] ||
		echo "the dispatcher read: $(told | tr '\n' ' ')"
	[ "$(sort -u "$floor/ran" | wc -l)" = 3 ] ||
		echo "the handler ran for $(sort -u "$floor/ran" | wc -l) keys"
	[ "$(ask "SELECT count(*) FROM execs WHERE state <> 'done'")" = 0 ] ||
		echo 'a handler did not answer'
	[ "$(told | wc -l)" -le 4 ] || echo 'the dispatcher was told again'
}

# --- nobody kills anything

classes=write,send,fsync,ftruncate,unlink,rename,flock,connect
sim_start --no-quirks
floor_open
prepare
for stage in 1 2 3; do
	stage $stage
	shim FAULT_COUNT_FILE="$tmp/count.$stage" FAULT_ONLY=$classes
done
views "${people[@]}" | once >"$tmp/seen.3"
leads >"$tmp/leads"
told >"$tmp/told"
is 'undisturbed: three orders, three leads' \
	'1|Crane|+79123456789|15000 2|Crane|+79123456789|15000 3|Crane|+79123456789|15000' \
	"$(xargs <"$tmp/leads")"
is '... the dispatcher knows' '1: Crane 2: Crane 3: Crane' \
	"$(xargs <"$tmp/told")"
is '... and each is told the price' '15000 RUB 15000 RUB 15000 RUB' \
	"$(jq -r '.seen[-1].text' "$tmp/seen.3" | xargs)"
passed '... and the checker agrees' "$(delivered --settled --most-ambiguous 0)"
sim_stop
last=$(points "$tmp/count.3")

# --- killed

step=7
[ "$extent" != full ] || step=1
sweep "3:$last:$step"
echo "# points: $last, killed at $killed of $tried tried"
is 'nearly every point kills' yes \
	"$([ $((killed * 20)) -ge $((tried * 18)) ] && echo yes)"
passed 'killed anywhere: one lead each, nothing repeated, all told' \
	"$(cat "$top/found")"
tap_end
