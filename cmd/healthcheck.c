/* SPDX-License-Identifier: MIT */
/*
 * A monitoring plugin over every component.  It reads only, answers within
 * its time whatever hangs, and exits 0 to 3, since anything else is out of
 * bounds there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "ops/check_report.h"
#include "ops/run.h"

#define EXIT_UNKNOWN 3

/* A server keeps 8 kB of it. */
#define REPORT_MAX 65536

static int64_t timeout_ms = 10000;
static struct opt_texts warnings, criticals;
static const char *component;
static bool alert;

static const struct opt options[] = {
	{ OPT_TEXTS, 'w', "warning", "NAME=RANGE",
	    "warn when the number NAME is outside of RANGE; repeatable",
	    { .texts = &warnings } },
	{ OPT_TEXTS, 'c', "critical", "NAME=RANGE",
	    "the same for the critical state", { .texts = &criticals } },
	{ OPT_SPAN, 't', "timeout", "SECONDS",
	    "say UNKNOWN after this time (10)", { .number = &timeout_ms } },
	{ OPT_TEXT, 0, "component", "NAME",
	    "database, telegram, runs, queue or crm alone",
	    { .text = &component } },
	{ OPT_FLAG, 0, "alert", NULL, "not in this version",
	    { .flag = &alert } },
	OPT_END
};

static const struct opt_command command = {
	.name = "healthcheck",
	.synopsis = "[-w NAME=RANGE] [-c NAME=RANGE] [-t SECONDS] "
		    "[--component NAME] [-v]",
	.summary = "Says as a Nagios plugin whether all is well: exit 0 OK, "
		   "1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
	.details =
	    "RANGE: 10 alerts above 10, '5:' below 5, '5:10' outside, "
	    "'@5:10' inside,\n'~:10' above 10 also of negative numbers. "
	    "NAME is a label of the numbers\nbehind the | of the first line. "
	    "-v adds since when, and what mends it.",
	.usage_exit = EXIT_UNKNOWN,
	.help_exit = EXIT_UNKNOWN,
	.plugin = true,
};

static void
take_ranges(struct checks *checks, const struct opt_texts *texts,
    bool critical)
{
	struct fault fault;

	for (int i = 0; i < texts->count; i++)
		if (checks_set_range(checks, texts->list[i], critical,
			&fault) != OUT_OK)
			opt_usage(&command, "%s", fault.text);
}

static void
check_usage(void)
{
	const char *nearest = NULL;

	if (alert)
		opt_usage(&command,
		    "--alert is not in this version: let "
		    "cron mail what healthcheck prints");
	if (component != NULL && !check_component_known(component, &nearest))
		opt_usage(&command, "no component '%s', %s%s", component,
		    nearest ? "did you mean " : "see --help",
		    nearest ? nearest : "");
	if (timeout_ms == 0)
		opt_usage(&command, "--timeout needs at least a second");
}

/* Whatever hangs, the server hears of it in time. */
static void
promise_answer(void)
{
	char line[128];

	snprintf(line, sizeof(line),
	    "LEADPIPE UNKNOWN: no answer within %lld s; is the database "
	    "locked by another program?\n",
	    (long long)(timeout_ms / 1000));
	stop_hard_say(STDOUT_FILENO, line, EXIT_UNKNOWN);
}

static void
check_all(struct checks *checks, struct run *run)
{
	if (run_begin_bare(run, &command, timeout_ms) != OUT_OK) {
		struct check *check = checks_add(checks, "config", "config");
		check_fault(check, &run->fault);
		check_mend(check,
		    "'leadpipe check-config' shows all that is "
		    "wrong");
	} else if (run_open_db(run, DB_READ) != OUT_OK) {
		struct check *check =
		    checks_add(checks, "database", "database");
		check_fault(check, &run->fault);
	} else {
		checks_run(checks, component, run->db, run->config);
	}
}

int
main(int argc, char **argv)
{
	struct buf text = BUF_INIT(REPORT_MAX);
	struct run run = RUN_INIT;
	struct checks checks;

	opt_parse(&command, options, &run.shared, argc, argv);
	/* -v is the plugin's own; its stderr stays empty. */
	bool details = run.shared.verbose > 0;
	run.shared.verbose = 0;
	run.shared.quiet = true;
	check_usage();
	checks_init(&checks, clock_wall_ms());
	take_ranges(&checks, &warnings, false);
	take_ranges(&checks, &criticals, true);
	promise_answer();
	check_all(&checks, &run);
	if (run.shared.json)
		checks_json(&checks, &text);
	else
		checks_report(&checks, details, &text);
	int code = check_exit(checks_state(&checks));
	if (fputs(text.data, stdout) == EOF || fflush(stdout) == EOF)
		code = EXIT_UNKNOWN;
	buf_release(&text);
	checks_release(&checks);
	db_close(run.db);
	config_close(run.config);
	return code;
}
