/* SPDX-License-Identifier: MIT */
/*
 * The sections of the status page below its verdict.  Each appends nothing
 * when it has nothing to say.
 */
#ifndef LEADPIPE_PAGE_PART_H
#define LEADPIPE_PAGE_PART_H

#include "base/buf.h"
#include "ops/status.h"

/* What is wrong, since when, and what mends it. */
void page_add_troubles(struct buf *out, const struct status *status);

/* What waits now, and what waits for a person. */
void page_add_waiting(struct buf *out, const struct status *status);

/* Today beside yesterday. */
void page_add_today(struct buf *out, const struct status *status);

/* When each command ran last. */
void page_add_commands(struct buf *out, const struct status *status);

void page_add_funnels(struct buf *out, const struct status *status);

/* What was wrong and is over. */
void page_add_incidents(struct buf *out, const struct status *status);

#endif
