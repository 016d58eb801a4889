/* SPDX-License-Identifier: MIT */
#include "store/task_cancel.h"

#include <stddef.h>

#include "store/lane.h"
#include "store/shared_tasks.h"
#include "store/statement.h"
#include "store/tasks.h"

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
	return shared_tasks_cancel(db, chat_id, name, pointer, now, count,
	    fault);
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
	out = shared_tasks_cancel_id(db, id, now, &count, fault);
	if (out == OUT_OK && count == 0)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "task %lld does not wait; list-tasks shows which do",
		    (long long)id);
	return out;
}
