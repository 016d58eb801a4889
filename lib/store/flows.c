/* SPDX-License-Identifier: MIT */
#include "store/flows.h"

#include <stdlib.h>

#include "store/meta.h"
#include "store/statement.h"

enum outcome
flows_deploy(struct db *db, const char *hash, const char *id,
    const char *source, const char *bundle, int64_t now, struct fault *fault)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO flows(hash, id, source, deployed_at, bundle)"
	    " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(hash) DO UPDATE SET"
	    " source = excluded.source, deployed_at = excluded.deployed_at,"
	    " bundle = excluded.bundle");

	db_bind_text(add, 1, hash);
	db_bind_text(add, 2, id);
	db_bind_text(add, 3, source);
	db_bind_int(add, 4, now);
	db_bind_text(add, 5, bundle);
	db_run(db, add);
	return meta_set_text(db, META_FLOW, hash, fault);
}

char *
flows_bundle(struct db *db, const char *hash)
{
	char *current = NULL, *bundle = NULL;

	if (hash == NULL) {
		current = meta_text(db, META_FLOW);
		if (current == NULL)
			return NULL;
		hash = current;
	}
	sqlite3_stmt *load =
	    db_use(db, "SELECT bundle FROM flows WHERE hash = ?1");
	db_bind_text(load, 1, hash);
	while (db_row(db, load))
		bundle = db_text_dup(load, 0);
	free(current);
	return bundle;
}

int64_t
flows_chats_in(struct db *db, const char *state)
{
	int64_t chats = 0;
	sqlite3_stmt *count =
	    db_use(db, "SELECT count(*) FROM chats WHERE state = ?1");

	db_bind_text(count, 1, state);
	while (db_row(db, count))
		chats = db_int(count, 0);
	return chats;
}

const char *
flows_next_state(struct db *db, const char *after, int64_t *chats)
{
	sqlite3_stmt *next = db_use(db,
	    "SELECT state, count(*) FROM chats WHERE state > ?1"
	    " GROUP BY state ORDER BY state LIMIT 1");

	db_bind_text(next, 1, after);
	if (!db_row(db, next))
		return NULL;
	*chats = db_int(next, 1);
	return db_text(next, 0);
}

enum outcome
flows_move_chats(struct db *db, const char *from, const char *to,
    struct fault *fault)
{
	sqlite3_stmt *move = db_use(db,
	    "UPDATE chats SET state = ?2, entered_at = 0"
	    " WHERE state = ?1");

	db_bind_text(move, 1, from);
	db_bind_text(move, 2, to);
	db_run(db, move);
	return db_result(db, fault);
}
