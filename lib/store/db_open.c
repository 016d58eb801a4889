/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/connection.h"
#include "store/db_file.h"
#include "store/db_size.h"
#include "store/meta.h"
#include "store/migrate.h"

/* How long opening waits for locks of other programs. */
#define OPEN_WAIT_MS 5000

/* Where nobody may write beside it, nobody of this user does. */
static bool
may_write_beside(const char *path)
{
	char *dir = file_beside(path, ".");
	bool may = faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0;

	free(dir);
	return may;
}

/*
 * How a reader opens.  Where -wal and -shm are gone (a backup put back) SQLite
 * must make them for a WAL database: without them it knows nothing of a writer
 * that starts meanwhile, and takes its checkpoint for damage.  db_close() has
 * them removed again.  Only in a directory that cannot be written the file
 * alone is all there is; with a WAL alone it would be out of date.
 */
static enum outcome
reader_options(struct db *db, const struct db_file *file, const char **options,
    struct fault *fault)
{
	if (!file->wal_index && file->wal)
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "'%s' was not closed in order: 'leadpipe recover-pending' "
		    "brings it up to date",
		    file->path);
	db->tidies = !file->wal_index && may_write_beside(db->path);
	*options = db->tidies ? "mode=rw"
	    : file->wal_index ? "mode=ro"
			      : "mode=ro&immutable=1";
	return OUT_OK;
}

static enum outcome
connection_open(struct db *db, const struct db_file *file, int64_t deadline,
    struct fault *fault)
{
	const char *options = "mode=rw";
	int rc, wait_ms = clock_left_ms(deadline);
	struct sql_error error;
	char *uri;

	if (db->mode == DB_READ) {
		enum outcome out = reader_options(db, file, &options, fault);

		if (out != OUT_OK)
			return out;
	}
	uri = db_file_uri(db->path, options);
	rc = sqlite3_open_v2(uri, &db->handle,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
	    NULL);
	free(uri);
	if (rc != SQLITE_OK) {
		sql_error_keep(&error, db->handle, rc);
		return sql_fault(&error, db->path, fault);
	}
	sqlite3_extended_result_codes(db->handle, 1);
	/* First of all: what follows may meet a lock. */
	sqlite3_busy_timeout(db->handle,
	    wait_ms < OPEN_WAIT_MS ? wait_ms : OPEN_WAIT_MS);
	/* The last to close must not rewrite the file of a newer program, nor
	 * pay for everybody's WAL. */
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
	    NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return OUT_OK;
}

/*
 * cache_size: 2 MB.  secure_delete: Debian's default rewrites every page that
 * loses a row.  mmap_size: writers of several processes have turned passing
 * trouble into damage with it.  wal_autocheckpoint runs inside COMMIT, which
 * is inside the turnstile.
 */
static enum outcome
configure(struct db *db, struct fault *fault)
{
	enum outcome out;
	int64_t level;

	out = sql_exec(db->handle, db->path,
	    "PRAGMA synchronous=FULL;"
	    "PRAGMA foreign_keys=ON; PRAGMA secure_delete=FAST;"
	    "PRAGMA cache_size=-2000; PRAGMA mmap_size=0;"
	    "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
	    "PRAGMA journal_size_limit=67108864",
	    fault);
	if (out == OUT_OK)
		out = sql_exec(db->handle, db->path,
		    db->mode == DB_READ
			? "PRAGMA wal_autocheckpoint=0; PRAGMA query_only=ON"
			: "PRAGMA wal_autocheckpoint=1000",
		    fault);
	if (out == OUT_OK)
		out = sql_number(db->handle, db->path, "PRAGMA synchronous",
		    -1, &level, fault);
	if (out == OUT_OK && level != 2)
		out = fault_set(fault, OUT_BUG, EXIT_BUG,
		    "'%s' does not take synchronous=FULL", db->path);
	return out;
}

