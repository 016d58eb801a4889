/* SPDX-License-Identifier: MIT */
/*
 * States under new names (`renamed`): people and their past move some at a
 * time, so that nobody waits for all of them.  Before the new version is
 * current it does not matter who has been moved, as the past has both names;
 * after it, whoever has not been is taken for moved by every step.
 */
#ifndef LEADPIPE_RENAME_H
#define LEADPIPE_RENAME_H

#include <jansson.h>

#include "store/db.h"

/*
 * Gives everybody's past the new names of RENAMED (a flow's; NULL: none) too,
 * in transactions of its own, each of which waits for others up to WAIT_MS.
 * The version before does not know these names; may be done again.
 */
enum outcome rename_past(struct db *db, const json_t *renamed, int64_t wait_ms,
    struct fault *fault) must_check;

/* The same for those who went on at SINCE or later, inside a transaction. */
enum outcome rename_past_since(struct db *db, const json_t *renamed,
    int64_t since, struct fault *fault) must_check;

/*
 * Puts all who are in a state of an older version that the current one has
 * RENAMED into that one, in transactions like rename_past()'s.  May be done
 * again, and by anybody.
 */
enum outcome rename_people(struct db *db, const json_t *renamed,
    int64_t wait_ms, struct fault *fault) must_check;

#endif
