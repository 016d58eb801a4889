#!/bin/bash
# SPDX-License-Identifier: MIT
# sync-crm is killed at every point at which it touches the world outside
# (write, send, fsync, ...) while it brings three leads, one of them of a person
# whom the CRM knows. Ordinary runs follow until nothing waits: each lead must
# be there once, with its note once.
#
# A sample of the points; LEADPIPE_SWEEP=full takes them all.
# shellcheck disable=SC2119 # the arguments of floor_* are not the script's
set -u
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/fault/leads.sh
. "$TOP/tests/fault/leads.sh"
extent=${LEADPIPE_SWEEP-}
unset LEADPIPE_SWEEP
trap 'crm_stop; kill $(jobs -p) 2>/dev/null; wait; rm -rf "$tmp"' EXIT
classes=write,send,fsync,ftruncate,unlink,rename,flock,connect

again()
{
	rm -rf "$floor/state" "$floor/errors"
	cp -r "$tmp/begin" "$floor/state"
	crm reset '{}' >"$tmp/out"
	crm person '{"name": "Known", "custom_fields_values": [{"field_code":
		"PHONE", "values": [{"value": "8 (999) 000-00-02"}]}]}' >"$tmp/out"
}

# wrong: a line for each thing that is
wrong()
{
	bring_all || echo 'some still wait'
	brought --settled
	[ "$(crm contacts | wc -l)" = 3 ] ||
		echo "$(crm contacts | wc -l) persons instead of 3"
	[ "$(crm notes | jq .data.entity_id | sort -u | wc -l)" = 3 ] &&
		[ "$(crm notes | wc -l)" = 3 ] || echo 'not one note for each'
}

# sweep FIRST STEP: $tmp/found, $tried and $killed
sweep()
{
	local point
	tried=0 killed=0
	: >"$tmp/found"
	for ((point = $1; point <= last; point += $2)); do
		again
		shim FAULT_KILL_AT=$point FAULT_ONLY=$classes
		[ $? -ne 137 ] || killed=$((killed + 1))
		tried=$((tried + 1))
		wrong | sed "s/^/point $point: /" >>"$tmp/found"
	done
}

crm_start --amocrm-per-second 0
leads_open
leads_add 1 3
bring # learns what the account is like
sqlite3 "$floor_db" "UPDATE leads SET state = 'new', errand = 'create',
	worker = NULL, remote_id = NULL, remote_contact_id = NULL, sends = 0,
	not_before = 0"
cp -r "$floor/state" "$tmp/begin"

again
shim FAULT_COUNT_FILE="$tmp/count" FAULT_ONLY=$classes
last=$(points "$tmp/count")
passed 'undisturbed: three leads, three persons, three notes' "$(wrong)"
step=9
[ "$extent" != full ] || step=1
sweep $step $step
echo "# points: $last, killed at $killed of $tried tried"
is 'nearly every point kills' yes \
	"$([ $((killed * 10)) -ge $((tried * 9)) ] && echo yes)"
passed 'killed anywhere: none lost, none doubled' "$(cat "$tmp/found")"

# Broken on purpose: nothing says that a request is about to leave.
sqlite3 "$tmp/begin/leadpipe.db" "CREATE TRIGGER unsaid AFTER UPDATE OF errand
	ON leads WHEN NEW.state = 'sending' AND NEW.errand = 'search'
	AND OLD.errand = 'create' BEGIN
	UPDATE leads SET errand = 'create' WHERE id = NEW.id; END"
sweep 3 5
is 'sent before it is written down: the same sweep finds doubles' yes \
	"$(grep -q ': doubled:' "$tmp/found" && echo yes)"
echo "# it found $(grep -c ': doubled:' "$tmp/found")"
tap_end
