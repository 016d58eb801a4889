#!/bin/bash
# SPDX-License-Identifier: MIT
# One flow that is right and one that is wrong for each feature of the format:
# check-flow takes the one without a word and says of the other what its note
# promises, and nothing else; the JSON Schema refuses the other too when the
# fault is one of structure.
set -u
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
cd "$TOP/tests/flows" || exit 1
schema=$TOP/examples/flow.schema.json

valid=(valid/*.json)
refused=(refused/*.json)
is 'each feature has both' "${valid[*]#*/}" "${refused[*]#*/}"
passed 'those that are right are, without a warning' "$(
	for file in "${valid[@]}"; do
		"$LEADPIPE" check-flow --json "$file" || echo "$file: $?"
	done 2>&1 | jq -rR '. as $line | try (fromjson | .file as $f |
		.findings[] | "\($f): \(.where): \(.text)") catch $line')"
for file in "${refused[@]}"; do
	"$LEADPIPE" check-flow --json "$file" >"$tmp/json"
	status=$?
	is "$file is refused" '65 ' "$status $(jq -r --slurpfile flow "$file" '
		($flow[0].note | capture("^(structure|meaning) (?<where>.*?): (?<says>.*)")
		) as $wanted | .findings | map(select(.severity == "error")) |
		if length == 0 then "nothing was found" else .[] end |
		select(.where != $wanted.where or
			(.text | contains($wanted.says) | not)) |
		"\(.where): \(.text)"' "$tmp/json")"
done

if python3 -c 'import jsonschema' 2>/dev/null; then
	is 'the schema takes those that are right' "${#valid[@]}" "$(
		jq -c . "${valid[@]}" | "$TOP/tests/schema-oracle" "$schema" |
			grep -c 1)"
	is 'and refuses what is wrong in structure, not in meaning' "$(
		jq -r '.note | split(" ")[0]' "${refused[@]}")" "$(
		jq -c . "${refused[@]}" | "$TOP/tests/schema-oracle" "$schema" |
			sed 's/0/structure/; s/1/meaning/')"
else
	passed 'the schema agrees # SKIP no python3-jsonschema'
fi
tap_end
