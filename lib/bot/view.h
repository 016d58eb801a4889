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

/* The flow's funnels, name to an array of states; borrowed, NULL: none. */
const json_t *view_funnels(const struct flow *flow);

/* What states of older versions are called now, old name to new; borrowed,
 * NULL: none. */
const json_t *view_renamed(const struct flow *flow);

/* The state that FLOW calls NAME now, also by an alias, borrowed; OUT_NEVER,
 * EXIT_INPUT, with a suggestion, when there is none. */
enum outcome view_state(const struct flow *flow, const char *name,
    const char **state, struct fault *fault) must_check;

/* How many states the flow has. */
size_t view_state_count(const struct flow *flow);

#endif
