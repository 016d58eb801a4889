/* SPDX-License-Identifier: MIT */
/*
 * What came in by way of Redis and could not be read as a lead: kept here with
 * its dead letter ("refusal"), so that somebody sees it, and mends it.
 */
#ifndef LEADPIPE_REFUSALS_H
#define LEADPIPE_REFUSALS_H

#include <stddef.h>

#include "store/db.h"

/* Of its text; the rest is where it came from. */
#define REFUSAL_BYTES 65536

struct refusal {
	const char *key;    /* the same key is the same refusal */
	const char *source; /* where it came from */
	const char *reason;
	const char *place; /* where it is in Redis now */
	const char *raw;
	size_t len;
	int64_t size; /* of the whole */
};

/* Inside a transaction: keeps it. */
enum outcome refusals_add(struct db *db, const struct refusal *refusal,
    int64_t now, struct fault *fault) must_check;

/* Inside a transaction: nobody wants it.  OUT_NEVER/EXIT_INPUT when there is
 * none that waits. */
enum outcome refusals_drop(struct db *db, int64_t id, int64_t now,
    struct fault *fault) must_check;

/*
 * Why nothing is taken from where NAME says; NULL: it is.  Written when that
 * changes.  Inside a transaction.
 */
enum outcome intake_fault_set(struct db *db, const char *name,
    const char *reason, struct fault *fault) must_check;

/* Without one: whether intake_fault_set() would change anything. */
bool intake_fault_differs(struct db *db, const char *name, const char *reason);

/* What of NAME is being read though it was taken too often; NULL: nothing.
 * Inside a transaction. */
enum outcome intake_try_set(struct db *db, const char *name, const char *key,
    struct fault *fault) must_check;

/* Whether that is KEY. */
bool intake_try_is(struct db *db, const char *name, const char *key);

/* The first such NAME behind AFTER ("": the first); false at the end.  Both
 * are borrowed until the next call. */
bool intake_fault_next(struct db *db, const char *after, const char **name,
    const char **reason);

#endif
