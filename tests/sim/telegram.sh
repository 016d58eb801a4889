# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests that talk to the Telegram simulator. Uses $B, $TOP and the
# directory $tmp, both set by whoever sources it, who also kills $sim_pid.
: "${tmp:?a directory for the record}"
sim_token=${sim_token:-4242:SIMULATED-TOKEN}
sim_pid=
sim_root=

# shellcheck disable=SC2120 # no options are fine
# sim_start [OPTION...]: leaves $sim_root and $sim_pid; record in $tmp/record
sim_start()
{
	local i
	rm -f "$tmp/port"
	"$B/tests/sim/telegram-sim" --quiet --port-file "$tmp/port" \
		--record "$tmp/record" --spec "$TOP/tests/data/bot-api.json" \
		--token "$sim_token" "$@" &
	sim_pid=$!
	for ((i = 0; i < 200; i++)); do
		[ -s "$tmp/port" ] && break
		sleep 0.05
	done
	[ -s "$tmp/port" ] || { echo 'Bail out! no simulator'; exit 1; }
	case " $* " in
	*' --tls '*) sim_root=https://127.0.0.1:$(cat "$tmp/port") ;;
	*) sim_root=http://127.0.0.1:$(cat "$tmp/port") ;;
	esac
}

sim_stop()
{
	[ -z "$sim_pid" ] || { kill "$sim_pid" && wait "$sim_pid"; } 2>/dev/null
	sim_pid=
}

# sim ASK [JSON]: the other side's hand; without JSON a GET
sim()
{
	curl -sk --noproxy '*' -m 30 ${2:+--data-binary "$2"} \
		"$sim_root/sim/$1"
}

# bot METHOD [JSON]: a request of the bot
bot()
{
	curl -sk --noproxy '*' -m 60 -H 'Content-Type: application/json' \
		${2:+--data-binary "$2"} "$sim_root/bot$sim_token/$1"
}
