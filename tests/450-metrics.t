#!/bin/bash
# SPDX-License-Identifier: MIT
# Metrics: what they count, that they never fall, what is not in them; then as
# promtool, a real node_exporter and a real Prometheus read them.
set -u
# shellcheck source=tests/bot.sh
. "$TOP/tests/bot.sh"
: "${TEST_MONITORS=}"
file=$tmp/metrics/leadpipe.prom

# render: the metrics in $file
render() { run render-status --prometheus "$file"; }

# value NAME [LABELS]: of the metric, whatever bot it is of
value()
{
	sed -n "s/^$1{bot=\"4242\"${2:+,$2}} //p" "$file"
}

# program NAME: where it is, in PATH or where .ci/monitors unpacks it
program()
{
	command -v "$1" || find "$TEST_MONITORS/usr/bin/$1" 2>/dev/null
}

mkdir "$tmp/metrics"
# --- Prometheus takes its time: it is started now and asked at the end

exporter=$(program prometheus-node-exporter)
server=$(program prometheus)
rules=$TOP/examples/monitoring/leadpipe.rules.yml

# free_port: one that nobody listens on
free_port()
{
	local port
	for port in $(shuf -i 20000-30000 -n 20); do
		(: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

# prometheus_start: an exporter of $tmp/metrics, and who scrapes it
prometheus_start()
{
	local scraped
	scraped=$(free_port) asked=$(free_port)
	cat >"$tmp/prometheus.yml" <<-YML
	global: { scrape_interval: 1s, evaluation_interval: 1s }
	rule_files: [ $rules ]
	scrape_configs:
	  - job_name: node
	    static_configs: [ { targets: [ "127.0.0.1:$scraped" ] } ]
	YML
	"$exporter" --web.listen-address="127.0.0.1:$scraped" \
		--collector.disable-defaults --collector.textfile \
		--collector.textfile.directory="$tmp/metrics" \
		>"$tmp/exporter.log" 2>&1 &
	bot_children="$bot_children $!"
	disown
	"$server" --config.file="$tmp/prometheus.yml" \
		--storage.tsdb.path="$tmp/tsdb" \
		--web.listen-address="127.0.0.1:$asked" \
		>"$tmp/server.log" 2>&1 &
	bot_children="$bot_children $!"
	disown
}
[ -z "$exporter" ] || [ -z "$server" ] || prometheus_start

bot_start --no-quirks
umask 077
render
is 'no database: exit 78, and the metrics say so' '78 2 1' \
	"$status $(value leadpipe_health 'component="database"') $(value \
	leadpipe_build_info '.*')"
is 'nothing is made' '' "$(ls -A "$tmp/state")"

say '{"chat":42,"text":"/start","first_name":"Anna","lang":"en"}'
run poll-updates
run schedule-task --text hello --chat 42 --in 0
run send-due
render
is 'written' '0 0' "$status $(wc -c <"$tmp/err")"
is 'for everybody to read, and nothing left beside it' '644 leadpipe.prom' \
	"$(stat -c %a "$file") $(ls -A "$tmp/metrics")"
is 'what was done' '1 1 2 1 1' "$(value leadpipe_updates_received_total) $(
	value leadpipe_messages_received_total) $(value \
	leadpipe_messages_sent_total 'result="sent"') $(value \
	leadpipe_tasks_ended_total 'result="promoted"') $(value \
	leadpipe_state_entries_total 'flow="funnel",state="welcome"')"
is 'histograms end with all of them' '2 2 1 1' "$(
	value leadpipe_message_delay_seconds_bucket 'le="+Inf"') $(value \
	leadpipe_message_delay_seconds_count) $(value \
	leadpipe_task_lateness_seconds_bucket 'le="+Inf"') $(value \
	leadpipe_task_lateness_seconds_count)"
passed 'buckets only grow' "$(awk -F'[{ ]' '/_bucket/ {
	if ($1 == last && $NF + 0 < before) print; last = $1; before = $NF }' \
	"$file")"
is 'the runs' '1 1 0' "$(value leadpipe_runs_total 'command="send-due"') $(
	value leadpipe_runs_total 'command="poll-updates"') $(value \
	leadpipe_last_exit_code 'command="send-due"')"
is 'the file knows its age' 1 "$(($(date +%s) - $(value \
	leadpipe_last_success_timestamp_seconds 'command="render-status"' |
	cut -d. -f1) < 60))"
passed 'no line has a timestamp' "$(grep -v '^#' "$file" |
	grep -vE '^[a-z_]+\{([a-z]+="[^"]*",?)+\} -?[0-9.e+]+$')"
passed 'nobody is in it' "$(grep -nE 'Anna|hello|"42"|START|AAAAAA' "$file")"
passed 'of each name one help, one type, and all its lines' "$(
	grep -v '^#' "$file" | sed 's/{.*//; s/_\(bucket\|sum\|count\)$//' | uniq |
		sort | uniq -d
	grep -o '^# [A-Z]* [a-z_]*' "$file" | sort | uniq -d)"
