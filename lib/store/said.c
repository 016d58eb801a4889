/* SPDX-License-Identifier: MIT */
#include "store/said.h"

#include "store/statement.h"

/* Telegram began on 2013-08-14. */
#define EARLIEST_MS INT64_C(1376438400000)

/* Clocks of other programs may be fast. */
#define FUTURE_MS (INT64_C(24) * 60 * 60 * 1000)

/* Ids: so many for each millisecond, as some programs know the day only; all
 * are below zero up to the year 2109. */
#define FIRST_ID (-(INT64_C(1) << 62))
#define IDS (INT64_C(1) << 20)

static bool
is_known(struct db *db, const struct said *said, int64_t first)
{
	sqlite3_stmt *same = db_use(db,
	    "SELECT 1 FROM messages WHERE chat_id = ?1"
	    " AND id >= ?2 AND id < ?3 AND role = ?4 AND text IS ?5");
	bool known = false;

	db_bind_int(same, 1, said->chat_id);
	db_bind_int(same, 2, first);
	db_bind_int(same, 3, first + IDS);
	db_bind_text(same, 4, said->role);
	db_bind_text(same, 5, said->text);
	while (db_row(db, same))
		known = true;
	return known;
}

enum outcome
said_add(struct db *db, const struct said *said, int64_t now, bool *added,
    struct fault *fault)
{
	int64_t first;

	*added = false;
	if (said->at < EARLIEST_MS || said->at > now + FUTURE_MS)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "no time of a message: %lld (seconds or ms since 1970, or "
		    "2026-11-20T23:59:59Z)",
		    (long long)said->at);
	first = FIRST_ID + said->at * IDS;
	if (is_known(db, said, first))
		return db_result(db, fault);
	/* All chats share the ids of a millisecond. */
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO messages(id, chat_id, state, role, created_at,"
	    " settled_at, text) SELECT coalesce(max(id) + 1, ?1), ?3,"
	    " 'received', ?4, ?5, ?5, ?6 FROM messages"
	    " WHERE id >= ?1 AND id < ?2");
	db_bind_int(add, 1, first);
	db_bind_int(add, 2, first + IDS);
	db_bind_int(add, 3, said->chat_id);
	db_bind_text(add, 4, said->role);
	db_bind_int(add, 5, said->at);
	db_bind_text(add, 6, said->text);
	db_run(db, add);
	*added = true;
	return db_result(db, fault);
}
