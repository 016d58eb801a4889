# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion for bash, loaded by the package bash-completion.
_leadpipe()
{
	local cur words cword word
	_get_comp_words_by_ref -n =: cur words cword || return
	while IFS=$'\t' read -r word _; do
		case $word in
		@files) cur=${cur#--*=} _filedir ;;
		@directories) cur=${cur#--*=} _filedir -d ;;
		"$cur"*)
			[[ $word != *= ]] || compopt -o nospace 2>/dev/null
			# Where readline ends a word at these, it completes the last part.
			[[ $COMP_WORDBREAKS != *[=:]* ]] ||
				word=${word#"${cur%"${cur##*[=:]}"}"}
			COMPREPLY+=("$word")
			;;
		esac
	done < <(sh /usr/share/leadpipe/completion-words \
		"${words[@]:0:cword}" "$cur")
}
complete -F _leadpipe leadpipe
