/* SPDX-License-Identifier: MIT */
/*
 * All that is held of a person, row by row.  Only reads.
 */
#ifndef LEADPIPE_EXPORT_H
#define LEADPIPE_EXPORT_H

#include <stddef.h>

#include "store/forget_subject.h"

/* The kinds of rows, in the order in which they are exported. */
extern const char *const export_names[];
extern const size_t export_count;

/* From now on this connection, which only reads, sees everything as it is at
 * its next read, whatever others write. */
enum outcome export_begin(struct db *db, struct fault *fault) must_check;

/*
 * Tells each row of kind KIND, a JSON object whose text is borrowed, until
 * TELL says no; SUBJECT's lists are filled.
 */
enum outcome export_rows(struct db *db, size_t kind,
    const struct subject *subject, bool (*tell)(void *arg, const char *row),
    void *arg, struct fault *fault) must_check;

#endif
