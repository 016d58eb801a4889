/* SPDX-License-Identifier: MIT */
/*
 * The inside of struct db, for the files that make it up: db_open.c, db_lock.c,
 * db.c (transactions), backup.c and statement.c.
 */
#ifndef LEADPIPE_CONNECTION_H
#define LEADPIPE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/counting.h"
#include "store/db.h"
#include "store/schema_lock.h"
#include "store/sql.h"
#include "store/statement.h"
#include "store/turnstile.h"

struct statement {
	const char *text;
	sqlite3_stmt *stmt;
};

struct statements {
	struct statement *slots; /* a hash table by address; size 2^n */
	size_t size, count;
};

enum db_health {
	DB_HEALTHY,
	DB_FULL,  /* until a commit succeeds */
	DB_FAILED /* what is on the disk is not known any more */
};

struct db {
	sqlite3 *handle;
	char *path;
	enum db_mode mode;
	enum db_health health;
	struct schema_lock schema_lock;
	struct turnstile turnstile;
	struct sql_error error; /* for db_result() */
	struct sql_error ended; /* took the whole transaction with it */
	struct statements statements;
	struct counting counting;
	int64_t data_version;
	bool is_new; /* made by this db_open() */
	bool tidies; /* a reader that had SQLite make its -wal and -shm */
};

/* Takes the schema lock for who found FILE, and looks again at what a restore
 * has changed meanwhile; refuses what db_open() refuses unread. */
struct db_file;
enum outcome db_lock(struct db *db, struct db_file *file, int64_t deadline,
    struct fault *fault) must_check;

/* Keeps the first error, and what it says about the disk. */
void db_failed(struct db *db, int rc);

/* Ends the stepping of every statement, or of those that write. */
enum statements_which { STATEMENTS_ALL, STATEMENTS_WRITING };
void statements_reset(struct db *db, enum statements_which which);
void statements_release(struct db *db);

/* PRAGMA data_version; -1 on an error, which is kept. */
int64_t db_data_version(struct db *db);

#endif
