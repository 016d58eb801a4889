/* SPDX-License-Identifier: MIT */
/*
 * Tasks that a command may die over.  That undoes what came before them too,
 * and the next command does it all again.  After a death tasks are therefore
 * done one by one: tasks_try() is committed before, tasks_survived() with what
 * became of it.
 */
#ifndef LEADPIPE_TASK_TRY_H
#define LEADPIPE_TASK_TRY_H

#include "store/db.h"

/* More are one too many. */
#define TASKS_TRIES 3

/* Counts a try of the task ID; returns how many that makes. */
int64_t tasks_try(struct db *db, int64_t id);

enum outcome tasks_survived(struct db *db, int64_t id, struct fault *fault)
    must_check;

#endif
