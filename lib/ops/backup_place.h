/* SPDX-License-Identifier: MIT */
/*
 * Where the backups of a bot are kept, by the configuration.
 */
#ifndef LEADPIPE_BACKUP_PLACE_H
#define LEADPIPE_BACKUP_PLACE_H

#include "ops/run.h"

/* GIVEN when it is not NULL, LEADPIPE_BACKUP_DIR, or backups beside the
 * database; the caller frees it. */
char *backup_place_dir(const struct run *run, const char *given);

/* How many are kept: LEADPIPE_KEEP_BACKUPS, else 7; 0: all. */
enum outcome backup_place_keep(struct run *run, int64_t *keep) must_check;

/* The bot of the open database, else the one of the token, else 0. */
int64_t backup_place_bot(const struct run *run);

#endif
