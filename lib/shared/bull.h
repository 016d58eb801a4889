/* SPDX-License-Identifier: MIT */
/*
 * Queues of BullMQ 5 and 6, beside its own workers and producers; facts that
 * are nowhere specified were read from its scripts.  Its meta says which
 * version writes a queue: another than these is left alone.
 *
 * We take plain jobs, one of which is one lead: a lock with our token, kept
 * for lease_ms, as a worker's.  Jobs of flows, schedulers and deduplication
 * are put back where they were, for a worker that knows what these mean.
 *
 *   wait, prioritized, delayed(due) -> active(lock) -> completed | failed
 *   active -> delayed | wait, when we could not commit and it has an attempt
 *     left; when it has none, back to wait without counting
 *   active without a lock in two sweeps -> wait
 */
#ifndef LEADPIPE_BULL_H
#define LEADPIPE_BULL_H

#include "shared/inbox.h"

/* As its stalledInterval: what two sweeps, this far apart at least, find
 * without a lock goes back. */
#define BULL_SWEEP_MS 30000

struct bull_keep {
	int64_t count; /* of finished jobs, -1: all */
	int64_t age_s; /* -1: any */
};

/* What a job's options ask of who takes it. */
struct bull_job {
	int64_t made; /* attempts, before this one */
	int64_t attempts;
	int64_t delay_ms; /* before the next attempt */
	bool lifo;
	struct bull_keep completed, failed;
};

/* Reads the options TEXT (JSON of BullMQ) of a job of which MADE attempts
 * were made. */
void bull_options(struct bull_job *job, const char *text, size_t len,
    int64_t made);

/* As inbox_take() and the others, of a queue. */
enum outcome bull_take(struct inbox *inbox, struct redis *redis, int most,
    struct fault *fault) must_check;
enum outcome bull_hold(struct inbox *inbox, struct redis *redis,
    struct fault *fault) must_check;
enum outcome bull_settle(struct inbox *inbox, struct redis *redis,
    struct fault *fault) must_check;

/* What BullMQ's workers do as well: puts jobs back whose worker died.  Does
 * nothing within INTERVAL_MS of the last sweep, whoever made it. */
enum outcome bull_sweep(struct inbox *inbox, struct redis *redis,
    int64_t interval_ms, struct fault *fault) must_check;

struct bull_new {
	const char *queue; /* prefix and name: bull:orders */
	const char *id;	   /* no number, no colon */
	const char *name, *data;
	int64_t delay_ms;
};

enum bull_fate {
	BULL_ADDED,
	BULL_KNOWN,  /* that id was added before */
	BULL_REFUSED /* not a queue that we speak */
};

/* What became of one, and why it is refused. */
struct bull_end {
	enum bull_fate fate;
	char why[200];
};

/* Adds COUNT jobs in one round trip, the same id once in two days however
 * often it is asked.  ENDS: of each. */
enum outcome bull_add(struct redis *redis, const struct bull_new *jobs,
    int count, struct bull_end *ends, struct fault *fault) must_check;

#endif
