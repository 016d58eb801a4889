/* SPDX-License-Identifier: MIT */
/*
 * SQL statements, for the files of lib/store only.
 */
#ifndef LEADPIPE_STATEMENT_H
#define LEADPIPE_STATEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "store/db.h"

/*
 * The statement TEXT, which must be a string literal: it is prepared once per
 * connection and found by its address.  Between db_use() and the end of
 * stepping no other use of the same text may begin.
 */
sqlite3_stmt *db_use(struct db *db, const char *text);

/* Steps once: true with a row; false at the end or on an error, which is kept
 * for db_result(). Resets the statement when it is through. */
bool db_row(struct db *db, sqlite3_stmt *stmt);

/* Steps to the end and resets. */
void db_run(struct db *db, sqlite3_stmt *stmt);

/* Rows changed by the last statement, and the id it inserted.  Cheaper than
 * RETURNING, for which SQLite makes a temporary table each time. */
int db_changes(struct db *db);
int64_t db_last_id(struct db *db);

/* Binding and reading with our types; NULL text binds NULL. */
void db_bind_int(sqlite3_stmt *stmt, int index, int64_t value);
void db_bind_text(sqlite3_stmt *stmt, int index, const char *value);
/* The same without a copy: VALUE must live until the statement was stepped to
 * its end. */
void db_lend_text(sqlite3_stmt *stmt, int index, const char *value);
void db_bind_null_if(sqlite3_stmt *stmt, int index, int64_t value,
    int64_t null_value);
int64_t db_int(sqlite3_stmt *stmt, int column);
/* Borrowed until the next step; NULL stays NULL. */
const char *db_text(sqlite3_stmt *stmt, int column);
/* The caller frees it. */
char *db_text_dup(sqlite3_stmt *stmt, int column);

#endif
