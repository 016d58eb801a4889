/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sys/file.h>

#include "base/file.h"
#include "base/mem.h"
#include "store/lock_file.h"
#include "store/worker.h"

static enum outcome
lock_open(const struct db *db, const char *name, const char *kind, int *fd,
    struct fault *fault)
{
	char *file = mem_printf("run/%s.%s", name, kind);
	enum outcome out;

	out = lock_file_open(db_path(db), file, true, fd, fault);
	free(file);
	return out;
}

enum outcome
command_lock_take(const struct db *db, const char *name, int64_t deadline,
    struct command_lock *lock, struct fault *fault)
{
	enum outcome out;

	lock->busy = false;
	out = lock_open(db, name, "lock", &lock->fd, fault);
	if (out == OUT_OK)
		out = lock_open(db, name, "queue", &lock->queue_fd, fault);
	/* Who waits keeps the queue: that is what the holder looks at. */
	if (out == OUT_OK)
		lock->busy = !file_flock_until(lock->queue_fd,
				 FILE_LOCK_EXCLUSIVE, deadline) ||
		    !file_flock_until(lock->fd, FILE_LOCK_EXCLUSIVE, deadline);
	if (lock->busy)
		out = fault_set(fault, OUT_LATER, EXIT_LATER,
		    "another '%s' is running", name);
	if (out != OUT_OK)
		command_lock_drop(lock);
	else
		flock(lock->queue_fd, LOCK_UN);
	return out;
}

bool
command_lock_wanted(const struct command_lock *lock)
{
	if (lock->queue_fd < 0)
		return false;
	if (!file_flock_until(lock->queue_fd, FILE_LOCK_EXCLUSIVE, 0))
		return true;
	flock(lock->queue_fd, LOCK_UN);
	return false;
}

void
command_lock_drop(struct command_lock *lock)
{
	/* Closing alone would leave it to a copy in a child before its exec. */
	if (lock->fd >= 0)
		flock(lock->fd, LOCK_UN);
	lock_file_close(&lock->fd);
	lock_file_close(&lock->queue_fd);
}
