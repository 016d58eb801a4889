/* SPDX-License-Identifier: MIT */
/*
 * Retention: a little is pruned in every idle slot.  What waits is never
 * pruned.
 */
#ifndef LEADPIPE_PRUNE_H
#define LEADPIPE_PRUNE_H

#include "store/db.h"

/*
 * Deletes at most BATCH old rows (raw updates 7 d but never under 48 h, runs
 * 14 d, history and the text that a created lead came as 90 d, ended tasks
 * 30 d, unused limits) in its own short transaction; *PRUNED is how many.
 */
enum outcome prune_some(struct db *db, int64_t now, int batch,
    int64_t deadline, int *pruned, struct fault *fault) must_check;

#endif
