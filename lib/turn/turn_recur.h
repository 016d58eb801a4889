/* SPDX-License-Identifier: MIT */
/*
 * What the flow does unasked for members of its roles, and for people whose
 * presses may have been lost.
 */
#ifndef LEADPIPE_TURN_RECUR_H
#define LEADPIPE_TURN_RECUR_H

#include "turn/turn.h"

/* Inside a transaction, once for each version of the flow: plans what recurs
 * for members of its roles. */
enum outcome turn_recurring(struct turn *turn, int64_t now,
    struct fault *fault) must_check;

/*
 * Inside a transaction: a press lives 150 s in Telegram's queue.  Whose
 * question was asked between SINCE and UNTIL and still waits for one is asked
 * again, at most LIMIT chats behind *AFTER (INT64_MIN), which moves on.
 */
struct turn_outage {
	int64_t since, until;
};
enum outcome turn_ask_again(struct turn *turn,
    const struct turn_outage *outage, int64_t *after, int limit, int64_t now,
    bool *more, struct fault *fault) must_check;

#endif
