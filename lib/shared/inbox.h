/* SPDX-License-Identifier: MIT */
/*
 * Leads that websites and other programs leave in Redis, as bytes: a list, a
 * stream, or a queue of BullMQ.  Nothing leaves Redis for good before it is
 * committed here:
 *
 *   waiting -> taken(owner, until) -> gone, after our commit
 *   taken -> waiting, when it was given back, or its time is over
 *   taken -> poison, when we cannot read it
 *
 * Whatever is taken again has the same key, and the key is what makes it the
 * same lead: a crash between the commit and inbox_settle() doubles nothing.
 * What a crash left is taken alone, so that an element that kills us takes no
 * neighbour along; after INBOX_TRIES times it comes with a WHY, and whoever
 * knows it to be stored says ARRIVAL_TAKEN all the same.
 *
 *   leadpipe:in      RPUSH by a website; taken ones are in the hash
 *                    leadpipe:in:processing, poison in leadpipe:in:poison
 *   leadpipe:leads   XADD by a website; group `leadpipe`.  What is done is
 *                    deleted unless another group reads the stream too.
 *   bull:QUEUE:*     shared/bull.h
 */
#ifndef LEADPIPE_INBOX_H
#define LEADPIPE_INBOX_H

#include "shared/redis.h"

#define INBOX_BYTES (1 << 20) /* of one that can be read */
#define INBOX_TRIES 10

enum inbox_kind { INBOX_LIST, INBOX_STREAM, INBOX_BULL };

enum arrival_fate {
	ARRIVAL_LATER,	/* it is given back */
	ARRIVAL_TAKEN,	/* committed here */
	ARRIVAL_REFUSED /* cannot be read, WHY; that is committed here */
};

struct arrival {
	char *key;
	char *raw;	      /* ends with a NUL that is not of it */
	size_t len;	      /* of raw: its beginning when size is more */
	int64_t size;	      /* as it is in Redis */
	int64_t tries;	      /* how often it was taken without an end */
	char *ticket;	      /* what Redis knows it by; NULL: it is lost */
	struct bull_job *job; /* INBOX_BULL */
	enum arrival_fate fate;
	char why[256]; /* filled already: it shall be refused */
};

struct inbox {
	enum inbox_kind kind;
	char *name;  /* key, or prefix and queue as bull:orders */
	char *owner; /* who takes: without spaces */
	int64_t lease_ms;
	int64_t taken_at; /* monotonic */
	struct arrival *arrivals;
	int count;
	bool more;	   /* than was taken */
	char trouble[200]; /* why nothing can be taken: a person must mend
			      it; "": nothing is wrong */
	char notice[200];  /* what is left to others, "": nothing */
};

/* OWNER: the same for the next process of this database, so that it takes up
 * at once what this one leaves. */
struct inbox *inbox_open(enum inbox_kind kind, const char *name,
    const char *owner, int64_t lease_ms);
void inbox_close(struct inbox *inbox);

/* Takes at most MOST, in one round trip, for lease_ms.  OUT_OK with none when
 * there is none, no Redis, or trouble. */
enum outcome inbox_take(struct inbox *inbox, struct redis *redis, int most,
    struct fault *fault) must_check;

/* Before a commit that comes late: takes for another lease_ms what is still
 * ours; ticket is NULL of what is not. */
enum outcome inbox_hold(struct inbox *inbox, struct redis *redis,
    struct fault *fault) must_check;

/* After the commit: ends each as its fate says. */
enum outcome inbox_settle(struct inbox *inbox, struct redis *redis,
    struct fault *fault) must_check;

#endif
