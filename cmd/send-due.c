/* SPDX-License-Identifier: MIT */
/*
 * Deliver what is due.  Several may run at once: rows are owned by workers.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "delivery/loop.h"
#include "ops/run.h"

static int64_t for_ms, batch = 100;

static const struct opt options[] = {
	{ OPT_SPAN, 'f', "for", "SECONDS",
	    "keep delivering this long; without it one pass",
	    { .number = &for_ms } },
	{ OPT_NUMBER, 0, "batch", "N",
	    "without --for: send at most N messages (100); 0: any number",
	    { .number = &batch } },
	OPT_END
};

static const struct opt_command command = {
	.name = "send-due",
	.synopsis = "[--for SECONDS] [--batch N]",
	.summary = "Delivers reminders and messages that are due.",
	.usage_exit = EXIT_USAGE,
};

static enum outcome
deliver(struct run *run, struct loop *loop, int64_t started)
{
	enum outcome out = run_work(run, &command, false);

	if (out != OUT_OK)
		return out;
	loop->db = run->db;
	loop->config = run->config;
	loop->bot_id = run_bot_id(run);
	loop->most = for_ms > 0 ? 0 : batch;
	out = loop_open(loop, &run->worker, started, for_ms, &run->fault);
	if (out != OUT_OK)
		return out;
	log_event(LOG_INFO, "scheduler_started", "bot=%lld",
	    (long long)run_bot_id(run));
	return loop_run(loop, &run->fault);
}

int
main(int argc, char **argv)
{
	struct run run = { .worker = WORKER_INIT, .recurs = true };
	struct loop loop = { 0 };
	int64_t started = clock_mono_ms();
	char *counts = NULL;
	bool dead = false;

	opt_parse(&command, options, &run.shared, argc, argv);
	if (run_begin(&run, &command, DB_WRITE, for_ms + LOOP_GRACE_MS) ==
	    OUT_OK)
		(void)!deliver(&run, &loop, started);
	/* A run that ended in an error has done something before. */
	if (loop.delivery != NULL) {
		counts = loop_counts(&loop);
		dead = loop_buried(&loop);
	}
	loop_close(&loop);
	int code = run_end(&run, dead, counts);
	free(counts);
	return code;
}
