/* SPDX-License-Identifier: MIT */
/*
 * What a mirror in Redis is to be told: the chats that changed since it was
 * told of them last.
 *
 * A row of `mirror` has the version of a chat, which grows with every change
 * of the chat and of what was said there (triggers, once a mirror is wanted),
 * and the one that the mirror has.  A chat that is gone keeps its row until
 * the mirror has forgotten it, too.
 */
#ifndef LEADPIPE_MIRROR_H
#define LEADPIPE_MIRROR_H

#include "store/db.h"

struct mirror_row {
	int64_t chat_id, version;
};

/* What changes is marked, or is not any more. */
bool mirror_wanted(struct db *db);
enum outcome mirror_unwant(struct db *db, int64_t deadline,
    struct fault *fault) must_check;

/* The Redis with the id REDIS is to know all chats, which are marked by and
 * by: it is new, or lost what it had; and what we write there is of EPOCH.
 * Own transaction, as below. */
enum outcome mirror_begin(struct db *db, const char *redis, int64_t epoch,
    int64_t deadline, struct fault *fault) must_check;

/* The Redis that was begun with; NULL: none.  The caller frees it. */
char *mirror_redis(struct db *db);

/* Marks LIMIT more of all chats; *MORE is false at the end. */
enum outcome mirror_mark(struct db *db, int limit, int64_t deadline,
    bool *more, struct fault *fault) must_check;

/* Up to LIMIT chats that the mirror does not have as they are, behind AFTER
 * (first INT64_MIN) by id; returns how many. */
int mirror_behind(struct db *db, int64_t after, int limit,
    struct mirror_row *rows);

/* How many there are. */
int64_t mirror_behind_count(struct db *db);

/* The mirror had all that there was at NOW (wall ms). */
enum outcome mirror_told(struct db *db, int64_t now, int64_t deadline,
    struct fault *fault) must_check;

/* When it had last, or else when it was begun; 0: there is none. */
int64_t mirror_told_at(struct db *db);

/* Visits the fields of a chat that have a value; false when there is no such
 * chat (any more). */
bool mirror_chat(struct db *db, int64_t chat_id,
    void (*visit)(const char *field, const char *value, void *arg), void *arg);

/* Visits the last LIMIT of what was said in a chat, the oldest first, each as
 * a JSON object with role, text, at (ms) and message_id. */
void mirror_said(struct db *db, int64_t chat_id, int64_t limit,
    void (*visit)(const char *line, void *arg), void *arg);

/* Inside a transaction: forgets that CHAT_ID is gone once all know it. */
void mirror_forget(struct db *db, int64_t chat_id);

/* The mirror has these COUNT rows; those of chats that are gone go. */
enum outcome mirror_pushed(struct db *db, const struct mirror_row *rows,
    int count, int64_t deadline, struct fault *fault) must_check;

#endif
