/* SPDX-License-Identifier: MIT */
/*
 * All that is exchanged with Redis and that nobody waits for, within five
 * seconds: leads first, the mirror last.
 */
#ifndef LEADPIPE_REDIS_EXCHANGE_H
#define LEADPIPE_REDIS_EXCHANGE_H

#include <stdio.h>

#include "ops/run.h"
#include "shared/redis.h"

struct redis_exchange {
	int64_t users;		     /* whom the mirror was told of */
	int64_t leads, refused;	     /* that came in */
	int64_t tasks_in, tasks_out; /* that were handed over */
	int64_t dialogs_in, dialogs_out, unknown;
	bool more; /* is left to the next run */
};

/*
 * Exchanges; OUT_OK also without a Redis.  OUT_LATER/EXIT_LATER when it cannot
 * be used now.  What one part meets keeps no other from its turn; the first
 * fault counts.
 */
enum outcome redis_exchange(struct run *run, struct redis *redis,
    struct redis_exchange *done) must_check;

/* As the JSON object of the run's row; the caller frees it. */
char *redis_exchange_counts(const struct redis_exchange *done);

/* The same for people. */
void redis_exchange_say(const struct redis_exchange *done, FILE *to);

#endif
