/* SPDX-License-Identifier: MIT */
/*
 * How many updates came by webhook within a minute that begins with the first
 * of them, counted with the rows themselves: what this host knows when no Redis
 * counts for all.
 */
#ifndef LEADPIPE_WINDOW_H
#define LEADPIPE_WINDOW_H

#include "store/db.h"

#define WINDOW_MS INT64_C(60000)

/* How long (ms) until one more is allowed when MOST (0: any number) are within
 * the window at NOW (wall ms); 0: now.  Reads only. */
int64_t window_wait(struct db *db, int64_t most, int64_t now);

/* Inside the transaction that stores it: counts one. */
enum outcome window_take(struct db *db, int64_t now, struct fault *fault)
    must_check;

#endif
