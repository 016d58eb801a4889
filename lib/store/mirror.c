/* SPDX-License-Identifier: MIT */
#include "store/mirror.h"

#include <stddef.h>

#include "store/meta.h"
#include "store/statement.h"

bool
mirror_wanted(struct db *db)
{
	return meta_has(db, META_MIRROR);
}

char *
mirror_redis(struct db *db)
{
	return meta_text(db, META_MIRROR);
}

enum outcome
mirror_unwant(struct db *db, int64_t deadline, struct fault *fault)
{
	enum outcome out = db_begin(db, deadline, fault);

	if (out != OUT_OK)
		return out;
	out = meta_set_text(db, META_MIRROR, NULL, fault);
	if (out == OUT_OK)
		out = meta_set_text(db, META_MIRROR_WALK, NULL, fault);
	if (out == OUT_OK)
		out = meta_set_text(db, META_MIRROR_FAULT, NULL, fault);
	return db_end(db, out, fault);
}

/* Chats that went while no mirror was wanted: the others marked themselves. */
static void
mark_gone(struct db *db)
{
	db_run(db,
	    db_use(db,
		"UPDATE mirror SET version = version + 1, pushed = 0"
		" WHERE NOT EXISTS (SELECT 1 FROM chats"
		"  WHERE chats.chat_id = mirror.chat_id)"));
}

enum outcome
mirror_begin(struct db *db, const char *redis, int64_t epoch, int64_t deadline,
    struct fault *fault)
{
	enum outcome out = db_begin(db, deadline, fault);

	if (out != OUT_OK)
		return out;
	out = meta_set_text(db, META_MIRROR, redis, fault);
	if (out == OUT_OK)
		out = meta_set_int(db, META_MIRROR_EPOCH, epoch, fault);
	if (out == OUT_OK)
		out = meta_set_int(db, META_MIRROR_WALK, INT64_MIN, fault);
	if (out == OUT_OK)
		mark_gone(db);
	return db_end(db, out, fault);
}

/* Marks the chats in (FROM, TO], with a version that Redis does not have: what
 * changed while no mirror was wanted did not count. */
static void
mark_stretch(struct db *db, int64_t from, int64_t to)
{
	sqlite3_stmt *mark = db_use(db,
	    "INSERT INTO mirror(chat_id) SELECT chat_id FROM chats"
	    " WHERE chat_id > ?1 AND chat_id <= ?2"
	    " ON CONFLICT(chat_id) DO UPDATE SET version = version + 1,"
	    " pushed = 0, exported = 0");

	db_bind_int(mark, 1, from);
	db_bind_int(mark, 2, to);
	db_run(db, mark);
}

enum outcome
mirror_mark(struct db *db, int limit, int64_t deadline, bool *more,
    struct fault *fault)
{
	int64_t from, to = 0;
	enum outcome out;

	*more = meta_has(db, META_MIRROR_WALK);
	if (!*more)
		return db_result(db, fault);
	out = db_begin(db, deadline, fault);
	if (out != OUT_OK)
		return out;
	from = meta_int(db, META_MIRROR_WALK, INT64_MIN);
	sqlite3_stmt *stretch = db_use(db,
	    "SELECT max(chat_id), count(*) = ?2 FROM (SELECT chat_id"
	    " FROM chats WHERE chat_id > ?1 ORDER BY chat_id LIMIT ?2)");
	db_bind_int(stretch, 1, from);
	db_bind_int(stretch, 2, limit);
	while (db_row(db, stretch)) {
		to = db_int(stretch, 0);
		*more = db_int(stretch, 1) != 0;
	}
	mark_stretch(db, from, *more ? to : INT64_MAX);
	out = *more ? meta_set_int(db, META_MIRROR_WALK, to, fault)
		    : meta_set_text(db, META_MIRROR_WALK, NULL, fault);
	return db_end(db, out, fault);
}

