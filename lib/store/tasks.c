/* SPDX-License-Identifier: MIT */
#include "store/tasks.h"

#include <string.h>

#include "base/clock.h"
#include "store/lane.h"
#include "store/meta.h"
#include "store/statement.h"

static const char *const end_names[] = { "promoted", "cancelled", "expired",
	"dead", "held" };

#define TASK_COLUMNS \
	"id, due_at, kind, priority, chat_id, name, expire_at, created_at," \
	" entries, flow, pointer, method, params"

static void
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

/* The waiting task of that name in the chat; 0: none. */
static int64_t
named(struct db *db, int64_t chat_id, const char *name, int64_t *due_at)
{
	int64_t id = 0;
	sqlite3_stmt *find = db_use(db,
	    "SELECT id, due_at FROM tasks WHERE chat_id = ?1 AND name = ?2"
	    " AND kind = 'flow'");

	db_bind_int(find, 1, chat_id);
	db_bind_text(find, 2, name);
	while (db_row(db, find)) {
		id = db_int(find, 0);
		*due_at = db_int(find, 1);
	}
	return id;
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
	*added = true;
	if (task->kind == TASK_FLOW) {
		int64_t due_at = 0;
		int64_t old = named(db, task->chat_id, task->name, &due_at);
		if (old != 0 && !replace) {
			*added = false;
			task->id = old;
			task->due_at = due_at;
			return db_result(db, fault);
		}
		if (old != 0) {
			enum outcome out = tasks_end(db, due_at, old,
			    TASK_CANCELLED, "replaced", task->created_at,
			    fault);
			if (out != OUT_OK)
				return out;
		}
	}
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
	sqlite3_stmt *gone =
	    db_use(db, "DELETE FROM tasks WHERE due_at = ?1 AND id = ?2");
	db_bind_int(gone, 1, due_at);
	db_bind_int(gone, 2, id);
	db_run(db, gone);
	return db_result(db, fault);
}

/* What was due while the chat was blocked waits in task_ends; an unblock must
 * not bring it back. */
static int
unhold(struct db *db, int64_t chat_id, const char *name, const char *pointer,
    int64_t task_id, int64_t now)
{
	sqlite3_stmt *end = db_use(db,
	    "UPDATE task_ends SET state = 'cancelled', ended_at = ?5,"
	    " reason = NULL WHERE chat_id = ?1 AND state = 'held'"
	    " AND (id = ?4 OR name = ?2 AND (?3 IS NULL OR pointer IS ?3))");

	db_bind_int(end, 1, chat_id);
	db_bind_text(end, 2, name);
	db_bind_text(end, 3, pointer);
	db_bind_int(end, 4, task_id);
	db_bind_int(end, 5, now);
	db_run(db, end);
	return db_changes(db);
}

/*
 * What the task has made already: queued and held messages are taken back, one
 * that may have arrived is not sent again, and one that is on its way right
 * now is not tried again.
 */
static int
unqueue(struct db *db, int64_t chat_id, const char *name, int64_t task_id,
    int64_t now)
{
	static const char *const moves[] = {
		("UPDATE messages SET state = 'cancelled', settled_at = ?3,"
		 " reason = iif(ambiguous > 0, 'its task was cancelled; it may"
		 " have arrived', 'its task was cancelled')"
		 " WHERE chat_id = ?1 AND " MESSAGE_OPEN
		 " AND state <> 'sending'"
		 " AND (task_name = ?2 OR task_id = ?4)"),
		("UPDATE messages SET cancelled = 1"
		 " WHERE chat_id = ?1 AND " MESSAGE_OPEN
		 " AND state = 'sending' AND ?3 > 0"
		 " AND (task_name = ?2 OR task_id = ?4)"),
		("UPDATE messages SET state = 'cancelled', settled_at = ?3,"
		 " reason = 'its task was cancelled'"
		 " WHERE chat_id = ?1 AND " MESSAGE_STUCK " AND state = 'held'"
		 " AND (task_name = ?2 OR task_id = ?4)"),
	};
	int count = 0;

	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		sqlite3_stmt *move = db_use(db, moves[i]);
		db_bind_int(move, 1, chat_id);
		db_bind_text(move, 2, name);
		db_bind_int(move, 3, now);
		db_bind_int(move, 4, task_id);
		db_run(db, move);
		count += db_changes(db);
	}
	if (count > 0)
		lane_renew(db, chat_id);
	return count;
}

