/* SPDX-License-Identifier: MIT */
/*
 * A person's records leave the journal: each file that has some is written
 * anew, complete or not at all, while others append to it.
 */
#ifndef LEADPIPE_FORGET_JOURNAL_H
#define LEADPIPE_FORGET_JOURNAL_H

#include "store/forget_subject.h"
#include "store/journal.h"

/*
 * After forget_delete(): erases what is of SUBJECT; *ERASED counts records.
 * With DRY_RUN they are only counted.  A file that others keep locked for 5 s,
 * or that does not fit on the disk, is a fault; it can be done again.
 */
enum outcome forget_journal(const struct journal *journal, struct db *db,
    const struct subject *subject, bool dry_run, int64_t *erased,
    struct fault *fault) must_check;

#endif
