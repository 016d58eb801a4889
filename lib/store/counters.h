/* SPDX-License-Identifier: MIT */
/*
 * Numbers that only grow, for metrics: how often something happened since the
 * database was made.  They are raised in the transaction that does the work,
 * in memory, and written once by its commit; so they are as true as the rows
 * that they count, and outlive these.  What the charts show is also kept by
 * quarters of an hour, for three days.
 */
#ifndef LEADPIPE_COUNTERS_H
#define LEADPIPE_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/db.h"

enum counter {
	COUNT_UPDATES,	    /* received */
	COUNT_RECEIVED,	    /* messages of people */
	COUNT_PEOPLE,	    /* who wrote for the first time */
	COUNT_SETTLED,	    /* messages, by how: "sent", "dead" ... */
	COUNT_RETRIES,	    /* tries to send that failed and are repeated */
	COUNT_AMBIGUOUS,    /* sends whose answer was lost */
	COUNT_FLOODED,	    /* times that Telegram told us to wait */
	COUNT_TASKS,	    /* that ended, by how: "promoted", "expired" ... */
	COUNT_REMINDERS,    /* of what was sent: no answer to somebody */
	COUNT_BROADCASTS,   /* of what was sent: one for many */
	COUNT_STATES,	    /* entered, by name */
	COUNT_LEADS,	    /* that came, by fate: "added", "joined" */
	COUNT_SYNCED,	    /* leads, by how: "created", "parked" */
	COUNT_CRM_FAILURES, /* by CRM */
	COUNT_RUNS,	    /* that ended, by command */
	COUNT_FAILURES,	    /* of them with an exit code but 0, 1 and 75 */
	COUNT_CRASHES,	    /* runs that never ended, by command */
	COUNT_LATENESS,	   /* promoted tasks, by bucket: after they were due */
	COUNT_LATENESS_MS, /* their sum */
	COUNT_DELAY,	   /* sent messages, by bucket: after they could go */
	COUNT_DELAY_MS,
	COUNT_SLOWEST_MS, /* the longest delay; not a sum */
	COUNT_KINDS
};

/* What the charts look at. */
#define COUNTER_SLOT_MS (INT64_C(15) * 60 * 1000)

/* Upper bounds of the buckets, ms; the last has none. */
#define COUNTER_BOUNDS 10
extern const int64_t counter_bounds[COUNTER_BOUNDS];

/* Inside a transaction: N more of WHAT with LABEL, which is copied and never
 * names a person; "": it has none. */
void counter_add(struct db *db, enum counter what, const char *label,
    int64_t n);

/* Inside a transaction: MS (negative: 0) was measured; WHAT is COUNT_LATENESS
 * or COUNT_DELAY. */
void counter_observe(struct db *db, enum counter what, int64_t ms);

/* Inside a transaction: quarters of an hour that no chart shows any more are
 * deleted; the sums stay. */
void counters_prune(struct db *db, int64_t now);

/* All of WHAT, whatever its labels. */
int64_t counter_sum(struct db *db, enum counter what);

/* Tells VISIT of WHAT since the database was made, by label. */
void counter_each(struct db *db, enum counter what,
    void (*visit)(const char *label, int64_t value, void *arg), void *arg);

/* Tells VISIT of WHAT with LABEL (NULL: all labels) by quarters of an hour
 * that begin in FROM..UNTIL-1 (wall ms), the oldest first. */
struct counter_span {
	enum counter what;
	const char *label;
	int64_t from, until;
};
void counter_slots(struct db *db, const struct counter_span *span,
    void (*visit)(int64_t at, int64_t value, void *arg), void *arg);

#endif
