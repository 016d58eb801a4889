/* SPDX-License-Identifier: MIT */
/*
 * For commands that plan or cancel tasks which Redis has, or is to have.
 */
#ifndef LEADPIPE_SHARING_H
#define LEADPIPE_SHARING_H

#include "ops/run.h"
#include "shared/handover.h"

struct sharing {
	struct redis *redis;
	struct handover *handover; /* NULL: not open */
};

/* Opens RUN's Redis; OUT_NEVER/EXIT_CONFIG when none is configured. */
enum outcome sharing_open(struct sharing *sharing, struct run *run) must_check;
void sharing_close(struct sharing *sharing);

/*
 * Outside of transactions: tells Redis what it has to know, now that it is
 * committed.  When Redis does not answer the next sync-redis or poll-updates
 * tells it, which is said when LOUD.  Waits for 1.5 s at most.
 */
enum outcome sharing_tell(struct sharing *sharing, struct run *run, bool loud)
    must_check;

/* All of it, for who has changed something that may be shared; does nothing
 * when it is not, or when no Redis is configured. */
enum outcome sharing_follow(struct run *run) must_check;

#endif
