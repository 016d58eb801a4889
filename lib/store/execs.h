/* SPDX-License-Identifier: MIT */
/*
 * Handlers: programs that a flow runs, and with whose answer it goes on.
 *
 *   pending(not_before) -> running(worker, generation)
 *   running -> done | failed | dead | pending (again later, or its worker died)
 *
 * At most one is open (pending or running) in a chat; its later updates and
 * events wait in `updates`, its due tasks are held.  Every end is fenced by
 * worker and generation, as that of a message is.
 */
#ifndef LEADPIPE_EXECS_H
#define LEADPIPE_EXECS_H

#include "store/db.h"

/* After so many commands that died while it ran, it counts as failed. */
#define EXECS_CRASHES 10

/* So often may a command die as it goes on with what the handler said, and so
 * often without that; then the flow cannot go on. */
#define EXECS_TRIES 3

/* Texts are borrowed until the next call that reads one; NULL and 0: none. */
struct exec {
	int64_t id, chat_id;
	const char *flow;    /* hash of the version that was suspended */
	const char *place;   /* where in it, for people */
	const char *request; /* JSON: what is run, and what it is told */
	const char *resume;  /* JSON: the engine's, where it goes on */
	int64_t task_id;     /* that was being done */
	const char *task_name;
	int64_t expire_at; /* of that task */
	int64_t nonce;	   /* of no other exec, in no other database */
	int64_t created_at, not_before;
	int attempt; /* starts so far */
	int retries; /* of them, those that asked to be run again */
	int crashes; /* of them, those whose command died */
	int tries;   /* to go on with it, see execs_try() */
	int64_t generation;
	int64_t started_at; /* of the last attempt */
	const char *reason; /* why that was not the last, or failed */
};

/* Adds one as pending and sets its id.  OUT_BUG when the chat has an open
 * one. */
enum outcome execs_add(struct db *db, struct exec *exec, struct fault *fault)
    must_check;

/* True when one is open in the chat. */
bool execs_open(struct db *db, int64_t chat_id);

/* The one that is open in the chat; false when there is none. */
bool execs_of_chat(struct db *db, int64_t chat_id, struct exec *exec);

/* The first that may run at NOW behind AFTER (start with { 0 }), which moves
 * on; false when there is none. */
struct exec_place {
	int64_t not_before, id;
};
bool execs_ready(struct db *db, int64_t now, struct exec_place *after,
    struct exec *exec);

/* When one may be ready; CLOCK_NEVER: none waits. */
int64_t execs_next_ready(struct db *db);

/* Marks a pending one `running` by WORKER and counts the attempt. */
enum outcome execs_claim(struct db *db, struct exec *exec, int64_t worker,
    int64_t now, struct fault *fault) must_check;

/* The row of ID; false when there is none. */
bool execs_load(struct db *db, int64_t id, struct exec *exec);

enum exec_end {
	EXEC_DONE,   /* it answered */
	EXEC_FAILED, /* it did not; the flow went on without it */
	EXEC_DEAD,   /* the flow could not go on: a dead letter */
	EXEC_AGAIN,  /* it asked to be run again at not_before */
	EXEC_BACK    /* it was not its turn to end: pending as before */
};

/*
 * Once its command died (crashes), it is gone on with in a transaction of its
 * own, and before that a try is counted in another one: if that kills, it is
 * known what did.  An end forgets them.
 */
enum outcome execs_try(struct db *db, const struct exec *exec, int64_t worker,
    struct fault *fault) must_check;

/* Ends what WORKER runs.  *LOST when it was not its any more: then nothing is
 * changed. */
enum outcome execs_end(struct db *db, const struct exec *exec, int64_t worker,
    enum exec_end how, int64_t not_before, const char *reason, int64_t now,
    bool *lost, struct fault *fault) must_check;

/* WORKER died: what it ran is pending again, with a crash counted. */
enum outcome execs_orphaned(struct db *db, int64_t worker, int *count,
    struct fault *fault) must_check;

/* A dead one is pending again, with a second life; OUT_NEVER/EXIT_INPUT when
 * it is none, or its chat has another one open. */
enum outcome execs_retry(struct db *db, int64_t id, int64_t now,
    struct fault *fault) must_check;

#endif
