#!/bin/bash
# SPDX-License-Identifier: MIT
# Completion: bash, zsh and fish offer what each command understands and what
# there is, say nothing of what is wrong, and keep nobody waiting.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
PATH=$B:$PATH
mkdir -p "$tmp/files/below" "$tmp/home"
touch "$tmp/files/a.db"
# As they are installed, found as the shells find them.
share=$tmp/usr/share
make -s -C "$TOP" -o all B="$B" prefix="$tmp/usr" install >"$tmp/make" 2>&1 ||
	cat "$tmp/make"
# Shells keep histories.
export XDG_DATA_DIRS=$share HOME=$tmp/home
commands=$(cd "$B/libexec" && echo *)

# words WORD... CURRENT: what the shells are told, without descriptions
words()
{
	sh "$share/leadpipe/completion-words" leadpipe "$@" | cut -f 1
}

# --- a state with something of each kind

bot_start --no-quirks
say '{"chat":42,"text":"/start","first_name":"Anna","lang":"en"}'
run poll-updates
say '{"chat":42,"text":"Please give me access"}'
run poll-updates
fault '{"kind":"error","method":"sendMessage","status":400,"description":"Bad Request: new","times":1}'
say '{"chat":43,"text":"/start"}'
run poll-updates
dead=$(sql "SELECT 'message:' || max(id) FROM messages WHERE state = 'dead'")
task=$("$LEADPIPE" schedule-task --text later --chat -10044 --in 1d)

for name in sale second; do
	run send-broadcast --text "$name" --everybody --yes --name "$name" --in 1d
done

