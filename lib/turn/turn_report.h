/* SPDX-License-Identifier: MIT */
/*
 * Reports count over all that was said, for which nobody should wait with the
 * database locked: they are written between the transactions, one at a time.
 * A command may die over one, and each later one would again, so that a try is
 * committed before (store/report_try.h) and too many are one too many:
 *
 *   asked (tried) | commit | written | stored (count 0) | commit
 */
#ifndef LEADPIPE_TURN_REPORT_H
#define LEADPIPE_TURN_REPORT_H

#include "turn/turn.h"

/* More are one too many. */
#define REPORT_TRIES 3

/* What the database was too busy for, or somebody else is at, is looked at
 * again after this time. */
#define REPORT_LATER_MS 1000

/* True when MESSAGE is a report that is not written yet. */
bool turn_is_report(const struct turn *turn, const struct message *message);

/* Inside a transaction: WORKER tries it and remembers to write it, unless
 * another one is still to be stored.  OUT_NEVER, EXIT_BUG: its tries are used
 * up. */
enum outcome turn_report_ask(struct turn *turn, const struct message *message,
    int64_t worker, struct fault *fault) must_check;

/* From when one is asked for until that is committed. */
bool turn_report_asked(const struct turn *turn);

/* Outside of any transaction: writes what was asked for and committed; false
 * when there is nothing to store. */
bool turn_report_write(struct turn *turn, int64_t now);

/* Inside a transaction: the message is like any other from now on.  What could
 * not be written because the database was busy is asked for again later. */
enum outcome turn_report_store(struct turn *turn, int64_t now,
    struct fault *fault) must_check;

#endif
