/* SPDX-License-Identifier: MIT */
#include "store/lane.h"

#include <stddef.h>

#include "store/meta.h"
#include "store/statement.h"

/* Commands that start together may see each other's clock out of order. */
#define JUMP_MS 2000

void
lane_join(struct db *db, int64_t chat_id, int64_t id, int priority,
    int64_t not_before)
{
	/* What is more urgent does not wait for the turn of what stands before
	 * it, only for its retry. */
	sqlite3_stmt *join = db_use(db,
	    "INSERT INTO lanes(chat_id, head, priority, not_before)"
	    " VALUES(?1, ?2, ?3, ?4) ON CONFLICT(chat_id) DO UPDATE SET"
	    " not_before = iif(excluded.priority < priority,"
	    "  (SELECT not_before FROM messages WHERE id = head), not_before),"
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

/* The clock went from ?1 + ?2 back to ?1: what waits for an instant that the
 * old clock named waits for the same instant by the new one. */
static const char *const waits[] = {
	"UPDATE lanes SET not_before = max(?1, not_before - ?2)"
	" WHERE busy = 0 AND not_before > ?1",
	"UPDATE messages SET not_before = max(?1, not_before - ?2)"
	" WHERE id IN (SELECT head FROM lanes) AND not_before > ?1",
	"UPDATE execs SET not_before = max(?1, not_before - ?2)"
	" WHERE state = 'pending' AND not_before > ?1",
	"UPDATE leads SET not_before = max(?1, not_before - ?2)"
	" WHERE worker IS NULL AND errand IS NOT NULL AND not_before > ?1",
	"UPDATE leads SET check_at = max(1, check_at - ?2)"
	" WHERE check_at > 0",
	"UPDATE breakers SET open_until = max(0, open_until - ?2),"
	" since = max(0, since - ?2) WHERE since > 0",
	"UPDATE limits SET tat_us = max(0, tat_us - ?2 * 1000),"
	" blocked_until = max(0, blocked_until - ?2),"
	" flooded_at = flooded_at - ?2",
};

static void
shift_waits(struct db *db, int64_t now, int64_t back)
{
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		sqlite3_stmt *shift = db_use(db, waits[i]);

		db_bind_int(shift, 1, now);
		db_bind_int(shift, 2, back);
		db_run(db, shift);
	}
}

/* No crash leaves a lane busy without a message on its way; should anything
 * else, its chat would wait for ever. */
static void
free_lanes(struct db *db)
{
	for (;;) {
		int64_t chat_id = 0;
		bool any = false;
		sqlite3_stmt *idle = db_use(db,
		    "SELECT l.chat_id FROM lanes l WHERE l.busy = 1"
		    " AND NOT EXISTS (SELECT 1 FROM messages m"
		    "  WHERE m.id = l.head AND m.state = 'sending') LIMIT 1");
		while (db_row(db, idle)) {
			chat_id = db_int(idle, 0);
			any = true;
		}
		if (!any)
			return;
		lane_renew(db, chat_id);
	}
}

enum outcome
lanes_mend(struct db *db, int64_t now, struct fault *fault)
{
	int64_t before = meta_int(db, META_CLOCK_AT, now);

	free_lanes(db);
	if (now < before - JUMP_MS)
		shift_waits(db, now, before - now);
	return meta_set_int(db, META_CLOCK_AT, now, fault);
}
