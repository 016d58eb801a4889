/* SPDX-License-Identifier: MIT */
/*
 * SQLite itself, for the files that open, make and migrate a database: what
 * its results mean to us, and statements that run once.
 */
#ifndef LEADPIPE_SQL_H
#define LEADPIPE_SQL_H

#include <stdint.h>

#include <sqlite3.h>

#include "base/fault.h"

/*
 * An error as it was seen: RC extended, the errno below it, and SQLite's own
 * words, which hold names of tables and columns but no data.
 */
struct sql_error {
	int rc;
	int system;
	char text[200];
};

/* Keeps the last error of HANDLE, which may be NULL. */
void sql_error_keep(struct sql_error *error, sqlite3 *handle, int rc);

/* What an error says about the disk. */
enum sql_error_kind {
	SQL_ERROR_OTHER,
	SQL_ERROR_FULL,
	SQL_ERROR_DISK /* I/O error or damage */
};
enum sql_error_kind sql_error_kind(const struct sql_error *error);

/* What ERROR on the database PATH means; OUT_OK when there is none. */
enum outcome sql_fault(const struct sql_error *error, const char *path,
    struct fault *fault) must_check;

/* Runs SQL, which may be several statements. */
enum outcome sql_exec(sqlite3 *handle, const char *path, const char *sql,
    struct fault *fault) must_check;

/* The first column of the first row, OTHERWISE without a row. */
enum outcome sql_number(sqlite3 *handle, const char *path, const char *sql,
    int64_t otherwise, int64_t *number, struct fault *fault) must_check;

#endif
