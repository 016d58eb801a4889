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

#define IN_STATE_DIR(test) \
	cmocka_unit_test_setup_teardown(test, state_dir_make, state_dir_remove)

#endif
