/* SPDX-License-Identifier: MIT */
/*
 * Deletes what is over and older than it is kept, and gives the space back.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/plural.h"
#include "base/stop.h"
#include "ops/run.h"
#include "store/db_size.h"
#include "store/prune.h"

/* What is done at a time: others want to write too. */
#define BATCH 500
#define PAGES 500
#define BEGIN_WAIT_MS 20000

/* A reader may keep the WAL from being emptied; that is not worth waiting. */
#define CHECKPOINT_WAIT_MS 2000
#define GRACE_MS 60000

static int64_t for_ms = 60000;
static bool dry_run;

static const struct opt options[] = {
	{ OPT_SPAN, 'f', "for", "SECONDS",
	    "leave the rest to the next run after this time (60)",
	    { .number = &for_ms } },
	{ OPT_FLAG, 'n', "dry-run", NULL, "only count what would be deleted",
	    { .flag = &dry_run } },
	OPT_END
};

static const struct opt_command command = {
	.name = "prune-state",
	.synopsis = "[--for SECONDS] [--dry-run]",
	.summary = "Deletes what is over and older than it is kept, and gives "
		   "the space back to the file system.",
	.details =
	    "Kept, in days (0: for ever): raw updates LEADPIPE_KEEP_UPDATES "
	    "(7, at least 3),\nruns LEADPIPE_KEEP_RUNS (14), ended tasks "
	    "LEADPIPE_KEEP_TASKS (30), messages\nLEADPIPE_KEEP_HISTORY (90). "
	    "What waits stays, and what waits for a decision.\npoll-updates "
	    "does the same, a little in every idle moment.",
	.usage_exit = EXIT_USAGE,
};

struct done {
	struct pruned pruned;
	int64_t left; /* free pages that were not given back */
	bool complete;
	struct db_size before, after;
};

static bool
time_left(int64_t end)
{
	return clock_mono_ms() < end && !stop_wanted();
}

static enum outcome
prune_rows(struct run *run, const struct retention *retention, int64_t end,
    struct done *done)
{
	enum outcome out = prune_rewind(run->db,
	    clock_mono_ms() + BEGIN_WAIT_MS, &run->fault);

	while (out == OUT_OK && !done->complete && time_left(end)) {
		int64_t before = pruned_sum(&done->pruned);

		out = prune_some(run->db, retention, clock_wall_ms(), BATCH,
		    clock_mono_ms() + BEGIN_WAIT_MS, &done->pruned,
		    &run->fault);
		done->complete = pruned_sum(&done->pruned) == before &&
		    !prune_is_midway(run->db);
	}
	return out;
}

static enum outcome
shrink(struct run *run, int64_t end, struct done *done)
{
	enum outcome out = OUT_OK;
	struct fault ignored;

	do {
		out = prune_shrink(run->db, PAGES,
		    clock_mono_ms() + BEGIN_WAIT_MS, &done->left, &run->fault);
	} while (out == OUT_OK && done->left > 0 && time_left(end));
	done->complete = done->complete && done->left == 0;
	if (out == OUT_OK &&
	    db_checkpoint(run->db, clock_mono_ms() + CHECKPOINT_WAIT_MS,
		&ignored) == OUT_NEVER) {
		run->fault = ignored;
		out = OUT_NEVER;
	}
	return out;
}

static void
tell(const struct run *run, const struct done *done)
{
	const struct pruned *pruned = &done->pruned;
	int64_t before = done->before.file + done->before.wal;
	int64_t after = done->after.file + done->after.wal;

	if (run->shared.json)
		printf("{\"schema\":1,\"updates\":%lld,\"messages\":%lld,"
		       "\"tasks\":%lld,\"runs\":%lld,\"limits\":%lld,"
		       "\"handlers\":%lld,\"lead_texts\":%lld,"
		       "\"crm_changes\":%lld,"
		       "\"bytes_before\":%lld,\"bytes_after\":%lld,"
		       "\"complete\":%s,\"dry_run\":%s}\n",
		    (long long)pruned->updates, (long long)pruned->messages,
		    (long long)pruned->tasks, (long long)pruned->runs,
		    (long long)pruned->limits, (long long)pruned->execs,
		    (long long)pruned->sources, (long long)pruned->changes,
		    (long long)before, (long long)after,
		    done->complete ? "true" : "false",
		    dry_run ? "true" : "false");
	else if (dry_run || (isatty(STDOUT_FILENO) && !run->shared.quiet) ||
	    run->shared.verbose > 0)
		printf("%s %lld update%s, %lld message%s, %lld ended task%s, "
		       "%lld run%s, %lld handler%s, %lld text%s of leads\n",
		    dry_run ? "would delete" : "deleted",
		    (long long)pruned->updates, plural(pruned->updates),
		    (long long)pruned->messages, plural(pruned->messages),
		    (long long)pruned->tasks, plural(pruned->tasks),
		    (long long)pruned->runs, plural(pruned->runs),
		    (long long)pruned->execs, plural(pruned->execs),
		    (long long)pruned->sources, plural(pruned->sources));
}

static void
prune(struct run *run, int64_t end)
{
	struct done done = { 0 };
	struct retention retention;
	enum outcome out =
	    retention_read(run->config, &retention, &run->fault);

	stop_install();
	db_size(run->db, &done.before);
	if (out == OUT_OK && dry_run) {
		out = prune_count(run->db, &retention, clock_wall_ms(),
		    &done.pruned, &run->fault);
		done.complete = true;
	} else if (out == OUT_OK) {
		out = prune_rows(run, &retention, end, &done);
		if (out == OUT_OK)
			out = shrink(run, end, &done);
	}
	db_size(run->db, &done.after);
	if (out == OUT_OK)
		tell(run, &done);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;

	opt_parse(&command, options, &run.shared, argc, argv);
	run.recurs = true;
	if (run_begin(&run, &command, dry_run ? DB_READ : DB_WRITE,
		for_ms + GRACE_MS) == OUT_OK &&
	    (dry_run || run_work(&run, &command, false) == OUT_OK))
		prune(&run, clock_mono_ms() + for_ms);
	return run_end(&run, false, NULL);
}
