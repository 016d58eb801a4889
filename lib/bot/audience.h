/* SPDX-License-Identifier: MIT */
/*
 * For whom a broadcast is, as JSON: {"guard": as in a flow, "lang": ["ru"],
 * "seen_after": ms, "seen_before": ms, "part": {"name", "from", "to", "of"}}.
 * What is not there does not restrict.
 */
#ifndef LEADPIPE_AUDIENCE_H
#define LEADPIPE_AUDIENCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bot/chat.h"
#include "bot/flow.h"

/* True when CHAT, last seen at SEEN_AT (wall ms), is in AUDIENCE. */
bool audience_has(const struct flow *flow, const struct chat *chat,
    const json_t *audience, int64_t seen_at);

#endif
