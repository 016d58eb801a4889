/* SPDX-License-Identifier: MIT */
/*
 * Tasks: something to do at a time.
 *
 *   waiting in `tasks` -> promoted | cancelled | expired | dead
 *                      -> held (its chat is blocked, talks with an operator
 *                         or waits for a handler) -> waiting
 */
#ifndef LEADPIPE_TASKS_H
#define LEADPIPE_TASKS_H

#include "store/db.h"

enum priority {
	PRIORITY_ANSWER = 0,
	PRIORITY_ALERT = 1,
	PRIORITY_REMINDER = 5,
	PRIORITY_BROADCAST = 9
};

enum task_kind {
	TASK_FLOW, /* the schedule at `pointer` of the flow runs */
	TASK_SEND  /* `method` with `params` is sent */
};

struct task {
	int64_t id, due_at;
	enum task_kind kind;
	enum priority priority;
	int64_t chat_id;
	const char *name; /* unique per chat for TASK_FLOW; may be NULL else */
	int64_t expire_at, created_at;
	int64_t entries;
	const char *flow, *pointer;  /* TASK_FLOW */
	const char *method, *params; /* TASK_SEND */
};

/* Gives out COUNT ids at once, for tasks_add(); returns the first. */
int64_t tasks_ids(struct db *db, int count);

/*
 * Adds a task and sets its id, unless it has one of tasks_ids().  A TASK_FLOW
 * whose name the chat already has waiting is kept (*ADDED false, id and
 * due_at are the old one's) or with REPLACE takes its place (the old one is
 * cancelled).
 */
enum outcome tasks_add(struct db *db, struct task *task, bool replace,
    bool *added, struct fault *fault) must_check;

/* The TASK_FLOW called NAME that waits in the chat; its texts are borrowed
 * until the next call.  False when there is none. */
bool tasks_named(struct db *db, int64_t chat_id, const char *name,
    struct task *task);

/* The next task due at NOW, by due time; its texts are borrowed until the next
 * call.  False when there is none. */
bool tasks_due(struct db *db, int64_t now, struct task *task);

/* When the next one is due; CLOCK_NEVER when none waits. */
int64_t tasks_next_due(struct db *db);

enum task_end {
	TASK_PROMOTED,
	TASK_CANCELLED,
	TASK_EXPIRED,
	TASK_DEAD,
	TASK_HELD
};

/* Ends the waiting task (DUE_AT, ID): its row moves to task_ends. */
enum outcome tasks_end(struct db *db, int64_t due_at, int64_t id,
    enum task_end how, const char *reason, int64_t now, struct fault *fault)
    must_check;

/*
 * Visits waiting tasks by due time, at most LIMIT behind *AFTER, which moves
 * on; returns how many.  CHAT_ID 0: of all chats.  In pages, so that a slow
 * reader of the list holds no snapshot, which would keep the WAL growing.
 */
struct task_place {
	int64_t due_at, id;
};
#define TASK_PLACE_FIRST \
	{ \
		INT64_MIN, INT64_MIN \
	}
int tasks_list(struct db *db, int64_t chat_id, struct task_place *after,
    int limit, void (*visit)(const struct task *task, void *arg), void *arg);

/* The held ones of a chat wait for their time again; the next promotion ends
 * those that outlived it. */
enum outcome tasks_unhold(struct db *db, int64_t chat_id, struct fault *fault)
    must_check;

/* How many of a chat are held, and whether the TASK_FLOW called NAME is. */
int64_t tasks_held(struct db *db, int64_t chat_id);
bool tasks_held_named(struct db *db, int64_t chat_id, const char *name);

/* How many wait; CHAT_ID 0: of all chats. */
int64_t tasks_count(struct db *db, int64_t chat_id);

/* The group CHAT_ID is the supergroup NEW_ID now. */
enum outcome tasks_migrate(struct db *db, int64_t chat_id, int64_t new_id,
    int64_t now, struct fault *fault) must_check;

#endif
