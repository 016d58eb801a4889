/* SPDX-License-Identifier: MIT */
#include "store/sql.h"
#include "store/statement.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* SQLite forgets the errno of a failed COMMIT, the file below does not. */
static int
last_errno(sqlite3 *handle)
{
	sqlite3_file *file = NULL;
	int last = 0;

	if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER,
		&file) == SQLITE_OK &&
	    file && file->pMethods)
		file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO,
		    &last);
	return last;
}

void
sql_error_keep(struct sql_error *error, sqlite3 *handle, int rc)
{
	error->rc = handle ? sqlite3_extended_errcode(handle) : rc;
	/* A later call may have been a success. */
	if ((error->rc & 0xff) != (rc & 0xff))
		error->rc = rc;
	error->system = handle ? sqlite3_system_errno(handle) : 0;
	if (error->rc == SQLITE_IOERR_WRITE && handle && error->system == 0)
		error->system = last_errno(handle);
	snprintf(error->text, sizeof(error->text), "%s",
	    handle ? sqlite3_errmsg(handle) : sqlite3_errstr(rc));
}

enum sql_error_kind
sql_error_kind(const struct sql_error *error)
{
	int rc = error->rc & 0xff;

	/* A file that may not grow is a full disk to who has to act on it. */
	if (rc == SQLITE_FULL ||
	    (rc == SQLITE_IOERR &&
		(error->system == ENOSPC || error->system == EDQUOT ||
		    error->system == EFBIG)))
		return SQL_ERROR_FULL;
	if (rc == SQLITE_IOERR || rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB)
		return SQL_ERROR_DISK;
	return SQL_ERROR_OTHER;
}

static enum outcome
io_fault(const struct sql_error *error, const char *path, struct fault *fault)
{
	return fault_set(fault, OUT_NEVER, EXIT_IO,
	    "cannot read or write '%s': %s (%s); nothing of this was "
	    "accepted: check the disk and the kernel's log",
	    path, error->text,
	    error->system ? strerror(error->system)
			  : sqlite3_errstr(error->rc));
}

enum outcome
sql_fault(const struct sql_error *error, const char *path, struct fault *fault)
{
	if (error->rc == SQLITE_OK)
		return OUT_OK;
	if (sql_error_kind(error) == SQL_ERROR_FULL)
		return fault_set(fault, OUT_LATER, EXIT_IO,
		    "the disk is full ('%s'): nothing was accepted; free some "
		    "space",
		    path);
	switch (error->rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL:
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "'%s' is locked by another program: close what else has "
		    "it open",
		    path);
	case SQLITE_NOMEM:
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "out of memory while using '%s'", path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fault_set(fault, OUT_NEVER, EXIT_IO,
		    "'%s' is damaged (%s): nothing was written; move it away "
		    "with its -wal file and restore a backup",
		    path, error->text);
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return fault_set(fault, OUT_NEVER, EXIT_PERMISSION,
		    "cannot write '%s': %s; file and directory must belong to "
		    "the user of the command",
		    path, error->text);
	case SQLITE_CANTOPEN:
		return fault_set(fault, OUT_NEVER,
		    error->system == EACCES ? EXIT_PERMISSION : EXIT_IO,
		    "cannot open '%s': %s", path,
		    error->system ? strerror(error->system) : error->text);
	case SQLITE_IOERR:
		return io_fault(error, path, fault);
	default:
		return fault_set(fault, OUT_BUG, EXIT_BUG,
		    "the database refused a statement: %s", error->text);
	}
}

static enum outcome
sql_failed(sqlite3 *handle, int rc, const char *path, struct fault *fault)
{
	struct sql_error error;

	sql_error_keep(&error, handle, rc);
	return sql_fault(&error, path, fault);
}

enum outcome
sql_exec(sqlite3 *handle, const char *path, const char *sql,
    struct fault *fault)
{
	int rc = sqlite3_exec(handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? OUT_OK : sql_failed(handle, rc, path, fault);
}

enum outcome
sql_number(sqlite3 *handle, const char *path, const char *sql,
    int64_t otherwise, int64_t *number, struct fault *fault)
{
	enum outcome out = OUT_OK;
	sqlite3_stmt *stmt = NULL;
	int rc;

	*number = otherwise;
	rc = sqlite3_prepare_v2(handle, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*number = sqlite3_column_int64(stmt, 0);
	else if (rc != SQLITE_DONE)
		out = sql_failed(handle, rc, path, fault);
	sqlite3_finalize(stmt);
	return out;
}
