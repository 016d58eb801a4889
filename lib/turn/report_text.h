/* SPDX-License-Identifier: MIT */
/*
 * Reports that a flow sends to those who run the bot.
 */
#ifndef LEADPIPE_REPORT_TEXT_H
#define LEADPIPE_REPORT_TEXT_H

#include "bot/chat.h"
#include "bot/flow.h"
#include "store/db.h"

struct report {
	const struct flow *flow;
	const struct chat *chat; /* who reads it: language, time zone */
	const char *name;	 /* today, week, queue, health, funnel */
	int64_t now;
};

/* Reads the database, which may take long where much was said.  *TEXT is the
 * caller's, NULL unless OUT_OK. */
enum outcome report_text(struct db *db, const struct report *report,
    char **text, struct fault *fault) must_check;

/* What the reader is told instead; the caller frees it. */
char *report_apology(const struct report *report, const struct fault *why);

#endif
