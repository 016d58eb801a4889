/* SPDX-License-Identifier: MIT */
/*
 * The database file before anybody has it open: where it is, whose it is, and
 * how it comes to be.
 */
#ifndef LEADPIPE_DB_FILE_H
#define LEADPIPE_DB_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

/* What was found at a path. */
struct db_file {
	char *path; /* owned; absolute, symbolic links resolved */
	bool empty; /* missing, or without content */
	bool missing;
	bool wal;	/* its WAL or journal has content */
	bool wal_index; /* -wal and -shm are there */
};

void db_file_release(struct db_file *file);

/* Resolves PATH and looks at what is there; with MAKE_DIR makes its directory
 * first.  Refuses directories, devices and remote filesystems. */
enum outcome db_file_find(struct db_file *file, const char *path,
    bool make_dir, struct fault *fault) must_check;

/*
 * Refuses a file that is not ours or, when it has no WAL, that a newer program
 * wrote, by its header alone: read only and without locks, so nothing is
 * written or made, not even a recovery of its journal.  To be called before
 * SQLite opens it.
 */
enum outcome db_file_check(const struct db_file *file, struct fault *fault)
    must_check;

/*
 * Makes the database, complete or not at all: under another name, renamed when
 * it is on the disk.  The caller holds the schema lock alone.
 */
enum outcome db_file_create(const char *path, struct fault *fault) must_check;

/* What would keep a command from making the database at PATH or from writing
 * it: directory (with PARENTS all of it would be made), disk, files and locks.
 * A file is written beside it and removed; nothing else is made or changed, and
 * nothing is opened. */
enum outcome db_file_probe(const char *path, bool parents, struct fault *fault)
    must_check;

/* Closes the file, its WAL and its index to others, without opening them. */
enum outcome db_file_close_to_others(const char *path, struct fault *fault)
    must_check;

/* "file:PATH?OPTIONS" for sqlite3_open_v2(); the caller frees it. */
char *db_file_uri(const char *path, const char *options);

/* OUT_NEVER with EXIT_CONFIG when VERSION is newer than this program's. */
enum outcome db_file_check_version(const char *path, int64_t version,
    struct fault *fault) must_check;

#endif