int
mirror_behind(struct db *db, int64_t after, int limit, struct mirror_row *rows)
{
	sqlite3_stmt *behind = db_use(db,
	    "SELECT chat_id, version FROM mirror"
	    " WHERE pushed < version AND chat_id > ?1"
	    " ORDER BY chat_id LIMIT ?2");
	int count = 0;

	db_bind_int(behind, 1, after);
	db_bind_int(behind, 2, limit);
	while (db_row(db, behind)) {
		rows[count].chat_id = db_int(behind, 0);
		rows[count++].version = db_int(behind, 1);
	}
	return count;
}

int64_t
mirror_behind_count(struct db *db)
{
	sqlite3_stmt *behind =
	    db_use(db, "SELECT count(*) FROM mirror WHERE pushed < version");
	int64_t count = 0;

	while (db_row(db, behind))
		count = db_int(behind, 0);
	return count;
}

enum outcome
mirror_told(struct db *db, int64_t now, int64_t deadline, struct fault *fault)
{
	enum outcome out = db_begin(db, deadline, fault);

	if (out == OUT_OK)
		out = meta_set_int(db, META_MIRROR_TOLD_AT, now, fault);
	return db_end(db, out, fault);
}

int64_t
mirror_told_at(struct db *db)
{
	return meta_int(db, META_MIRROR_TOLD_AT,
	    meta_int(db, META_MIRROR_EPOCH, 0));
}

bool
mirror_chat(struct db *db, int64_t chat_id,
    void (*visit)(const char *field, const char *value, void *arg), void *arg)
{
	sqlite3_stmt *chat = db_use(db,
	    "SELECT state, user_id, type, first_name, last_name, username,"
	    " lang, tz, vars, tags, entered_at, seen_at, created_at,"
	    " blocked_at, unsubscribed_at FROM chats WHERE chat_id = ?1");
	bool exists = false;

	db_bind_int(chat, 1, chat_id);
	while (db_row(db, chat)) {
		exists = true;
		for (int i = 0; i < sqlite3_column_count(chat); i++)
			if (db_text(chat, i) != NULL)
				visit(sqlite3_column_name(chat, i),
				    db_text(chat, i), arg);
	}
	return exists;
}

void
mirror_said(struct db *db, int64_t chat_id, int64_t limit,
    void (*visit)(const char *line, void *arg), void *arg)
{
	sqlite3_stmt *said = db_use(db,
	    "SELECT json_object('role', role, 'text', text, 'at', created_at,"
	    " 'message_id', message_id) FROM (SELECT * FROM messages"
	    "  WHERE chat_id = ?1 AND (state = 'received' OR state = 'sent')"
	    "  ORDER BY id DESC LIMIT ?2) ORDER BY id");

	db_bind_int(said, 1, chat_id);
	db_bind_int(said, 2, limit);
	while (db_row(db, said))
		visit(db_text(said, 0), arg);
}

void
mirror_forget(struct db *db, int64_t chat_id)
{
	sqlite3_stmt *gone = db_use(db,
	    "DELETE FROM mirror WHERE chat_id = ?1 AND NOT EXISTS"
	    "  (SELECT 1 FROM chats WHERE chats.chat_id = ?1)"
	    " AND (pushed >= version OR NOT EXISTS"
	    "  (SELECT 1 FROM meta WHERE key = '" META_MIRROR "'))"
	    " AND (exported >= version OR chat_id < 0 OR NOT EXISTS"
	    "  (SELECT 1 FROM meta WHERE key = '" META_DIALOGS "'))");

	db_bind_int(gone, 1, chat_id);
	db_run(db, gone);
}

enum outcome
mirror_pushed(struct db *db, const struct mirror_row *rows, int count,
    int64_t deadline, struct fault *fault)
{
	enum outcome out = db_begin(db, deadline, fault);

	for (int i = 0; i < count && out == OUT_OK; i++) {
		sqlite3_stmt *has = db_use(db,
		    "UPDATE mirror SET pushed = ?2 WHERE chat_id = ?1");
		db_bind_int(has, 1, rows[i].chat_id);
		db_bind_int(has, 2, rows[i].version);
		db_run(db, has);
		mirror_forget(db, rows[i].chat_id);
	}
	return db_end(db, out, fault);
}
