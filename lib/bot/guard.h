/* SPDX-License-Identifier: MIT */
/*
 * Guards: questions about a chat, as JSON.
 */
#ifndef LEADPIPE_GUARD_H
#define LEADPIPE_GUARD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bot/chat.h"
#include "bot/flow.h"

/* True when GUARD holds; `been` asks for states entered after the entry with
 * the number SINCE (0: ever).  No guard (NULL) holds. */
bool guard_holds(const struct flow *flow, const struct chat *chat,
    const json_t *guard, int64_t since);

#endif
