/* SPDX-License-Identifier: MIT */
/*
 * The files run/w-<id>.lock, whose flock() says that a worker lives.
 */
#ifndef LEADPIPE_WORKER_FILE_H
#define LEADPIPE_WORKER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

struct db;

/* Makes the file of a new worker and locks it. */
enum outcome worker_file_make(const struct db *db, int64_t *id, int *fd,
    struct fault *fault) must_check;

/*
 * Asks the kernel whether worker ID is dead.  If so *FD holds its lock, or is
 * -1 where the file is gone; the caller ends with worker_file_remove().  A
 * file that cannot be opened proves nothing: that is an error.
 */
enum outcome worker_file_probe(const struct db *db, int64_t id, bool *dead,
    int *fd, struct fault *fault) must_check;

/* Removes the file whose lock FD holds, then gives up the lock. */
void worker_file_remove(const struct db *db, int64_t id, int *fd);

/* The ids of all files that are there; the caller frees `ids`. */
struct worker_files {
	int64_t *ids;
	size_t count;
};
enum outcome worker_files_list(const struct db *db, struct worker_files *files,
    struct fault *fault) must_check;

#endif
