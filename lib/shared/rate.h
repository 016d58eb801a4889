/* SPDX-License-Identifier: MIT */
/*
 * The limit of the bot, shared with other hosts and programs that send for it:
 * one arrival time in Redis (lp:gcra:BOT) on Redis's own clock.  While there
 * is no Redis each host keeps to its share of the limit.
 */
#ifndef LEADPIPE_RATE_H
#define LEADPIPE_RATE_H

#include "shared/redis.h"
#include "store/limits.h"

enum rate_found { RATE_UNASKED, RATE_SHARED, RATE_OFF };

struct rate {
	bool shared; /* LEADPIPE_SHARED_LIMITS: others send for this bot */
	const char *join; /* LEADPIPE_LIMIT_JOIN, a key where programs count a
			   * second's messages by INCR and EXPIRE; NULL: none */
	/* What Redis said: OFF when a key is not what it should be, then WHY;
	 * this process does not ask again. */
	enum rate_found found;
	char why[160];
	int64_t asked_at;
	int64_t unused;		    /* of what was granted */
	struct allowance allowance; /* share: LEADPIPE_LIMIT_SHARE (50) */
};

enum outcome rate_read(const struct config *config, struct rate *rate,
    struct fault *fault) must_check;

/*
 * Before messages are claimed at NOW: pays for answers that left meanwhile,
 * gives back what was granted and not used, and, when WANTED, asks for as much
 * as may leave at once, all in one round trip.  What is granted is for this
 * claim only.  Without Redis, or when that fails, the allowance does not rule.
 */
void rate_ask(struct rate *rate, struct redis *redis, int64_t bot,
    const struct limits *limits, bool wanted, int64_t now);

#endif
