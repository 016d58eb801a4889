/* SPDX-License-Identifier: MIT */
/*
 * Circuit breakers: how a CRM or Redis did last, kept in the database so that
 * what one process learned the others and the next run know.
 *
 *   closed -> open (a CRM: 5 failures in a row; 30 s doubling to 5 min.
 *     Redis: 2 in a row or one that hangs; 5 s doubling to 60 s, +-20 %)
 *   open -> one trial call when the time is over -> closed | open
 *
 * A CRM that says itself that nobody may call (a ban, an unpaid account, a
 * revoked token) or that it takes no lead (no rights) opens it at once; the
 * latter is over when a lead is created, whatever else is answered.
 */
#ifndef LEADPIPE_BREAKER_H
#define LEADPIPE_BREAKER_H

#include "store/db.h"

/* So many failures in a row open it. */
#define BREAKER_FAILURES 5

/* So many are an outage. */
#define BREAKER_OUTAGE 3

/* The one that is no CRM's. */
#define BREAKER_REDIS "redis"

enum breaker_kind {
	BREAKER_FAILING, /* no answer, 5xx, garbage */
	BREAKER_CLOSED,	 /* the CRM shuts us out: a ban, unpaid */
	BREAKER_DENIED,	 /* it answers, but takes no lead: rights */
	BREAKER_REAUTH	 /* a person must authorize us again */
};

struct breaker {
	enum breaker_kind kind;
	int64_t failures;    /* in a row */
	int64_t since;	     /* of the first of them, 0: all is well */
	int64_t open_until;  /* wall ms, 0: closed */
	int64_t answered_at; /* last good answer, 0: never */
	int64_t credential;  /* with which it asked for a person */
	char reason[256];
};

/* Well when nothing is known of NAME. */
void breaker_load(struct db *db, const char *name, struct breaker *breaker);

/* The next breaker of a CRM behind AFTER ("": the first) by name; false at the
 * end.  NAME is borrowed until the next call. */
bool breaker_next(struct db *db, const char *after, const char **name);

/* The following are called inside a transaction. */

/* NAME failed: no answer, 5xx, garbage. */
enum outcome breaker_failed(struct db *db, const char *name,
    const char *reason, int64_t now, struct fault *fault) must_check;

/* NAME let us wait until we gave up, which opens it at once. */
enum outcome breaker_hung(struct db *db, const char *name, const char *reason,
    int64_t now, struct fault *fault) must_check;

/* NAME shuts us out for WAIT_MS at least; repeated, the time doubles up to
 * an hour, but not for Redis. */
enum outcome breaker_shut(struct db *db, const char *name,
    enum breaker_kind kind, int64_t wait_ms, int64_t credential,
    const char *reason, int64_t now, struct fault *fault) must_check;

/* NAME gave a good answer.  *RECOVERED: that ended an outage, not the failure
 * of a request or two. */
enum outcome breaker_answered(struct db *db, const char *name, int64_t now,
    bool *recovered, struct fault *fault) must_check;

/* Somebody tries whether NAME is back: nobody else does so before UNTIL. */
enum outcome breaker_try(struct db *db, const char *name, int64_t until,
    struct fault *fault) must_check;

/* The same when several want to: *MINE says that it is the caller, as it was
 * open until NOW at most. */
enum outcome breaker_claim(struct db *db, const char *name, int64_t now,
    int64_t until, bool *mine, struct fault *fault) must_check;

/* A 429 of NAME that says to wait WAIT_MS (0: it does not): *UNTIL is when
 * the next call may leave, later each time in a row. */
enum outcome breaker_flooded(struct db *db, const char *name, int64_t wait_ms,
    int64_t now, int64_t *until, struct fault *fault) must_check;

/* Forgets what is known of NAME: it was mended by hand. */
enum outcome breaker_reset(struct db *db, const char *name,
    struct fault *fault) must_check;

#endif
