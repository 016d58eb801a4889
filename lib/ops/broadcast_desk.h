/* SPDX-License-Identifier: MIT */
/*
 * Broadcasts that are there: looking at them and changing them.  WHICH is the
 * id or the name of one; OUT_NEVER, EXIT_INPUT when there is none.
 */
#ifndef LEADPIPE_BROADCAST_DESK_H
#define LEADPIPE_BROADCAST_DESK_H

#include "base/buf.h"
#include "ops/run.h"
#include "store/broadcasts.h"

/* The most that all of them, or all people of one, take in print. */
#define BROADCAST_PRINT_MAX (256U << 20)

/* Each appends to OUT what is to be printed, as RUN->shared says. */
enum outcome broadcast_desk_list(struct run *run, struct buf *out) must_check;

/* *BROADCAST is the one that is shown, its texts borrowed as those of
 * broadcasts_find(). */
enum outcome broadcast_desk_show(struct run *run, const char *which,
    struct buf *out, struct broadcast *broadcast) must_check;

/* Each person of its audience, as CSV with BOM or without. */
enum outcome broadcast_desk_report(struct run *run, const char *which,
    bool bom, struct buf *out) must_check;

enum broadcast_change { CHANGE_PAUSE, CHANGE_RESUME, CHANGE_CANCEL };

/* What is so already is no fault; what it cannot be any more is. */
enum outcome broadcast_desk_change(struct run *run, const char *which,
    enum broadcast_change change, struct buf *out) must_check;

#endif
