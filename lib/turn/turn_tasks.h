/* SPDX-License-Identifier: MIT */
/*
 * Tasks that are due are done.
 */
#ifndef LEADPIPE_TURN_TASKS_H
#define LEADPIPE_TURN_TASKS_H

#include "turn/turn.h"

/* Inside a transaction: promotes tasks that are due, at most LIMIT. */
enum outcome turn_tasks(struct turn *turn, int64_t now, int limit, bool *more,
    struct fault *fault) must_check;

/*
 * After a command died: the first task that is due is done alone, and before
 * it is a try is counted in a transaction of its own.  *ID is what was counted
 * already and what is to be done now, 0: nothing is due.  With its tries used
 * up it is buried.
 */
enum outcome turn_task_try(struct turn *turn, int64_t now, int64_t *id,
    struct fault *fault) must_check;

/* Inside a transaction: does ID if it is still the first that is due. */
enum outcome turn_task_alone(struct turn *turn, int64_t id, int64_t now,
    struct fault *fault) must_check;

#endif
