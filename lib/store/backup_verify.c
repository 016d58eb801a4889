/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file_fault.h"
#include "base/mem.h"
#include "store/backup.h"
#include "store/db_file.h"
#include "store/schema.h"
#include "store/sql.h"

/* How many steps of SQLite's machine pass between two questions. */
#define ASK_EVERY 1000000

enum outcome
backup_count(sqlite3 *handle, const char *path, struct backup_facts *facts,
    struct fault *fault)
{
	const struct {
		const char *sql;
		int64_t *to;
	} counts[] = {
		{ "PRAGMA user_version", &facts->version },
		{ "SELECT value FROM meta WHERE key = 'bot_id'",
		    &facts->bot_id },
		{ "SELECT max(value) FROM meta"
		  " WHERE key IN ('clock_at','poll_at')",
		    &facts->as_of },
		{ "SELECT count(*) FROM chats", &facts->chats },
		{ "SELECT count(*) FROM updates", &facts->updates },
		{ "SELECT count(*) FROM messages", &facts->messages },
		{ "SELECT count(*) FROM tasks", &facts->tasks },
		{ "SELECT count(*) FROM task_ends", &facts->ended_tasks },
		{ "SELECT count(*) FROM leads", &facts->leads },
		{ "SELECT count(*) FROM dead_letters", &facts->dead_letters },
	};
	enum outcome out = OUT_OK;

	for (size_t i = 0;
	     i < sizeof(counts) / sizeof(*counts) && out == OUT_OK; i++)
		out = sql_number(handle, path, counts[i].sql, 0, counts[i].to,
		    fault);
	return out;
}

static enum outcome
not_ours(const char *path, const char *what, struct fault *fault)
{
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "'%s' is no backup of leadpipe (%s)", path, what);
}

/* Looks at what can be seen from outside. */
static enum outcome
look(const char *path, struct backup_facts *facts, struct fault *fault)
{
	char *wal = mem_printf("%s-wal", path);
	enum outcome out = OUT_OK;
	struct stat st;

	if (stat(wal, &st) == 0 && st.st_size > 0)
		out = fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'%s' has a WAL beside it: it is a database in use, or a "
		    "copy of one; 'leadpipe backup-state --db FILE COPY' makes "
		    "a backup of it",
		    path);
	else if (stat(path, &st) < 0)
		out = file_fault(fault, "read the backup", path);
	else if (!S_ISREG(st.st_mode))
		out = not_ours(path, "it is no file", fault);
	else if (st.st_size == 0)
		out = not_ours(path, "it is empty", fault);
	else
		facts->bytes = st.st_size;
	free(wal);
	return out;
}

static enum outcome
read_fault(sqlite3 *handle, const char *path, struct fault *fault)
{
	int rc = sqlite3_errcode(handle) & 0xff;

	if (rc == SQLITE_NOTADB)
		return not_ours(path, "not an SQLite database", fault);
	if (rc == SQLITE_INTERRUPT)
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "stopped before '%s' was verified", path);
	if (rc == SQLITE_CANTOPEN && sqlite3_system_errno(handle) != 0) {
		errno = sqlite3_system_errno(handle);
		return file_fault(fault, "read the backup", path);
	}
	return fault_set(fault, OUT_NEVER, EXIT_IO,
	    "the backup '%s' is damaged (%s): use another one", path,
	    sqlite3_errmsg(handle));
}

static enum outcome
check_pages(sqlite3 *handle, const char *path, struct fault *fault)
{
	sqlite3_stmt *stmt = NULL;
	enum outcome out = OUT_OK;
	const char *text;
	int rc;

	rc = sqlite3_prepare_v2(handle, "PRAGMA quick_check(1)", -1, &stmt,
	    NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc != SQLITE_ROW)
		out = read_fault(handle, path, fault);
	else if ((text = (const char *)sqlite3_column_text(stmt, 0)) != NULL &&
	    strcmp(text, "ok") != 0)
		out = fault_set(fault, OUT_NEVER, EXIT_IO,
		    "the backup '%s' is damaged (%s): use another one", path,
		    text);
	sqlite3_finalize(stmt);
	return out;
}

/* Whose it is comes first: of another program's file nothing else is asked. */
static enum outcome
check_content(sqlite3 *handle, const char *path, struct backup_facts *facts,
    struct fault *fault)
{
	struct fault ignored;
	int64_t application = 0;
	enum outcome out = OUT_OK;

	if (sql_number(handle, path, "PRAGMA application_id", 0, &application,
		&ignored) != OUT_OK ||
	    sql_number(handle, path, "PRAGMA user_version", 0, &facts->version,
		&ignored) != OUT_OK)
		return read_fault(handle, path, fault);
	if (application != SCHEMA_APPLICATION_ID)
		return not_ours(path, "another program's SQLite database",
		    fault);
	out = db_file_check_version(path, facts->version, fault);
	if (out == OUT_OK)
		out = check_pages(handle, path, fault);
	if (out == OUT_OK &&
	    backup_count(handle, path, facts, &ignored) != OUT_OK)
		out = read_fault(handle, path, fault);
	return out;
}

static int
ask(void *arg)
{
	const struct backup_watch *watch = arg;

	return !watch->go_on(watch->arg, 0, 0);
}

enum outcome
backup_verify(const char *path, const struct backup_watch *watch,
    struct backup_facts *facts, struct fault *fault)
{
	sqlite3 *handle = NULL;
	enum outcome out;
	char *uri;

	memset(facts, 0, sizeof(*facts));
	out = look(path, facts, fault);
	if (out != OUT_OK)
		return out;
	/* Without locks, WAL and index: what is in the file is all. */
	uri = db_file_uri(path, "mode=ro&immutable=1");
	if (sqlite3_open_v2(uri, &handle,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		out = read_fault(handle, path, fault);
	free(uri);
	if (out == OUT_OK && watch)
		sqlite3_progress_handler(handle, ASK_EVERY, ask,
		    (void *)(uintptr_t)watch);
	if (out == OUT_OK)
		out = sql_exec(handle, path,
		    "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
		    "PRAGMA mmap_size=0",
		    fault);
	if (out == OUT_OK)
		out = check_content(handle, path, facts, fault);
	sqlite3_close(handle);
	return out;
}
