/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/file_fault.h"
#include "base/mem.h"
#include "store/db_file.h"
#include "store/draft.h"
#include "store/migrate.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/statement.h"

static enum outcome
create_fault(const char *path, struct fault *fault)
{
	enum outcome out = file_fault(fault, "create the database", path);

	/* 65 would say that the user gave us bad input. */
	if (fault && fault->code == EXIT_INPUT)
		fault->code = EXIT_CANTCREATE;
	return out;
}

/* Page size and auto_vacuum can only be chosen while there is no page; WAL
 * comes last, so that all of it is in the file itself. */
static enum outcome
fill(sqlite3 *handle, const char *path, struct fault *fault)
{
	char application[64];
	enum outcome out;

	snprintf(application, sizeof(application), "PRAGMA application_id=%d",
	    SCHEMA_APPLICATION_ID);
	out = sql_exec(handle, path,
	    "PRAGMA page_size=4096;"
	    "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA synchronous=FULL",
	    fault);
	if (out == OUT_OK)
		out = sql_exec(handle, path, application, fault);
	if (out == OUT_OK)
		out = migrate_run(handle, path, 0, fault);
	if (out == OUT_OK)
		out = sql_exec(handle, path, "PRAGMA journal_mode=WAL", fault);
	return out;
}

enum outcome
db_file_create(const char *path, struct fault *fault)
{
	char *draft = mem_printf("%s.new", path);
	struct sql_error error;
	sqlite3 *handle = NULL;
	enum outcome out;
	int rc;

	draft_remove(draft);
	if (draft_make(draft) < 0) {
		out = create_fault(path, fault);
	} else {
		rc = sqlite3_open_v2(draft, &handle,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
		sql_error_keep(&error, handle, rc);
		out = rc == SQLITE_OK ? fill(handle, path, fault)
				      : sql_fault(&error, path, fault);
	}
	/* The last close empties the WAL into the file and removes it. */
	if (sqlite3_close(handle) != SQLITE_OK && out == OUT_OK)
		out = fault_set(fault, OUT_BUG, EXIT_BUG,
		    "cannot close the new database '%s'", path);
	if (out == OUT_OK && file_publish(draft, path) < 0)
		out = create_fault(path, fault);
	if (out != OUT_OK)
		draft_remove(draft);
	free(draft);
	return out;
}
