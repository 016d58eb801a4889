/* SPDX-License-Identifier: MIT */
/*
 * Lanes, for the files of lib/store that change messages.
 */
#ifndef LEADPIPE_LANE_H
#define LEADPIPE_LANE_H

#include "store/db.h"

/* The messages of a lane, as the index messages_open says it. */
#define MESSAGE_OPEN \
	"(state = 'queued' OR state = 'sending' OR state = 'ambiguous')"

/* What waits for something else than its turn, as messages_stuck says it. */
#define MESSAGE_STUCK \
	"(state = 'unknown' OR state = 'held' OR state = 'ambiguous')"

/* A message ID was queued behind whatever CHAT_ID has. */
void lane_join(struct db *db, int64_t chat_id, int64_t id, int priority,
    int64_t not_before);

/*
 * At the start of a command: frees lanes that nothing occupies, and when the
 * clock went back since the last start, moves the waits of before with it.
 * Before anything that sets a wait by the new clock.
 */
enum outcome lanes_mend(struct db *db, int64_t now, struct fault *fault)
    must_check;

/* Makes the lane of CHAT_ID anew from its unfinished messages: the first one
 * is the head; without any there is no lane. */
void lane_renew(struct db *db, int64_t chat_id);

#endif
