/* SPDX-License-Identifier: MIT */
#include "store/dead.h"
#include "store/statement.h"

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
dead_remove(struct db *db, const char *kind, int64_t item, struct fault *fault)
{
	sqlite3_stmt *remove = db_use(db,
	    "DELETE FROM dead_letters WHERE kind = ?1 AND item = ?2");

	db_bind_text(remove, 1, kind);
	db_bind_int(remove, 2, item);
	db_run(db, remove);
	return db_result(db, fault);
}
