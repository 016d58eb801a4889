/* SPDX-License-Identifier: MIT */
#include "store/db.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "store/connection.h"

const char *
db_path(const struct db *db)
{
	return db->path;
}

bool
db_is_new(const struct db *db)
{
	return db->is_new;
}

char *
db_beside(const struct db *db, const char *name)
{
	return file_beside(db->path, name);
}

void
db_failed(struct db *db, int rc)
{
	struct sql_error error;

	sql_error_keep(&error, db->handle, rc);
	switch (sql_error_kind(&error)) {
	case SQL_ERROR_FULL:
		if (db->health == DB_HEALTHY)
			db->health = DB_FULL;
		break;
	case SQL_ERROR_DISK:
		db->health = DB_FAILED;
		break;
	case SQL_ERROR_OTHER:
		break;
	}
	if (db->error.rc == SQLITE_OK)
		db->error = error;
	if (db->ended.rc == SQLITE_OK && db->turnstile.inside &&
	    sqlite3_get_autocommit(db->handle))
		db->ended = error;
}

enum outcome
db_result(struct db *db, struct fault *fault)
{
	enum outcome out = sql_fault(&db->error, db->path, fault);

	db->error.rc = SQLITE_OK;
	return out;
}

/* Outside of the cache: these are no statements of a transaction. */
static bool
db_control(struct db *db, const char *sql)
{
	int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		db_failed(db, rc);
	return rc == SQLITE_OK;
}

static enum outcome
begin_refused(struct db *db, struct fault *fault)
{
	if (db->health == DB_FAILED)
		return fault_set(fault, OUT_NEVER, EXIT_IO,
		    "'%s' failed before: nothing more is written by this "
		    "command",
		    db->path);
	return fault_set(fault, OUT_BUG, EXIT_BUG, "%s",
	    db->mode == DB_READ
		? "a command that only reads began a transaction"
		: "a transaction began inside another");
}

/* A run that waits for the database, or lost it, says so. */
static enum outcome
tell(enum outcome out, const struct fault *fault)
{
	log_service("database", out == OUT_OK, "text=%s",
	    log_quote(out != OUT_OK && fault ? fault->text : NULL));
	return out;
}

static enum outcome
begin_late(const struct db *db, struct fault *fault)
{
	return fault_set(fault, OUT_LATER, EXIT_LATER,
	    "'%s' is busy: another command is writing; nothing was changed, "
	    "the next run will try again",
	    db->path);
}

enum outcome
db_begin(struct db *db, int64_t deadline, struct fault *fault)
{
	if (db->health == DB_FAILED || db->mode == DB_READ ||
	    db->turnstile.inside)
		return begin_refused(db, fault);
	/* What is read from here on must be what is written upon: a row that
	 * is still being stepped would keep an old snapshot. */
	statements_reset(db, STATEMENTS_ALL);
	db->error.rc = db->ended.rc = SQLITE_OK;
	if (!turnstile_enter(&db->turnstile, deadline))
		return tell(begin_late(db, fault), fault);
	sqlite3_busy_timeout(db->handle,
	    deadline > 0 ? clock_left_ms(deadline) : 0);
	if (db_control(db, "BEGIN IMMEDIATE")) {
		log_hold();
		return OUT_OK;
	}
	turnstile_leave(&db->turnstile);
	return tell(db_result(db, fault), fault);
}

static void
leave(struct db *db)
{
	statements_reset(db, STATEMENTS_ALL);
	if (!sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	turnstile_leave(&db->turnstile);
	counting_clear(&db->counting);
	db->error.rc = SQLITE_OK;
}

void
db_rollback(struct db *db)
{
	leave(db);
	log_drop();
}

enum outcome
db_commit(struct db *db, struct fault *fault)
{
	enum outcome out;

	statements_reset(db, STATEMENTS_ALL);
	if (db->error.rc == SQLITE_OK && db->ended.rc == SQLITE_OK)
		counting_write(db);
	if (db->error.rc == SQLITE_OK)
		db->error = db->ended;
	if (db->error.rc == SQLITE_OK && sqlite3_get_autocommit(db->handle))
		out = fault_set(fault, OUT_BUG, EXIT_BUG,
		    "a commit without a transaction");
	else if (db->error.rc == SQLITE_OK && db_control(db, "COMMIT"))
		out = OUT_OK;
	else
		out = db_result(db, fault);
	if (out == OUT_OK && db->health == DB_FULL)
		db->health = DB_HEALTHY;
	leave(db);
	if (out == OUT_OK)
		log_release();
	else
		log_drop();
	return tell(out, fault);
}

enum outcome
db_end(struct db *db, enum outcome out, struct fault *fault)
{
	if (out == OUT_OK)
		return db_commit(db, fault);
	db_rollback(db);
	return out;
}

enum outcome
db_mark(struct db *db, struct fault *fault)
{
	db_run(db, db_use(db, "SAVEPOINT mark"));
	counting_mark(&db->counting);
	return db_result(db, fault);
}

enum outcome
db_unmark(struct db *db, struct fault *fault)
{
	statements_reset(db, STATEMENTS_WRITING);
	db_run(db, db_use(db, "RELEASE mark"));
	counting_unmark(&db->counting);
	return db_result(db, fault);
}

void
db_return(struct db *db)
{
	statements_reset(db, STATEMENTS_WRITING);
	counting_return(&db->counting);
	db->error.rc = SQLITE_OK;
	/* A full disk or an I/O error has ended the whole transaction; the
	 * commit will say so. */
	if (!sqlite3_get_autocommit(db->handle))
		db_control(db, "ROLLBACK TO mark; RELEASE mark");
}

bool
db_changed(struct db *db)
{
	int64_t before = db->data_version, now;

	statements_reset(db, STATEMENTS_ALL);
	now = db_data_version(db);
	if (now < 0)
		return false;
	db->data_version = now;
	return now != before;
}

bool
db_broken(const struct db *db)
{
	return db->health != DB_HEALTHY;
}

enum outcome
db_checkpoint(struct db *db, int64_t deadline, struct fault *fault)
{
	int rc;

	if (db->health == DB_FAILED || db->mode == DB_READ ||
	    db->turnstile.inside)
		return begin_refused(db, fault);
	statements_reset(db, STATEMENTS_ALL);
	if (!turnstile_enter(&db->turnstile, deadline))
		return begin_late(db, fault);
	sqlite3_busy_timeout(db->handle,
	    deadline > 0 ? clock_left_ms(deadline) : 0);
	rc = sqlite3_wal_checkpoint_v2(db->handle, NULL,
	    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc != SQLITE_OK)
		db_failed(db, rc);
	turnstile_leave(&db->turnstile);
	return db_result(db, fault);
}
