/* SPDX-License-Identifier: MIT */
/*
 * Rows of broadcasts, for the files of lib/store that read them.
 */
#ifndef LEADPIPE_BROADCAST_ROW_H
#define LEADPIPE_BROADCAST_ROW_H

#include <sqlite3.h>

#include "store/broadcasts.h"

/* In the order of broadcast_read(). */
#define BROADCAST_COLUMNS \
	"id, name, state, flow, action, audience, method, media, rate, paid," \
	" created_at, start_at, begun_at, finished_at, cursor, looked," \
	" through, moved_at, reason, failures"

/* Its texts are those of ROW. */
void broadcast_read(sqlite3_stmt *row, struct broadcast *broadcast);

enum broadcast_state broadcast_state_of(const char *name);

#endif
