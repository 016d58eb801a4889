/* SPDX-License-Identifier: MIT */
/*
 * An open database for each test.
 */
#ifndef LEADPIPE_STATE_DB_H
#define LEADPIPE_STATE_DB_H

#include "state_raw.h"

static struct db *db;
static struct fault fault;

/* Ends a child made by fork(): valgrind would call its copy of our open
 * database lost memory. */
static inline void
end_child(bool good)
{
	execlp(good ? "true" : "false", "child", (char *)NULL);
}

static inline int
setup(void **state)
{
	if (state_dir_make(state) < 0)
		return -1;
	memset(&fault, 0, sizeof(fault));
	db = state_open(DB_CREATE);
	return 0;
}

static inline int
teardown(void **state)
{
	db_close(db);
	return state_dir_remove(state);
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
