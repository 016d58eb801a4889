/* SPDX-License-Identifier: MIT */
#include "store/dead.h"

enum outcome
dead_add(struct db *db, const struct dead_letter *letter, struct fault *fault)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO dead_letters(kind, item, chat_id, reason, answer,"
	    " mend, died_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	    " ON CONFLICT(kind, item) DO UPDATE SET reason = excluded.reason,"
	    " answer = excluded.answer, mend = excluded.mend,"
	    " died_at = excluded.died_at");

	db_bind_text(add, 1, letter->kind);
	db_bind_int(add, 2, letter->item);
	db_bind_null_if(add, 3, letter->chat_id, 0);
	db_bind_text(add, 4, letter->reason);
	db_bind_text(add, 5, letter->answer);
	db_bind_text(add, 6, letter->mend);
	db_bind_int(add, 7, letter->died_at);
	db_run(db, add);
	return db_result(db, fault);
}

enum outcome
dead_remove(struct db *db, const char *kind, int64_t item,
    struct fault *fault)
{
	sqlite3_stmt *remove = db_use(db,
	    "DELETE FROM dead_letters WHERE kind = ?1 AND item = ?2");

	db_bind_text(remove, 1, kind);
	db_bind_int(remove, 2, item);
	db_run(db, remove);
	return db_result(db, fault);
}

bool
dead_next(struct db *db, const char *kind, struct dead_letter *letter)
{
	sqlite3_stmt *next = db_use(db,
	    "SELECT id, kind, item, coalesce(chat_id, 0), reason, answer,"
	    " mend, died_at FROM dead_letters"
	    " WHERE id > ?1 AND (?2 IS NULL OR kind = ?2)"
	    " ORDER BY id LIMIT 1");

	db_bind_int(next, 1, letter->id);
	db_bind_text(next, 2, kind);
	if (!db_row(db, next))
		return false;
	letter->id = db_int(next, 0);
	letter->kind = db_text(next, 1);
	letter->item = db_int(next, 2);
	letter->chat_id = db_int(next, 3);
	letter->reason = db_text(next, 4);
	letter->answer = db_text(next, 5);
	letter->mend = db_text(next, 6);
	letter->died_at = db_int(next, 7);
	return true;
}
