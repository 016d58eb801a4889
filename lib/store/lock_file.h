/* SPDX-License-Identifier: MIT */
/*
 * Lock files beside the database.  They are empty, never written, and close on
 * exec; what counts is the flock() on them.
 */
#ifndef LEADPIPE_LOCK_FILE_H
#define LEADPIPE_LOCK_FILE_H

#include <stdbool.h>

#include "base/fault.h"

/*
 * Opens NAME beside PATH; also makes it, and the directory run/, when CREATE.
 * Otherwise a missing file is OUT_OK with *FD -1.
 */
enum outcome lock_file_open(const char *path, const char *name, bool create,
    int *fd, struct fault *fault) must_check;

/* Closes *FD unless it is -1, and makes it -1; the lock is free then. */
void lock_file_close(int *fd);

#endif
