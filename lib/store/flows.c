/* SPDX-License-Identifier: MIT */
#include "store/flows.h"

#include <stdlib.h>

#include "store/meta.h"
#include "store/statement.h"

enum outcome
flows_store(struct db *db, const char *hash, const char *id,
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
	return db_result(db, fault);
}

enum outcome
flows_deploy(struct db *db, const char *hash, const char *id,
    const char *source, const char *bundle, int64_t now, struct fault *fault)
{
	enum outcome out =
	    flows_store(db, hash, id, source, bundle, now, fault);

	return out == OUT_OK ? meta_set_text(db, META_FLOW, hash, fault) : out;
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

enum outcome
flows_people(struct db *db,
    void (*visit)(const char *state, int64_t chats, void *arg), void *arg,
    struct fault *fault)
{
	sqlite3_stmt *all = db_use(db,
	    "SELECT state, count(*) FROM chats WHERE state <> ''"
	    " GROUP BY state ORDER BY state");

	while (db_row(db, all))
		visit(db_text(all, 0), db_int(all, 1), arg);
	return db_result(db, fault);
}

int64_t
flows_open_handlers(struct db *db)
{
	int64_t count = 0;
	sqlite3_stmt *open = db_use(db,
	    "SELECT count(*) FROM execs"
	    " WHERE (state = 'pending' OR state = 'running')");

	while (db_row(db, open))
		count = db_int(open, 0);
	return count;
}

enum outcome
flows_move_chats(struct db *db, const char *from, const char *to,
    struct fault *fault)
{
	sqlite3_stmt *move = db_use(db,
	    "UPDATE chats SET state = ?2, entered_at = 0, asked_at = 0,"
	    " memory = json_remove(memory, '$.ask') WHERE state = ?1");

	db_bind_text(move, 1, from);
	db_bind_text(move, 2, to);
	db_run(db, move);
	return db_result(db, fault);
}

enum outcome
flows_rename_chats(struct db *db, const char *from, const char *to,
    const struct flows_range *range, struct fault *fault)
{
	sqlite3_stmt *move = db_use(db,
	    "UPDATE chats SET state = ?2,"
	    " memory = iif(json_extract(memory, '$.ask.state') = ?1,"
	    "  json_set(memory, '$.ask.state', ?2), memory)"
	    " WHERE chat_id BETWEEN ?3 AND ?4 AND state = ?1");

	db_bind_text(move, 1, from);
	db_bind_text(move, 2, to);
	db_bind_int(move, 3, range->first);
	db_bind_int(move, 4, range->last);
	db_run(db, move);
	return db_result(db, fault);
}

enum outcome
flows_rename_past(struct db *db, const char *from, const char *to,
    const struct flows_range *range, struct fault *fault)
{
	static const char *const moves[] = {
		/* Somebody may have been there again since the last time. */
		("UPDATE chats SET visits = json_set(visits,"
		 " '$.\"' || ?2 || '\"',"
		 " json(json_extract(visits, '$.\"' || ?1 || '\"')))"
		 " WHERE chat_id BETWEEN ?3 AND ?4"
		 " AND json_extract(visits, '$.\"' || ?1 || '\"[0]') >"
		 "  coalesce(json_extract(visits, '$.\"' || ?2 || '\"[0]'),"
		 "   -1)"),
		("INSERT INTO arrivals(chat_id, state, came_from, times,"
		 " first_at, last_at) SELECT chat_id,"
		 " iif(state = ?1, ?2, state),"
		 " iif(came_from = ?1, ?2, came_from), times, first_at,"
		 " last_at FROM arrivals WHERE chat_id BETWEEN ?3 AND ?4"
		 " AND (state = ?1 OR came_from = ?1)"
		 " ON CONFLICT DO UPDATE SET times = times + excluded.times,"
		 " first_at = min(first_at, excluded.first_at),"
		 " last_at = max(last_at, excluded.last_at)"),
		("DELETE FROM arrivals WHERE chat_id BETWEEN ?3 AND ?4"
		 " AND (state = ?1 OR came_from = ?1)"),
	};

	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		sqlite3_stmt *move = db_use(db, moves[i]);
		db_bind_text(move, 1, from);
		db_bind_text(move, 2, to);
		db_bind_int(move, 3, range->first);
		db_bind_int(move, 4, range->last);
		db_run(db, move);
	}
	return db_result(db, fault);
}

bool
flows_next_range(struct db *db, int64_t since, int most,
    struct flows_range *range)
{
	bool any = false;
	sqlite3_stmt *next = db_use(db,
	    "SELECT min(chat_id), max(chat_id) FROM (SELECT chat_id"
	    " FROM chats WHERE chat_id > ?1 AND entered_at >= ?2"
	    " ORDER BY chat_id LIMIT ?3) HAVING count(*) > 0");

	db_bind_int(next, 1, range->last);
	db_bind_int(next, 2, since);
	db_bind_int(next, 3, most);
	while (db_row(db, next)) {
		range->first = db_int(next, 0);
		range->last = db_int(next, 1);
		any = true;
	}
	return any;
}
