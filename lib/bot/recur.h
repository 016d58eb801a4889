/* SPDX-License-Identifier: MIT */
/*
 * Who has a recurring task: the members of its role, each in their own chat.
 * The first one is planned from outside; each run plans the next.
 */
#ifndef LEADPIPE_RECUR_H
#define LEADPIPE_RECUR_H

#include <jansson.h>

#include "bot/chat.h"
#include "bot/effect.h"
#include "bot/flow.h"

/* The ids of all who have one, an object of "id": true that the caller owns. */
json_t *recur_people(const struct flow *flow);

/* Adds an EFFECT_TASK, which replaces none, for each that CHAT is to have. */
void recur_plan(const struct flow *flow, const struct chat *chat, int64_t now,
    struct effects *effects);

/* The task of the recurring NAME, an entry of FLOW; valid until the next
 * effect. */
struct effect *recur_add(const struct flow *flow, const struct chat *chat,
    const char *name, int64_t due_at, struct effects *effects);

/* True when NAME is that of a recurring task. */
bool recur_is(const char *name);

/* True while FLOW has the recurring task NAME for CHAT. */
bool recur_holds(const struct flow *flow, const struct chat *chat,
    const char *name);

#endif
