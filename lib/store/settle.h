/* SPDX-License-Identifier: MIT */
/*
 * The end of a sending: messages leave `sending` through here only.
 */
#ifndef LEADPIPE_SETTLE_H
#define LEADPIPE_SETTLE_H

#include "store/messages.h"

/* How often a `resend` message is repeated after an ambiguous end. */
#define MESSAGES_RESENDS 3

enum settle {
	SETTLE_SENT,	  /* message_id */
	SETTLE_QUEUED,	  /* again at not_before; COUNT a try */
	SETTLE_AMBIGUOUS, /* it may have arrived: the policy decides */
	SETTLE_HELD,	  /* the chat is blocked */
	SETTLE_EXPIRED,
	SETTLE_DEAD, /* also a dead letter */
	SETTLE_CANCELLED
};

struct settlement {
	enum settle how;
	int64_t message_id;
	int64_t not_before;
	bool counts_try;
	const char *reason; /* NULL: none */
	bool refused;	    /* the reason is what Telegram answered */
	bool is_cut;	    /* by us: that says nothing of the message */
	const char *text;   /* what was really said, NULL: unchanged */
};

/*
 * Ends the sending of MESSAGE (id, chat_id, generation) by WORKER, or with
 * WORKER 0 settles a head that nobody is sending (expired, cancelled).  *LOST:
 * the fence did not hold, nothing was changed.  The lane moves on.
 */
enum outcome messages_settle(struct db *db, const struct message *message,
    int64_t worker, const struct settlement *settlement, int64_t now,
    bool *lost, struct fault *fault) must_check;

/*
 * What WORKER, which is dead, was sending: each is ambiguous, and an upload of
 * its own is free for somebody else.  *COUNT is how many.
 */
enum outcome messages_orphaned(struct db *db, int64_t worker, int64_t now,
    int *count, struct fault *fault) must_check;

/* The chat of a message as it is now: a group may have moved. */
int64_t messages_chat(struct db *db, int64_t id);

#endif
