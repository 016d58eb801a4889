/* SPDX-License-Identifier: MIT */
#include "store/lane.h"
#include "store/statement.h"

void
lane_join(struct db *db, int64_t chat_id, int64_t id, int priority,
    int64_t not_before)
{
	sqlite3_stmt *join = db_use(db,
	    "INSERT INTO lanes(chat_id, head, priority, not_before)"
	    " VALUES(?1, ?2, ?3, ?4) ON CONFLICT(chat_id) DO UPDATE SET"
	    " priority = min(priority, excluded.priority)");

	db_bind_int(join, 1, chat_id);
	db_bind_int(join, 2, id);
	db_bind_int(join, 3, priority);
	db_bind_int(join, 4, not_before);
	db_run(db, join);
}

void
lane_renew(struct db *db, int64_t chat_id)
{
	int64_t head = 0, not_before = 0, priority = 0;
	bool busy = false;
	/* An answer behind a broadcast lends it its priority. */
	sqlite3_stmt *open = db_use(db,
	    "SELECT id, not_before, state = 'sending', priority FROM messages"
	    " WHERE chat_id = ?1 AND " MESSAGE_OPEN " ORDER BY id");

	db_bind_int(open, 1, chat_id);
	while (db_row(db, open)) {
		bool sending = db_int(open, 2) != 0;
		if (head == 0 || db_int(open, 3) < priority)
			priority = db_int(open, 3);
		/* What is on its way stays the head, also when an older one
		 * was released meanwhile: one at a time per chat. */
		if (head == 0 || sending) {
			head = db_int(open, 0);
			not_before = db_int(open, 1);
			busy = sending;
		}
	}
	if (head == 0) {
		sqlite3_stmt *drop =
		    db_use(db, "DELETE FROM lanes WHERE chat_id = ?1");
		db_bind_int(drop, 1, chat_id);
		db_run(db, drop);
		return;
	}
	sqlite3_stmt *set = db_use(db,
	    "INSERT OR REPLACE INTO lanes"
	    "(chat_id, head, priority, not_before, busy)"
	    " VALUES(?1, ?2, ?3, ?4, ?5)");
	db_bind_int(set, 1, chat_id);
	db_bind_int(set, 2, head);
	db_bind_int(set, 3, priority);
	db_bind_int(set, 4, not_before);
	db_bind_int(set, 5, busy);
	db_run(db, set);
}

void
lanes_after_jump(struct db *db, int64_t now)
{
	sqlite3_stmt *shift = db_use(db,
	    "UPDATE lanes SET not_before = ?1 + lanes.not_before"
	    "  - m.settled_at FROM messages m WHERE m.id = lanes.head"
	    " AND lanes.busy = 0 AND lanes.not_before > m.settled_at"
	    " AND m.settled_at > ?1 + 1000");

	db_bind_int(shift, 1, now);
	db_run(db, shift);
}
