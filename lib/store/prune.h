/* SPDX-License-Identifier: MIT */
/*
 * What is over and old is deleted, a little in every idle slot or all of it by
 * hand.  What waits is never pruned, nor what somebody has to decide about.
 */
#ifndef LEADPIPE_PRUNE_H
#define LEADPIPE_PRUNE_H

#include <stdbool.h>

#include "store/db.h"
#include "store/retention.h"

struct pruned {
	int64_t updates, runs, tasks, execs, limits, messages;
	int64_t sources; /* what leads came as */
	int64_t changes; /* heard of from a CRM */
};

int64_t pruned_sum(const struct pruned *pruned);

/*
 * Deletes at most BATCH old rows of each kind in its own short transaction and
 * adds to PRUNED how many.
 */
enum outcome prune_some(struct db *db, const struct retention *retention,
    int64_t now, int batch, int64_t deadline, struct pruned *pruned,
    struct fault *fault) must_check;

/* Begins at the oldest message again: prune_some() remembers where it was.
 * The same deadline rule. */
enum outcome prune_rewind(struct db *db, int64_t deadline, struct fault *fault)
    must_check;

/* True when prune_some() has not come to what is young yet. */
bool prune_is_midway(struct db *db);

/* How many rows there are to prune. */
enum outcome prune_count(struct db *db, const struct retention *retention,
    int64_t now, struct pruned *pruned, struct fault *fault) must_check;

/*
 * Gives at most PAGES free pages back to the file system in its own
 * transaction; *LEFT is how many are still free.
 */
enum outcome prune_shrink(struct db *db, int pages, int64_t deadline,
    int64_t *left, struct fault *fault) must_check;

#endif
