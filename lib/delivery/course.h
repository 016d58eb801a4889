/* SPDX-License-Identifier: MIT */
/*
 * The course of one run of the event loop, and its two transactions.
 */
#ifndef LEADPIPE_COURSE_H
#define LEADPIPE_COURSE_H

#include "delivery/loop.h"

/* One attempt to pass the turnstile; in between the calls under way are looked
 * after, so that none outlives its deadline. */
#define COURSE_BEGIN_MS 100

/* Tasks promoted in one transaction; more are promoted in the next. */
#define COURSE_TASKS 200

struct course {
	struct loop *loop;
	bool dirty;	 /* rows may have changed: look what is to be done */
	bool more;	 /* more can be done at once */
	int64_t next_at; /* wall: something becomes due or ready */
	int64_t broadcast_at; /* wall: a broadcast begins */
	int64_t locked_since, pickup_at;
	bool pruned;	    /* nothing old is left for this run */
	bool has_pruned;    /* at all */
	bool pickup_failed; /* and that is told */
	bool draining;	    /* the lock is given up */
	int outages; /* of the poller that are dealt with, and one more */
	int64_t asked_after; /* of the one that is being dealt with */
	int careful;   /* so many tasks are done alone, the last run died */
	int64_t tried; /* the one that is counted, 0: none */
	enum outcome out;
	struct fault fault, pickup_fault;
};

/* May this run begin to send something? */
bool course_may_start(const struct course *course);

/* The run cannot go on; the first reason counts. */
void course_give_up(struct course *course, enum outcome out,
    const struct fault *fault);

/* Asks Telegram for more, as far as the time of this run goes. */
void course_poll(struct course *course);

/*
 * First transaction of a turn, only when updates came: they are on disk before
 * anything is made of them, so that one which kills the program is counted
 * and takes no neighbour with it.  False when they are not stored yet.
 */
bool course_store(struct course *course);

/* Second transaction: settle, step, promote, mark the next; then they leave.
 * What may have killed the last run is in transactions of its own. */
void course_work(struct course *course);

#endif
