# SPDX-License-Identifier: MIT
# Completion for fish.
function __leadpipe_words
	set -l token (commandline -ct)
	set -l prefix (string match -r '^--[^=]+=' -- $token)
	set -l path (string replace -- "$prefix" '' "$token")
	for line in (sh /usr/share/leadpipe/completion-words \
		(commandline -opc) "$token")
		switch $line
			case @files
				string replace -r '^' -- "$prefix" (__fish_complete_path $path)
			case @directories
				string replace -r '^' -- "$prefix" \
					(__fish_complete_directories $path '')
			case '*'
				echo $line
		end
	end
end
complete -c leadpipe -f -a '(__leadpipe_words)'
