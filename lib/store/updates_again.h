/* SPDX-License-Identifier: MIT */
/*
 * Updates that are done with and kept, to be stepped once more.
 */
#ifndef LEADPIPE_UPDATES_AGAIN_H
#define LEADPIPE_UPDATES_AGAIN_H

#include <stdbool.h>

#include "store/db.h"

/* Received FROM..TO (wall ms), or with ids of Telegram FROM..TO. */
struct updates_range {
	bool by_time;
	int64_t from, to;
};

/* The next one in RANGE behind the row *AFTER, which moves on; false at the
 * end. */
bool updates_done_next(struct db *db, const struct updates_range *range,
    int64_t *after, int64_t *update_id);

/* Inside a transaction: it is received, as if it had never been stepped. */
enum outcome updates_again(struct db *db, int64_t row, struct fault *fault)
    must_check;

#endif
