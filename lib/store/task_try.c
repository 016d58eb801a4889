/* SPDX-License-Identifier: MIT */
#include "store/task_try.h"

#include "store/statement.h"

int64_t
tasks_try(struct db *db, int64_t id)
{
	int64_t tries = 0;
	/* Those that somebody took back meanwhile. */
	sqlite3_stmt *gone = db_use(db,
	    "DELETE FROM task_tries WHERE id NOT IN (SELECT id FROM tasks)");
	sqlite3_stmt *count = db_use(db,
	    "INSERT INTO task_tries(id, tries) VALUES(?1, 1)"
	    " ON CONFLICT(id) DO UPDATE SET tries = tries + 1"
	    " RETURNING tries");

	db_run(db, gone);
	db_bind_int(count, 1, id);
	while (db_row(db, count))
		tries = db_int(count, 0);
	return tries;
}

enum outcome
tasks_survived(struct db *db, int64_t id, struct fault *fault)
{
	sqlite3_stmt *gone =
	    db_use(db, "DELETE FROM task_tries WHERE id = ?1");

	db_bind_int(gone, 1, id);
	db_run(db, gone);
	return db_result(db, fault);
}
