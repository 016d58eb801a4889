/* SPDX-License-Identifier: MIT */
/*
 * Versions of the flow, by hash.  The current one runs; the others serve what
 * was made under them.
 */
#ifndef LEADPIPE_FLOWS_H
#define LEADPIPE_FLOWS_H

#include "store/db.h"

/* Stores BUNDLE under HASH, for what is made under it; the current one
 * stays. */
enum outcome flows_store(struct db *db, const char *hash, const char *id,
    const char *source, const char *bundle, int64_t now, struct fault *fault)
    must_check;

/* Stores BUNDLE under HASH and makes it current. */
enum outcome flows_deploy(struct db *db, const char *hash, const char *id,
    const char *source, const char *bundle, int64_t now, struct fault *fault)
    must_check;

/* The bundle of HASH (NULL: of the current one), NULL when there is none; the
 * caller frees it. */
char *flows_bundle(struct db *db, const char *hash);

/* How many chats are in STATE. */
int64_t flows_chats_in(struct db *db, const char *state);

/* Tells VISIT of each state that chats are in, with their number.  Reads the
 * rows of all chats. */
enum outcome flows_people(struct db *db,
    void (*visit)(const char *state, int64_t chats, void *arg), void *arg,
    struct fault *fault) must_check;

/* How many handlers are open: they go on by their own version. */
int64_t flows_open_handlers(struct db *db);

/* Moves all chats from a state that is gone to another; a question that was
 * open there is not open any more. */
enum outcome flows_move_chats(struct db *db, const char *from, const char *to,
    struct fault *fault) must_check;

/* Chats by id, both included. */
struct flows_range {
	int64_t first, last;
};

/* The state FROM is called TO now: these chats, where they are there, stay
 * there, and a question that is open stays so. */
enum outcome flows_rename_chats(struct db *db, const char *from,
    const char *to, const struct flows_range *range, struct fault *fault)
    must_check;

/* That these chats were in FROM is known under its new name TO too, and the
 * arrows that they took have that name; may be done again. */
enum outcome flows_rename_past(struct db *db, const char *from, const char *to,
    const struct flows_range *range, struct fault *fault) must_check;

/* Moves RANGE on (start with INT64_MIN in both) to the next MOST chats that
 * entered a state at SINCE or later (INT64_MIN: all chats); false when there
 * are none. */
bool flows_next_range(struct db *db, int64_t since, int most,
    struct flows_range *range);

#endif
