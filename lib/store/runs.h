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

/* When the run of COMMAND began that is COUNT before its last one; 0: there
 * were not so many. */
int64_t runs_before(struct db *db, const char *command, int64_t count);

/* When the run of COMMAND ended that was the last to do what it should (exit
 * code 0 or 1); 0: there is none. */
int64_t runs_success(struct db *db, const char *command);

/* Crashed runs since SINCE (wall ms); *FIRST is when the first of them
 * began, 0: there are none. */
int64_t runs_crashed(struct db *db, int64_t since, int64_t *first);

#endif
