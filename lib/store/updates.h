/* SPDX-License-Identifier: MIT */
/*
 * Updates as received.  An update is accepted when its row is committed; only
 * then may the next getUpdates confirm it.
 *
 *   received(tries) -> done
 *                   -> waiting (a handler works for its chat) -> received
 *                   -> failed(tries) -> parked (after UPDATES_TRIES)
 */
#ifndef LEADPIPE_UPDATES_H
#define LEADPIPE_UPDATES_H

#include <stddef.h>

#include "store/db.h"

#define UPDATES_TRIES 3

/*
 * Stores one raw update.  The same update_id with the same body is the same
 * update and changes nothing, whichever way it came: getUpdates has it among
 * others, a webhook alone, and the server that lays out both (or a proxy) may
 * do so with other white space.  *ROW is its row, *FRESH whether it is new.
 */
enum outcome updates_add(struct db *db, int64_t update_id, const char *raw,
    size_t len, int64_t now, int64_t *row, bool *fresh, struct fault *fault)
    must_check;

/* An update that waits to be stepped. */
struct update_row {
	int64_t id, update_id, received_at;
	int tries;
	/* Borrowed until the next updates_next() or updates_after(). */
	const char *raw;
	size_t raw_len;
	const char *event; /* it is an event of that name, raw its data */
	int64_t chat_id;   /* 0: not known before it is stepped */
	bool settled;	   /* it has been stepped, or parked */
};

/* The next waiting update with a row above AFTER, in the order received;
 * false when there is none. */
bool updates_next(struct db *db, int64_t after, struct update_row *row);

/* The same of those from Telegram, also what has been stepped. */
bool updates_after(struct db *db, int64_t after, struct update_row *row);

/* The newest row, 0: there is none. */
int64_t updates_newest(struct db *db);

/* CHAT_ID 0: none. */
enum outcome updates_done(struct db *db, int64_t row, int64_t chat_id,
    int64_t now, struct fault *fault) must_check;

/* It waits until updates_release() of CHAT_ID; then it is stepped in the order
 * of rows, as the others of the chat that waited. */
enum outcome updates_defer(struct db *db, int64_t row, int64_t chat_id,
    struct fault *fault) must_check;
enum outcome updates_release(struct db *db, int64_t chat_id,
    struct fault *fault) must_check;

/* True while one that was kept for the chat is still to be stepped: what comes
 * after it must not come before it. */
bool updates_kept(struct db *db, int64_t chat_id);

/* An event with its DATA (JSON) that waits likewise. */
enum outcome updates_add_event(struct db *db, int64_t chat_id,
    const char *event, const char *data, int64_t now, struct fault *fault)
    must_check;

/*
 * One more failed try; *PARKED when it was the last: the update is then a
 * dead letter, and the later ones of its chat go on.
 */
enum outcome updates_failed(struct db *db, int64_t row, int64_t chat_id,
    const char *reason, int64_t now, bool *parked, struct fault *fault)
    must_check;

/*
 * A process died while updates waited: counts a try for the oldest, which is
 * stepped first, and for each that had none, so that from now on they are
 * stepped one by one.  One with UPDATES_TRIES is parked.  *WAITING is how many
 * remain.
 */
enum outcome updates_count_tries(struct db *db, int64_t now, int *waiting,
    struct fault *fault) must_check;

/* When the last one came (wall ms), 0: none is kept. */
int64_t updates_last_at(struct db *db);

/* How many wait. */
int64_t updates_waiting(struct db *db);

/* A parked update, or one that was dropped, back to received with no tries. */
enum outcome updates_retry(struct db *db, int64_t row, struct fault *fault)
    must_check;

#endif