enum outcome
tasks_cancel(struct db *db, int64_t chat_id, const char *name,
    const char *pointer, int64_t now, int *count, struct fault *fault)
{
	enum outcome out = OUT_OK;

	*count = 0;
	for (;;) {
		int64_t id = 0, due_at = 0;
		sqlite3_stmt *find = db_use(db,
		    "SELECT id, due_at FROM tasks WHERE chat_id = ?1"
		    " AND name = ?2 AND (?3 IS NULL OR pointer IS ?3)"
		    " LIMIT 1");
		db_bind_int(find, 1, chat_id);
		db_bind_text(find, 2, name);
		db_bind_text(find, 3, pointer);
		while (db_row(db, find)) {
			id = db_int(find, 0);
			due_at = db_int(find, 1);
		}
		if (id == 0)
			break;
		out = tasks_end(db, due_at, id, TASK_CANCELLED, NULL, now,
		    fault);
		if (out != OUT_OK)
			return out;
		++*count;
	}
	*count += unhold(db, chat_id, name, pointer, 0, now);
	*count += unqueue(db, chat_id, name, 0, now);
	return db_result(db, fault);
}

enum outcome
tasks_cancel_id(struct db *db, int64_t id, int64_t now, struct fault *fault)
{
	int64_t due_at = 0, chat_id = 0;
	int count = 0;
	enum outcome out;
	sqlite3_stmt *find = db_use(db,
	    "SELECT due_at, chat_id, 1 FROM tasks WHERE id = ?1"
	    " UNION ALL SELECT due_at, chat_id, 0 FROM task_ends"
	    " WHERE id = ?1 AND state IN ('promoted','held')");
	bool waits = false;

	db_bind_int(find, 1, id);
	while (db_row(db, find)) {
		due_at = db_int(find, 0);
		chat_id = db_int(find, 1);
		waits = waits || db_int(find, 2) != 0;
	}
	if (waits) {
		out = tasks_end(db, due_at, id, TASK_CANCELLED, NULL, now,
		    fault);
		if (out != OUT_OK)
			return out;
		++count;
	}
	if (chat_id != 0) {
		count += unhold(db, chat_id, NULL, NULL, id, now);
		count += unqueue(db, chat_id, NULL, id, now);
	}
	out = db_result(db, fault);
	if (out == OUT_OK && count == 0)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "task %lld does not wait; list-tasks shows which do",
		    (long long)id);
	return out;
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

int64_t
tasks_held(struct db *db, int64_t chat_id)
{
	int64_t count = 0;
	sqlite3_stmt *held = db_use(db,
	    "SELECT count(*) FROM task_ends WHERE state = 'held'"
	    " AND chat_id = ?1");

	db_bind_int(held, 1, chat_id);
	while (db_row(db, held))
		count = db_int(held, 0);
	return count;
}

/* The next schedule that both chats have; false when there is none. */
static bool
next_in_both(struct db *db, int64_t chat_id, int64_t other, int64_t *due_at,
    int64_t *id)
{
	bool found = false;
	sqlite3_stmt *both = db_use(db,
	    "SELECT a.due_at, a.id FROM tasks a JOIN tasks b"
	    " ON b.chat_id = ?2 AND b.name = a.name AND b.kind = 'flow'"
	    " WHERE a.chat_id = ?1 AND a.kind = 'flow' LIMIT 1");

	db_bind_int(both, 1, chat_id);
	db_bind_int(both, 2, other);
	while (db_row(db, both)) {
		*due_at = db_int(both, 0);
		*id = db_int(both, 1);
		found = true;
	}
	return found;
}

enum outcome
tasks_migrate(struct db *db, int64_t chat_id, int64_t new_id, int64_t now,
    struct fault *fault)
{
	static const char *const moves[] = {
		"UPDATE tasks SET chat_id = ?2 WHERE chat_id = ?1",
		"UPDATE task_ends SET chat_id = ?2 WHERE chat_id = ?1",
	};
	enum outcome out = OUT_OK;
	int64_t due_at, id;

	while (
	    out == OUT_OK && next_in_both(db, chat_id, new_id, &due_at, &id))
		out = tasks_end(db, due_at, id, TASK_CANCELLED,
		    "the group moved; its supergroup has this already", now,
		    fault);
	for (size_t i = 0; i < 2 && out == OUT_OK; i++) {
		sqlite3_stmt *move = db_use(db, moves[i]);
		db_bind_int(move, 1, chat_id);
		db_bind_int(move, 2, new_id);
		db_run(db, move);
	}
	return out == OUT_OK ? db_result(db, fault) : out;
}
