/* SPDX-License-Identifier: MIT */
/*
 * Tasks between this database and the shared set (shared/handover.h).
 *
 *   exporting  left `tasks`, is being put into the set
 *   exported   the set has it; a tombstone with all that it was
 *   claimed    under a lease of ours, not ours yet
 *   owned      acknowledged: ours, to be read by the flow
 *   running    a task of `tasks` under the same id
 *   done       was done: here, or (an exported one) by another leadpipe
 *   taken      an exported one, by a foreign program
 *   cancelled  an exported one that is not wanted any more
 *   back       an exported one that is ours again, in `tasks`
 *   poison, freed   came in and goes back: nobody can read it, not for us
 *
 *   ours    exporting -> exported -> claimed -> back
 *           exported -> taken | done; all but done -> cancelled | back
 *   others' claimed -> owned -> running -> done
 *           owned -> poison | freed -> (no row)
 *
 * `told` is 0 where Redis has still to hear of it.  Ids are those of tasks.
 */
#ifndef LEADPIPE_SHARED_TASKS_H
#define LEADPIPE_SHARED_TASKS_H

#include <stddef.h>

#include "store/db.h"
#include "store/tasks.h"

/* What a member is told apart by: the first 32 digits of its SHA-256. */
#define SHARED_SOURCE_SIZE 33

/* Longer members are not even read. */
#define SHARED_MEMBER_MAX 65536

/* Past its due time an exported task that nobody claims is told. */
#define SHARED_OVERDUE_MS 60000

/* Of a row of task_ends, a piece of SQL: its name is handed over in its chat. */
#define SHARED_AGAIN \
	"(kind = 'flow' AND EXISTS (SELECT 1 FROM shared_tasks AS s" \
	" WHERE s.chat_id = task_ends.chat_id AND s.name = task_ends.name" \
	" AND s.ours = 1 AND (s.state = 'exporting' OR s.state = 'exported'" \
	"  OR s.state = 'claimed')))"

void shared_source(const char *member, size_t len,
    char source[SHARED_SOURCE_SIZE]);

/*
 * Moves the flow's own schedules that are due after `after` out of `tasks`,
 * looking at no more than `limit` tasks that it has not seen yet; `host` is in
 * their members.
 */
struct shared_offer {
	const char *host;
	int64_t after;
	int limit;
	int count; /* how many it was */
	bool more; /* further ones were not looked at */
};
enum outcome shared_tasks_offer(struct db *db, struct shared_offer *offer,
    struct fault *fault) must_check;

/* True when shared_tasks_offer() would look at any. */
bool shared_tasks_offers(struct db *db);

/* The same for the waiting task ID, whatever it is and whenever due. */
enum outcome shared_tasks_offer_id(struct db *db, const char *host, int64_t id,
    struct fault *fault) must_check;

/* What the set says of the exported row ID at NOW; its next look is at
 * LOOK_AT. */
enum shared_standing {
	SHARED_WAITS, /* in the set, or in other hands */
	SHARED_TAKEN,
	SHARED_DONE
};
enum outcome shared_tasks_stands(struct db *db, int64_t id,
    enum shared_standing standing, int64_t look_at, int64_t now,
    struct fault *fault) must_check;

/* Cancels what CHAT_ID has handed over under NAME (POINTER NULL: wherever
 * made), or the one with ID; *COUNT more. */
enum outcome shared_tasks_cancel(struct db *db, int64_t chat_id,
    const char *name, const char *pointer, int64_t now, int *count,
    struct fault *fault) must_check;
enum outcome shared_tasks_cancel_id(struct db *db, int64_t id, int64_t now,
    int *count, struct fault *fault) must_check;

/* The TASK_FLOW called NAME that the chat has handed over; as tasks_named(). */
bool shared_tasks_named(struct db *db, int64_t chat_id, const char *name,
    struct task *task);

/* Visits what the chat has handed over, by due time, at most LIMIT; returns how
 * many. */
int shared_tasks_list(struct db *db, int64_t chat_id, int limit,
    void (*visit)(const struct task *task, void *arg), void *arg);

/* Takes the exported row ID back without asking Redis: OUT_NEVER/EXIT_INPUT
 * when it is none. */
enum outcome shared_tasks_back(struct db *db, int64_t id, int64_t now,
    struct fault *fault) must_check;

#endif
