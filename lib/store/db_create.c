/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_fault.h"
#include "base/mem.h"
#include "store/db_file.h"
#include "store/migrate.h"
#include "store/schema.h"
#include "store/sql.h"
#include "store/statement.h"

static void
remove_draft(const char *draft)
{
	static const char *const suffixes[] = { "", "-journal", "-wal",
		"-shm" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		char *file = mem_printf("%s%s", draft, suffixes[i]);

		unlink(file);
		free(file);
	}
}

static enum outcome
create_fault(const char *path, struct fault *fault)
{
	enum outcome out = file_fault(fault, "create the database", path);

	/* 65 would say that the user gave us bad input. */
	if (fault && fault->code == EXIT_INPUT)
		fault->code = EXIT_CANTCREATE;
	return out;
}

/* The mode of -wal and -shm is taken from the file, so it must be right before
 * SQLite sees it, whatever the umask. */
static int
make_empty(const char *draft)
{
	int fd = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int result = -1;

	if (fd >= 0) {
		result = fchmod(fd, 0600);
		close(fd);
	}
	return result;
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

/* The name is only there after a power cut when its directory was synced. */
static int
publish(const char *draft, const char *path)
{
	char *dir = file_beside(path, ".");
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = -1;

	free(dir);
	if (fd < 0)
		return -1;
	if (rename(draft, path) == 0)
		result = fsync(fd);
	close(fd);
	return result;
}

enum outcome
db_file_create(const char *path, struct fault *fault)
{
	char *draft = mem_printf("%s.new", path);
	struct sql_error error;
	sqlite3 *handle = NULL;
	enum outcome out;
	int rc;

	remove_draft(draft);
	if (make_empty(draft) < 0) {
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
	if (out == OUT_OK && publish(draft, path) < 0)
		out = create_fault(path, fault);
	if (out != OUT_OK)
		remove_draft(draft);
	free(draft);
	return out;
}
