/* SPDX-License-Identifier: MIT */
/*
 * What is inside a poller.  Inside lib/delivery only, for poller*.c.
 */
#ifndef LEADPIPE_POLLER_STATE_H
#define LEADPIPE_POLLER_STATE_H

#include "base/json.h"
#include "delivery/poller.h"
#include "telegram/answer.h"

#define POLLER_BATCH 100

/* A press lives so long in Telegram's queue. */
#define POLLER_PRESS_MS 150000

struct press {
	char *callback_id;
	int64_t at; /* monotonic ms */
};

struct poller {
	struct db *db;
	struct telegram *telegram;
	FILE *print;
	const struct journal *journal; /* NULL: none */
	int64_t offset, next_offset;
	struct http_call *call, *answer;
	int64_t started_at, timeout_ms, ready_at, failures;
	int64_t fresh[POLLER_BATCH]; /* rows stored in the open transaction */
	struct json_slice fresh_raw[POLLER_BATCH];
	int fresh_count;
	bool empty, peeked, copied;
	bool
	    overdue; /* the call that was cancelled should have been answered */
	struct press presses[POLLER_BATCH];
	int press_count;
	struct poller_report report;
	bool lost_presses; /* in the pause before the last answer */
	bool may_hook;	   /* a webhook that is set is ours */
	bool hooked;	   /* it brings the updates */
	bool doubt;	   /* ... or did until a moment ago */
	bool inquires;	   /* the call under way asks how it does */
	int64_t seen;	   /* last row of those that it brought */
	int64_t oldest;	   /* up to here what has been stepped is old */
	bool behind;	   /* there are more of them than one look takes */
};

void poller_print(struct poller *poller, struct json_slice raw);

/* The button that was pressed in RAW, if one was, at AT (monotonic ms). */
void poller_remember(struct poller *poller, struct json_slice raw, int64_t at);

/* OWN is a row that was polled, and is known: nobody looks at it again. */
void poller_pass(struct poller *poller, int64_t own);

/* At the start: whether a webhook brings the updates, as far as is known. */
void poller_hook(struct poller *poller);

/* Inside a transaction: getUpdates was refused as a webhook is set. */
enum outcome poller_hooked(struct poller *poller, int64_t now,
    struct fault *fault) must_check;

/* The same: what Telegram says of the webhook. */
enum outcome poller_informed(struct poller *poller, int64_t now,
    struct fault *fault) must_check;

/* Inside a transaction: getUpdates was answered, so there is none.  *CHANGED:
 * there was one. */
enum outcome poller_unhook(struct poller *poller, int64_t now, bool *changed,
    struct fault *fault) must_check;

#endif
