/* SPDX-License-Identifier: MIT */
/*
 * Versions of the flow, by hash.  The current one runs; the others serve what
 * was made under them.
 */
#ifndef LEADPIPE_FLOWS_H
#define LEADPIPE_FLOWS_H

#include "store/db.h"

/* Stores BUNDLE under HASH and makes it current. */
enum outcome flows_deploy(struct db *db, const char *hash, const char *id,
    const char *source, const char *bundle, int64_t now, struct fault *fault)
    must_check;

/* The bundle of HASH (NULL: of the current one), NULL when there is none; the
 * caller frees it. */
char *flows_bundle(struct db *db, const char *hash);

/* How many chats are in STATE. */
int64_t flows_chats_in(struct db *db, const char *state);

/* Steps through the states that chats are in, with their number; start with
 * STATE = "". Borrowed until the next call. */
const char *flows_next_state(struct db *db, const char *after, int64_t *chats);

/* Moves all chats from one state to another. */
enum outcome flows_move_chats(struct db *db, const char *from, const char *to,
    struct fault *fault) must_check;

#endif
