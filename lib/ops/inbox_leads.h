/* SPDX-License-Identifier: MIT */
/*
 * Leads that websites and other programs leave in Redis, taken as add-lead
 * takes them: from the list leadpipe:in, the stream leadpipe:leads, and the
 * queues of BullMQ that LEADPIPE_BULLMQ_QUEUES names.
 *
 * Stored first, ended in Redis then, so that a crash loses none; the same
 * again is known by its key, so that none is doubled.  What cannot be read
 * gets a dead letter here, stays readable in Redis, and stops nobody.  What
 * is wrong with one of these places turns off that one.
 */
#ifndef LEADPIPE_INBOX_LEADS_H
#define LEADPIPE_INBOX_LEADS_H

#include "ops/run.h"
#include "shared/redis.h"

struct inbox_counts {
	int64_t added, joined, known; /* leads */
	int64_t refused;	      /* are dead letters */
	int64_t lost; /* somebody else had it before we could store it */
	bool more;    /* is there than there was time for */
};

/* How long something is ours without a sign of us. */
struct inbox_times {
	int64_t lease_ms, sweep_ms;
};

#define INBOX_TIMES \
	{ \
		.lease_ms = 30000, .sweep_ms = 30000 \
	}

/* Whether CONFIG names the queues well. */
enum outcome inbox_leads_check(const struct config *config,
    struct fault *fault) must_check;

/*
 * Takes what is there, until END (monotonic ms) at the latest.  OUT_OK also
 * without a Redis.  OUT_LATER when Redis or the database fail: what was not
 * stored is there still.
 */
enum outcome inbox_leads_take(struct run *run, struct redis *redis,
    const struct inbox_times *times, int64_t end, struct inbox_counts *counts)
    must_check;

#endif