/* A restored copy, or a hand with the sqlite3 shell, may have left WAL. */
static enum outcome
require_wal(struct db *db, struct fault *fault)
{
	enum outcome out;
	int64_t wal;

	out = sql_number(db->handle, db->path,
	    "SELECT journal_mode = 'wal' FROM pragma_journal_mode", 0, &wal,
	    fault);
	if (out != OUT_OK || wal || db->mode == DB_READ)
		return out;
	if (!turnstile_enter(&db->turnstile, clock_mono_ms() + OPEN_WAIT_MS))
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "'%s' is busy: another command is writing", db->path);
	out = sql_exec(db->handle, db->path, "PRAGMA journal_mode=WAL", fault);
	turnstile_leave(&db->turnstile);
	return out;
}

static enum outcome
schema_version(struct db *db, int64_t *version, struct fault *fault)
{
	enum outcome out;

	out = sql_number(db->handle, db->path, "PRAGMA user_version", 0,
	    version, fault);
	return out == OUT_OK ? db_file_check_version(db->path, *version, fault)
			     : out;
}

static enum outcome
migrate(struct db *db, int64_t deadline, struct fault *fault)
{
	enum outcome out;
	int64_t version;

	out = schema_lock_exclude(&db->schema_lock, db->path, deadline, fault);
	if (out != OUT_OK)
		return out;
	/* Another one may have been faster. */
	out = schema_version(db, &version, fault);
	if (out == OUT_OK && !turnstile_enter(&db->turnstile, deadline))
		out = fault_set(fault, OUT_LATER, EXIT_LATER,
		    "'%s' is busy: another command is writing", db->path);
	if (out == OUT_OK)
		out = migrate_run(db->handle, db->path, (int)version, fault);
	turnstile_leave(&db->turnstile);
	schema_lock_settle(&db->schema_lock);
	return out;
}

static enum outcome
require_schema(struct db *db, int64_t deadline, struct fault *fault)
{
	enum outcome out;
	int64_t version;

	out = schema_version(db, &version, fault);
	if (out != OUT_OK || version == migrate_latest())
		return out;
	if (db->mode == DB_READ)
		return fault_set(fault, OUT_LATER, EXIT_LATER,
		    "'%s' has schema %lld, this program needs %d: the next "
		    "'leadpipe poll-updates' migrates it",
		    db->path, (long long)version, migrate_latest());
	return migrate(db, deadline, fault);
}

static enum outcome
check_bot(struct db *db, int64_t bot_id, bool *known, struct fault *fault)
{
	int64_t stored = meta_int(db, META_BOT_ID, 0);
	enum outcome out = db_result(db, fault);

	*known = stored != 0;
	if (out != OUT_OK || bot_id == 0 || stored == 0 || stored == bot_id)
		return out;
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "'%s' belongs to bot %lld, but BOT_TOKEN is of bot %lld: use that "
	    "bot's token, or set DATABASE_PATH to another file",
	    db->path, (long long)stored, (long long)bot_id);
}

static enum outcome
require_bot(struct db *db, int64_t bot_id, struct fault *fault)
{
	enum outcome out;
	bool known;

	out = check_bot(db, bot_id, &known, fault);
	if (out != OUT_OK || known || bot_id == 0 || db->mode == DB_READ)
		return out;
	out = db_begin(db, clock_mono_ms() + OPEN_WAIT_MS, fault);
	if (out != OUT_OK)
		return out;
	/* Another one may have been faster, for another bot. */
	out = check_bot(db, bot_id, &known, fault);
	if (out == OUT_OK && !known)
		out = meta_set_int(db, META_BOT_ID, bot_id, fault);
	return db_end(db, out, fault);
}

static enum outcome
create(struct db *db, struct db_file *file, int64_t deadline,
    struct fault *fault)
{
	enum outcome out;

	out = schema_lock_exclude(&db->schema_lock, db->path, deadline, fault);
	if (out != OUT_OK)
		return out;
	db_file_release(file);
	out = db_file_find(file, db->path, false, fault);
	db->is_new = out == OUT_OK && file->empty;
	if (db->is_new)
		out = db_file_create(db->path, fault);
	schema_lock_settle(&db->schema_lock);
	return out;
}

static enum outcome
open_found(struct db *db, struct db_file *file, int64_t deadline,
    struct fault *fault)
{
	bool writes = db->mode != DB_READ;
	enum outcome out = db_lock(db, file, deadline, fault);

