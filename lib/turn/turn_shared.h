/* SPDX-License-Identifier: MIT */
/*
 * Tasks that came from the shared set (shared/handover.h) become tasks of ours,
 * under the same id.
 *
 * A member's `type` is the name of the flow's schedule, which then runs for
 * the chat with its guards, which look at all that the person ever did, as
 * nobody knows when it was planned; or its `data` has a text, or a method with
 * params, which is sent.  Whose person is not known here it is given back for
 * a minute, until 10 minutes past its due time: another host may know them.
 * What nobody can read goes to the poison set.
 */
#ifndef LEADPIPE_TURN_SHARED_H
#define LEADPIPE_TURN_SHARED_H

#include "turn/turn.h"

/* Inside a transaction: reads what is owned, at most LIMIT; *MORE: there is
 * further work.  Then turn_tasks() does them. */
enum outcome turn_shared(struct turn *turn, int64_t now, int limit, bool *more,
    struct fault *fault) must_check;

#endif
