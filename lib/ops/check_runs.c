/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ops/check_component.h"
#include "store/runs.h"
#include "store/worker_life.h"

#define MINUTE_MS 60000

/* Crashes of this time count. */
#define CRASH_WINDOW_MS (60 * MINUTE_MS)

/* A clock that is put right by less is no trouble. */
#define CLOCK_SLACK_MS MINUTE_MS

/* Nobody runs a command by hand so many times in so many minutes. */
#define CRON_RUNS 10
#define CRON_MS (13 * MINUTE_MS)

/* One command's last run, as it stands. */
struct last_run {
	char command[40];
	int64_t id, started_at, ended_at; /* 0: it runs */
	int64_t exit_code, rss_kb;
	bool crashed, open;
	int64_t worker;
};

/* What cron starts every minute. */
static const struct slot {
	const char *command, *metric, *options;
	bool always; /* a bot without it is dead */
} slots[] = {
	{ "poll-updates", "poll_run_age", " --for 60", true },
	{ "send-due", "send_run_age", "", false },
	{ "sync-crm", "sync_run_age", " --for 60", false },
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

/* True when cron runs it, not only somebody who tried it. */
static bool
is_cron(struct db *db, const struct last_run *run)
{
	int64_t before = runs_before(db, run->command, CRON_RUNS - 1);

	return before != 0 && run->started_at - before <= CRON_MS;
}

static void
check_age(struct checks *checks, const struct last_run *run,
    const struct slot *slot)
{
	char span[CLOCK_TEXT_SIZE];
	struct check *check =
	    checks_measure_age(checks, slot->metric, run->ended_at, span);

	if (run->ended_at == 0)
		check_say(check, "%s runs", run->command);
	else
		check_say(check, "%s ran %s ago", run->command, span);
	check_mend(check,
	    "'systemctl status cron' says whether cron runs; it needs the "
	    "line: * * * * * leadpipe %s%s",
	    slot->command, slot->options);
}

/* Ages of what began later than now say nothing. */
static void
check_clock(struct checks *checks, const struct last_run *run)
{
	int64_t ahead = run->started_at - checks->now;
	struct check *check;
	char span[CLOCK_TEXT_SIZE];

	if (ahead <= CLOCK_SLACK_MS)
		return;
	check = checks_add(checks, "runs", "clock");
	check_of(check, run->command);
	check->state = CHECK_WARNING;
	check_say(check, "the clock went back: the last %s began %s from now",
	    run->command, check_span(ahead, span));
	check_mend(check,
	    "'timedatectl' says whether the clock is right; the next %s goes "
	    "by the new time",
	    run->command);
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

static bool
has_failed(const struct last_run *run)
{
	return !run->open && !is_typo(run) && run->exit_code != EXIT_DONE &&
	    run->exit_code != EXIT_DEAD && run->exit_code != EXIT_LATER;
}

static void
check_end(struct checks *checks, const struct last_run *run)
{
	struct check *check = checks_add(checks, "runs", "last_run");

	check_of(check, run->command);
	check->since = run->ended_at;
	if (run->crashed) {
		check->state = CHECK_WARNING;
		check_say(check, "the last %s crashed", run->command);
		check_mend(check,
		    "its work goes on with the next run; 'leadpipe "
		    "recover-pending --list' shows what it left, the system "
		    "log why it ended");
	} else if (has_failed(run)) {
		bool config = run->exit_code == EXIT_CONFIG ||
		    run->exit_code == EXIT_PERMISSION;

		check->state = config ? CHECK_CRITICAL : CHECK_WARNING;
		check_say(check, "the last %s failed with exit code %lld",
		    run->command, (long long)run->exit_code);
		check_mend(check,
		    "'leadpipe %s -v' by hand says why; 'leadpipe "
		    "check-config --online' probes the configuration",
		    run->command);
	}
}

static void
check_crashes(struct checks *checks, int64_t crashes, int64_t since)
{
	struct check *check =
	    checks_measure(checks, "crashes", (double)crashes);

	check->since = since;
	if (crashes > 0)
		check_say(check, "runs crashed in the last hour: %lld",
		    (long long)crashes);
	check_mend(check,
	    "'journalctl -k --since -1h' says whether the kernel ended them "
	    "(out of memory); a kill -9 by hand is over in an hour");
}

static void
check_rss(struct checks *checks, const struct last_run *run)
{
	struct check *check =
	    checks_measure(checks, "max_rss", (double)run->rss_kb * 1024);

	check->since = run->started_at;
	check_say(check, "%s took %lld MiB of memory",
	    *run->command != '\0' ? run->command : "no command",
	    (long long)run->rss_kb / 1024);
	check_mend(check,
	    "'leadpipe %s -vv' says what it works on; the next run that takes "
	    "less ends this",
	    run->command);
}

static void
check_never(struct checks *checks, const struct slot *slot)
{
	struct check *check = checks_add(checks, "runs", slot->metric);

	check->state = CHECK_WARNING;
	check_say(check, "%s has not run yet", slot->command);
	check_mend(check, "start 'leadpipe %s', or install the crontab",
	    slot->command);
}

void
check_runs(struct checks *checks, struct db *db, const struct config *config)
{
	struct last_run run = { .command = "" }, largest = { .rss_kb = 0 };
	int64_t since,
	    crashes = runs_crashed(db, checks->now - CRASH_WINDOW_MS, &since);
	bool seen[sizeof(slots) / sizeof(slots[0])] = { false };
	struct fault fault;

	(void)config;
	while (run_next(db, &run)) {
		for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
			if (strcmp(run.command, slots[i].command) != 0)
				continue;
			seen[i] = true;
			if (slots[i].always || is_cron(db, &run))
				check_age(checks, &run, &slots[i]);
			check_clock(checks, &run);
		}
		check_end(checks, &run);
		if (run.rss_kb > largest.rss_kb)
			largest = run;
		/* Found dead here, not yet by the next command. */
		if (run.crashed && run.open) {
			crashes++;
			since = since ? since : run.started_at;
		}
	}
	if (!seen[0])
		check_never(checks, &slots[0]);
	check_crashes(checks, crashes, since);
	check_rss(checks, &largest);
	if (db_result(db, &fault) != OUT_OK)
		checks_fault(checks, "runs", "runs", &fault);
}
