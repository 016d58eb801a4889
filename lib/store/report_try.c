/* SPDX-License-Identifier: MIT */
#include "store/report_try.h"

#include "store/statement.h"

bool
report_is_tried(struct db *db, int64_t message, int64_t worker)
{
	bool found = false;
	sqlite3_stmt *find =
	    db_use(db, "SELECT 1 FROM workers WHERE report = ?1 AND id <> ?2");

	db_bind_int(find, 1, message);
	db_bind_int(find, 2, worker);
	while (db_row(db, find))
		found = true;
	return found;
}

enum outcome
report_try(struct db *db, int64_t message, int64_t worker, struct fault *fault)
{
	sqlite3_stmt *begin =
	    db_use(db, "UPDATE workers SET report = ?2 WHERE id = ?1");

	db_bind_int(begin, 1, worker);
	db_bind_null_if(begin, 2, message, 0);
	db_run(db, begin);
	return db_result(db, fault);
}

enum outcome
report_orphaned(struct db *db, int64_t worker, struct fault *fault)
{
	sqlite3_stmt *count = db_use(db,
	    "UPDATE messages SET tries = tries + 1 WHERE state = 'queued'"
	    " AND id = (SELECT report FROM workers WHERE id = ?1)");

	db_bind_int(count, 1, worker);
	db_run(db, count);
	return db_result(db, fault);
}
