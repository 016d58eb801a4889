/* SPDX-License-Identifier: MIT */
/*
 * Reading the journal, the oldest record first, while others append to it.
 */
#ifndef LEADPIPE_JOURNAL_READ_H
#define LEADPIPE_JOURNAL_READ_H

#include <stdbool.h>

#include "store/journal.h"

struct journal_reader {
	char **paths; /* the oldest first */
	size_t count, next;
	char *data; /* of the present file, mapped */
	size_t size, at;
	int64_t since;	 /* older files are passed over */
	int64_t torn;	 /* pieces that a crash left: never acknowledged */
	int64_t damaged; /* records that are whole and not as they were */
	char where[256]; /* the first of those */
};

/* Lists the files of the journal with what was accepted at SINCE (wall ms) or
 * later; an unreadable directory is a fault. */
enum outcome journal_open(struct journal_reader *reader,
    const struct journal *journal, int64_t since, struct fault *fault)
    must_check;
void journal_close(struct journal_reader *reader);

/*
 * The next record that is whole, in *RECORD, which is borrowed until the next
 * call.  False at the end, and when a file cannot be read: OUT_OK or not.
 */
bool journal_next(struct journal_reader *reader, struct journal_record *record,
    enum outcome *out, struct fault *fault);

#endif
