/* SPDX-License-Identifier: MIT */
/*
 * A directory for the state of one test, and what is in it.
 */
#ifndef LEADPIPE_STATE_DIR_H
#define LEADPIPE_STATE_DIR_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "store/db.h"

#define STATE_BOT 1234567890

static char state_dir[64], state_path[96];

static inline int
state_dir_make(void **state)
{
	(void)state;
	snprintf(state_dir, sizeof(state_dir), "/tmp/lp-state.XXXXXX");
	if (!mkdtemp(state_dir))
		return -1;
	snprintf(state_path, sizeof(state_path), "%s/leadpipe.db", state_dir);
	return 0;
}

static inline int
state_remove_one(const char *path, const struct stat *st, int kind,
    struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static inline int
state_dir_remove(void **state)
{
	(void)state;
	return nftw(state_dir, state_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* state_path with something behind it, until the next call. */
static inline const char *
state_file(const char *suffix)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s%s", state_path, suffix);
	return path;
}

/* Opens what must open. */
static inline struct db *
state_open(enum db_mode mode)
{
	struct fault fault = { 0 };
	struct db *db = NULL;

	if (db_open(&db, state_path, mode, STATE_BOT, &fault) != OUT_OK)
		fail_msg("db_open: %s", fault.text);
	return db;
}

static inline int64_t
state_soon(void)
{
	return clock_mono_ms() + 5000;
}

static inline void
state_ok(enum outcome out, const struct fault *fault)
{
	if (out != OUT_OK)
		fail_msg("%s", fault->text);
}

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

#define IN_STATE_DIR(test) \
	cmocka_unit_test_setup_teardown(test, state_dir_make, state_dir_remove)

#endif
