/* SPDX-License-Identifier: MIT */
/*
 * What the engine wants, written into the caller's transaction.
 */
#ifndef LEADPIPE_EFFECTS_H
#define LEADPIPE_EFFECTS_H

#include "bot/step.h"
#include "store/db.h"
#include "store/tasks.h"

/* Where the effects come from. */
struct effects_origin {
	int64_t update_row;	 /* 0: not an update */
	const struct task *task; /* NULL: not a task */
	const char *state;	 /* in which the chat was before, or NULL */
};

/* What they led to, besides rows. */
struct effects_result {
	char *notice;	   /* for the pressed button; the caller frees it */
	int64_t cancelled; /* tasks and messages taken back */
};

/*
 * Writes EFFECTS of CHAT, made by FLOW at NOW.
 */
enum outcome effects_write(struct db *db, const struct flow *flow,
    const struct chat *chat, const struct effects *effects,
    const struct effects_origin *origin, int64_t now,
    struct effects_result *result, struct fault *fault) must_check;

#endif
