/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ops/check_component.h"
#include "store/runs.h"
#include "store/worker_life.h"

/* Crashes of this time count. */
#define CRASH_WINDOW_MS (60 * 60 * 1000)

/* One command's last run, as it stands. */
struct last_run {
	char command[40];
	int64_t id, started_at, ended_at; /* 0: it runs */
	int64_t exit_code, rss_kb;
	bool crashed, open;
	int64_t worker;
};

static bool
run_load(struct db *db, const char *after, struct last_run *run)
{
	struct run_row row;

	if (!runs_last(db, after, &row))
		return false;
	*run = (struct last_run){ .id = row.id,
		.started_at = row.started_at,
		.ended_at = row.crashed ? row.started_at : row.finished_at,
		.exit_code = row.exit_code,
		.rss_kb = row.max_rss_kb,
		.crashed = row.crashed,
		.open = !row.crashed && row.finished_at == 0,
		.worker = row.worker };
	snprintf(run->command, sizeof(run->command), "%s", row.command);
	return true;
}

/*
 * The next command's last run.  One that began and neither ended nor is alive
 * crashed; as its end is recorded before its lock is given up, the row is read
 * again before that is said.
 */
static bool
run_next(struct db *db, struct last_run *run)
{
	char after[sizeof(run->command)];

	memcpy(after, run->command, sizeof(after));
	if (!run_load(db, after, run))
		return false;
	if (!run->open || worker_lives(db, run->worker))
		return true;
	if (!run_load(db, after, run))
		return false;
	if (run->open && !worker_lives(db, run->worker)) {
		run->crashed = true;
		run->ended_at = run->started_at;
	}
	return true;
}

static void
check_age(struct checks *checks, const struct last_run *run,
    const char *metric, const char *line)
{
	int64_t age = run->ended_at ? checks->now - run->ended_at : 0;
	struct check *check =
	    checks_measure(checks, metric, (double)(age < 0 ? 0 : age / 1000));
	char span[CLOCK_TEXT_SIZE];

	check->since = run->ended_at;
	if (run->ended_at == 0)
		check_say(check, "%s runs", run->command);
	else
		check_say(check, "%s ran %s ago", run->command,
		    check_span(age, span));
	check_mend(check,
	    "is cron running? it needs the line: "
	    "* * * * * leadpipe %s",
	    line);
}

/* What a person mistyped at the prompt is no trouble of the bot's. */
static bool
is_typo(const struct last_run *run)
{
	static const char *const own[] = { "poll-updates", "send-due",
		"recover-pending", "check-config", "sync-crm" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(run->command, own[i]) == 0)
			return false;
	return run->exit_code == EXIT_USAGE || run->exit_code == EXIT_INPUT;
}

static void
check_end(struct checks *checks, const struct last_run *run)
{
	struct check *check = checks_add(checks, "runs", "last_run");

	check->since = run->ended_at;
	if (run->crashed) {
		check->state = CHECK_WARNING;
		check_say(check, "the last %s crashed", run->command);
		check_mend(check,
		    "its work goes on with the next run; look "
		    "for the reason in the system log, and for "
		    "what it left with 'leadpipe "
		    "recover-pending --list'");
	} else if (!run->open && !is_typo(run) &&
	    run->exit_code != EXIT_DONE && run->exit_code != EXIT_DEAD &&
	    run->exit_code != EXIT_LATER) {
		bool config = run->exit_code == EXIT_CONFIG ||
		    run->exit_code == EXIT_PERMISSION;

		check->state = config ? CHECK_CRITICAL : CHECK_WARNING;
		check_say(check, "the last %s failed with exit code %lld",
		    run->command, (long long)run->exit_code);
		check_mend(check,
		    "run 'leadpipe %s' by hand to see why; "
		    "'leadpipe check-config --online' probes "
		    "the configuration",
		    run->command);
	}
}

static void
check_crashes(struct checks *checks, int64_t crashes)
{
	struct check *check =
	    checks_measure(checks, "crashes", (double)crashes);

	if (crashes > 0)
		check_say(check, "runs crashed in the last hour: %lld",
		    (long long)crashes);
	check_mend(check,
	    "look for the reason in the system log (out of "
	    "memory, kill -9)");
}

void
check_runs(struct checks *checks, struct db *db, const struct config *config)
{
	struct last_run run = { .command = "" };
	int64_t rss_kb = 0,
		crashes = runs_crashed(db, checks->now - CRASH_WINDOW_MS);
	bool polled = false;
	struct fault fault;

	(void)config;
	while (run_next(db, &run)) {
		if (strcmp(run.command, "poll-updates") == 0) {
			polled = true;
			check_age(checks, &run, "poll_run_age",
			    "poll-updates --for 60");
		} else if (strcmp(run.command, "send-due") == 0) {
			check_age(checks, &run, "send_run_age",
			    "send-due --for 60");
		} else if (strcmp(run.command, "sync-crm") == 0) {
			check_age(checks, &run, "sync_run_age",
			    "sync-crm --for 60");
		}
		check_end(checks, &run);
		if (run.rss_kb > rss_kb)
			rss_kb = run.rss_kb;
		/* Found dead here, not yet by the next command. */
		crashes += run.crashed && run.open;
	}
	if (!polled) {
		struct check *check =
		    checks_add(checks, "runs", "poll_run_age");
		check->state = CHECK_WARNING;
		check_say(check, "poll-updates has not run yet");
		check_mend(check,
		    "start 'leadpipe poll-updates', or install "
		    "the crontab");
	}
	check_crashes(checks, crashes);
	struct check *check =
	    checks_measure(checks, "max_rss", (double)rss_kb * 1024);
	check_say(check, "the largest command took %lld MiB",
	    (long long)rss_kb / 1024);
	if (db_result(db, &fault) != OUT_OK)
		check_fault(checks_add(checks, "runs", "runs"), &fault);
}
