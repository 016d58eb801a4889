/* SPDX-License-Identifier: MIT */
/*
 * How many requests of webhooks a bot takes in a minute, counted in Redis for
 * all hosts, and with other programs: ratelimit:webhook:BOT, by INCR and EXPIRE
 * as these do.
 */
#ifndef LEADPIPE_WEBHOOK_LIMIT_H
#define LEADPIPE_WEBHOOK_LIMIT_H

#include "shared/redis.h"

/*
 * Counts one request of BOT.  *WAIT_MS is 0 when no more than MOST came within
 * the minute, else how long it still lasts.  False when there is no Redis, or
 * none that can count: the caller then counts by itself.
 */
bool webhook_limit_take(struct redis *redis, int64_t bot, int64_t most,
    int64_t *wait_ms);

#endif
