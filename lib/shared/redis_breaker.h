/* SPDX-License-Identifier: MIT */
/*
 * When Redis is asked at all: what it cost so far, and how it did last, here
 * and in other processes.  For the files redis*.c alone.
 */
#ifndef LEADPIPE_REDIS_BREAKER_H
#define LEADPIPE_REDIS_BREAKER_H

#include "shared/redis_state.h"

/* When a call that begins at START is over, whatever it does. */
int64_t redis_end_of(const struct redis *redis, int64_t start);

/* Whether it may be asked now; FAULT (may be NULL) says why not. */
bool redis_allowed(struct redis *redis, struct fault *fault);

/* After that: takes the right to try whether it is back, when it was away. */
bool redis_claim(struct redis *redis, struct fault *fault);

/* Says once that it is there, or why not (FAULT). */
void redis_tell(struct redis *redis, const struct fault *fault);

/* How a call that began at START (monotonic ms) ended. */
void redis_settle(struct redis *redis, int64_t start, enum outcome out,
    const struct fault *fault);

/* Until when the call at hand may connect, and each round trip last. */
int64_t redis_connect_by(const struct redis *redis);
int64_t redis_answer_by(const struct redis *redis);

#endif
