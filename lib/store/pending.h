/* SPDX-License-Identifier: MIT */
/*
 * What waits for a human: dead letters, messages that are unknown, held or
 * ambiguous, and leads that a CRM may have or did not take so far.
 */
#ifndef LEADPIPE_PENDING_H
#define LEADPIPE_PENDING_H

#include "store/db.h"

struct sqlite3_stmt;

/* Texts are borrowed until the next call. */
struct pending {
	const char *kind; /* message, update, task, lead, exec, refusal */
	int64_t item, chat_id, since;
	const char *state;
	const char *reason, *answer; /* NULL: none */
	const char *mend;	     /* what can be done, or will be */
	const char *text;	     /* what it says, NULL: nothing */
	const char *detail; /* the row as a JSON object; NULL in a list */
	bool retries;	    /* MEND_RETRY applies */
};

/* As KIND: leads that are not wanted, which wait for nobody. */
#define PENDING_DROPPED "dropped"

/*
 * Steps through them by the time since when they wait; KIND NULL: all, ITEM
 * 0: all, else that one with its detail.  The first call has LIST all zero;
 * false at the end, or on an error, which db_result() tells.
 */
struct pending_list {
	struct sqlite3_stmt *rows;
	char kind[8]; /* of the last row, "" before the first */
	int64_t item, since;
};
bool pending_next(struct db *db, struct pending_list *list, const char *kind,
    int64_t item, struct pending *row);

/* ITEM of KIND with its detail, as it is in its table: nothing of what can be
 * done, for a row that waits for nobody.  False: there is none, or an error. */
bool pending_settled(struct db *db, const char *kind, int64_t item,
    struct pending *row);

/* Ends the statement, and with it what keeps a checkpoint from finishing; the
 * next pending_next() goes on behind the last row. */
void pending_pause(struct pending_list *list);

#endif
