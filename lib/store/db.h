/* SPDX-License-Identifier: MIT */
/*
 * The database of one bot: one SQLite file in WAL mode, synchronous=FULL on
 * every connection, and beside it the lock files that keep it safe:
 *
 *   schema.lock  shared by every command for its life; exclusive for a
 *                migration, while newcomers wait
 *   turn.lock,   the writer turnstile: every write transaction and every
 *   write.lock   checkpoint runs inside it.  SQLite before 3.51.3 can lose
 *                committed rows when a checkpoint races a writer of another
 *                process, and its busy handler starves; two flock()s taken in
 *                turn are fair, keep a deadline, and the kernel frees them
 *                on kill -9
 *   run/         locks of workers and of commands
 *
 * The database file itself is opened by SQLite only, once it has it open:
 * closing any other descriptor on it would drop its POSIX locks.  So a process
 * opens one database once.
 */
#ifndef LEADPIPE_DB_H
#define LEADPIPE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct db;

enum db_mode {
	DB_READ,  /* never writes, and leaves no file behind */
	DB_WRITE, /* must exist (EXIT_CONFIG naming the path) */
	DB_CREATE /* may create: commands that take work in */
};

/*
 * Opens the database at PATH.  BOT_ID (0: not known to this command) is stored
 * on first use by a writer; another id than the stored one is refused naming
 * both.  Refused with EXIT_CONFIG and the remedy: a missing file (DB_READ,
 * DB_WRITE), a non-empty file that is not ours, a newer schema; with EXIT_IO:
 * a damaged file.  An older schema is migrated (waits up to 180 s for
 * schema.lock).  Nothing is written to a refused file.
 */
enum outcome db_open(struct db **db, const char *path, enum db_mode mode,
    int64_t bot_id, struct fault *fault) must_check;

/* The same for who cannot wait that long: all by DEADLINE (monotonic ms). */
enum outcome db_open_by(struct db **db, const char *path, enum db_mode mode,
    int64_t bot_id, int64_t deadline, struct fault *fault) must_check;
void db_close(struct db *db);

const char *db_path(const struct db *db);
bool db_is_new(const struct db *db); /* db_open() made it */

/* A path beside the database ("run/poll.lock"); the caller frees it. */
char *db_beside(const struct db *db, const char *name);

/*
 * Begins a write transaction: passes the turnstile, then BEGIN IMMEDIATE, all
 * by DEADLINE (monotonic ms).  OUT_LATER/EXIT_LATER when somebody else kept it
 * that long.
 */
enum outcome db_begin(struct db *db, int64_t deadline, struct fault *fault)
    must_check;

/* Commits and leaves the turnstile.  On failure the transaction is rolled
 * back: nothing of it is in the database. */
enum outcome db_commit(struct db *db, struct fault *fault) must_check;

/* Rolls back when a transaction is open; does nothing otherwise. */
void db_rollback(struct db *db);

/* The one when OUT is OUT_OK, else the other; what came of it, or OUT. */
enum outcome db_end(struct db *db, enum outcome out, struct fault *fault)
    must_check;

/* A savepoint inside the transaction: db_mark(), then db_unmark() to keep what
 * was done since, or db_return() to undo it. */
enum outcome db_mark(struct db *db, struct fault *fault) must_check;
enum outcome db_unmark(struct db *db, struct fault *fault) must_check;
void db_return(struct db *db);

/* This process is about to write very much: a larger cache, and the WAL moves
 * into the database less often.  Both end with the connection. */
enum outcome db_bulk(struct db *db, struct fault *fault) must_check;

/* True when another process has committed since the last call. */
bool db_changed(struct db *db);

/* True when the transaction's end in an I/O error, a full disk or damage means
 * this process must not go on writing. */
bool db_broken(const struct db *db);

/* A whole-database check (PRAGMA quick_check(1)); OUT_NEVER/EXIT_IO with the
 * first problem. */
enum outcome db_check(struct db *db, struct fault *fault) must_check;

/* Moves the WAL into the database, inside the turnstile. */
enum outcome db_checkpoint(struct db *db, int64_t deadline,
    struct fault *fault) must_check;

/*
 * The first error since the last call, as an outcome: OUT_OK; OUT_LATER for
 * busy and disk full (EXIT_IO); OUT_NEVER/EXIT_IO for damage and I/O errors;
 * OUT_BUG for a violated constraint.  Functions of lib/store end with it.
 */
enum outcome db_result(struct db *db, struct fault *fault) must_check;

#endif
