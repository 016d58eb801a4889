/* SPDX-License-Identifier: MIT */
#include "store/restore_carry.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db_file.h"
#include "store/meta.h"
#include "store/sql.h"

#define CLOCK_AT "SELECT value FROM meta WHERE key = '" META_CLOCK_AT "'"
#define BOT_ID "SELECT value FROM meta WHERE key = '" META_BOT_ID "'"

#define REFRESHES "SELECT count(*) FROM crm_tokens WHERE refresh IS NOT NULL"

/* A row of the first for each execution of the second.  A token may have been
 * renewed, begun to be renewed, or refused. */
static const struct copy {
	const char *from, *to;
} tokens = {
	"SELECT crm, access, refresh, previous, base, base_of, needs_reauth,"
	" expires_at, updated_at, refresh_started_at, rejected_at"
	" FROM crm_tokens",
	"INSERT INTO crm_tokens(crm, access, refresh, previous, base, base_of,"
	" needs_reauth, expires_at, updated_at, refresh_started_at,"
	" rejected_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
	" ON CONFLICT(crm) DO UPDATE SET access = ?2, refresh = ?3,"
	" previous = ?4, base = ?5, base_of = ?6, needs_reauth = ?7,"
	" expires_at = ?8, updated_at = ?9, refresh_started_at = ?10,"
	" rejected_at = ?11"
	" WHERE max(?9, ?10, ?11) > max(updated_at, refresh_started_at,"
	"  rejected_at)",
};

static const struct copy heard[] = {
	/* That one, too, may have been restored without knowing. */
	{ "SELECT key, value FROM meta WHERE key GLOB '" META_PULLED
	  "*' OR key = '" META_UNHEARD "'",
	    "INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)" },
	{ "SELECT crm, remote_id, at, status_id, heard_at FROM crm_changes",
	    "INSERT OR IGNORE INTO crm_changes(crm, remote_id, at, status_id,"
	    " heard_at) VALUES(?1, ?2, ?3, ?4, ?5)" },
};

/* Whoever reads metrics takes a number that falls for a new beginning. */
static const struct copy counted = {
	"SELECT name, label, slot, value FROM counters",
	"INSERT INTO counters(name, label, slot, value)"
	" VALUES(?1, ?2, ?3, ?4)"
	" ON CONFLICT DO UPDATE SET value = max(value, ?4)"
};

/* SQLITE_DONE, or what went wrong on either side. */
static int
copy_row(sqlite3_stmt *row, sqlite3_stmt *put, int *changed)
{
	int rc = SQLITE_OK;

	for (int i = 0; i < sqlite3_column_count(row) && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_value(put, i + 1,
		    sqlite3_column_value(row, i));
	if (rc == SQLITE_OK)
		rc = sqlite3_step(put);
	if (rc == SQLITE_DONE)
		*changed += sqlite3_changes(sqlite3_db_handle(put));
	sqlite3_reset(put);
	return rc;
}

/* False when OLD cannot be read, or the draft not written, which the next
 * statement on it will say. */
static bool
copy_rows(sqlite3 *old, sqlite3 *draft, const struct copy *copy, int *changed)
{
	sqlite3_stmt *row = NULL, *put = NULL;
	int rc = sqlite3_prepare_v2(old, copy->from, -1, &row, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(draft, copy->to, -1, &put, NULL);
	while (rc == SQLITE_OK && (rc = sqlite3_step(row)) == SQLITE_ROW) {
		rc = copy_row(row, put, changed);
		rc = rc == SQLITE_DONE ? SQLITE_OK : rc;
	}
	sqlite3_finalize(row);
	sqlite3_finalize(put);
	return rc == SQLITE_DONE;
}

/* A number of a database that may be broken; 0: none. */
static int64_t
number(sqlite3 *handle, const char *path, const char *sql)
{
	int64_t value = 0;
	struct fault ignored;

	if (sql_number(handle, path, sql, 0, &value, &ignored) != OUT_OK)
		value = 0;
	return value;
}

/* Reads it as it is; its WAL stays as it is, too. */
static sqlite3 *
open_old(const char *path)
{
	char *uri = db_file_uri(path, "mode=ro");
	sqlite3 *handle = NULL;
	int rc = sqlite3_open_v2(uri, &handle,
	    SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
	    NULL);

	free(uri);
	if (rc != SQLITE_OK) {
		sqlite3_close(handle);
		return NULL;
	}
	sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_exec(handle,
	    "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
	    "PRAGMA mmap_size=0",
	    NULL, NULL, NULL);
	return handle;
}

/* One that stopped before the backup was made has heard less. */
static bool
is_later(sqlite3 *old, sqlite3 *draft, const char *path)
{
	return number(old, path, CLOCK_AT) >= number(draft, path, CLOCK_AT);
}

static bool
carry(sqlite3 *old, sqlite3 *draft, const char *path, struct carried *carried)
{
	bool good = copy_rows(old, draft, &tokens, &carried->tokens);
	int rows = 0;

	if (!good || !is_later(old, draft, path))
		return good;
	/* Without them, when they cannot be read, all else is as good. */
	copy_rows(old, draft, &counted, &rows);
	for (size_t i = 0; i < sizeof(heard) / sizeof(*heard) && good; i++)
		good = copy_rows(old, draft, &heard[i], &rows);
	carried->heard = good;
	return good;
}

enum outcome
restore_carry(sqlite3 *handle, const char *draft, const char *path,
    struct carried *carried, struct fault *fault)
{
	sqlite3 *old = open_old(path);
	enum outcome out = OUT_OK;
	bool good = false;

	memset(carried, 0, sizeof(*carried));
	if (old != NULL &&
	    number(old, path, BOT_ID) == number(handle, draft, BOT_ID)) {
		out = sql_exec(handle, draft,
		    "PRAGMA journal_mode=MEMORY; BEGIN IMMEDIATE", fault);
		good = out == OUT_OK && carry(old, handle, path, carried);
		if (out == OUT_OK)
			out = sql_exec(handle, draft,
			    good ? "COMMIT" : "ROLLBACK", fault);
	}
	sqlite3_close(old);
	if (!good)
		*carried = (struct carried){ .refreshes = number(handle, draft,
						 REFRESHES) };
	return out;
}
