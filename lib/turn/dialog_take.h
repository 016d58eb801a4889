/* SPDX-License-Identifier: MIT */
/*
 * Where another program left somebody.
 */
#ifndef LEADPIPE_DIALOG_TAKE_H
#define LEADPIPE_DIALOG_TAKE_H

#include "turn/dialog_sync.h"

struct dialog_sync {
	struct turn *turn;
	struct dialog_options options;
	struct dialog_counts counts;
	int64_t told_to; /* chat: up to there this round has told */
	int64_t
	    rests_until; /* monotonic ms, of the next round: some are locked */
	int64_t waited_ms; /* for locks */
	/* Of those whose updates wait. */
	struct dialog asked[DIALOGS_AT_ONCE];
	int count;
};

/* Inside the transaction that steps what they wrote, before that: takes who
 * writes there, if dialog_sync_ask() found that it was written since we
 * agreed. */
enum outcome dialog_take(struct turn *turn, int64_t chat_id, int64_t now,
    struct fault *fault) must_check;

/* The same for DIALOG. */
enum outcome dialog_adopt(struct dialog_sync *sync,
    const struct dialog *dialog, int64_t now, struct fault *fault) must_check;

#endif
