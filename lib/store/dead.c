/* SPDX-License-Identifier: MIT */
#include "store/dead.h"

#include <stdio.h>

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
	char flow[128];

	snprintf(flow, sizeof(flow),
	    "deploy a flow that can run it, then leadpipe recover-pending "
	    "--retry %s:%lld",
	    letter->kind, (long long)letter->item);
	db_bind_text(add, 1, letter->kind);
	db_bind_int(add, 2, letter->item);
	db_bind_null_if(add, 3, letter->chat_id, 0);
	db_bind_text(add, 4, letter->reason);
	db_bind_text(add, 5, letter->answer);
	db_bind_text(add, 6, letter->mend ? letter->mend : flow);
	db_bind_int(add, 7, letter->died_at);
	db_run(db, add);
	return db_result(db, fault);
}

enum outcome
dead_refuse(const char *kind, int64_t item, struct fault *fault)
{
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "%s %lld is in no state that allows this; recover-pending "
	    "--list %s shows what waits for a decision",
	    kind, (long long)item, kind);
}

enum outcome
dead_require(struct db *db, const char *query, const char *kind, int64_t item,
    struct fault *fault)
{
	bool dead = false;
	sqlite3_stmt *find = db_use(db, query);

	db_bind_int(find, 1, item);
	while (db_row(db, find))
		dead = true;
	enum outcome out = db_result(db, fault);
	return out == OUT_OK && !dead ? dead_refuse(kind, item, fault) : out;
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
