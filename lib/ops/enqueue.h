/* SPDX-License-Identifier: MIT */
/*
 * Jobs of ours for the workers of other programs: accepted here, whether there
 * is a Redis just now or not, and brought to their queue of BullMQ as soon as
 * there is, each once.
 */
#ifndef LEADPIPE_ENQUEUE_H
#define LEADPIPE_ENQUEUE_H

#include "ops/run.h"
#include "shared/redis.h"
#include "turn/request.h"

/* Of the data of one. */
#define ENQUEUE_BYTES (256 * 1024)

struct enqueued {
	char job[40]; /* the id by which it is known there */
	int64_t due_at;
};

/* Accepts a job called WORDS->name with the data WORDS->params for QUEUE under
 * LEADPIPE_BULLMQ_PREFIX.  OUT_NEVER/EXIT_INPUT: no JSON, no time, or no name
 * of a queue; EXIT_CONFIG: there is no Redis to bring it to. */
enum outcome enqueue_accept(struct run *run, const char *queue,
    const struct request_words *words, bool dry_run, struct enqueued *job)
    must_check;

/* Tries to bring it at once, for a second at most; what does not succeed is
 * left to sync-redis. */
void enqueue_try(struct run *run);

struct enqueue_counts {
	int64_t brought;
	int64_t waiting; /* still */
};

/*
 * Brings what waits, until END (monotonic ms) at the latest.  OUT_OK also
 * without a Redis; what waits, waits.  A queue that is not to be written to
 * is said in the log and in healthcheck, and its jobs wait.
 */
enum outcome enqueue_push(struct run *run, struct redis *redis, int64_t end,
    struct enqueue_counts *counts) must_check;

#endif
