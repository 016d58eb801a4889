/* SPDX-License-Identifier: MIT */
/*
 * Shared tasks (store/shared_tasks.h) on their way between here and Redis: what
 * it is asked and told about, and what came from there.
 */
#ifndef LEADPIPE_SHARED_CLAIMS_H
#define LEADPIPE_SHARED_CLAIMS_H

#include "store/shared_tasks.h"

/* Until then a claim that nobody acknowledged waits, then it is done all the
 * same. */
#define SHARED_ACK_GRACE_MS (10 * 60 * 1000)

/* A row, as much of it as Redis is asked or told about.  Texts are owned. */
struct shared_task {
	int64_t id, due_at, gen;
	char *member, *state, *epoch, *reason;
	bool ours; /* was exported here */
};
void shared_task_release(struct shared_task *task);

/* At most LIMIT rows into TASKS, which the caller releases; how many. */
enum shared_errand {
	SHARED_TELL, /* an end that Redis does not know */
	SHARED_ACK,  /* claims to be acknowledged */
	SHARED_PUT   /* to be put, or looked at, at NOW */
};
int shared_tasks_read(struct db *db, enum shared_errand errand, int64_t now,
    int limit, struct shared_task *tasks);

/* True when any of the above waits. */
bool shared_tasks_wait(struct db *db, int64_t now);

/* --- in a transaction */

/* A claimed member; *FRESH false: it is known already and in work, or has
 * ended, which Redis will be told. */
struct shared_claim {
	const char *member;
	size_t len;
	int64_t due_at, gen;
	const char *epoch;
};
enum outcome shared_tasks_claimed(struct db *db,
    const struct shared_claim *claim, int64_t now, bool *fresh,
    struct fault *fault) must_check;

/* CLAIM, as it was read, is ACKED, or somebody else has it.  A newer claim of
 * the same is not touched. */
enum outcome shared_tasks_acked(struct db *db, const struct shared_task *claim,
    bool acked, int64_t now, struct fault *fault) must_check;

/* The claims that waited too long for an answer become ours; *COUNT.  And
 * whether there are any. */
bool shared_tasks_impatient(struct db *db, int64_t now);
enum outcome shared_tasks_unacked(struct db *db, int64_t now, int *count,
    struct fault *fault) must_check;

/* The next that is owned and was not read yet; the caller releases it. */
bool shared_tasks_owned(struct db *db, struct shared_task *task);

/* It is a task of `tasks` now (or already was one: ADDED false), is not for
 * us before DUE_AT, or nobody can read it. */
enum outcome shared_tasks_running(struct db *db, int64_t id, bool added,
    int64_t now, struct fault *fault) must_check;
enum outcome shared_tasks_freed(struct db *db, int64_t id, int64_t due_at,
    int64_t now, struct fault *fault) must_check;
enum outcome shared_tasks_poison(struct db *db, int64_t id, const char *reason,
    int64_t now, struct fault *fault) must_check;

/* What ran and has ended in `tasks` is done; some of it a call, while there is
 * any. */
bool shared_tasks_ended(struct db *db);
enum outcome shared_tasks_finish(struct db *db, int64_t now,
    struct fault *fault) must_check;

/* Redis knows the end of TASK as it was read, unless it has another by now;
 * what only passed through is gone. */
enum outcome shared_tasks_told(struct db *db, const struct shared_task *task,
    const char *reason, struct fault *fault) must_check;

/* It was claimed back and acknowledged: a task as before. */
enum outcome shared_tasks_return(struct db *db, int64_t id, int64_t now,
    struct fault *fault) must_check;

/* Redis lost data: what is exported is looked at, all else is told again. */
enum outcome shared_tasks_recheck(struct db *db, struct fault *fault)
    must_check;

#endif
