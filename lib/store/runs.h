/* SPDX-License-Identifier: MIT */
/*
 * Runs of commands.  A run that began and neither ended nor is alive crashed.
 */
#ifndef LEADPIPE_RUNS_H
#define LEADPIPE_RUNS_H

#include "store/db.h"

struct run_row {
	int64_t id, started_at, finished_at, exit_code, max_rss_kb;
	int64_t worker;
	bool crashed;
	const char *command; /* borrowed until the next call */
};

/* The last run of each command in turn; start with AFTER = "". */
bool runs_last(struct db *db, const char *after, struct run_row *run);

/* Crashed runs since SINCE (wall ms). */
int64_t runs_crashed(struct db *db, int64_t since);

#endif
