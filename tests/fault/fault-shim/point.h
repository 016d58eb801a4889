/* SPDX-License-Identifier: MIT */
/*
 * A point is one call with an effect outside the process.  The n-th of them
 * can be made to kill the process, to leave a child behind, or to fail, so
 * that a sweep over n visits every state a crash can leave.
 *
 * FAULT_MATCH=TEXT         only in programs whose name contains TEXT
 * FAULT_ONLY=write,fsync   only these classes are points
 * FAULT_FILES_ONLY=1       only calls on regular files (or on paths)
 * FAULT_COUNT_FILE=F       F always holds the number of points so far
 * FAULT_KILL_AT=N          SIGKILL before the N-th is performed
 * FAULT_KILL_TEXT=TEXT     SIGKILL before a write that holds TEXT
 * FAULT_CHILD_AT=N         like FAULT_KILL_AT, leaving a child `sleep 30` that
 *                          inherits what is not close-on-exec
 * FAULT_CHILD_FILE=F       F then holds the child's pid
 * FAULT_ERROR_AT=N         the N-th fails once, FAULT_ERROR_FROM=N from then
 *                          on, with FAULT_ERRNO=ENOSPC|EIO|... (default EIO);
 *                          never on descriptor 2
 * FAULT_FSYNC_MS=MS        each fsync and fdatasync takes MS longer
 * FAULT_MALLOC_AT=N        the N-th allocation fails once
 * FAULT_MALLOC_COUNT_FILE=F  F always holds the number of allocations so far
 *
 * Points are counted per process from its start; a forked child without an
 * exec has none.  What stdio writes by itself is not seen: libc calls its own
 * write there.
 */
#ifndef LEADPIPE_FAULT_POINT_H
#define LEADPIPE_FAULT_POINT_H

#include <stdbool.h>
#include <stddef.h>

enum point {
	POINT_WRITE,
	POINT_SEND,
	POINT_FSYNC,
	POINT_FTRUNCATE,
	POINT_UNLINK,
	POINT_RENAME,
	POINT_FLOCK,
	POINT_CONNECT,
	POINT_CLASSES
};

/*
 * Counts a point on `fd` (-1: a path).  True when the call is to go on; false
 * when it is to fail, with errno set.  May not return.
 */
bool point_pass(enum point class, int fd);

/* What is about to be written; may not return. */
void point_text(const void *data, size_t len);

/* Sleeps as long as FAULT_FSYNC_MS asks. */
void point_slow_disk(void);

/* Counts an allocation; false when it is to fail, with errno set. */
bool point_allocate(void);

#endif
