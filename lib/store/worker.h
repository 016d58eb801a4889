/* SPDX-License-Identifier: MIT */
/*
 * Workers: processes that own work.  A worker holds flock() on run/w-<id>.lock
 * for its life, so whether it lives is asked of the kernel and not of a clock,
 * and the next command continues at once after kill -9.  The descriptor is
 * close-on-exec: a child that outlives its parent holds nothing.
 *
 * The same file keeps the locks of commands of which one may run at a time.
 */
#ifndef LEADPIPE_WORKER_H
#define LEADPIPE_WORKER_H

#include "store/db.h"

struct worker {
	int64_t id;
	int fd;	     /* of the lock file, -1: none */
	int64_t run; /* row of runs */
	bool warned; /* the last run of the command crashed */
};

#define WORKER_INIT \
	{ \
		.fd = -1 \
	}

/*
 * What dead workers left behind, as counts.
 */
struct recovered {
	int workers;
	int ambiguous; /* messages that were being sent */
	int execs;     /* handlers that ran: they run again */
	int unknown;   /* leads that may have been created */
	int requeued;  /* leads that surely were not */
	int crashed_runs;
};

/*
 * Makes this process a worker and records its run, in one transaction that
 * also frees the work of dead workers: a message found `sending` becomes
 * ambiguous, its lane is free again, an upload's waiting lanes too; their runs
 * are marked crashed.  When the last run of COMMAND crashed and STEPS is true
 * (it steps updates, and holds the lock for it), waiting updates have a try
 * counted, whoever found the crash.
 */
enum outcome worker_begin(struct db *db, struct worker *worker,
    const char *command, bool steps, int64_t deadline,
    struct recovered *recovered, struct fault *fault) must_check;

/* Records the end of the run and removes the lock file. COUNTS is a JSON
 * object. Errors are not reported: the next start finds out by itself. */
void worker_end(struct db *db, struct worker *worker, int exit_code,
    const char *counts);

/*
 * Frees dead workers' rows as worker_begin() does, inside the caller's
 * transaction; used in long runs too.
 */
enum outcome worker_recover(struct db *db, const struct worker *self,
    struct recovered *recovered, struct fault *fault) must_check;

/*
 * The lock run/NAME.lock of a command.  Waits until DEADLINE; the waiting is
 * visible to the holder through command_lock_wanted().
 */
struct command_lock {
	int fd, queue_fd;
	bool busy; /* somebody kept it until the deadline */
};

#define COMMAND_LOCK_INIT \
	{ \
		.fd = -1, .queue_fd = -1 \
	}

/* OUT_LATER with LOCK->busy when it is still held at DEADLINE, and without it
 * when no descriptor is left. */
enum outcome command_lock_take(const struct db *db, const char *name,
    int64_t deadline, struct command_lock *lock, struct fault *fault)
    must_check;
/* True when somebody waits for LOCK, which we hold. */
bool command_lock_wanted(const struct command_lock *lock);
void command_lock_drop(struct command_lock *lock);

#endif
