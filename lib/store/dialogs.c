/* SPDX-License-Identifier: MIT */
#include "store/dialogs.h"

#include <stdio.h>

#include "store/meta.h"
#include "store/statement.h"

/* A digest is never that (forget.c). */
#define FORGOTTEN ""

enum outcome
dialogs_want(struct db *db, bool wanted, int64_t deadline, struct fault *fault)
{
	enum outcome out;

	if (meta_has(db, META_DIALOGS) == wanted)
		return db_result(db, fault);
	out = db_begin(db, deadline, fault);
	if (out != OUT_OK)
		return out;
	out = meta_set_text(db, META_DIALOGS, wanted ? "1" : NULL, fault);
	/* Nobody will delete what they left there. */
	if (!wanted)
		db_run(db,
		    db_use(db,
			"DELETE FROM dialogs WHERE digest = '" FORGOTTEN "'"));
	return db_end(db, out, fault);
}

static bool
is_there(struct db *db, sqlite3_stmt *row, int64_t chat_id, const char *digest)
{
	bool there = false;

	db_bind_int(row, 1, chat_id);
	if (digest != NULL)
		db_bind_text(row, 2, digest);
	while (db_row(db, row))
		there = true;
	return there;
}

bool
dialogs_agreed(struct db *db, int64_t chat_id, const char *digest)
{
	return is_there(db,
	    db_use(db,
		"SELECT 1 FROM dialogs WHERE chat_id = ?1"
		" AND (digest = ?2 OR digest = '" FORGOTTEN "')"),
	    chat_id, digest);
}

bool
dialogs_forgotten(struct db *db, int64_t chat_id)
{
	return is_there(db,
	    db_use(db,
		"SELECT 1 FROM dialogs WHERE chat_id = ?1"
		" AND digest = '" FORGOTTEN "'"),
	    chat_id, NULL);
}

bool
dialogs_ours(struct db *db, int64_t chat_id, const char *digest)
{
	return is_there(db,
	    db_use(db,
		"SELECT 1 FROM dialogs WHERE chat_id = ?1 AND digest = ?2"
		" AND unknown IS NULL"),
	    chat_id, digest);
}

enum outcome
dialogs_agree(struct db *db, int64_t chat_id, const char *digest,
    const char *unknown, int64_t now, struct fault *fault)
{
	sqlite3_stmt *agree = db_use(db,
	    "INSERT INTO dialogs(chat_id, digest, unknown, unknown_at)"
	    " VALUES(?1, ?2, ?3, iif(?3 IS NULL, NULL, ?4))"
	    " ON CONFLICT(chat_id) DO UPDATE SET digest = excluded.digest,"
	    " unknown = excluded.unknown, unknown_at = excluded.unknown_at");

	db_bind_int(agree, 1, chat_id);
	db_bind_text(agree, 2, digest);
	db_bind_text(agree, 3, unknown);
	db_bind_int(agree, 4, now);
	db_run(db, agree);
	return db_result(db, fault);
}

enum outcome
dialogs_vanished(struct db *db, int64_t chat_id, struct fault *fault)
{
	sqlite3_stmt *gone = db_use(db,
	    "DELETE FROM dialogs WHERE chat_id = ?1"
	    " AND unknown IS NOT NULL");

	db_bind_int(gone, 1, chat_id);
	db_run(db, gone);
	return db_result(db, fault);
}

int
dialogs_unexported(struct db *db, int64_t after, int limit,
    struct mirror_row *rows)
{
	sqlite3_stmt *list = db_use(db,
	    "SELECT chat_id, version FROM mirror"
	    " WHERE exported < version AND chat_id > ?1"
	    " ORDER BY chat_id LIMIT ?2");
	int count = 0;

	db_bind_int(list, 1, after);
	db_bind_int(list, 2, limit);
	while (db_row(db, list)) {
		rows[count].chat_id = db_int(list, 0);
		rows[count++].version = db_int(list, 1);
	}
	return count;
}

enum outcome
dialogs_exported(struct db *db, const struct mirror_row *row,
    struct fault *fault)
{
	sqlite3_stmt *known =
	    db_use(db, "UPDATE mirror SET exported = ?2 WHERE chat_id = ?1");

	db_bind_int(known, 1, row->chat_id);
	db_bind_int(known, 2, row->version);
	db_run(db, known);
	mirror_forget(db, row->chat_id);
	return db_result(db, fault);
}

enum outcome
dialogs_erased(struct db *db, int64_t chat_id, const struct mirror_row *row,
    struct fault *fault)
{
	sqlite3_stmt *erased =
	    db_use(db, "DELETE FROM dialogs WHERE chat_id = ?1");
	sqlite3_stmt *back =
	    db_use(db, "SELECT 1 FROM chats WHERE chat_id = ?1");

	db_bind_int(erased, 1, chat_id);
	db_run(db, erased);
	return is_there(db, back, chat_id, NULL)
	    ? db_result(db, fault)
	    : dialogs_exported(db, row, fault);
}

char *
dialogs_foreign(struct db *db, int64_t chat_id)
{
	sqlite3_stmt *find =
	    db_use(db, "SELECT unknown FROM dialogs WHERE chat_id = ?1");
	char *state = NULL;

	db_bind_int(find, 1, chat_id);
	while (db_row(db, find))
		state = db_text_dup(find, 0);
	return state;
}

int64_t
dialogs_unknown(struct db *db, char *name, size_t size)
{
	sqlite3_stmt *unknown = db_use(db,
	    "SELECT count(*), unknown, max(unknown_at) FROM dialogs"
	    " WHERE unknown IS NOT NULL");
	int64_t count = 0;

	*name = '\0';
	while (db_row(db, unknown)) {
		const char *last = db_text(unknown, 1);

		count = db_int(unknown, 0);
		snprintf(name, size, "%s", last ? last : "");
	}
	return count;
}
