/* SPDX-License-Identifier: MIT */
/*
 * Messages and their lanes.
 *
 *   queued(not_before) -> sending(worker, generation)
 *   sending -> sent | queued | ambiguous | unknown | held | expired | dead
 *   ambiguous -> sending again (marked maybe_duplicate) | unknown
 *
 * A waiting row has no owner.  The lane is the row of a chat with unfinished
 * messages; only its head can be sent, so order within a chat holds across
 * retries and crashes and costs no scan.  Every settle is fenced by worker and
 * generation: who lost a message changes nothing.
 */
#ifndef LEADPIPE_MESSAGES_H
#define LEADPIPE_MESSAGES_H

#include "store/db.h"
#include "store/tasks.h"

enum policy { POLICY_IDEMPOTENT, POLICY_RESEND, POLICY_ONCE };

/* An album has so many files at the most. */
#define MESSAGE_FILES 10

struct message {
	int64_t id, chat_id;
	enum priority priority;
	enum policy policy;
	const char *method, *params;
	const char *text;	      /* for the history */
	const char *flow, *action;    /* reminders: render again when sent */
	int64_t media[MESSAGE_FILES]; /* rows of media */
	int media_count;
	int64_t update_row, task_id;
	const char *task_name;
	bool by_operator;  /* a person speaks through the bot */
	int64_t about;	   /* chat that an answer to it goes to, 0: none */
	int64_t subject;   /* of whom it speaks to somebody else, 0: none */
	int64_t broadcast; /* that it is of, 0: none */
	bool paid;	   /* that one pays for its own limit */
	int64_t created_at, not_before, expire_at;
	int tries, ambiguous;
	bool maybe_duplicate;
	int64_t generation;
	int64_t started_at; /* set by messages_claim() */
	int urgency; /* of its lane: what is behind it lends its priority */
};

/* Appends to the chat's lane and sets the id.  For a blocked chat the caller
 * passes HELD. */
enum outcome messages_add(struct db *db, struct message *message, bool held,
    struct fault *fault) must_check;

/* A message that came in, for the history. */
enum outcome messages_received(struct db *db, int64_t chat_id,
    int64_t update_row, int64_t message_id, const char *text, int64_t now,
    struct fault *fault) must_check;

/* The chat that the message MESSAGE_ID in CHAT_ID is about; 0: none,
 * MESSAGES_FORGOTTEN: of somebody who was forgotten. */
#define MESSAGES_FORGOTTEN INT64_MIN
int64_t messages_about(struct db *db, int64_t chat_id, int64_t message_id);

/*
 * The ready head of the lane with the best claim: PRIORITY_MAX caps the class
 * that is looked at.  Lanes are taken class by class, then by not_before.
 * AFTER (NULL: from the start) continues behind the last one that was passed
 * over.  Texts are borrowed until the next call; false when there is none.
 */
struct lane_place {
	int priority;
	int64_t not_before, chat_id;
};
bool messages_ready(struct db *db, int64_t now, int priority_max,
    struct lane_place *after, struct message *message);

/* Marks the head `sending` by WORKER and sets its generation; the row of an
 * ambiguous one is marked maybe_duplicate. */
enum outcome messages_claim(struct db *db, struct message *message,
    int64_t worker, int64_t now, struct fault *fault) must_check;

/* The chat's head waits: until NOT_BEFORE (limits), or for the file_id of
 * MEDIA (0: none). */
enum outcome messages_postpone(struct db *db, int64_t chat_id,
    int64_t not_before, int64_t media, struct fault *fault) must_check;

/* When the next head of at most PRIORITY_MAX may be ready; CLOCK_NEVER when no
 * lane waits for time.  The same for those of PRIORITY alone. */
int64_t messages_next_ready(struct db *db, int priority_max);
int64_t messages_next_of(struct db *db, int priority);

/* Sets how often a message that waits was tried; delivery counts its own. */
enum outcome messages_tried(struct db *db, int64_t id, int tries,
    struct fault *fault) must_check;

/* Changes what a claimed message says: a rendered reminder, or with FINAL what
 * is not rendered again (plain text after refused markup). */
enum outcome messages_rewrite(struct db *db, int64_t id, const char *params,
    const char *text, bool final, struct fault *fault) must_check;

/* Lets the held messages of a chat (0: of all) out again. */
enum outcome messages_release(struct db *db, int64_t chat_id, int64_t now,
    int *count, struct fault *fault) must_check;

#endif
