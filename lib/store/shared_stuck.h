/* SPDX-License-Identifier: MIT */
/*
 * Shared tasks that wait for a person, each a dead letter `shared:ID`: members
 * that nobody can read, in the poison set; those that other programs took in
 * work and may have died over, in `scheduler:processing`; and exported ones
 * whose Redis is gone.  What a person decides about the first two is done when
 * Redis answers.
 */
#ifndef LEADPIPE_SHARED_STUCK_H
#define LEADPIPE_SHARED_STUCK_H

#include "store/db.h"
#include "store/mend.h"

/* Two looks at `scheduler:processing` lie so far apart, and the task was due
 * so long ago. */
#define STUCK_AGE_MS (10 * 60 * 1000)

/* Of one place; programs that never clear theirs would fill the disk. */
#define STUCK_MOST 1000

/* A member as it was seen. */
struct stuck_member {
	bool processing;    /* else in the poison set */
	const char *digest; /* Redis's SHA-1 of it */
	const char *member; /* NULL: too large, or no text */
	int64_t size;
	const char *head; /* for people */
	int64_t due_at;	  /* 0: not known */
	int64_t chat_id;  /* 0: not known */
	const char *reason;
};

/* Inside a transaction: it is there at NOW.  OUT_OK also when there are too
 * many: *KEPT false. */
enum outcome shared_stuck_seen(struct db *db, const struct stuck_member *seen,
    int64_t now, bool *kept, struct fault *fault) must_check;

/* Inside a transaction: all of PROCESSING (or poison) was looked at since
 * SINCE; what was not seen is gone, unless it was decided: Redis says what
 * became of that. */
enum outcome shared_stuck_gone(struct db *db, bool processing, int64_t since,
    struct fault *fault) must_check;

/* True when anything is known to wait there. */
bool shared_stuck_any(struct db *db);

/* The next after DECISION->id (0 at first) that was decided; its texts are
 * owned. */
struct stuck_decision {
	int64_t id, due_at;
	bool processing, requeue;
	char *digest, *member; /* member: NULL when it has to be looked for */
};
bool shared_stuck_decided(struct db *db, struct stuck_decision *decision);

/* Inside a transaction: Redis has done it. */
enum outcome shared_stuck_done(struct db *db, int64_t id, struct fault *fault)
    must_check;

/* Inside a transaction: at most LIMIT exported tasks that were due a minute
 * ago become dead letters: Redis is gone.  *COUNT. */
enum outcome shared_stuck_overdue(struct db *db, int64_t now, int limit,
    int *count, struct fault *fault) must_check;
bool shared_stuck_is_overdue(struct db *db, int64_t now);

/* mend_item() of a `shared`. */
enum outcome shared_stuck_mend(struct db *db, int64_t id, enum mend how,
    int64_t now, const char **state, struct fault *fault) must_check;

#endif
