/* SPDX-License-Identifier: MIT */
/*
 * Broadcasts on their way.  Each that runs has a few seconds' worth of messages
 * in the outbox; when these run low, the next people get theirs.  Several that
 * run do so side by side.
 */
#ifndef LEADPIPE_TURN_BROADCAST_H
#define LEADPIPE_TURN_BROADCAST_H

#include "turn/turn.h"

/* What can be sent: as many at once, and in a second (0: any number). */
struct turn_pace {
	int64_t slots, per_second;
};

/*
 * Inside a transaction: begins what is due, gives the next people their
 * messages and ends what is through, so that it takes some milliseconds at the
 * most.  *MORE: there is more to be done at once.  *NEXT_AT (wall ms) is when
 * one is to begin, CLOCK_NEVER: none is.
 */
enum outcome turn_broadcasts(struct turn *turn, const struct turn_pace *pace,
    int64_t now, bool *more, int64_t *next_at, struct fault *fault) must_check;

/* True when a broadcast runs that pays for a limit of its own. */
bool turn_pays(const struct turn *turn);

#endif
