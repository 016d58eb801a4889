/* SPDX-License-Identifier: MIT */
/*
 * A monitoring plugin over every component.  It reads only, answers within
 * its time whatever hangs, and exits 0 to 3, since anything else is out of
 * bounds there.  Asked by a web server it tells the world no more than it may
 * know: states and numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "ops/alert.h"
#include "ops/cgi.h"
#include "ops/check_component.h"
#include "ops/check_report.h"
#include "ops/health.h"

#define EXIT_UNKNOWN 3

/* A server keeps 8 kB of it. */
#define REPORT_MAX 65536

static int64_t timeout_ms = 10000;
static struct opt_texts warnings, criticals;
static const char *component, *failed_unit;
static bool alert, online;

static const struct opt options[] = {
	{ OPT_TEXTS, 'w', "warning", "NAME=RANGE",
	    "warn when the number NAME is outside of RANGE; repeatable",
	    { .texts = &warnings } },
	{ OPT_TEXTS, 'c', "critical", "NAME=RANGE",
	    "the same for the critical state", { .texts = &criticals } },
	{ OPT_SPAN, 't', "timeout", "SECONDS",
	    "say UNKNOWN after this time (10)", { .number = &timeout_ms } },
	{ OPT_TEXT, 0, "component", "NAME",
	    "machine, database, telegram, runs, queue, crm, redis or page "
	    "alone",
	    { .text = &component } },
	{ OPT_FLAG, 'o', "online", NULL,
	    "also ask Telegram whether it takes the token and what waits, "
	    "and Redis",
	    { .flag = &online } },
	{ OPT_FLAG, 0, "alert", NULL,
	    "tell people what changed, and send the heartbeat",
	    { .flag = &alert } },
	{ OPT_TEXT, 0, "failed-unit", "NAME",
	    "with --alert: a unit of systemd failed (OnFailure=)",
	    { .text = &failed_unit } },
	OPT_END
};

static const struct opt_command command = {
	.name = "healthcheck",
	.synopsis = "[-w NAME=RANGE] [-c NAME=RANGE] [-t SECONDS] "
		    "[--component NAME] [--online] [-v] "
		    "[--alert [--failed-unit NAME]]",
	.summary = "Says as a Nagios plugin whether all is well: exit 0 OK, "
		   "1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
	.details =
	    "RANGE: 10 alerts above 10, '5:' below 5, '5:10' outside, "
	    "'@5:10' inside,\n'~:10' above 10 also of negative numbers, '~:' "
	    "never. NAME is a label of the\nnumbers behind the | of the first "
	    "line. -v adds since when, and what mends it.\nAs CGI: 200 for OK "
	    "and WARNING, 503 else, with states and numbers alone.\n"
	    "--alert tells TELEGRAM_ALERT_CHAT_ID, else ADMIN_IDS, what is "
	    "wrong and when it\nis over, once each, and asks "
	    "LEADPIPE_PING_URL while nothing is CRITICAL. When\nTelegram is "
	    "out of reach, LEADPIPE_ALERT_COMMAND gets the letter on stdin.",
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

	if (failed_unit != NULL && !alert)
		opt_usage(&command, "--failed-unit goes with --alert");
	if (failed_unit != NULL && !alert_unit_valid(failed_unit))
		opt_usage(&command, "'%s' is no name of a unit", failed_unit);
	if (component != NULL && !check_component_known(component, &nearest))
		opt_usage(&command, "no component '%s', %s%s%s", component,
		    nearest ? "did you mean '" : "see --help",
		    nearest ? nearest : "", nearest ? "'?" : "");
	if (timeout_ms == 0)
		opt_usage(&command, "--timeout needs at least a second");
}

