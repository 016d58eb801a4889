/* SPDX-License-Identifier: MIT */
/*
 * Broadcasts: one message for many, as one row and a cursor over the chats.
 *
 *   scheduled(start_at) -> running <-> paused -> finished | cancelled
 *
 * People are taken in the order of their chats, and each one's message is
 * written in the transaction that moves the cursor past them: nobody is missed
 * and nobody is written to twice, wherever a command dies.
 */
#ifndef LEADPIPE_BROADCASTS_H
#define LEADPIPE_BROADCASTS_H

#include "store/db.h"
#include "store/messages.h"

/* Why somebody of its audience does not get it: reasons of `cancelled`. */
#define BROADCAST_BLOCKED "blocked"
#define BROADCAST_UNSUBSCRIBED "unsubscribed"
#define BROADCAST_TAKEN_BACK "the broadcast was cancelled"

enum broadcast_state {
	BROADCAST_SCHEDULED,
	BROADCAST_RUNNING,
	BROADCAST_PAUSED,
	BROADCAST_FINISHED,
	BROADCAST_CANCELLED
};

struct broadcast {
	int64_t id;
	const char *name; /* unique */
	enum broadcast_state state;
	const char *flow;     /* hash of the version that has its words */
	const char *action;   /* its send action, JSON */
	const char *audience; /* bot/audience.h, JSON */
	const char *method;
	int64_t media[MESSAGE_FILES];
	int media_count;
	int64_t rate; /* messages a second at the most, 0: as limits allow */
	bool paid;    /* allow_paid_broadcast */
	int64_t created_at, start_at, begun_at, finished_at; /* 0: not yet */
	int64_t cursor, looked; /* up to this chat; so many are looked at */
	bool through;		/* all were */
	int64_t moved_at;	/* when it last got on, 0: never */
	int64_t failures;	/* in a row, since the last one that arrived */
	const char *reason;	/* why it is paused, NULL: by hand */
};

/* What became of its messages so far; also after they were pruned. */
struct broadcast_counts {
	int64_t looked, chosen; /* people; chosen: in its audience */
	int64_t sent, waiting, unknown, dead, expired;
	int64_t blocked, unsubscribed, cancelled;
};

/* A person of its audience, for the report; texts are borrowed. */
struct broadcast_person {
	int64_t chat_id;
	const char *username, *first_name;
	/* Of the message; `paused`: it was taken back when it was paused. */
	const char *state, *reason;
	int64_t message_id, settled_at; /* 0: not yet */
};

const char *broadcast_state_name(enum broadcast_state state);

/* Adds a broadcast, inside a transaction, and sets its id.  OUT_NEVER with
 * EXIT_INPUT when another one has its name. */
enum outcome broadcasts_add(struct db *db, struct broadcast *broadcast,
    struct fault *fault) must_check;

/* The action of the broadcast that the message MESSAGE_ID in CHAT_ID was of,
 * which the caller frees; NULL: of none. */
char *broadcasts_action(struct db *db, int64_t chat_id, int64_t message_id);

/* By name or by id; texts are borrowed until the next call or the end of the
 * transaction.  False: there is none. */
bool broadcasts_find(struct db *db, const char *which,
    struct broadcast *broadcast);

/* The next after AFTER (0: the first), newest last; texts as above. */
bool broadcasts_next(struct db *db, int64_t after,
    struct broadcast *broadcast);

/* Takes microseconds however many there are. */
enum outcome broadcasts_count(struct db *db, int64_t id,
    struct broadcast_counts *counts, struct fault *fault) must_check;

/* Tells VISIT of each person of its audience so far whose message was not
 * pruned, by chat; VISIT returns false to end it. */
enum outcome broadcasts_people(struct db *db, int64_t id,
    bool (*visit)(const struct broadcast_person *person, void *arg), void *arg,
    struct fault *fault) must_check;

/*
 * Inside a transaction: what is queued and not on its way is taken back and
 * sent after broadcasts_resume(), once.  *CHANGED is false when it was in no
 * state for that.
 */
enum outcome broadcasts_pause(struct db *db, int64_t id, const char *reason,
    int64_t now, bool *changed, struct fault *fault) must_check;
enum outcome broadcasts_resume(struct db *db, int64_t id, int64_t now,
    bool *changed, struct fault *fault) must_check;

/* Nobody further gets it: what waits is cancelled. */
enum outcome broadcasts_cancel(struct db *db, int64_t id, int64_t now,
    bool *changed, struct fault *fault) must_check;

#endif
