/* SPDX-License-Identifier: MIT */
/*
 * What people and another program said to each other, for our history.
 *
 * It gets an id below that of any message of ours, in the order of its time:
 * whoever reads a chat by id reads it in order.  The same once more is known
 * by its chat, time, role and text.
 */
#ifndef LEADPIPE_SAID_H
#define LEADPIPE_SAID_H

#include "store/db.h"

struct said {
	int64_t chat_id, at;
	const char *role; /* user, assistant or operator */
	const char *text;
};

/* Inside a transaction.  *ADDED is false when it was there.  OUT_NEVER: no
 * time of a message (before 2013, or in the future). */
enum outcome said_add(struct db *db, const struct said *said, int64_t now,
    bool *added, struct fault *fault) must_check;

#endif
