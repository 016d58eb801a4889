/* SPDX-License-Identifier: MIT */
/*
 * Numbers about the state, for healthcheck and lists: what waits, since when,
 * what failed.
 */
#ifndef LEADPIPE_STUCK_H
#define LEADPIPE_STUCK_H

#include "store/db.h"

struct stuck {
	int64_t updates_waiting, updates_parked;
	int64_t tasks_waiting;
	int64_t messages_ready; /* may be sent now */
	int64_t sending, ambiguous, unknown, held, dead_letters;
	int64_t updates_since, ambiguous_since; /* the oldest; 0: none */
	int64_t dead; /* dead letters but parked updates, unknown messages and
		     leads */
	int64_t parked_since, unknown_since, dead_since; /* 0: none */
	int64_t oldest_due_at; /* of what should be sent by now, 0: nothing */
	int64_t attempts, failures;	 /* in the last 15 min */
	int64_t execs_open, execs_since; /* the oldest; 0: none */
	int64_t execs_failed;		 /* handlers, in the last 15 min */
	int64_t poll_at;       /* last good getUpdates, 0: none is due */
	int64_t poll_fault_at; /* getUpdates is refused since, 0: it is not */
	int64_t config_fault_at; /* 0: none */
};

/* Takes milliseconds however much waits. */
enum outcome stuck_count(struct db *db, int64_t now, struct stuck *stuck,
    struct fault *fault) must_check;

/* What takes longer the more of it there is. */
struct backlog {
	int64_t messages_queued, tasks_overdue;
};

enum outcome stuck_backlog(struct db *db, int64_t now, struct backlog *backlog,
    struct fault *fault) must_check;

#endif
