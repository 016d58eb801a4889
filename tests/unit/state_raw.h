/* SPDX-License-Identifier: MIT */
/*
 * The database as another program sees and changes it.
 */
#ifndef LEADPIPE_STATE_RAW_H
#define LEADPIPE_STATE_RAW_H

#include "state_dir.h"

#include <sqlite3.h>

/* A number out of the database, with a connection that is not ours. */
static inline int64_t
state_number(const char *path, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	sqlite3 *raw = NULL;
	int64_t number;

	assert_int_equal(SQLITE_OK,
	    sqlite3_open_v2(path, &raw, SQLITE_OPEN_READWRITE, NULL));
	sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	assert_int_equal(SQLITE_OK,
	    sqlite3_prepare_v2(raw, sql, -1, &stmt, NULL));
	assert_int_equal(SQLITE_ROW, sqlite3_step(stmt));
	number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(raw);
	return number;
}

/* Changes the database at PATH as another program would. */
static inline void
state_exec(const char *path, const char *sql)
{
	sqlite3 *raw = NULL;

	assert_int_equal(SQLITE_OK, sqlite3_open(path, &raw));
	if (sqlite3_exec(raw, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(raw));
	sqlite3_close(raw);
}

#endif
