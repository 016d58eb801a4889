/* SPDX-License-Identifier: MIT */
#include "store/tasks.h"

#include "base/clock.h"
#include "store/counters.h"
#include "store/meta.h"
#include "store/shared_tasks.h"
#include "store/statement.h"
#include "store/task_row.h"

static const char *const end_names[] = { "promoted", "cancelled", "expired",
	"dead", "held" };

bool
tasks_named(struct db *db, int64_t chat_id, const char *name,
    struct task *task)
{
	sqlite3_stmt *find = db_use(db,
	    "SELECT " TASK_COLUMNS " FROM tasks WHERE chat_id = ?1"
	    " AND name = ?2 AND kind = 'flow'");

	db_bind_int(find, 1, chat_id);
	db_bind_text(find, 2, name);
	if (!db_row(db, find))
		return false;
	task_read(find, task);
	return true;
}

/* Ids are never given twice, also not after their rows are pruned. */
int64_t
tasks_ids(struct db *db, int count)
{
	int64_t last = 0;
	sqlite3_stmt *next = db_use(db,
	    "INSERT INTO meta(key, value) VALUES('" META_TASK_ID "', ?1)"
	    " ON CONFLICT(key) DO UPDATE SET value = value + ?1"
	    " RETURNING value");

	db_bind_int(next, 1, count);
	while (db_row(db, next))
		last = db_int(next, 0);
	return last - count + 1;
}

enum outcome
tasks_add(struct db *db, struct task *task, bool replace, bool *added,
    struct fault *fault)
{
	struct task old;
	enum outcome out = OUT_OK;
	bool taken = task->kind == TASK_FLOW &&
	    tasks_named(db, task->chat_id, task->name, &old);
	bool handed = !taken && task->kind == TASK_FLOW &&
	    shared_tasks_named(db, task->chat_id, task->name, &old);
	int count = 0;

	taken = taken || handed;
	*added = !taken || replace;
	if (!*added) {
		task->id = old.id;
		task->due_at = old.due_at;
		return db_result(db, fault);
	}
	if (handed)
		out = shared_tasks_cancel_id(db, old.id, task->created_at,
		    &count, fault);
	else if (taken)
		out = tasks_end(db, old.due_at, old.id, TASK_CANCELLED,
		    "replaced", task->created_at, fault);
	if (out != OUT_OK)
		return out;
	if (task->id == 0)
		task->id = tasks_ids(db, 1);
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO tasks(" TASK_COLUMNS ")"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
	    " ?13)");
	db_bind_int(add, 1, task->id);
	db_bind_int(add, 2, task->due_at);
	db_lend_text(add, 3, task->kind == TASK_FLOW ? "flow" : "send");
	db_bind_int(add, 4, (int64_t)task->priority);
	db_bind_int(add, 5, task->chat_id);
	db_lend_text(add, 6, task->name);
	db_bind_int(add, 7, task->expire_at);
	db_bind_int(add, 8, task->created_at);
	db_bind_int(add, 9, task->entries);
	db_lend_text(add, 10, task->flow);
	db_lend_text(add, 11, task->pointer);
	db_lend_text(add, 12, task->method);
	db_lend_text(add, 13, task->params);
	db_run(db, add);
	return db_result(db, fault);
}

bool
tasks_due(struct db *db, int64_t now, struct task *task)
{
	sqlite3_stmt *due = db_use(db,
	    "SELECT " TASK_COLUMNS " FROM tasks WHERE due_at <= ?1"
	    " ORDER BY due_at, id LIMIT 1");

	db_bind_int(due, 1, now);
	if (!db_row(db, due))
		return false;
	task_read(due, task);
	return true;
}

int64_t
tasks_next_due(struct db *db)
{
	int64_t next = CLOCK_NEVER;
	sqlite3_stmt *first =
	    db_use(db, "SELECT due_at FROM tasks ORDER BY due_at, id LIMIT 1");

	while (db_row(db, first))
		next = db_int(first, 0);
	return next;
}

enum outcome
tasks_end(struct db *db, int64_t due_at, int64_t id, enum task_end how,
    const char *reason, int64_t now, struct fault *fault)
{
	sqlite3_stmt *move = db_use(db,
	    "INSERT OR REPLACE INTO task_ends(state, ended_at, reason, " TASK_COLUMNS
	    ") SELECT ?3, ?4, ?5, " TASK_COLUMNS
	    " FROM tasks WHERE due_at = ?1 AND id = ?2");

	db_bind_int(move, 1, due_at);
	db_bind_int(move, 2, id);
	db_lend_text(move, 3, end_names[how]);
	db_bind_int(move, 4, now);
	db_lend_text(move, 5, reason);
	db_run(db, move);
	counter_add(db, COUNT_TASKS, end_names[how], 1);
	if (how == TASK_PROMOTED)
		counter_observe(db, COUNT_LATENESS, now - due_at);
	sqlite3_stmt *gone =
	    db_use(db, "DELETE FROM tasks WHERE due_at = ?1 AND id = ?2");
	db_bind_int(gone, 1, due_at);
	db_bind_int(gone, 2, id);
	db_run(db, gone);
	return db_result(db, fault);
}

int
tasks_list(struct db *db, int64_t chat_id, struct task_place *after, int limit,
    void (*visit)(const struct task *task, void *arg), void *arg)
{
	sqlite3_stmt *all = db_use(db,
	    "SELECT " TASK_COLUMNS " FROM tasks"
	    " WHERE (due_at, id) > (?1, ?2) ORDER BY due_at, id LIMIT ?3");
	/* A person's few tasks are found by their index, not by reading
	 * everybody's. */
	sqlite3_stmt *of_chat = db_use(db,
	    "SELECT " TASK_COLUMNS " FROM tasks INDEXED BY tasks_chat"
	    " WHERE (due_at, id) > (?1, ?2) AND chat_id = ?4"
	    " ORDER BY due_at, id LIMIT ?3");
	sqlite3_stmt *page = chat_id == 0 ? all : of_chat;
	struct task task;
	int count = 0;

	db_bind_int(page, 1, after->due_at);
	db_bind_int(page, 2, after->id);
	db_bind_int(page, 3, limit);
	if (chat_id != 0)
		db_bind_int(page, 4, chat_id);
	while (db_row(db, page)) {
		task_read(page, &task);
		*after = (struct task_place){ task.due_at, task.id };
		visit(&task, arg);
		++count;
	}
	return count;
}

int64_t
tasks_count(struct db *db, int64_t chat_id)
{
	int64_t count = 0;
	sqlite3_stmt *all = db_use(db, "SELECT count(*) FROM tasks");
	sqlite3_stmt *of_chat =
	    db_use(db, "SELECT count(*) FROM tasks WHERE chat_id = ?1");
	sqlite3_stmt *use = chat_id == 0 ? all : of_chat;

	if (chat_id != 0)
		db_bind_int(use, 1, chat_id);
	while (db_row(db, use))
		count = db_int(use, 0);
	return count;
}
