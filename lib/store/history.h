/* SPDX-License-Identifier: MIT */
/*
 * Looking at messages and updates without touching them, for the commands
 * that explain.
 */
#ifndef LEADPIPE_HISTORY_H
#define LEADPIPE_HISTORY_H

#include "store/db.h"

/* Texts are borrowed until the next call; 0 and NULL: none. */
struct history_row {
	int64_t id, chat_id;
	const char *state, *role, *method, *text, *reason, *task_name;
	const char *mend; /* the command that mends it */
	int64_t created_at, settled_at, not_before, expire_at, message_id;
	int tries, ambiguous;
	bool maybe_duplicate;
};

/* What was said in a chat, the newest first: start with *BEFORE INT64_MAX. */
bool history_said(struct db *db, int64_t chat_id, int64_t *before,
    struct history_row *row);

/* The same, the oldest first: start with *AFTER as history_start() says. */
bool history_next(struct db *db, int64_t chat_id, int64_t *after,
    struct history_row *row);

/* Where the last LAST of what was said in a chat begin, those before SINCE
 * (wall ms) left out. */
int64_t history_start(struct db *db, int64_t chat_id, int64_t last,
    int64_t since);

/* What a chat has not got: all that is queued, under way, ambiguous, unknown,
 * held, expired or dead, the oldest first: start with *AFTER 0. */
bool history_unsent(struct db *db, int64_t chat_id, int64_t *after,
    struct history_row *row);

/* Messages of which nobody knows whether they arrived (ambiguous, unknown),
 * by id; CHAT_ID 0: of all chats. */
bool history_unclear(struct db *db, int64_t chat_id, int64_t *after,
    struct history_row *row);
int64_t history_unclear_count(struct db *db, int64_t chat_id);

struct history_update {
	int64_t id, update_id, received_at;
	const char *state, *reason, *mend;
	int tries;
};

/* The updates of a chat that were not stepped (failed, parked, waiting), then
 * those that were, each newest first; at most LIMIT. */
int history_updates(struct db *db, int64_t chat_id, int limit,
    void (*visit)(const struct history_update *update, void *arg), void *arg);

#endif