# in_bash LINE: what bash has in COMPREPLY for it
in_bash()
{
	# shellcheck disable=SC2016 # of the inner shell
	bash --norc -c '
		. /usr/share/bash-completion/bash_completion
		_completion_loader leadpipe
		while IFS= read -r COMP_LINE; do
			COMP_POINT=${#COMP_LINE} COMPREPLY=()
			read -ra COMP_WORDS <<<"${COMP_LINE//[:=]/ & }"
			[[ $COMP_LINE != *[\ =:] ]] || COMP_WORDS+=("")
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
			_leadpipe
			echo "@$COMP_LINE"
			printf "%s\n" "${COMPREPLY[@]}"
		done' 2>&1
}
in_fish()
{
	# shellcheck disable=SC2016 # of the inner shell
	fish -c '
		while read -l line
			echo "@$line"
			complete -C "$line" | string replace -r "\t.*" ""
		end' 2>&1
}
# zsh completes at a prompt only, so it gets a terminal of its own; what would
# be shown goes to the file that it is told.
cat >"$tmp/pty.zsh" <<'END'
zmodload zsh/zpty
zpty z "zsh -f -i"
zpty -w z "PROMPT= TERM=dumb; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; . $2"
zpty -r -m z out '*READY*'
while IFS= read -r line; do
	print -r -- "@$line" >>$3
	zpty -w -n z "$line"$'\t'
	zpty -r -m z out '*ENDED*'
	zpty -w -n z $'\x15'
done
END
cat >"$tmp/watch.zsh" <<END
compadd()
{
	local -a hits
	if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
		builtin compadd -A hits "\$@"
		((! \$#hits)) || print -lr -- \$hits >>$tmp/shown
	fi
	builtin compadd "\$@"
}
after() { print END''ED; comppostfuncs=(after) }
comppostfuncs=(after)
bindkey '^I' list-choices
print REA''DY
END
in_zsh()
{
	: >"$tmp/shown"
	timeout 60 zsh -f "$tmp/pty.zsh" "$share/zsh/site-functions" \
		"$tmp/watch.zsh" "$tmp/shown" 2>&1
	cat "$tmp/shown"
}

# --- options: the table of each command, and its --help

# table FILE: the long names in a table of options
table() { tr '\n' ' ' <"$1" | grep -oP '{ OPT_[A-Z]+, +[^,]+, +"\K[a-z0-9-]+'; }
for command in $commands; do
	{ table "$TOP/cmd/$command.c"; table "$TOP/lib/base/opt.c"; } |
		sed 's/^/--/' | sort -u >"$tmp/$command.table"
	is "$command: its help has the options of its table" \
		"$(cat "$tmp/$command.table")" \
		"$("$LEADPIPE" "$command" --help | sed '1,/^Options:/d; /^$/,$d' |
		grep -oP '^  (-., |    )\K--[a-z0-9-]+' | sort)"
done

# --- commands, values that the help names, and live ones

# case_of WANTED LINE
lines=() wanted=()
case_of()
{
	wanted+=("$(tr ' ' '\n' <<<"$1" | sort)")
	lines+=("leadpipe $2")
}
case_of "$commands help --help --version" ''
case_of poll-updates po
case_of 'show-chat show-funnel show-history' 'help sho'
case_of '' 'help show-chat '
case_of '' 'no-command '
case_of 'svg dot' 'check-flow --graph '
case_of 'logfmt json' 'list-tasks --log '
case_of "$(sed -n 's/^	{ "\([a-z]*\)", \(true\|false\), check_.*/\1/p' \
	"$TOP/lib/ops/check.c" | sort -u | paste -sd ' ')" \
	'healthcheck --component '
case_of '' 'healthcheck --failed-unit '
case_of '' 'add-lead --source '
case_of '' 'recover-pending --replay-updates '
case_of 'get has delete set' 'chat-state '
case_of amocrm 'authorize-crm '
case_of 'message update task lead exec shared refusal dropped' 'recover-pending --list '
case_of 'message update task lead exec' 'recover-pending --release '
case_of 'a.db below' "restore-state $tmp/files/"
case_of 'a.db below' "list-tasks -c $tmp/files/"
case_of 'a.db below' "list-tasks --config=$tmp/files/"
case_of below "backup-state --dir $tmp/files/"
case_of below "backup-state --dir=$tmp/files/"
case_of '-10044 42 43' 'list-tasks --user '
case_of '-10044 42 43' 'list-tasks -u '
case_of '-10044 42 43' 'list-tasks --user='
case_of '42 43' 'list-tasks --json --user=4'
case_of '-10044 42 43' 'schedule-task --text hello --chat '
case_of '42 43' 'show-chat '
case_of '-10044 42 43' 'show-chat -- '
case_of "1 $task payment_reminder" 'cancel-task '
case_of "$dead" 'recover-pending --retry '
case_of "$dead" 'recover-pending --drop message:'
case_of 'sale second' 'send-broadcast --cancel '
case_of 'awaiting_payment idle paid welcome' 'send-broadcast --state '
case_of 'awaiting_payment idle paid welcome' 'chat-state set 42 '
case_of 'awaiting_payment idle paid welcome' 'chat-state has 42 '
case_of '' 'chat-state get 42 '
case_of "$("$LEADPIPE" check-flow --graph dot "$TOP/examples/shop/flow.json" |
	grep -o '"order\.[a-z]*' | tr -d '"' | paste -sd ' ')" \
	"deploy-flow $TOP/examples/shop/flow.json --drop-to order."
case_of paid 'fire-event '
case_of payment_reminder 'schedule-task '
case_of access 'show-funnel '
case_of 'due_lag=' 'healthcheck -w due'
case_of '' "list-tasks --config $tmp/nowhere --user "
case_of '' "list-tasks --db $tmp/nowhere.db --user "
case_of '' 'list-tasks --limit '

# --- what the shells make of it

# shellcheck disable=SC2086 # words
{
	printf 'leadpipe %s --\n' $commands
	printf '%s\n' "${lines[@]}"
} >"$tmp/lines"
pids=()
for shell in bash zsh fish; do
	"in_$shell" <"$tmp/lines" >"$tmp/$shell" &
	pids+=($!)
done
wait "${pids[@]}"
# answer SHELL LINE: what it offered there, sorted
answer()
{
	awk -v line="@$2" '/^@/ { on = $0 == line; next } on' "$tmp/$1" | sort
}
for shell in bash zsh fish; do
	for command in $commands; do
		is "$shell: the options of $command" "$(cat "$tmp/$command.table")" \
			"$(answer $shell "leadpipe $command --")"
	done
	for i in "${!lines[@]}"; do
		# Each shows another part of a path or of --user=42.
		is "$shell: ${lines[i]#leadpipe }" "${wanted[i]#message:}" \
			"$(answer $shell "${lines[i]}" |
			sed 's|/$||; s|.*/||; s/^message://; s/^--user=//' | sort -u)"
	done
