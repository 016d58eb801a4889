/* SPDX-License-Identifier: MIT */
#include "store/meta.h"
#include "store/statement.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static sqlite3_stmt *
meta_find(struct db *db, const char *key)
{
	sqlite3_stmt *stmt =
	    db_use(db, "SELECT value FROM meta WHERE key = ?1");

	db_bind_text(stmt, 1, key);
	return stmt;
}

int64_t
meta_int(struct db *db, const char *key, int64_t otherwise)
{
	sqlite3_stmt *stmt = meta_find(db, key);

	while (db_row(db, stmt))
		otherwise = db_int(stmt, 0);
	return otherwise;
}

bool
meta_has(struct db *db, const char *key)
{
	char *value = meta_text(db, key);
	bool has = value != NULL;

	free(value);
	return has;
}

char *
meta_text(struct db *db, const char *key)
{
	sqlite3_stmt *stmt = meta_find(db, key);
	char *value = NULL;

	while (db_row(db, stmt))
		value = db_text_dup(stmt, 0);
	return value;
}

static sqlite3_stmt *
meta_put(struct db *db, const char *key)
{
	sqlite3_stmt *stmt = db_use(db,
	    "INSERT INTO meta(key, value) VALUES(?1, ?2)"
	    " ON CONFLICT(key) DO UPDATE SET value = excluded.value");

	db_bind_text(stmt, 1, key);
	return stmt;
}

enum outcome
meta_set_int(struct db *db, const char *key, int64_t value,
    struct fault *fault)
{
	sqlite3_stmt *stmt = meta_put(db, key);

	db_bind_int(stmt, 2, value);
	db_run(db, stmt);
	return db_result(db, fault);
}

enum outcome
meta_set_text(struct db *db, const char *key, const char *value,
    struct fault *fault)
{
	sqlite3_stmt *stmt = value
	    ? meta_put(db, key)
	    : db_use(db, "DELETE FROM meta WHERE key = ?1");

	db_bind_text(stmt, 1, key);
	if (value)
		db_bind_text(stmt, 2, value);
	db_run(db, stmt);
	return db_result(db, fault);
}

enum outcome
meta_note(struct db *db, const char *key, const char *value, int64_t deadline,
    struct fault *fault)
{
	char *known = meta_text(db, key);
	bool same = known && value ? strcmp(known, value) == 0
				   : known == NULL && value == NULL;
	enum outcome out;

	free(known);
	if (same)
		return db_result(db, fault);
	out = db_begin(db, deadline, fault);
	if (out == OUT_OK)
		out = meta_set_text(db, key, value, fault);
	return db_end(db, out, fault);
}
