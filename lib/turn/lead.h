/* SPDX-License-Identifier: MIT */
/*
 * A lead of the flow becomes a row of leads.
 */
#ifndef LEADPIPE_LEAD_H
#define LEADPIPE_LEAD_H

#include "bot/chat.h"
#include "bot/effect.h"
#include "bot/flow.h"
#include "store/db.h"

/* Inside a transaction: adds the lead of EFFECT, an EFFECT_LEAD; one whose key
 * is known already changes nothing. */
enum outcome lead_write(struct db *db, const struct flow *flow,
    const struct chat *chat, const struct effect *effect, int64_t now,
    struct fault *fault) must_check;

#endif
