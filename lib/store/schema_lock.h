/* SPDX-License-Identifier: MIT */
/*
 * Who may use the schema as it is: everybody holds schema.lock shared for
 * life; who changes it takes it alone.  flock() is not fair, so newcomers pass
 * through migrate.lock, which a waiting migration keeps: running commands
 * finish, no new one begins.
 */
#ifndef LEADPIPE_SCHEMA_LOCK_H
#define LEADPIPE_SCHEMA_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct schema_lock {
	int migrate_fd, schema_fd;
};

#define SCHEMA_LOCK_INIT \
	{ \
		.migrate_fd = -1, .schema_fd = -1 \
	}

/* How long newcomers and migrations wait. */
#define SCHEMA_LOCK_WAIT_MS 180000

/*
 * Takes the lock of the database PATH shared.  Without CREATE nothing is made:
 * where there is no lock file, nobody can be migrating.
 */
enum outcome schema_lock_share(struct schema_lock *lock, const char *path,
    bool create, int64_t deadline, struct fault *fault) must_check;

/* Takes it alone, from shared: it is free in between, so what was read before
 * must be read again.  On failure nothing is held. */
enum outcome schema_lock_exclude(struct schema_lock *lock, const char *path,
    int64_t deadline, struct fault *fault) must_check;

/* Shared again after schema_lock_exclude(); nobody changes the schema in
 * between. */
void schema_lock_settle(struct schema_lock *lock);

void schema_lock_drop(struct schema_lock *lock);

#endif
