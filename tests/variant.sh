# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests that build the program otherwise than it was built: what
# would come out as it is in $B is taken from there.

# variant DIR WORD...: a build directory that has what $B has, but for what
# depends on a source in which one of the WORDs is
variant()
{
	local dir=$1 source
	shift
	rm -rf "$dir"
	mkdir -p "$dir"
	cp -a "$B/flags" "$B/obj" "$dir/"
	find "$dir/obj" -name '*.d' -exec sed -i "1s|^.*/obj/|$dir/obj/|" {} +
	(cd "$TOP" && grep -rlw --include='*.[ch]' "${@/#/-e}" cmd lib) |
		while read -r source; do
			grep -rlF --include='*.d' "$source" "$dir/obj"
		done | sed 's/d$/o/' | xargs -r rm -f
}

# make_variant DIR [SETTING|TARGET...]: make there; what it has already was
# made with the flags that were asked for, as far as they matter
make_variant()
{
	local dir=$1 sanitize
	shift
	sanitize=$(sed -n 's/.*-fsanitize=\([a-z,]*\).*/\1/p' "$B/flags")
	make -C "$TOP" -j2 B="$dir" CC="${CC:-cc}" SANITIZE="$sanitize" \
		quoted="$(sed "s/'/'\\\\''/g" "$B/flags")" "$@"
}