/* Whatever hangs, the server hears of it in time. */
static void
promise_answer(bool asked)
{
	char line[160];

	if (asked)
		snprintf(line, sizeof(line),
		    "Status: %s\r\nContent-Type: application/json\r\n\r\n"
		    "{\"schema\":1,\"state\":\"UNKNOWN\",\"exit\":3}\n",
		    cgi_reason(503));
	else
		snprintf(line, sizeof(line),
		    "LEADPIPE UNKNOWN: no answer within %lld s; is the disk "
		    "slow, or another program in the way?\n",
		    (long long)(timeout_ms / 1000));
	stop_hard_say(STDOUT_FILENO, line, EXIT_UNKNOWN);
}

/* Monitors that watch from outside look at the status alone. */
static void
answer_head(int status)
{
	printf("Status: %s\r\nContent-Type: application/json\r\n"
	       "Cache-Control: no-store\r\n"
	       "X-Content-Type-Options: nosniff\r\n",
	    cgi_reason(status));
	if (status == 405)
		fputs("Allow: GET, HEAD\r\n", stdout);
	fputs("\r\n", stdout);
}

static int
method_status(int argc, char **argv)
{
	const char *method = getenv("REQUEST_METHOD");

	if (cgi_arguments_are_foreign(argc, argv))
		return 400;
	if (method == NULL || strcmp(method, "GET") == 0 ||
	    strcmp(method, "HEAD") == 0)
		return 200;
	return 405;
}

static void
tell(const struct checks *checks, const struct run *run, bool asked,
    bool details)
{
	struct buf text = BUF_INIT(REPORT_MAX);
	const char *method = getenv("REQUEST_METHOD");

	if (asked)
		checks_json(checks, CHECKS_PUBLIC, &text);
	else if (run->shared.json)
		checks_json(checks, CHECKS_WHOLE, &text);
	else
		checks_report(checks, details, &text);
	if (asked)
		answer_head(check_exit(checks_state(checks)) > 1 ? 503 : 200);
	if (!asked || method == NULL || strcmp(method, "HEAD") != 0)
		fputs(text.data, stdout);
	buf_release(&text);
}

/* What is locked, or does not answer, is told of while there is time to: one
 * after the other. */
static void
look(struct checks *checks, struct run *run)
{
	int64_t now = clock_mono_ms(), late = now + timeout_ms * 3 / 4;

	checks->online_by = online ? late : 0;
	health_take(checks, run, &command, component,
	    online ? now + timeout_ms / 2 : late, timeout_ms);
}

/* No monitor waits for that: cron and systemd call it. */
static void
raise_alert(struct checks *checks, struct run *run)
{
	const struct alert_options how = { component, failed_unit };

	/* It may be the look at everything that failed: no second one. */
	if (failed_unit != NULL) {
		if (run_begin_bare(run, &command, ALERT_MS) != OUT_OK)
			run->fault = (struct fault){ .what = OUT_OK };
		alert_unit(checks, failed_unit);
	}
	stop_hard_at(clock_mono_ms() + ALERT_MS);
	alert_tell(checks, run, &how);
}

int
main(int argc, char **argv)
{
	bool details, asked = cgi_is_asked();
	struct run run = RUN_INIT;
	struct checks checks;

	if (asked && method_status(argc, argv) != 200) {
		answer_head(method_status(argc, argv));
		return EXIT_UNKNOWN;
	}
	opt_parse(&command, options, &run.shared, argc, argv);
	/* -v is the plugin's own; its stderr stays empty. */
	details = run.shared.verbose > 0;
	run.shared.verbose = 0;
	run.shared.quiet = true;
	check_usage();
	checks_init(&checks, clock_wall_ms());
	take_ranges(&checks, &warnings, false);
	take_ranges(&checks, &criticals, true);
	promise_answer(asked);
	if (failed_unit == NULL)
		look(&checks, &run);
	if (alert)
		raise_alert(&checks, &run);
	tell(&checks, &run, asked, details);
	int code = check_exit(checks_state(&checks));
	if (fflush(stdout) == EOF || ferror(stdout))
		code = EXIT_UNKNOWN;
	checks_release(&checks);
	db_close(run.db);
	config_close(run.config);
	return code;
}
