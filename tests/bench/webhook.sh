# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests/bench/run: updates by webhook, through nginx and fcgiwrap.
# Uses what tests/bench/lib.sh and tests/nginx.sh have.
web_secret=open-sesame_1234567890

# web_load COUNT PER-MINUTE: so many updates, and $tmp/load of them
web_load()
{
	"$B/tests/fault/web-load" "127.0.0.1:$web_port" /telegram/shop "$1" \
		"$2" 300 "$web_secret" >"$tmp/load" || problem='not all came'
	is_count "$1" 'SELECT count(*) FROM updates'
}

# web_begin: a new database behind a new web server
web_begin()
{
	rm -rf "$tmp/state" "$tmp/web"
	mkdir -m 700 "$tmp/state"
	printf '%s\n' "BOT_TOKEN=$sim_token" \
		"DATABASE_PATH=$tmp/state/leadpipe.db" \
		"TELEGRAM_WEBHOOK_SECRET=$web_secret" \
		LEADPIPE_WEBHOOK_PER_MINUTE=0 >"$tmp/env"
	chmod 600 "$tmp/env"
	export LEADPIPE_CONFIG=$tmp/env
	"$B/libexec/add-lead" <<<'name=Template' >"$tmp/said"
	web_start
}

row_webhook()
{
	local key
	has receive-update || return 0
	web_nginx=$(web_program nginx) web_fcgiwrap=$(web_program fcgiwrap)
	[ -n "$web_nginx" ] && [ -n "$web_fcgiwrap" ] || return 0
	web_begin
	echo '{"update_id":1,"message":{"text":"hello"}}' >"$tmp/update"
	measure receive-update "$tmp/update" >"$tmp/said"
	take_best
	sqlite3 "$tmp/state/leadpipe.db" 'DELETE FROM updates'
	web_load 1000 1000
	for key in p50 p99 max; do
		emit_ms "webhook-$key" "1,000 updates a minute by webhook: $key" \
			"$(jq ".${key}_ms" "$tmp/load")" 0
	done
	web_stop
}
