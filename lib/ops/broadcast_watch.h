/* SPDX-License-Identifier: MIT */
/*
 * How a broadcast gets on.
 */
#ifndef LEADPIPE_BROADCAST_WATCH_H
#define LEADPIPE_BROADCAST_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "ops/run.h"

/* True when a command that sends is at work, or was within two minutes. */
bool broadcast_sender(struct db *db, int64_t now);

/*
 * Follows broadcast ID until it sends no more, which takes however long, or a
 * signal comes: it goes on all the same, and *ENDED is false.  Each look is
 * told to TELL->line as a bar in one line, and TELL->silence is called once, as
 * soon as nothing sends.  Between two the database is closed, so that an
 * upgrade need not wait; RUN->db is open again afterwards.
 */
struct broadcast_tell {
	void (*line)(const char *line);
	void (*silence)(void);
};
enum outcome broadcast_watch(struct run *run, int64_t id,
    const struct broadcast_tell *tell, bool *ended) must_check;

#endif
