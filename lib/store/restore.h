/* SPDX-License-Identifier: MIT */
/*
 * A backup in the place of the database.
 *
 *   PATH.restore    being copied, verified and put on hold; of no meaning
 *   PATH.restored   complete and on the disk: from here on it is the state,
 *                   and who opens the database next finishes what is left
 *   PATH.replaced-TIME/   the database that was there, with its WAL
 */
#ifndef LEADPIPE_RESTORE_H
#define LEADPIPE_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/backup.h"
#include "store/hold.h"
#include "store/restore_carry.h"

struct restore {
	const char *path;   /* of the database, which may be missing */
	const char *backup; /* the file */
	int64_t bot_id;	    /* of the token, 0: not known */
	int64_t deadline;   /* for the locks; monotonic ms */
	bool dry_run;	    /* say what would be, and change nothing */
	const struct backup_watch *watch;
};

struct restored {
	struct backup_facts facts;
	struct hold_counts held;
	struct carried carried; /* from the old one; of none in a dry run */
	char *aside; /* where the old one is, NULL: there was none; owned */
};

/*
 * Restores.  No command may be using the database: OUT_LATER/EXIT_LATER when
 * one still does at the deadline; newcomers wait meanwhile.  Refused as
 * backup_verify() does, and with EXIT_CONFIG: a backup of another bot, and a
 * PATH that holds what is not ours.
 */
enum outcome restore_state(const struct restore *restore,
    struct restored *restored, struct fault *fault) must_check;

/* True when a restore of PATH was decided and not finished. */
bool restore_is_pending(const char *path);

/* Finishes it: the old database is put aside, the new one gets its name.  The
 * caller has the schema lock alone.  *ASIDE (owned) is where the old one is. */
enum outcome restore_finish(const char *path, char **aside,
    struct fault *fault) must_check;

/* What restore_is_pending() looks at; the caller frees it. */
char *restore_decided(const char *path);

#endif
