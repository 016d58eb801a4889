/* SPDX-License-Identifier: MIT */
/*
 * What a restored database would do that may have been done since it was
 * saved.  It is on hold: a dead letter each, so that it is listed, counted and
 * mended as such, one by one or together.
 */
#ifndef LEADPIPE_HOLD_H
#define LEADPIPE_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "store/db.h"

/* The reason of these dead letters, which tells them from all others. */
#define HOLD_REASON \
	"on hold since the restore: it may have been done after the backup"

struct hold_counts {
	int64_t messages, tasks, execs, updates, leads;
	int64_t broadcasts; /* paused, by hold_due() */
};

/*
 * On HANDLE, the restored database PATH that nobody uses yet: puts all on hold
 * that was due by NOW, in one transaction: messages that wait and leads that
 * are not created (`unknown`), tasks that are due or held and handlers that
 * were to run (`dead`), updates that were not stepped (`parked`).  Broadcasts
 * that are not over are paused.  UNHEARD: so will be what a CRM tells of the
 * time until NOW.  Ends the runs and workers of
 * that time, and moves all ids on, so that none is given twice.
 */
struct sqlite3;
enum outcome hold_due(struct sqlite3 *handle, const char *path, int64_t now,
    bool unheard, struct hold_counts *counts, struct fault *fault) must_check;

/* Inside a transaction: puts EVENT of a chat with its DATA (JSON) on hold, as
 * an update: what it is about happened not later than META_UNHEARD, so that
 * the flow may have heard of it. */
enum outcome hold_event(struct db *db, int64_t chat_id, const char *event,
    const char *data, int64_t now, struct fault *fault) must_check;

/* The same with task ID when it was due by NOW; *HELD: it was. */
enum outcome hold_task(struct db *db, int64_t id, int64_t now, bool *held,
    struct fault *fault) must_check;

/* Whether what is of KIND is ever on hold. */
bool hold_takes(const char *kind);

/* How many are on hold, of KIND or (NULL) of all. */
enum outcome hold_count(struct db *db, const char *kind,
    struct hold_counts *counts, struct fault *fault) must_check;

/*
 * Inside a transaction: gives at most BATCH of KIND (NULL: all), whose letters
 * come after *AFTER, back to their queues, and adds to COUNTS.  What cannot
 * go back (a task that was planned again) stays, and is told by TELL.  *MORE:
 * call again.
 */
struct hold_release {
	const char *kind;
	int64_t after; /* the last letter; 0 at first */
	bool more;
	struct hold_counts counts;
	void (*tell)(const struct fault *fault);
};
enum outcome hold_release(struct db *db, struct hold_release *release,
    int batch, int64_t now, struct fault *fault) must_check;

#endif
