/* SPDX-License-Identifier: MIT */
/*
 * Jobs for queues of BullMQ that were accepted here and are on their way:
 *
 *   waiting -> gone, once Redis has it
 *
 * The name of a job makes it one, however often it is brought.
 */
#ifndef LEADPIPE_BULL_JOBS_H
#define LEADPIPE_BULL_JOBS_H

#include "store/db.h"

struct bull_job_row {
	int64_t id, due_at, created_at;
	char *queue, *job, *name, *data;
};

void bull_job_release(struct bull_job_row *row);

/* Inside a transaction: accepts ROW, whose id is filled in. */
enum outcome bull_jobs_add(struct db *db, struct bull_job_row *row,
    struct fault *fault) must_check;

/* At most MOST behind the id AFTER, the oldest first; returns how many. */
int bull_jobs_waiting(struct db *db, int64_t after, int most,
    struct bull_job_row *rows);

/* Inside a transaction: Redis has it. */
enum outcome bull_jobs_done(struct db *db, int64_t id, struct fault *fault)
    must_check;

/* How many wait, and since when (0: none). */
int64_t bull_jobs_count(struct db *db, int64_t *oldest);

#endif
