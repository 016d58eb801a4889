/* SPDX-License-Identifier: MIT */
/*
 * What came in by way of Redis and cannot be read: kept, and told.
 */
#ifndef LEADPIPE_INBOX_REFUSED_H
#define LEADPIPE_INBOX_REFUSED_H

#include "ops/run.h"
#include "shared/inbox.h"

/* Keeps what of INBOX is ours and has that fate, and adds to *REFUSED. */
enum outcome inbox_refused_store(struct run *run, const struct inbox *inbox,
    int64_t *refused) must_check;

/*
 * Whoever took ARRIVAL so often may have died by it, or have stored it and
 * died before Redis was told.  So it is read once more, which is written down
 * first: *READ is false when that, too, has ended somebody.
 */
enum outcome inbox_refused_try(struct run *run, const struct inbox *inbox,
    const struct arrival *arrival, bool *read) must_check;

/* What was read did no harm. */
enum outcome inbox_refused_end(struct run *run, const struct inbox *inbox)
    must_check;

#endif
