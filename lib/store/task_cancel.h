/* SPDX-License-Identifier: MIT */
/*
 * Taking tasks back, with all that they have become already.
 */
#ifndef LEADPIPE_TASK_CANCEL_H
#define LEADPIPE_TASK_CANCEL_H

#include "store/db.h"

/*
 * Cancels the waiting tasks of CHAT_ID called NAME (POINTER NULL: wherever
 * made) and takes back what they have queued but not sent.  *COUNT: how many
 * tasks and messages.
 */
enum outcome tasks_cancel(struct db *db, int64_t chat_id, const char *name,
    const char *pointer, int64_t now, int *count, struct fault *fault)
    must_check;

/* The same for one id; OUT_NEVER/EXIT_INPUT when it does not wait. */
enum outcome tasks_cancel_id(struct db *db, int64_t id, int64_t now,
    struct fault *fault) must_check;

#endif