	if (out == OUT_OK && file->empty)
		out = create(db, file, deadline, fault);
	if (out == OUT_OK && writes)
		out = db_file_close_to_others(db->path, fault);
	if (out == OUT_OK && writes)
		out = turnstile_open(&db->turnstile, db->path, fault);
	if (out == OUT_OK)
		out = connection_open(db, file, deadline, fault);
	if (out == OUT_OK)
		out = configure(db, fault);
	if (out == OUT_OK)
		out = require_schema(db, deadline, fault);
	if (out == OUT_OK)
		out = require_wal(db, fault);
	return out;
}

/*
 * Debian's SQLite has no memory of its own for small things, and counting each
 * of them under a mutex was a twentieth of all work.  What a savepoint keeps
 * is taken as one piece, which at 64 kB made malloc() give memory back to the
 * kernel with every update.  Refused, without harm, once SQLite is in use.
 */
static void
library_configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, 60 * 1024);
}

enum outcome
db_open_by(struct db **result, const char *path, enum db_mode mode,
    int64_t bot_id, int64_t deadline, struct fault *fault)
{
	struct db *db = mem_alloc(sizeof(*db));
	struct db_file file = { 0 };
	enum outcome out;

	library_configure();
	*db = (struct db){ .mode = mode,
		.schema_lock = SCHEMA_LOCK_INIT,
		.turnstile = TURNSTILE_INIT };
	out = db_file_find(&file, path, mode == DB_CREATE, fault);
	if (out == OUT_OK) {
		db->path = mem_dup(file.path);
		out = open_found(db, &file, deadline, fault);
	}
	if (out == OUT_OK)
		out = require_bot(db, bot_id, fault);
	if (out == OUT_OK) {
		db->data_version = db_data_version(db);
		out = db_result(db, fault);
	}
	db_file_release(&file);
	if (out != OUT_OK) {
		db_close(db);
		db = NULL;
	}
	*result = db;
	return out;
}

enum outcome
db_open(struct db **result, const char *path, enum db_mode mode,
    int64_t bot_id, struct fault *fault)
{
	return db_open_by(result, path, mode, bot_id,
	    clock_mono_ms() + SCHEMA_LOCK_WAIT_MS, fault);
}

/* Rolls back what is open.  Whoever is the last to close may remove an empty
 * WAL and its index; with frames in it that would be a checkpoint outside of
 * the turnstile. */
static void
connection_close(struct db *db)
{
	struct db_size size;

	if (db->tidies && db->handle) {
		db_size(db, &size);
		sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
		    size.wal > 0, NULL);
	}
	sqlite3_close(db->handle);
}

void
db_close(struct db *db)
{
	if (!db)
		return;
	if (db->turnstile.inside)
		log_drop();
	statements_release(db);
	counting_release(&db->counting);
	connection_close(db);
	turnstile_close(&db->turnstile);
	schema_lock_drop(&db->schema_lock);
	free(db->path);
	free(db);
}

int64_t
db_data_version(struct db *db)
{
	sqlite3_stmt *stmt = db_use(db, "PRAGMA data_version");
	int64_t version = -1;

	while (db_row(db, stmt))
		version = db_int(stmt, 0);
	return version;
}

enum outcome
db_check(struct db *db, struct fault *fault)
{
	sqlite3_stmt *stmt = db_use(db, "PRAGMA quick_check(1)");
	enum outcome out = OUT_OK;
	const char *text;

	if (db_row(db, stmt) && (text = db_text(stmt, 0)) != NULL &&
	    strcmp(text, "ok") != 0)
		out = fault_set(fault, OUT_NEVER, EXIT_IO,
		    "'%s' is damaged: %s; restore a backup", db->path, text);
	sqlite3_reset(stmt);
	return out == OUT_OK ? db_result(db, fault) : out;
}

enum outcome
db_bulk(struct db *db, struct fault *fault)
{
	return sql_exec(db->handle, db->path,
	    "PRAGMA cache_size=-6000; PRAGMA wal_autocheckpoint=8000", fault);
}
