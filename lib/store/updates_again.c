/* SPDX-License-Identifier: MIT */
#include "store/updates_again.h"

#include "store/statement.h"

bool
updates_done_next(struct db *db, const struct updates_range *range,
    int64_t *after, int64_t *update_id)
{
	bool found = false;
	sqlite3_stmt *next = db_use(db,
	    "SELECT id, update_id FROM updates WHERE id > ?1"
	    " AND state = 'done' AND event IS NULL"
	    " AND iif(?2, received_at, update_id) BETWEEN ?3 AND ?4"
	    " ORDER BY id LIMIT 1");

	db_bind_int(next, 1, *after);
	db_bind_int(next, 2, range->by_time);
	db_bind_int(next, 3, range->from);
	db_bind_int(next, 4, range->to);
	while (db_row(db, next)) {
		*after = db_int(next, 0);
		*update_id = db_int(next, 1);
		found = true;
	}
	return found;
}

enum outcome
updates_again(struct db *db, int64_t row, struct fault *fault)
{
	sqlite3_stmt *again = db_use(db,
	    "UPDATE updates SET state = 'received', tries = 0, reason = NULL,"
	    " settled_at = NULL WHERE id = ?1 AND state = 'done'");

	db_bind_int(again, 1, row);
	db_run(db, again);
	return db_result(db, fault);
}
