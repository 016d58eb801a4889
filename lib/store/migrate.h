/* SPDX-License-Identifier: MIT */
/*
 * Migrations: each version of the schema is one text, run in one transaction
 * together with its number, so a crash leaves either version and never a
 * mixture.
 */
#ifndef LEADPIPE_MIGRATE_H
#define LEADPIPE_MIGRATE_H

#include <sqlite3.h>

#include "base/fault.h"

struct migration {
	int version;
	/* Lists of statements, ended by NULL as each of them is. */
	const char *const *const *lists;
};

/* The version that this program writes. */
int migrate_latest(void);

/* Brings the schema of HANDLE from VERSION to the latest one.  The caller
 * has the schema to itself and holds the turnstile. */
enum outcome migrate_run(sqlite3 *handle, const char *path, int version,
    struct fault *fault) must_check;

/* Tests only: other migrations than the program's own, until (NULL, 0). */
void migrate_fake(const struct migration *migrations, int count);

#endif
