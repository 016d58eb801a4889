/* SPDX-License-Identifier: MIT */
/*
 * Receiving: getUpdates, and what it brought.  An update is confirmed (by the
 * offset of the next call) only after it is committed; the offset is the last
 * id of the batch just committed plus one, even if that is smaller than
 * before, as ids restart at random after a quiet week.
 */
#ifndef LEADPIPE_POLLER_H
#define LEADPIPE_POLLER_H

#include <stdbool.h>
#include <stdio.h>

#include "store/db.h"
#include "store/journal.h"
#include "telegram/client.h"

#define POLLER_TAG 100

/* The server itself ends a long poll after 50 s. */
#define POLLER_LONGEST_S 50

struct poller;

/* PRINT (NULL: nobody) gets each new update as one line once it is stored. */
struct poller *poller_open(struct db *db, struct telegram *telegram,
    FILE *print);
void poller_close(struct poller *poller);

/* From now on nothing is stored before JOURNAL, which is borrowed, has it:
 * poller_copy(). */
void poller_keep(struct poller *poller, const struct journal *journal);

/* A WEBHOOK that Telegram says is set is ours, and brings the updates: then
 * nothing is asked, but after a long silence how it does.  Without this it
 * stops the poller, as somebody else gets them. */
void poller_expect(struct poller *poller, bool webhook);

/* True while it brings them: nothing tells of a new row but the database. */
bool poller_watches(const struct poller *poller);

/* Once the database has CHANGED: looks at the rows that a webhook brought since,
 * the buttons pressed in them are known from now on; and whether it was
 * deleted. */
void poller_look(struct poller *poller, bool changed);

/* True when a call is under way or its answer waits to be stored. */
bool poller_busy(const struct poller *poller);

/* Monotonic ms before which no call may start (after an error, or an empty
 * answer that came too soon). */
int64_t poller_ready_at(const struct poller *poller);

/* Starts a call that waits TIMEOUT_S for updates (0: asks only). */
void poller_start(struct poller *poller, int64_t timeout_s);

/* Ends the call under way: nothing is confirmed by it. */
void poller_cancel(struct poller *poller);

/* The finished CALL is the poller's now. */
void poller_take(struct poller *poller, struct http_call *call);

/* True when an answer waits for poller_store(). */
bool poller_has_answer(const struct poller *poller);

/* What came cannot be stored yet: the buttons that were pressed in it are
 * known from now on all the same. */
void poller_peek(struct poller *poller);

/* Before the transaction that stores what came: writes it to the journal.
 * False when that failed: the answer is given up, unconfirmed, and polling
 * stops. */
bool poller_copy(struct poller *poller);

/* Stores what came, inside a transaction. */
enum outcome poller_store(struct poller *poller, int64_t now,
    struct fault *fault) must_check;

/* The transaction was committed (or not: then the answer still waits). */
void poller_stored(struct poller *poller);

/* What is known so far. */
struct poller_report {
	int64_t received;   /* new updates */
	bool drained;	    /* the last answer was empty */
	int outages;	    /* pauses in which presses may have been lost */
	bool worked;	    /* some call was answered well */
	bool stopped;	    /* no further call makes sense: see fault */
	bool unkept;	    /* as the journal cannot be written */
	struct fault fault; /* of the last failure */
};

const struct poller_report *poller_report(const struct poller *poller);

/* Why nothing was answered well; OUT_OK: something was.  LATE: the time of the
 * run was up before the call under way was given up. */
enum outcome poller_reached(const struct poller *poller, bool late,
    struct fault *fault) must_check;

/*
 * Buttons that were pressed and are not answered yet: the next one that waits
 * since before SINCE (monotonic ms); its id belongs to the caller.  NULL: none.
 */
char *poller_unanswered(struct poller *poller, int64_t since);

/* The press of CALLBACK_ID is answered. */
void poller_answered(struct poller *poller, const char *callback_id);

#endif
