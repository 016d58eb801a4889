/* SPDX-License-Identifier: MIT */
/*
 * An update that Telegram brings by webhook: whether it comes from Telegram,
 * whether there are not too many, and where it is kept.
 */
#ifndef LEADPIPE_WEBHOOK_H
#define LEADPIPE_WEBHOOK_H

#include "base/buf.h"
#include "ops/run.h"

struct webhook {
	const char *secret; /* the configuration's */
	int64_t per_minute; /* 0: any number */
};

/* Reads TELEGRAM_WEBHOOK_SECRET and LEADPIPE_WEBHOOK_PER_MINUTE (1000).
 * OUT_NEVER/EXIT_CONFIG for a value that will not do; that there is a secret
 * is for who NEEDS it. */
enum outcome webhook_read(const struct config *config, bool needs,
    struct webhook *webhook, struct fault *fault) must_check;

/* Whether WORD (NULL: none came) is the secret; takes as long for every word of
 * its length. */
bool webhook_knows(const struct webhook *webhook, const char *word);

/* The update that BODY is; OUT_NEVER/EXIT_INPUT when it is none. */
enum outcome webhook_parse(const struct buf *body, int64_t *update_id,
    struct fault *fault) must_check;

/*
 * Counts a request: OUT_LATER, and RUN->fault.retry_ms says when the next may
 * come, once there were too many within a minute.  *MOST is what
 * webhook_store() has to count by itself, 0: Redis counts, for all hosts.
 */
enum outcome webhook_admit(struct run *run, const struct webhook *webhook,
    int64_t *most) must_check;

/*
 * Stores the update, first in the journal when there is one, by DEADLINE
 * (monotonic ms), and no more than MOST (0: any number) in a minute, as above.
 * *FRESH: it was not known.
 */
enum outcome webhook_store(struct run *run, const struct buf *body,
    int64_t update_id, int64_t most, int64_t deadline, bool *fresh) must_check;

#endif
