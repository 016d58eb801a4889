/* SPDX-License-Identifier: MIT */
/*
 * Tasks that wait for their chat, and those of a chat that moves.
 */
#include <stddef.h>

#include "store/shared_tasks.h"
#include "store/statement.h"
#include "store/tasks.h"

enum outcome
tasks_unhold(struct db *db, int64_t chat_id, struct fault *fault)
{
	sqlite3_stmt *back = db_use(db,
	    "INSERT OR IGNORE INTO tasks(due_at, id, kind, priority, chat_id,"
	    " name, expire_at, created_at, entries, flow, pointer, method,"
	    " params) SELECT due_at, id, kind, priority, chat_id, name,"
	    " expire_at, created_at, entries, flow, pointer, method, params"
	    " FROM task_ends WHERE chat_id = ?1 AND state = 'held'"
	    " AND NOT " SHARED_AGAIN);

	db_bind_int(back, 1, chat_id);
	db_run(db, back);
	/* A name that was scheduled again meanwhile: the newer one counts. */
	sqlite3_stmt *rest = db_use(db,
	    "UPDATE task_ends SET state = 'cancelled',"
	    " reason = 'scheduled again while the chat was paused'"
	    " WHERE chat_id = ?1 AND state = 'held'"
	    " AND id NOT IN (SELECT id FROM tasks WHERE chat_id = ?1)");
	db_bind_int(rest, 1, chat_id);
	db_run(db, rest);
	sqlite3_stmt *gone = db_use(db,
	    "DELETE FROM task_ends WHERE chat_id = ?1 AND state = 'held'");
	db_bind_int(gone, 1, chat_id);
	db_run(db, gone);
	return db_result(db, fault);
}

bool
tasks_held_named(struct db *db, int64_t chat_id, const char *name)
{
	bool held = false;
	sqlite3_stmt *find = db_use(db,
	    "SELECT 1 FROM task_ends WHERE state = 'held' AND chat_id = ?1"
	    " AND name = ?2 AND kind = 'flow' LIMIT 1");

	db_bind_int(find, 1, chat_id);
	db_bind_text(find, 2, name);
	while (db_row(db, find))
		held = true;
	return held;
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
		"UPDATE shared_tasks SET chat_id = ?2 WHERE chat_id = ?1",
	};
	enum outcome out = OUT_OK;
	int64_t due_at, id;

	while (
	    out == OUT_OK && next_in_both(db, chat_id, new_id, &due_at, &id))
		out = tasks_end(db, due_at, id, TASK_CANCELLED,
		    "the group moved; its supergroup has this already", now,
		    fault);
	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves) && out == OUT_OK;
	     i++) {
		sqlite3_stmt *move = db_use(db, moves[i]);
		db_bind_int(move, 1, chat_id);
		db_bind_int(move, 2, new_id);
		db_run(db, move);
	}
	return out == OUT_OK ? db_result(db, fault) : out;
}
