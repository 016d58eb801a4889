/* SPDX-License-Identifier: MIT */
/*
 * The flow's files are watched while the bot runs.
 */
#ifndef LEADPIPE_PICKUP_H
#define LEADPIPE_PICKUP_H

#include "base/config.h"
#include "store/db.h"

/*
 * Picks up FLOW_FILE when it, or a text or media file that it names, changed,
 * and all have been quiet for 2 s (or when there is no flow yet).  A bad one is
 * recorded (META_FLOW_REFUSED) and reported once for each change; the old
 * version goes on.  *DEPLOYED tells that a new one is current.  OUT_LATER: the
 * database is busy, the next call will try again.
 */
enum outcome pickup_flow(struct db *db, const struct config *config,
    int64_t deadline, bool *deployed, struct fault *fault) must_check;

#endif
