/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/mem.h"
#include "store/connection.h"

static struct statement *
slot_of(struct statements *statements, const char *text)
{
	/* Literals lie close together: Fibonacci hashing spreads them. */
	uint64_t hash = (uint64_t)(uintptr_t)text * 0x9e3779b97f4a7c15u;
	size_t at = (size_t)(hash >> 32) & (statements->size - 1);

	while (statements->slots[at].text != NULL &&
	    statements->slots[at].text != text)
		at = (at + 1) & (statements->size - 1);
	return &statements->slots[at];
}

static void
statements_grow(struct statements *statements)
{
	struct statements more = {
		.size = statements->size ? statements->size * 2 : 64
	};

	more.count = statements->count;
	more.slots = mem_alloc(more.size * sizeof(*more.slots));
	for (size_t i = 0; i < statements->size; i++)
		if (statements->slots[i].text)
			*slot_of(&more, statements->slots[i].text) =
			    statements->slots[i];
	free(statements->slots);
	*statements = more;
}

sqlite3_stmt *
db_use(struct db *db, const char *text)
{
	struct statements *statements = &db->statements;
	struct statement *slot;
	int rc;

	if (statements->count * 2 >= statements->size)
		statements_grow(statements);
	slot = slot_of(statements, text);
	if (slot->stmt) {
		sqlite3_reset(slot->stmt);
		sqlite3_clear_bindings(slot->stmt);
		return slot->stmt;
	}
	rc = sqlite3_prepare_v3(db->handle, text, -1,
	    SQLITE_PREPARE_PERSISTENT, &slot->stmt, NULL);
	if (rc != SQLITE_OK) {
		db_failed(db, rc);
		return NULL;
	}
	slot->text = text;
	statements->count++;
	return slot->stmt;
}

void
statements_reset(struct db *db, enum statements_which which)
{
	struct statements *statements = &db->statements;

	for (size_t i = 0; i < statements->size; i++) {
		sqlite3_stmt *stmt = statements->slots[i].stmt;

		if (stmt && sqlite3_stmt_busy(stmt) &&
		    (which == STATEMENTS_ALL || !sqlite3_stmt_readonly(stmt)))
			sqlite3_reset(stmt);
	}
}

void
statements_release(struct db *db)
{
	for (size_t i = 0; i < db->statements.size; i++)
		sqlite3_finalize(db->statements.slots[i].stmt);
	free(db->statements.slots);
	db->statements = (struct statements){ 0 };
}

/* A write that would pass by the turnstile: the transaction is gone, or there
 * never was one. */
static void
statement_refused(struct db *db)
{
	db->error = db->ended;
	if (db->error.rc == SQLITE_OK)
		db->error = (struct sql_error){ SQLITE_MISUSE, 0,
			"a write outside of a transaction" };
}

bool
db_row(struct db *db, sqlite3_stmt *stmt)
{
	int rc;

	/* After a failure the rest of what belongs together does not happen
	 * either. */
	if (db->error.rc != SQLITE_OK || stmt == NULL)
		return false;
	if (sqlite3_get_autocommit(db->handle) &&
	    !sqlite3_stmt_readonly(stmt)) {
		statement_refused(db);
		return false;
	}
	rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		db_failed(db, rc);
	sqlite3_reset(stmt);
	return false;
}

void
db_run(struct db *db, sqlite3_stmt *stmt)
{
	while (db_row(db, stmt))
		;
	sqlite3_reset(stmt);
}

int
db_changes(struct db *db)
{
	return db->error.rc == SQLITE_OK ? sqlite3_changes(db->handle) : 0;
}

int64_t
db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

void
db_bind_int(sqlite3_stmt *stmt, int index, int64_t value)
{
	sqlite3_bind_int64(stmt, index, value);
}

void
db_bind_text(sqlite3_stmt *stmt, int index, const char *value)
{
	sqlite3_bind_text(stmt, index, value, -1, SQLITE_TRANSIENT);
}

void
db_lend_text(sqlite3_stmt *stmt, int index, const char *value)
{
	sqlite3_bind_text(stmt, index, value, -1, SQLITE_STATIC);
}

void
db_bind_null_if(sqlite3_stmt *stmt, int index, int64_t value,
    int64_t null_value)
{
	if (value == null_value)
		sqlite3_bind_null(stmt, index);
	else
		sqlite3_bind_int64(stmt, index, value);
}

int64_t
db_int(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt, column);
}

const char *
db_text(sqlite3_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt, column);
}

char *
db_text_dup(sqlite3_stmt *stmt, int column)
{
	return mem_dup(db_text(stmt, column));
}
