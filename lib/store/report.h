/* SPDX-License-Identifier: MIT */
/*
 * Numbers about people, for the reports that a flow sends.
 */
#ifndef LEADPIPE_REPORT_H
#define LEADPIPE_REPORT_H

#include "store/db.h"

/* What happened since an instant. */
struct report_period {
	int64_t people;	   /* who wrote or pressed */
	int64_t newcomers; /* of them, for the first time */
	int64_t received, sent;
	int64_t reminders; /* of what was sent */
	int64_t leads;
	int64_t left; /* who blocked the bot or unsubscribed */
};

/* Reads the messages since then, and the rows of all chats. */
enum outcome report_period(struct db *db, int64_t since,
    struct report_period *report, struct fault *fault) must_check;

/* So many are counted at once: it reads the rows of all chats. */
#define REPORT_STATES 4

/* How many people ever were in each of REPORT_STATES STATES (NULL: none). */
enum outcome report_reached(struct db *db, const char *const *states,
    int64_t *counts, struct fault *fault) must_check;

#endif
