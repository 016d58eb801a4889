#!/bin/bash
# SPDX-License-Identifier: MIT
# Each script is known by the name that Redis gives it: with another one, every
# call would be refused first and then sent in full.
tmp=$(mktemp -d)
# shellcheck source=tests/tap.sh
. "$TOP/tests/tap.sh"
# shellcheck source=tests/redis.sh
. "$TOP/tests/redis.sh"
trap 'redis_end; rm -rf "$tmp"' EXIT

# scripts FILE: writes each script of a source into $tmp/NAME, NAME being the
# sha1 that stands before it
scripts()
{
	"$CC" -E -P -D_GNU_SOURCE -I"$TOP/lib" -DLEADPIPE_VERSION='""' \
		-DLEADPIPE_LIBEXECDIR='""' "$1" | perl -0777 -ne '
		while (/\.sha1 = "(\w*)",\s*\.text\s*=\s*((?:"(?:[^"\\]|\\.)*"\s*)+)/g) {
			my ($name, $text) = ($1, $2);
			my $whole = join "", $text =~ /"((?:[^"\\]|\\.)*)"/g;
			$whole =~ s/\\(.)/$1 eq "n" ? "\n" : $1 eq "t" ? "\t" : $1/ge;
			print $name || "-", " ", unpack("H*", $whole), "\n";
		}'
}

redis_start
for file in "$TOP"/lib/shared/*.c; do
	grep -q '\.sha1 = ' "$file" || continue
	count=0 wrong=''
	while read -r name hex; do
		count=$((count + 1))
		said=$(perl -e 'print pack "H*", shift' "$hex" |
			redis -x SCRIPT LOAD 2>&1)
		[ "$said" = "$name" ] || wrong="$wrong $name is $said"
	done < <(scripts "$file")
	passed "${file##*/}: the scripts have their names" "$wrong"
	is "${file##*/}: all of them are looked at" \
		"$(grep -c '\.sha1 = ' "$file")" "$count"
done
tap_end
