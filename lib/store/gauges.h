/* SPDX-License-Identifier: MIT */
/*
 * Numbers of this moment that only metrics show.
 */
#ifndef LEADPIPE_GAUGES_H
#define LEADPIPE_GAUGES_H

#include <stdint.h>

#include "store/db.h"

/* Tells VISIT how many messages wait in which state.  Reads what waits. */
void gauges_outbox(struct db *db,
    void (*visit)(const char *state, int64_t count, void *arg), void *arg);

/* Tells VISIT how many dead letters there are of each kind. */
void gauges_dead(struct db *db,
    void (*visit)(const char *kind, int64_t count, void *arg), void *arg);

/* The version of SQLite that runs here. */
const char *gauges_sqlite(void);

#endif
