/* SPDX-License-Identifier: MIT */
/*
 * Reports that a flow sends to those who run the bot.
 */
#ifndef LEADPIPE_REPORT_TEXT_H
#define LEADPIPE_REPORT_TEXT_H

#include "bot/chat.h"
#include "bot/flow.h"
#include "store/db.h"

/* The report NAME (today, week, queue, health, funnel) in the language and the
 * time zone of CHAT; the caller frees it. */
char *report_text(struct db *db, const struct flow *flow,
    const struct chat *chat, const char *name, int64_t now);

#endif