is 'their names are a contract' "$(tr ' ' '\n' <<-'NAMES'
	leadpipe_backup_age_seconds leadpipe_broadcast_messages_sent_total
	leadpipe_build_info leadpipe_crm_failures_total
	leadpipe_db_size_bytes leadpipe_dead_letters leadpipe_disk_free_bytes
	leadpipe_handlers_open leadpipe_health leadpipe_last_exit_code
	leadpipe_last_run_duration_seconds leadpipe_last_run_timestamp_seconds
	leadpipe_last_success_timestamp_seconds leadpipe_leads_received_total
	leadpipe_leads_synced_total leadpipe_message_delay_seconds
	leadpipe_messages_ambiguous_total leadpipe_messages_ready
	leadpipe_messages_received_total leadpipe_messages_sent_total
	leadpipe_outbox_messages leadpipe_outbox_oldest_ready_age_seconds
	leadpipe_people_total leadpipe_poll_age_seconds leadpipe_rate_limited_total
	leadpipe_reminders_sent_total leadpipe_run_crashes_total
	leadpipe_run_failures_total leadpipe_runs_total leadpipe_send_retries_total
	leadpipe_state_entries_total leadpipe_task_lateness_seconds
	leadpipe_tasks_ended_total leadpipe_tasks_scheduled
	leadpipe_updates_pending leadpipe_updates_received_total
	leadpipe_wal_size_bytes
	NAMES
)" "$(run backup-state; render; grep -o '^# HELP [a-z_]*' "$file" |
	cut -d' ' -f3 | sort)"

# --- leads, and what goes wrong

# Takes all but Bob.
cat >"$tmp/crm" <<'CRM'
#!/bin/sh
if grep -q Bob; then exit 69; fi
echo '{"id":"7"}'
CRM
chmod +x "$tmp/crm"
bot_config "LEAD_EXEC=$tmp/crm" LEAD_CRM=exec
for name in Anna Bob; do
	echo "{\"name\":\"$name\",\"email\":\"$name@x.example\"}" |
		"$LEADPIPE" add-lead >/dev/null
done
echo '{"name":"Anna","email":"anna@x.example","comment":"again"}' |
	"$LEADPIPE" add-lead >/dev/null
run sync-crm
fault '{"kind":429,"method":"sendMessage","chat":42,"retry_after":1}'
say '{"chat":42,"text":"/start"}'
run poll-updates
"$LEADPIPE" poll-updates --for 30 2>/dev/null &
killed=$!
# works: it has begun its run
works() { [ "$(sql 'select count(*) from workers')" = 1 ]; }
wait_for works
kill -9 $killed
wait $killed 2>/dev/null
run recover-pending
render
is 'leads: two came, one came again, one was taken, one never will be' \
	'2 1 1 1 1' "$(value leadpipe_leads_received_total 'fate="added"') $(value \
	leadpipe_leads_received_total 'fate="joined"') $(value \
	leadpipe_leads_synced_total 'result="created"') $(value \
	leadpipe_leads_synced_total 'result="parked"') $(value \
	leadpipe_dead_letters 'kind="lead"')"
is 'a 429' 1 "$(value leadpipe_rate_limited_total)"
is 'a run that was killed' 1 \
	"$(value leadpipe_run_crashes_total 'command="poll-updates"')"

is 'with leads there are three more' 'crm_failures_in_a_row crm_leads '\
'crm_oldest_lead_age_seconds' "$(sed -n 's/^# HELP leadpipe_\(crm_[a-z_]*\) .*/\1/p' \
	"$file" | grep -v total | sort | paste -sd ' ')"

# --- they never fall

counters() { grep -E '^[a-z_]+_total\{' "$file" | grep -v runs_total; }
counters >"$tmp/before"
for table in messages updates runs arrivals task_ends; do
	sql "delete from $table"
