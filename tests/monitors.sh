# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests: the real Nagios and the real Icinga without privileges,
# each with a service for each of $states, and what they understood. Looked
# for in PATH and in $TEST_MONITORS, where .ci/monitors unpacks them. Uses
# $tmp and line_of, which names the command of a state.
: "${tmp:?a directory for them}" "${states:?the services}" "${TEST_MONITORS=}"
monitor_pids=

# monitor_program NAME...: the first that there is
monitor_program()
{
	local name
	for name in "$@"; do
		command -v "$name" && return
		# What is in sbin may be a script around it.
		find "$TEST_MONITORS"/usr/lib/*/"$name/sbin/$name" \
			"$TEST_MONITORS/usr/sbin/$name" -type f -perm -u+x \
			2>/dev/null | head -n 1 | grep . && return
	done
}

# monitor_start NAME COMMAND...
monitor_start()
{
	local out=$tmp/$1/out
	shift
	LD_LIBRARY_PATH=$(echo "$TEST_MONITORS"/usr/lib/*-linux-gnu) "$@" \
		>"$out" 2>&1 &
	monitor_pids="$monitor_pids $!"
}

# Their processes are trees that outlive their roots for seconds.
monitors_stop()
{
	local pid
	for pid in $monitor_pids; do
		# shellcheck disable=SC2046 # a list of ids
		kill -9 $(monitor_tree "$pid")
		wait "$pid"
	done 2>/dev/null
	monitor_pids=
}

monitor_tree()
{
	local child
	echo "$1"
	for child in $(pgrep -P "$1"); do monitor_tree "$child"; done
}

# monitor_heard FILE: there is a line of every state
monitor_heard()
{
	local state
	for state in $states; do
		grep -q "^$state	" "$1" || return 1
	done
}

# nagios_start PROGRAM: $tmp/nagios/read will have service, state, text and
# perfdata
nagios_start()
{
	local dir=$tmp/nagios
	mkdir -p "$dir/results"
	nagios_objects >"$dir/objects"
	# shellcheck disable=SC2016 # Nagios's own
	printf '%s=%s\n' log_file "$dir/log" cfg_file "$dir/objects" \
		object_cache_file "$dir/cache" \
		precached_object_file "$dir/precache" \
		status_file "$dir/status" state_retention_file "$dir/retention" \
		lock_file "$dir/pid" temp_file "$dir/temp" temp_path "$dir" \
		check_result_path "$dir/results" command_file "$dir/commands" \
		query_socket "$dir/query" service_perfdata_file "$dir/read" \
		nagios_user "$(id -un)" nagios_group "$(id -gn)" \
		interval_length 1 use_syslog 0 event_broker_options 0 \
		service_inter_check_delay_method n service_interleave_factor 1 \
		process_performance_data 1 retain_state_information 0 \
		service_perfdata_file_template \
		'$SERVICEDESC$\t$SERVICESTATE$\t$SERVICEOUTPUT$\t$SERVICEPERFDATA$' \
		>"$dir/config"
	monitor_start nagios "$1" "$dir/config"
}

nagios_objects()
{
	local state day
	echo 'define timeperiod {
		timeperiod_name always
		alias always'
	for day in sunday monday tuesday wednesday thursday friday saturday; do
		echo "		$day 00:00-24:00"
	done
	echo '}
	define command {
		command_name up
		command_line /bin/true
	}
	define contact {
		contact_name nobody
		host_notification_period always
		service_notification_period always
		host_notification_commands up
		service_notification_commands up
	}
	define host {
		host_name bot
		address 127.0.0.1
		check_command up
		max_check_attempts 1
		check_period always
		contacts nobody
	}'
	for state in $states; do
		echo "define command {
			command_name $state
			command_line $(line_of "$state")
		}
		define service {
			host_name bot
			service_description $state
			check_command $state
			max_check_attempts 1
			check_interval 1
			retry_interval 1
			check_period always
			notification_interval 0
			contacts nobody
		}"
	done
}

# icinga_start PROGRAM: $tmp/icinga/read will have service, state, text and
# what became of the perfdata
icinga_start()
{
	local dir=$tmp/icinga state
	mkdir -p "$dir"/{lib,log,cache,run,spool,etc}
	icinga_objects >"$dir/config"
	for state in $states; do
		# Icinga tells the second check what it read of the first.
		printf '#!/bin/sh\n%s\nexec %s\n' \
			"printf '%s\\n' \"\$READ\" >>$dir/read" \
			"$(line_of "$state")" >"$dir/$state"
		chmod +x "$dir/$state"
	done
	monitor_start icinga "$1" daemon -c "$dir/config" \
		-D "Configuration.DataDir=$dir/lib" \
		-D "Configuration.LogDir=$dir/log" \
		-D "Configuration.CacheDir=$dir/cache" \
		-D "Configuration.InitRunDir=$dir/run" \
		-D "Configuration.SpoolDir=$dir/spool" \
		-D "Configuration.PidPath=$dir/run/pid" \
		-D "Configuration.VarsPath=$dir/cache/vars" \
		-D "Configuration.ObjectsPath=$dir/cache/objects" \
		-D "Configuration.ModAttrPath=$dir/lib/modattr" \
		-D "Configuration.StatePath=$dir/lib/state" \
		-D "Configuration.ConfigDir=$dir/etc" \
		-D "Configuration.RunAsUser=$(id -un)" \
		-D "Configuration.RunAsGroup=$(id -gn)"
}

icinga_objects()
{
	local state
	cat <<-'CONFIG'
	const NodeName = "bot"
	const ZoneName = NodeName
	object Endpoint NodeName { }
	object Zone ZoneName { endpoints = [ NodeName ] }
	object CheckerComponent "checker" { }
	object CheckCommand "up" { command = [ "/bin/true" ] }
	object Host "bot" { check_command = "up" }
	globals.read = function(name) {
	  var said = ""
	  var result = get_service("bot", name).last_check_result
	  if (result && result.performance_data) {
	    said = name + "\t" + result.state + "\t" + result.output + "\t"
	    for (item in result.performance_data) {
	      var p = parse_performance_data(item)
	      said = said + p.label + "=" + p.value + p.unit
	      said = said + ";" + p.warn + ";" + p.crit + " "
	    }
	  }
	  return said
	}
	CONFIG
	for state in $states; do
		cat <<-CONFIG
		object CheckCommand "$state" {
		  command = [ "$tmp/icinga/$state" ]
		  env = { "READ" = "\$service.vars.read\$" }
		}
		object Service "$state" {
		  host_name = "bot"
		  check_command = "$state"
		  check_interval = 1s
		  retry_interval = 1s
		  max_check_attempts = 1
		  vars.read = {{ return globals.read("$state") }}
		}
		CONFIG
	done
}
