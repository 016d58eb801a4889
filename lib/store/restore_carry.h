/* SPDX-License-Identifier: MIT */
/*
 * What a backup cannot know and nobody else keeps: a refresh token that was
 * used once is worth nothing any more, and what was heard from a CRM would be
 * heard, and answered, once more.  Both are taken over from the database that
 * is replaced, as far as that can be read.
 */
#ifndef LEADPIPE_RESTORE_CARRY_H
#define LEADPIPE_RESTORE_CARRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct carried {
	int tokens;	   /* that were newer than those of the backup */
	int64_t refreshes; /* of the backup, which may be used up */
	bool heard;	   /* how far the CRMs were heard */
};

/*
 * On HANDLE, the restored database DRAFT that nobody uses yet, in a
 * transaction of its own: takes over from the database OLD what is newer
 * there.  Nothing when OLD cannot be read or is another bot's, which is no
 * failure: for a damaged one a backup is restored.  The caller has the schema
 * lock of OLD alone.
 */
struct sqlite3;
enum outcome restore_carry(struct sqlite3 *handle, const char *draft,
    const char *old, struct carried *carried, struct fault *fault) must_check;

#endif
