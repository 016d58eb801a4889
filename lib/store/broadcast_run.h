/* SPDX-License-Identifier: MIT */
/*
 * A broadcast on its way: for those who take the next people and send.
 * All of it inside a transaction.
 */
#ifndef LEADPIPE_BROADCAST_RUN_H
#define LEADPIPE_BROADCAST_RUN_H

#include "store/broadcasts.h"

/* Telegram's limit for who pays (core.telegram.org/bots/api, sendMessage). */
#define BROADCAST_PAID_PER_SECOND 1000

/* True when one runs, or is to begin by NOW; *PAID: one of these is paid for.
 * *NEXT_AT is when a further one is to begin, CLOCK_NEVER: none is. */
bool broadcast_wanted(struct db *db, int64_t now, int64_t *next_at,
    bool *paid);

/* The next of those behind AFTER (0: the first); texts are borrowed until the
 * next call. */
bool broadcast_due(struct db *db, int64_t now, int64_t after,
    struct broadcast *broadcast);

/* It runs from NOW on, for who is known now. */
enum outcome broadcast_begin(struct db *db, struct broadcast *broadcast,
    int64_t now, struct fault *fault) must_check;

/* How many of its messages are not settled. */
int64_t broadcast_waiting(struct db *db, int64_t id);

/* Writes the message to CHAT_ID, unless there is one: with NOT_FOR (NULL: none)
 * it is cancelled from the start. */
enum outcome broadcast_write(struct db *db, const struct broadcast *broadcast,
    int64_t chat_id, const char *not_for, int64_t now, struct fault *fault)
    must_check;

/* Takes out somebody who was put aside; false: there is nobody. */
bool broadcast_back(struct db *db, int64_t id, int64_t *chat_id);

/* Stores how far it got: cursor, looked, through. */
enum outcome broadcast_moved(struct db *db, const struct broadcast *broadcast,
    int64_t now, struct fault *fault) must_check;

/* One of its messages ARRIVED, or is dead or unknown. */
void broadcast_settled(struct db *db, int64_t id, bool arrived);

/* Why the last one is dead or unknown, "" when none is; the caller frees it. */
char *broadcast_failure(struct db *db, int64_t id);

/* All is settled; false: it was not running. */
bool broadcast_finish(struct db *db, int64_t id, int64_t now);

/* What is to be known of broadcast ID before one of its messages leaves. */
struct broadcast_terms {
	enum broadcast_state state;
	int64_t rate;
	bool paid;
};
enum outcome broadcast_terms(struct db *db, int64_t id,
    struct broadcast_terms *terms, struct fault *fault) must_check;

/* Takes the queued message of a paused one back: it is sent after
 * broadcasts_resume(). */
enum outcome broadcast_set_aside(struct db *db, int64_t id, int64_t chat_id,
    struct fault *fault) must_check;

#endif
