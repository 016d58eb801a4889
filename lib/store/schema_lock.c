/* SPDX-License-Identifier: MIT */
#include "store/schema_lock.h"

#include <sys/file.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/lock_file.h"

static enum outcome
share_late(const char *path, struct fault *fault)
{
	return fault_set(fault, OUT_LATER, EXIT_LATER,
	    "'%s' is being migrated by another command: try again", path);
}

enum outcome
schema_lock_share(struct schema_lock *lock, const char *path, bool create,
    int64_t deadline, struct fault *fault)
{
	enum outcome out;

	out = lock_file_open(path, "migrate.lock", create, &lock->migrate_fd,
	    fault);
	if (out == OUT_OK)
		out = lock_file_open(path, "schema.lock", create,
		    &lock->schema_fd, fault);
	if (out == OUT_OK && lock->migrate_fd >= 0 &&
	    !file_flock_until(lock->migrate_fd, FILE_LOCK_EXCLUSIVE, deadline))
		out = share_late(path, fault);
	if (out == OUT_OK && lock->schema_fd >= 0 &&
	    !file_flock_until(lock->schema_fd, FILE_LOCK_SHARED, deadline))
		out = share_late(path, fault);
	if (lock->migrate_fd >= 0)
		flock(lock->migrate_fd, LOCK_UN);
	if (out != OUT_OK)
		schema_lock_drop(lock);
	return out;
}

enum outcome
schema_lock_exclude(struct schema_lock *lock, const char *path,
    int64_t deadline, struct fault *fault)
{
	/* Two of us, each holding it shared, would wait for the other. */
	flock(lock->schema_fd, LOCK_UN);
	if (file_flock_until(lock->migrate_fd, FILE_LOCK_EXCLUSIVE,
		deadline) &&
	    file_flock_until(lock->schema_fd, FILE_LOCK_EXCLUSIVE, deadline))
		return OUT_OK;
	schema_lock_drop(lock);
	return fault_set(fault, OUT_LATER, EXIT_LATER,
	    "cannot migrate '%s' while other commands use it: try again when "
	    "they have ended",
	    path);
}

void
schema_lock_settle(struct schema_lock *lock)
{
	/* Changing a held lock frees it for a moment; migrate.lock is what
	 * keeps others out of that moment. */
	file_flock_until(lock->schema_fd, FILE_LOCK_SHARED,
	    clock_mono_ms() + SCHEMA_LOCK_WAIT_MS);
	flock(lock->migrate_fd, LOCK_UN);
}

void
schema_lock_drop(struct schema_lock *lock)
{
	lock_file_close(&lock->schema_fd);
	lock_file_close(&lock->migrate_fd);
}
