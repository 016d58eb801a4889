/* SPDX-License-Identifier: MIT */
#include "store/migrate.h"

#include <stdio.h>

#include "store/schema.h"
#include "store/sql.h"
#include "store/statement.h"

static const struct migration ours[] = {
	{ 1, schema_v1 },
#ifdef LEADPIPE_TEST_MIGRATION
	/* make CPPFLAGS=-DLEADPIPE_TEST_MIGRATION builds what an upgrade is
	 * tried with. */
	{ 2,
	    (const char *const *const[]){
		(const char *const[]){ "ALTER TABLE meta ADD COLUMN note TEXT",
		    NULL },
		NULL } },
#endif
};

_Static_assert(sizeof(ours) / sizeof(ours[0]) == SCHEMA_VERSION,
    "a migration for every version");

static const struct migration *migrations = ours;
static int migration_count = SCHEMA_VERSION;

void
migrate_fake(const struct migration *fake, int count)
{
	migrations = fake ? fake : ours;
	migration_count = fake ? count : SCHEMA_VERSION;
}

int
migrate_latest(void)
{
	return migrations[migration_count - 1].version;
}

static enum outcome
migrate_step(sqlite3 *handle, const char *path,
    const struct migration *migration, struct fault *fault)
{
	const char *const *const *list;
	char version[64];
	enum outcome out;

	snprintf(version, sizeof(version), "PRAGMA user_version=%d",
	    migration->version);
	out = sql_exec(handle, path, "BEGIN IMMEDIATE", fault);
	for (list = migration->lists; *list != NULL && out == OUT_OK; list++)
		for (int i = 0; (*list)[i] != NULL && out == OUT_OK; i++)
			out = sql_exec(handle, path, (*list)[i], fault);
	if (out == OUT_OK)
		out = sql_exec(handle, path, version, fault);
	if (out == OUT_OK)
		out = sql_exec(handle, path, "COMMIT", fault);
	if (!sqlite3_get_autocommit(handle))
		sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
	return out;
}

enum outcome
migrate_run(sqlite3 *handle, const char *path, int version,
    struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (int i = 0; i < migration_count && out == OUT_OK; i++)
		if (migrations[i].version > version)
			out =
			    migrate_step(handle, path, &migrations[i], fault);
	return out;
}
