/* SPDX-License-Identifier: MIT */
/*
 * Chats: where each person is in the conversation.
 */
#ifndef LEADPIPE_CHATS_H
#define LEADPIPE_CHATS_H

#include "store/db.h"

/* A row; the texts are owned and released by chat_row_release(). */
struct chat_row {
	int64_t chat_id, user_id;
	char *type, *first_name, *last_name, *username, *user_lang;
	char *state;
	int64_t session, entries;
	int64_t entered_at;	    /* the state, 0: not known */
	char *vars, *tags, *visits; /* JSON objects */
	char *lang, *tz;
	int64_t asked_at; /* a question with inline buttons is open since */
	char *memory;	  /* JSON object of the engine */
	int64_t expires_at, handoff_until;
	int64_t blocked_at, unsubscribed_at; /* 0: not */
	char *blocked_reason;
	int64_t created_at, seen_at;
	bool exists;
};

/* Loads the row of CHAT_ID; `exists` is false for a new chat, which then has
 * empty fields. */
enum outcome chats_load(struct db *db, int64_t chat_id, struct chat_row *row,
    struct fault *fault) must_check;
/* The same for the next chat behind AFTER; not `exists`: there is none. */
enum outcome chats_load_next(struct db *db, int64_t after,
    struct chat_row *row, struct fault *fault) must_check;
void chat_row_release(struct chat_row *row);

/* How many people's chats there are, without groups.  Reads their ids. */
int64_t chats_people(struct db *db);

/* Writes the row (new or existing). */
enum outcome chats_save(struct db *db, const struct chat_row *row,
    struct fault *fault) must_check;

/*
 * The chat takes nothing from us (REASON), or does again: its queued messages
 * and due tasks are held, or go back to their queues; what outlived its life
 * meanwhile expires.
 */
enum outcome chats_block(struct db *db, int64_t chat_id, const char *reason,
    int64_t now, struct fault *fault) must_check;
enum outcome chats_unblock(struct db *db, int64_t chat_id, int64_t now,
    struct fault *fault) must_check;

/* The next chat after *AFTER (first INT64_MIN) with a question that is open
 * since between SINCE and UNTIL and that only a press answers. */
bool chats_asked(struct db *db, int64_t since, int64_t until, int64_t *after);

/* It is not looked for any more. */
enum outcome chats_asked_done(struct db *db, int64_t chat_id,
    struct fault *fault) must_check;

/* True when the person asked to be sent nothing but answers. */
bool chats_unsubscribed(struct db *db, int64_t chat_id);

/* When somebody last wrote or pressed there, 0: never. */
int64_t chats_seen_at(struct db *db, int64_t chat_id);

/* OUT_NEVER/EXIT_INPUT, said in FAULT, unless there is a row of CHAT_ID. */
enum outcome chats_known(struct db *db, int64_t chat_id, struct fault *fault)
    must_check;

/* The group CHAT_ID is the supergroup NEW_ID now: every row follows. */
enum outcome chats_migrate(struct db *db, int64_t chat_id, int64_t new_id,
    struct fault *fault) must_check;

/* USER as people write it: a chat id, or the @username of one known chat;
 * anything else is OUT_NEVER/EXIT_INPUT. */
enum outcome chats_resolve(struct db *db, const char *user, int64_t *chat_id,
    struct fault *fault) must_check;

#endif
