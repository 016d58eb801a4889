/* SPDX-License-Identifier: MIT */
/*
 * A directory of backups: leadpipe-BOT-20261121T043000.123Z.db, so that their
 * names sort by age.  Other files there are nobody's business.
 */
#ifndef LEADPIPE_BACKUP_DIR_H
#define LEADPIPE_BACKUP_DIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

struct backup_list {
	char **paths; /* the oldest first */
	size_t count;
};

/* The path of a backup that BOT_ID (0: not known) makes at NOW; the caller
 * frees it. */
char *backup_dir_path(const char *dir, int64_t bot_id, int64_t now);

/* The backups of BOT_ID in DIR; none when there is no such directory. */
enum outcome backup_dir_list(const char *dir, int64_t bot_id,
    struct backup_list *list, struct fault *fault) must_check;
void backup_list_release(struct backup_list *list);

/*
 * Removes what killed backups of BOT_ID left unfinished, and its oldest
 * backups until KEEP are left; *REMOVED is how many of those.  The caller
 * sees to it that no backup is being made.
 */
enum outcome backup_dir_sweep(const char *dir, int64_t bot_id,
    struct fault *fault) must_check;
enum outcome backup_dir_rotate(const char *dir, int64_t bot_id, size_t keep,
    int *removed, struct fault *fault) must_check;

#endif
