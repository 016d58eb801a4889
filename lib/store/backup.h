/* SPDX-License-Identifier: MIT */
/*
 * A backup: one SQLite file, complete or not there at all.
 *
 * It is copied page by page out of one snapshot while others go on writing:
 * the copy reads, so it stands in no turnstile.  The result has the counts of
 * that very snapshot, or it is thrown away.
 */
#ifndef LEADPIPE_BACKUP_H
#define LEADPIPE_BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "store/db.h"

/* What is in a backup. */
struct backup_facts {
	int64_t version; /* of the schema */
	int64_t bot_id;	 /* 0: not known yet */
	int64_t as_of;	 /* wall ms of its last sign of life, 0: none */
	int64_t bytes;
	int64_t chats, updates, messages, tasks, ended_tasks, leads,
	    dead_letters;
};

/*
 * Is asked every few megabytes, DONE of TOTAL pages (0 of 0 while the copy is
 * read again); false ends it with OUT_LATER.  NULL: nobody asks.
 */
struct backup_watch {
	bool (*go_on)(void *arg, int64_t done, int64_t total);
	void *arg;
};

/*
 * Writes the backup PATH of DB, which others may be writing to, verifies it
 * and only then gives it its name; until then it is called .NAME.partial, of
 * which an older one is replaced.  OUT_NEVER/EXIT_CANTCREATE when PATH exists;
 * OUT_LATER/EXIT_IO when it does not fit on the disk.  On failure nothing is
 * left.
 */
enum outcome backup_write(struct db *db, const char *path,
    const struct backup_watch *watch, struct backup_facts *facts,
    struct fault *fault) must_check;

/*
 * Reads the whole of PATH, which nobody writes to, and leaves no file beside
 * it.  OUT_NEVER: EXIT_INPUT when it is no backup of ours, EXIT_CONFIG when a
 * newer program made it, EXIT_IO when it is damaged.
 */
enum outcome backup_verify(const char *path, const struct backup_watch *watch,
    struct backup_facts *facts, struct fault *fault) must_check;

/* For the files of lib/store: the facts that HANDLE, the database PATH, holds;
 * all but `bytes`. */
struct sqlite3;
enum outcome backup_count(struct sqlite3 *handle, const char *path,
    struct backup_facts *facts, struct fault *fault) must_check;

/* The name of what is not finished yet; the caller frees it. */
char *backup_draft(const char *path);

#endif
