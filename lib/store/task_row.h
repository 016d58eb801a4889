/* SPDX-License-Identifier: MIT */
/*
 * How a task is read out of a row, for the files whose tables have them.
 */
#ifndef LEADPIPE_TASK_ROW_H
#define LEADPIPE_TASK_ROW_H

#include "store/statement.h"
#include "store/tasks.h"

#define TASK_COLUMNS \
	"id, due_at, kind, priority, chat_id, name, expire_at, created_at," \
	" entries, flow, pointer, method, params"

static inline void
task_read(sqlite3_stmt *row, struct task *task)
{
	task->id = db_int(row, 0);
	task->due_at = db_int(row, 1);
	task->kind = *db_text(row, 2) == 'f' ? TASK_FLOW : TASK_SEND;
	task->priority = (enum priority)db_int(row, 3);
	task->chat_id = db_int(row, 4);
	task->name = db_text(row, 5);
	task->expire_at = db_int(row, 6);
	task->created_at = db_int(row, 7);
	task->entries = db_int(row, 8);
	task->flow = db_text(row, 9);
	task->pointer = db_text(row, 10);
	task->method = db_text(row, 11);
	task->params = db_text(row, 12);
}

#endif
