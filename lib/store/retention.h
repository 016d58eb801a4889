/* SPDX-License-Identifier: MIT */
/*
 * How long what is over is kept.  What waits is kept whatever is set.
 */
#ifndef LEADPIPE_RETENTION_H
#define LEADPIPE_RETENTION_H

#include <stdint.h>

#include "base/config.h"

/* In ms; RETENTION_EVER: for ever. */
struct retention {
	int64_t updates; /* raw updates: LEADPIPE_KEEP_UPDATES, 7 days */
	int64_t runs;	 /* LEADPIPE_KEEP_RUNS, 14 days */
	int64_t tasks;	 /* ended ones: LEADPIPE_KEEP_TASKS, 30 days */
	int64_t history; /* messages: LEADPIPE_KEEP_HISTORY, 90 days */
};

#define RETENTION_EVER INT64_MAX
#define RETENTION_DAY_MS (INT64_C(24) * 60 * 60 * 1000)

#define RETENTION_DEFAULT \
	{ \
		.updates = 7 * RETENTION_DAY_MS, \
		.runs = 14 * RETENTION_DAY_MS, \
		.tasks = 30 * RETENTION_DAY_MS, \
		.history = 90 * RETENTION_DAY_MS \
	}

/* Reads LEADPIPE_KEEP_*: whole days, 0 for ever. */
enum outcome retention_read(const struct config *config,
    struct retention *retention, struct fault *fault) must_check;

#endif
