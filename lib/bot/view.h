/* SPDX-License-Identifier: MIT */
/*
 * What a flow says about a chat, for people who ask why it is where it is.
 */
#ifndef LEADPIPE_VIEW_H
#define LEADPIPE_VIEW_H

#include "bot/chat.h"
#include "bot/flow.h"

/*
 * The chat's variables as {name: {"value", "pii"}}; those the flow no longer
 * has are marked "unknown".  Unless PII, values of variables that the flow
 * calls personal, and of those it does not know, are left out.  The caller
 * owns the result.
 */
json_t *view_vars(const struct flow *flow, const struct chat *chat, bool pii);

/*
 * The schedule NAME at POINTER: {"unless", "unless_holds", "cancel_on"} as far
 * as it has them, NULL when FLOW does not have it.  The caller owns the
 * result.
 */
json_t *view_schedule(const struct flow *flow, const struct chat *chat,
    const char *name, const char *pointer, int64_t entries);

/* How many states the flow has. */
size_t view_state_count(const struct flow *flow);

#endif