done
render
is 'what is counted outlives its rows' "$(cat "$tmp/before")" "$(counters)"
say '{"chat":42,"text":"hi"}'
run poll-updates
render
is 'and goes on from there' 3 "$(value leadpipe_updates_received_total)"
run restore-state "$tmp"/state/backups/*.db
render
is 'a restore does not set it back' 3 "$(value leadpipe_updates_received_total)"

# --- whole, or the one before


(for _ in 1 2 3 4 5 6 7 8; do "$LEADPIPE" render-status --prometheus "$file"
done) &
writer=$!
torn=
while kill -0 $writer 2>/dev/null; do
	tail -n 1 "$file" | grep -q '_count{bot="4242"} [0-9]*$' || torn=torn
done
is 'a reader never sees a part' '' "$torn"
cp "$file" "$tmp/whole"
strace -f -qq -o "$tmp/trace" -e trace=rename -e inject=rename:error=ENOSPC \
	"$LEADPIPE" render-status --prometheus "$file" 2>"$tmp/err"
is 'a full disk: exit 74, the old one stays, nothing beside it' \
	'74 same leadpipe.prom' "$? $(cmp -s "$file" "$tmp/whole" &&
		echo same) $(ls -A "$tmp/metrics")"
exits() { run render-status "$@"; echo "$status $(wc -l <"$tmp/err")"; }
is 'no such directory: exit 73, one line' '73 1' \
	"$(exits --prometheus "$tmp/none/x.prom")"
is 'what else was asked for is written' '73 yes' "$(run render-status \
	--prometheus "$tmp/none/x.prom" --badge "$tmp/b.svg"
	echo "$status $([ -s "$tmp/b.svg" ] && echo yes)")"
is 'nothing asked for, twice stdout, no interval: exit 64' '64 1 64 1 64 1' \
	"$(exits) $(exits --html - --badge -) $(exits --html - --every 0)" \
	"$(exits --html - --json)"

# --- as others read them

promtool=$(program promtool)
if [ -z "$promtool" ]; then
	passed 'promtool # SKIP no prometheus here: .ci/monitors'
	tap_end
	exit
fi
passed 'promtool finds nothing' "$("$promtool" check metrics <"$file" 2>&1)"
printf 'leadpipe_broken{bot="1" 1\n' >"$tmp/bad"
is 'which it would' 1 "$("$promtool" check metrics <"$tmp/bad" >/dev/null 2>&1 ||
	echo 1)"
sed "s|RULES|$rules|" "$TOP/tests/data/leadpipe.rules.test.yml" >"$tmp/test.yml"
passed 'the alerts are sound' "$("$promtool" check rules "$rules" >"$tmp/out" \
	2>&1 || cat "$tmp/out")"
passed 'each fires when it should and not before' "$("$promtool" test rules \
	"$tmp/test.yml" >"$tmp/out" 2>&1 || cat "$tmp/out")"
is 'and each is tried' '' "$(sed -n 's/.*- alert: //p' "$rules" |
	while read -r name; do
		grep -A2 "alertname: $name" "$tmp/test.yml" | grep -q exp_labels ||
			echo "$name"
	done)"
dashboard=$TOP/examples/monitoring/grafana-dashboard.json
# shellcheck disable=SC2016 # words of Grafana
{
	printf 'groups:\n- name: dashboard\n  rules:\n'
	jq -r '.panels[].targets[].expr' "$dashboard" |
		sed 's/\$__rate_interval/5m/g; s/\$bot/.*/g' |
		jq -Rnc '[inputs] | to_entries[] |
			{record: "x\(.key)", expr: .value}' | sed 's/^/  - /'
} >"$tmp/dashboard.yml"
passed 'what the dashboard asks is sound' "$("$promtool" check rules \
	"$tmp/dashboard.yml" 2>&1 | grep -i -A3 error)"
is 'of metrics that there are' '' "$({ jq -r '.panels[].targets[].expr' \
	"$dashboard"; cat "$rules"; } | grep -o 'leadpipe_[a-z_]*' | sort -u |
	sed 's/_bucket$//' | while read -r name; do
		grep -rqs "\"$name\"" "$TOP/lib/ops/metrics.c" || echo "$name"
	done)"
is 'each panel in a place of its own' '' "$(jq -r '.panels[].gridPos |
	"\(.x) \(.y)"' "$dashboard" | sort | uniq -d)"

if [ -z "$exporter" ] || [ -z "$server" ]; then
	passed 'Prometheus # SKIP no prometheus-node-exporter here: .ci/monitors'
	tap_end
	exit
fi

# ask QUERY: the values that Prometheus has
ask()
{
	curl -s --noproxy '*' -m 5 "http://127.0.0.1:$asked/api/v1/query" \
		--data-urlencode "query=$1" |
		jq -r '.data.result[].value[1]' 2>/dev/null
}
# asks QUERY VALUE
asks() { [ "$(ask "$1")" = "$2" ]; }

passed 'Prometheus has what was counted' "$(wait_for asks \
	'leadpipe_updates_received_total{bot="4242"}' 3 ||
	tail -n 5 "$tmp/server.log" "$tmp/exporter.log")"
is 'the exporter had no trouble with the file' 0 \
	"$(ask 'node_textfile_scrape_error')"
is 'no label of ours is taken for its own' '' \
	"$(ask 'count({exported_job=~".+"} or {exported_instance=~".+"})')"
say '{"chat":42,"text":"hi again"}'
run poll-updates
render
passed 'and what is counted next' "$(wait_for asks \
	'leadpipe_updates_received_total{bot="4242"}' 4 || echo no)"
tap_end
