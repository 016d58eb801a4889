/* SPDX-License-Identifier: MIT */
/*
 * Receive, store, confirm, step, answer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "delivery/loop.h"
#include "ops/journal_place.h"
#include "ops/run.h"

static int64_t for_ms, lock_wait_ms = 15000;
static bool print;

static const struct opt options[] = {
	{ OPT_SPAN, 'f', "for", "SECONDS",
	    "keep polling this long; without it one pass",
	    { .number = &for_ms } },
	{ OPT_SPAN, 0, "lock-wait", "SECONDS",
	    "wait this long for a running poll-updates (15)",
	    { .number = &lock_wait_ms } },
	{ OPT_FLAG, 0, "print", NULL, "print each update that is stored",
	    { .flag = &print } },
	OPT_END
};

static const struct opt_command command = {
	.name = "poll-updates",
	.synopsis = "[--for SECONDS] [--lock-wait SECONDS] [--print]",
	.summary = "Receives updates from Telegram, stores them, confirms "
		   "them, and answers.",
	.usage_exit = EXIT_USAGE,
};

static enum outcome
poll(struct run *run, struct loop *loop, int64_t started)
{
	struct journal journal;
	enum outcome out =
	    loop_open(loop, &run->worker, started, for_ms, &run->fault);

	if (out == OUT_OK)
		out = journal_place(run, false, &journal);
	if (out != OUT_OK)
		return out;
	loop->poller =
	    poller_open(run->db, loop->telegram, print ? stdout : NULL);
	poller_keep(loop->poller, &journal);
	poller_expect(loop->poller,
	    config_get(run->config, "TELEGRAM_WEBHOOK_SECRET") != NULL);
	log_event(LOG_INFO, "bot_ready", "bot=%lld",
	    (long long)run_bot_id(run));
	return loop_run(loop, &run->fault);
}

/* Only one process polls; who comes while it still does waits for its turn. */
static enum outcome
poll_alone(struct run *run, struct loop *loop, int64_t started)
{
	enum outcome out = command_lock_take(run->db, "poll",
	    started + lock_wait_ms, loop->lock, &run->fault);

	if (loop->lock->busy) {
		log_event(LOG_INFO, "already_running", NULL);
		run->fault = (struct fault){ .what = OUT_OK };
		return OUT_OK;
	}
	if (out == OUT_OK)
		out = run_work(run, &command, true);
	if (out == OUT_OK) {
		loop->db = run->db;
		loop->config = run->config;
		loop->bot_id = run_bot_id(run);
		out = poll(run, loop, started);
	}
	command_lock_drop(loop->lock);
	return out;
}

int
main(int argc, char **argv)
{
	struct run run = { .worker = WORKER_INIT, .recurs = true };
	struct command_lock lock = COMMAND_LOCK_INIT;
	struct loop loop = { .lock = &lock };
	int64_t started = clock_mono_ms();
	char *counts = NULL;
	bool dead = false;

	opt_parse(&command, options, &run.shared, argc, argv);
	if (run_begin(&run, &command, DB_CREATE,
		for_ms + lock_wait_ms + LOOP_GRACE_MS) == OUT_OK)
		(void)!poll_alone(&run, &loop, started);
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
