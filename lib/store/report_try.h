/* SPDX-License-Identifier: MIT */
/*
 * Reports that a command may die over.  Several commands may want the same one
 * at once, so that only the tries of those that died count: what a worker
 * writes stands in its row, which goes when it ends.
 */
#ifndef LEADPIPE_REPORT_TRY_H
#define LEADPIPE_REPORT_TRY_H

#include "store/db.h"

/* True when another one than WORKER is at the report that MESSAGE is, or died
 * over it and is still to be recovered. */
bool report_is_tried(struct db *db, int64_t message, int64_t worker);

/* WORKER is at the report MESSAGE from now on; 0: at none any more. */
enum outcome report_try(struct db *db, int64_t message, int64_t worker,
    struct fault *fault) must_check;

/* WORKER is dead: the report that it was at has one more try. */
enum outcome report_orphaned(struct db *db, int64_t worker,
    struct fault *fault) must_check;

#endif