done
is 'chats are told as far as one may name them' 3 \
	"$(words list-tasks --user '' | wc -l)"
is 'a task says what it is' "sendMessage -10044" \
	"$(sh "$share/leadpipe/completion-words" leadpipe cancel-task '' |
	sed -n "s/^$task	\(.*\) .*/\1/p")"

# --- a real prompt of bash

cat >"$tmp/bash.zsh" <<'END'
zmodload zsh/zpty
zpty b "bash --norc -i"
zpty -w b "PS1=; . /usr/share/bash-completion/bash_completion; leadpipe() { echo RA''N \"\$@\"; }; echo REA''DY"
zpty -r -m b out '*READY*'
tab=$'\t'
while IFS= read -r line; do
	zpty -w b "${line//\~/$tab}"
	zpty -r -m b out '*RAN *'$'\n'
	print -r -- "${${out##*RAN }%%$'\r'*}"
done
END
is 'readline completes' 'poll-updates --lock-wait 5
list-tasks --user=42 --json
healthcheck -w due_lag=60
recover-pending --drop '"$dead" "$(timeout 60 zsh -f "$tmp/bash.zsh" <<-'END'
	leadpipe po~--loc~5
	leadpipe list-tasks --user=42~ --js~
	leadpipe healthcheck -w due_~60
	leadpipe recover-pending --drop mess~
	END
)"

# --- whatever is wrong

# quiet NAME WORD...: nothing but the shells' own is offered, and nothing said
quiet()
{
	is "$1" '' "$(words "${@:2}" 2>&1)"
}
# in_vain CONFIG WORD...
in_vain()
{
	is "$2, configuration '${1##*/}': silence" '' \
		"$(LEADPIPE_CONFIG=$1 words "${@:2}" '' 2>&1)"
}
in_vain "$tmp/nowhere" list-tasks --user
in_vain "$tmp/nowhere" cancel-task
in_vain "$tmp/nowhere" chat-state set 42
in_vain "$tmp/nowhere" fire-event
in_vain "$tmp/nowhere" schedule-task
in_vain "$tmp/nowhere" show-funnel
in_vain "$tmp/nowhere" recover-pending --show
in_vain "$tmp/files" list-tasks --user
in_vain '' list-tasks --user
is 'and nothing is made' "a.db
below" "$(ls -A "$tmp/files")"
is 'options are offered all the same' "$(cat "$tmp/list-tasks.table")" \
	"$(LEADPIPE_CONFIG=$tmp/nowhere words list-tasks -- | sort)"
is 'no leadpipe: silence' '' \
	"$(sh "$share/leadpipe/completion-words" "$tmp/nowhere/leadpipe" '' 2>&1)"
# What a stranger could write must not become a word of the command line.
is 'foreign words are none' '42' "$(mkdir "$tmp/fake"
	cat >"$tmp/fake/leadpipe" <<-'END'
	#!/bin/sh
	[ "$2" != --help ] || exec "$LEADPIPE" "$@"
	printf '%s\n' '{"id":1,"chat":"$(id)","name":"a b"}' '{"chat":42}' \
		'{"chat":"x;id"}'
	END
	chmod +x "$tmp/fake/leadpipe"
	PATH=$tmp/fake:$PATH words list-tasks --user '')"

# A migration keeps every command out for as long as it takes.
exec 9>"$tmp/state/schema.lock"
flock -x 9
started=${EPOCHREALTIME/./}
quiet 'a database that is kept' list-tasks --user '' 9>&-
took=$(((${EPOCHREALTIME/./} - started) / 1000))
exec 9>&-
passed 'is given up after a second' "$(
	[ $took -ge 900 ] && [ $took -lt 3000 ] || echo "$took ms")"
is 'and nobody waits for it any more' '' "$(pgrep -f "^list-tasks" -P 1)"
tap_end
