/* SPDX-License-Identifier: MIT */
/*
 * Dead letters: what will not succeed by itself, why, and what mends it.
 * Nothing is deleted by an error.
 */
#ifndef LEADPIPE_DEAD_H
#define LEADPIPE_DEAD_H

#include "store/db.h"

/* What is taken up again by hand lives at least this long from then on; a
 * piece of SQL. */
#define DEAD_SECOND_LIFE_MS "86400000"

/* Why the row of what a person dropped is as it is: while it is kept it can be
 * taken up again, and is no more certain than before. */
#define DEAD_DROPPED "dropped by hand"
#define DEAD_DROPPED_DOUBT "dropped by hand, it may have arrived"

struct dead_letter {
	int64_t id;
	const char *kind; /* update, message, task, lead, exec */
	int64_t item;	  /* row of that kind */
	int64_t chat_id;  /* 0: none */
	const char *reason, *answer;
	const char *mend; /* NULL: another flow, and --retry */
	int64_t died_at;
};

/* Adds one; the same kind and item is replaced. */
enum outcome dead_add(struct db *db, const struct dead_letter *letter,
    struct fault *fault) must_check;

/* Refuses to mend what is in no state that allows it. */
enum outcome dead_refuse(const char *kind, int64_t item, struct fault *fault);

/* The same unless QUERY finds the ITEM (?1) dead: what is in its way is the
 * caller's to say. */
enum outcome dead_require(struct db *db, const char *query, const char *kind,
    int64_t item, struct fault *fault) must_check;

/* Removes it (mended or dropped). */
enum outcome dead_remove(struct db *db, const char *kind, int64_t item,
    struct fault *fault) must_check;

#endif
