/* SPDX-License-Identifier: MIT */
#include "store/history.h"
#include "store/statement.h"

/* In the order of row_read(). */
#define ROW \
	"SELECT m.id, m.chat_id, m.state, m.role, m.method, m.text," \
	" coalesce(m.reason, d.answer, d.reason), m.task_name, d.mend," \
	" m.created_at, m.settled_at, m.not_before, m.expire_at," \
	" m.message_id, m.tries, m.ambiguous, m.maybe_duplicate" \
	" FROM messages m LEFT JOIN dead_letters d" \
	" ON d.kind = 'message' AND d.item = m.id "

static bool
row_read(struct db *db, sqlite3_stmt *stmt, int64_t *place,
    struct history_row *row)
{
	if (!db_row(db, stmt))
		return false;
	*row = (struct history_row){
		.id = db_int(stmt, 0),
		.chat_id = db_int(stmt, 1),
		.state = db_text(stmt, 2),
		.role = db_text(stmt, 3),
		.method = db_text(stmt, 4),
		.text = db_text(stmt, 5),
		.reason = db_text(stmt, 6),
		.task_name = db_text(stmt, 7),
		.mend = db_text(stmt, 8),
		.created_at = db_int(stmt, 9),
		.settled_at = db_int(stmt, 10),
		.not_before = db_int(stmt, 11),
		.expire_at = db_int(stmt, 12),
		.message_id = db_int(stmt, 13),
		.tries = (int)db_int(stmt, 14),
		.ambiguous = (int)db_int(stmt, 15),
		.maybe_duplicate = db_int(stmt, 16) != 0,
	};
	*place = row->id;
	return true;
}

static bool
row_of(struct db *db, sqlite3_stmt *stmt, int64_t chat_id, int64_t *place,
    struct history_row *row)
{
	db_bind_int(stmt, 1, chat_id);
	db_bind_int(stmt, 2, *place);
	return row_read(db, stmt, place, row);
}

bool
history_said(struct db *db, int64_t chat_id, int64_t *before,
    struct history_row *row)
{
	sqlite3_stmt *said = db_use(db,
	    ROW
	    "WHERE m.chat_id = ?1 AND m.id < ?2"
	    " AND m.state IN ('received','sent') ORDER BY m.id DESC LIMIT 1");

	return row_of(db, said, chat_id, before, row);
}

bool
history_next(struct db *db, int64_t chat_id, int64_t *after,
    struct history_row *row)
{
	sqlite3_stmt *next = db_use(db,
	    ROW "WHERE m.chat_id = ?1 AND m.id > ?2"
		" AND m.state IN ('received','sent') ORDER BY m.id LIMIT 1");

	return row_of(db, next, chat_id, after, row);
}

int64_t
history_start(struct db *db, int64_t chat_id, int64_t last, int64_t since)
{
	sqlite3_stmt *start = db_use(db,
	    "SELECT coalesce(min(id) - 1, 9223372036854775807)"
	    " FROM (SELECT id, created_at"
	    "  FROM messages WHERE chat_id = ?1"
	    "  AND state IN ('received','sent') ORDER BY id DESC LIMIT ?2)"
	    " WHERE created_at >= ?3");
	int64_t id = 0;

	db_bind_int(start, 1, chat_id);
	db_bind_int(start, 2, last);
	db_bind_int(start, 3, since);
	while (db_row(db, start))
		id = db_int(start, 0);
	return id;
}

bool
history_unsent(struct db *db, int64_t chat_id, int64_t *after,
    struct history_row *row)
{
	sqlite3_stmt *unsent = db_use(db,
	    ROW "WHERE m.chat_id = ?1 AND m.id > ?2 AND m.state IN ('queued',"
		" 'sending','ambiguous','unknown','held','expired','dead')"
		" ORDER BY m.id LIMIT 1");

	return row_of(db, unsent, chat_id, after, row);
}

bool
history_unclear(struct db *db, int64_t chat_id, int64_t *after,
    struct history_row *row)
{
	sqlite3_stmt *all = db_use(db,
	    ROW "WHERE m.id > ?1 AND m.state IN ('ambiguous','unknown')"
		" ORDER BY m.id LIMIT 1");
	sqlite3_stmt *of_chat = db_use(db,
	    ROW
	    "WHERE m.chat_id = ?1 AND m.id > ?2"
	    " AND m.state IN ('ambiguous','unknown') ORDER BY m.id LIMIT 1");

	if (chat_id != 0)
		return row_of(db, of_chat, chat_id, after, row);
	db_bind_int(all, 1, *after);
	return row_read(db, all, after, row);
}

int64_t
history_unclear_count(struct db *db, int64_t chat_id)
{
	int64_t count = 0;
	sqlite3_stmt *unclear = db_use(db,
	    "SELECT count(*) FROM messages"
	    " WHERE state IN ('ambiguous','unknown')"
	    " AND (?1 = 0 OR chat_id = ?1)");

	db_bind_int(unclear, 1, chat_id);
	while (db_row(db, unclear))
		count = db_int(unclear, 0);
	return count;
}

int
history_updates(struct db *db, int64_t chat_id, int limit,
    void (*visit)(const struct history_update *update, void *arg), void *arg)
{
	/* Rows of updates are large and know no chat until they are stepped:
	 * each kind is found by what is small. */
	sqlite3_stmt *list = db_use(db,
	    "SELECT u.id, u.update_id, u.received_at, u.state, u.reason,"
	    " d.mend, u.tries FROM (SELECT id FROM updates"
	    "  WHERE state IN ('received','failed') AND chat_id = ?1"
	    " UNION SELECT id FROM updates"
	    "  WHERE state = 'waiting' AND chat_id = ?1"
	    " UNION SELECT item FROM dead_letters"
	    "  WHERE kind = 'update' AND chat_id = ?1"
	    " UNION SELECT * FROM (SELECT update_row FROM messages"
	    "  WHERE chat_id = ?1 AND state = 'received'"
	    "  AND update_row IS NOT NULL ORDER BY id DESC LIMIT ?2)) i"
	    " JOIN updates u ON u.id = i.id LEFT JOIN dead_letters d"
	    " ON d.kind = 'update' AND d.item = u.id"
	    " ORDER BY u.state = 'done', u.id DESC LIMIT ?2");
	int count = 0;

	db_bind_int(list, 1, chat_id);
	db_bind_int(list, 2, limit);
	while (db_row(db, list)) {
		const struct history_update update = {
			.id = db_int(list, 0),
			.update_id = db_int(list, 1),
			.received_at = db_int(list, 2),
			.state = db_text(list, 3),
			.reason = db_text(list, 4),
			.mend = db_text(list, 5),
			.tries = (int)db_int(list, 6),
		};
		visit(&update, arg);
		++count;
	}
	return count;
}
