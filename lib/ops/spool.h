/* SPDX-License-Identifier: MIT */
/*
 * A directory into which a website drops leads when it cannot call us.  A file
 * is written under another name (beginning with a dot, ending in .tmp, or in
 * DIR/tmp) and renamed: what has its name is complete.
 */
#ifndef LEADPIPE_SPOOL_H
#define LEADPIPE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

struct spool {
	char *dir; /* DIR, or DIR/new when there is one, as in a Maildir */
	char *bad; /* DIR/bad */
	char **names;
	size_t count;
};

/* Reads the names of the complete files in DIR, in order. */
enum outcome spool_open(struct spool *spool, const char *dir,
    struct fault *fault) must_check;
void spool_close(struct spool *spool);

/* Reads the file NAME; OUT_NEVER with EXIT_INPUT for one that cannot be a
 * lead. *TEXT is the caller's, NULL when another process was faster. */
enum outcome spool_read(const struct spool *spool, const char *name,
    char **text, size_t *len, struct fault *fault) must_check;

/* After the commit: takes the file away. */
enum outcome spool_remove(const struct spool *spool, const char *name,
    struct fault *fault) must_check;

/* Moves the file to DIR/bad, with WHY in a file beside it. */
enum outcome spool_refuse(const struct spool *spool, const char *name,
    const char *why, struct fault *fault) must_check;

#endif
