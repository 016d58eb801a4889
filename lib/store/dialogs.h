/* SPDX-License-Identifier: MIT */
/*
 * What we and other programs agreed on last about where a person is, so that
 * who wrote since is known: a digest of the value in Redis.  And which chats
 * changed since the others were told (the versions of store/mirror.h).
 */
#ifndef LEADPIPE_DIALOGS_H
#define LEADPIPE_DIALOGS_H

#include <stddef.h>

#include "store/mirror.h"

/* Changes are marked for the export, or not any more.  Own transaction; does
 * nothing when it is so already. */
enum outcome dialogs_want(struct db *db, bool wanted, int64_t deadline,
    struct fault *fault) must_check;

/* True when DIGEST is what was agreed on for CHAT_ID, or CHAT_ID was forgotten
 * and what is there is older than that. */
bool dialogs_agreed(struct db *db, int64_t chat_id, const char *digest);

/* The same, and nothing that we do not know is kept there: it may be written
 * over. */
bool dialogs_ours(struct db *db, int64_t chat_id, const char *digest);

/* Inside a transaction: it is now; UNKNOWN (NULL: none) is a state that the
 * flow does not know, which is kept and told. */
enum outcome dialogs_agree(struct db *db, int64_t chat_id, const char *digest,
    const char *unknown, int64_t now, struct fault *fault) must_check;

/* Inside a transaction: nothing is there any more, so no state that we do not
 * know either. */
enum outcome dialogs_vanished(struct db *db, int64_t chat_id,
    struct fault *fault) must_check;

/* True when CHAT_ID was forgotten since the others were told of it last: what
 * is there counts for nothing, and goes. */
bool dialogs_forgotten(struct db *db, int64_t chat_id);

/* Inside a transaction: it is gone; ROW is told again if they came back. */
enum outcome dialogs_erased(struct db *db, int64_t chat_id,
    const struct mirror_row *row, struct fault *fault) must_check;

/* Up to LIMIT chats behind AFTER that others do not know as they are. */
int dialogs_unexported(struct db *db, int64_t after, int limit,
    struct mirror_row *rows);

/* Inside a transaction: they do now. */
enum outcome dialogs_exported(struct db *db, const struct mirror_row *row,
    struct fault *fault) must_check;

/* The state of CHAT_ID in Redis that the flow does not know, NULL: none; the
 * caller frees it. */
char *dialogs_foreign(struct db *db, int64_t chat_id);

/* How many people are in a state that the flow does not know, and the name of
 * the one that was met last ("" when there is none). */
int64_t dialogs_unknown(struct db *db, char *name, size_t size);

#endif
