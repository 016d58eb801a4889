/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Opening a database that must not be opened: to the byte and to the name it
 * stays as it was, and the reader is told what to do.
 */
#include "state_refused.h"

#include "store/statement.h"

#include <signal.h>
#include <sys/wait.h>

#include "store/meta.h"

static void
write_file(const char *path, const char *data, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(len, fwrite(data, 1, len, file));
	assert_int_equal(0, fclose(file));
}

static void
missing_is_refused_by_name(void **state)
{
	(void)state;
	assert_refused(DB_READ, EXIT_CONFIG, state_path, "poll-updates");
	assert_refused(DB_WRITE, EXIT_CONFIG, state_path, "poll-updates");
}

static void
symbolic_link_is_resolved_once(void **state)
{
	char real[128];
	struct db *db;

	(void)state;
	snprintf(real, sizeof(real), "%s/real", state_dir);
	assert_int_equal(0, mkdir(real, 0700));
	strcat(real, "/x.db");
	assert_int_equal(0, symlink(real, state_path));
	assert_refused(DB_CREATE, EXIT_CONFIG, state_path, "symbolic link");
	write_file(real, "", 0);
	db = state_open(DB_CREATE);
	assert_string_equal(real, db_path(db));
	db_close(db);
	*strrchr(real, '/') = '\0';
	strcat(real, "/turn.lock");
	assert_int_equal(0, access(real, F_OK));
}

static void
foreign_files_are_refused(void **state)
{
	char text[8192];

	(void)state;
	memset(text, 'x', sizeof(text));
	write_file(state_path, "abc", 3);
	assert_refused(DB_CREATE, EXIT_CONFIG, "move it away",
	    "DATABASE_PATH");
	write_file(state_path, text, sizeof(text));
	assert_refused(DB_CREATE, EXIT_CONFIG, "move it away",
	    "DATABASE_PATH");
	assert_refused(DB_WRITE, EXIT_CONFIG, state_path, "not an SQLite");
	assert_refused(DB_READ, EXIT_CONFIG, state_path, "not an SQLite");
	unlink(state_path);
	assert_int_equal(0, mkdir(state_path, 0700));
	assert_refused(DB_CREATE, EXIT_CONFIG, "not a file", state_path);
}

/* With what a crash of its owner left: opening must not recover it. */
static void
foreign_database_is_refused(void **state)
{
	(void)state;
	if (fork() == 0) {
		state_exec(state_path,
		    "PRAGMA journal_mode=WAL;"
		    "CREATE TABLE t(a)");
		sqlite3 *raw;
		if (sqlite3_open(state_path, &raw) != SQLITE_OK)
			_exit(1);
		sqlite3_exec(raw, "INSERT INTO t VALUES(1)", NULL, NULL, NULL);
		raise(SIGKILL);
	}
	wait(NULL);
	assert_int_equal(0, access(state_file("-wal"), F_OK));
	assert_refused(DB_CREATE, EXIT_CONFIG, "another program's",
	    "DATABASE_PATH");
	assert_refused(DB_READ, EXIT_CONFIG, "another program's",
	    "DATABASE_PATH");
	unlink(state_file("-shm"));
	assert_refused(DB_CREATE, EXIT_CONFIG, "another program's",
	    "DATABASE_PATH");
}

static void
newer_is_refused(void **state)
{
	struct db *db;

	(void)state;
	db = state_open(DB_CREATE);
	/* Still in the WAL: the header of the file knows nothing of it. */
	state_exec(state_path, "PRAGMA user_version=7");
	db_close(db);
	assert_refused(DB_WRITE, EXIT_CONFIG, "newer leadpipe (schema 7",
	    "install the newer version");
	assert_refused(DB_READ, EXIT_CONFIG, "schema 7", "newer");
	state_exec(state_path, "PRAGMA wal_checkpoint(TRUNCATE)");
	assert_refused(DB_CREATE, EXIT_CONFIG, "newer leadpipe (schema 7",
	    "install the newer version");
	assert_refused(DB_READ, EXIT_CONFIG, "schema 7", "newer");
}

static void
damaged_is_refused(void **state)
{
	char page[4096];

	(void)state;
	make_database();
	move_away();
	assert_int_equal(0, truncate(state_path, 4096 * 5));
	assert_refused(DB_READ, EXIT_IO, "damaged", "backup");
	assert_int_equal(0, truncate(state_path, 4096 * 40));
	memset(page, 'x', sizeof(page));
	FILE *file = fopen(state_path, "r+");
	for (int i = 1; i < 40; i++) {
		fseek(file, 4096L * i, SEEK_SET);
		fwrite(page, sizeof(page), 1, file);
	}
	fclose(file);
	assert_refused(DB_READ, EXIT_IO, "damaged", "backup");
}

static void
damage_is_found_by_the_check(void **state)
{
	struct fault fault;
	struct db *db;

	(void)state;
	make_database();
	db = state_open(DB_READ);
	state_ok(db_check(db, &fault), &fault);
	db_close(db);
	state_exec(state_path,
	    "PRAGMA writable_schema=ON;"
	    "UPDATE sqlite_schema SET rootpage=(SELECT rootpage FROM"
	    " sqlite_schema WHERE name='media') WHERE name='limits'");
	db = state_open(DB_READ);
	assert_int_equal(OUT_NEVER, db_check(db, &fault));
	assert_int_equal(EXIT_IO, fault.code);
	db_close(db);
}

static void
empty_file_is_made_a_database(void **state)
{
	(void)state;
	write_file(state_path, "", 0);
	assert_refused(DB_READ, EXIT_CONFIG, "is empty", "poll-updates");
	assert_refused(DB_WRITE, EXIT_CONFIG, "is empty", "poll-updates");
	make_database();
	db_close(state_open(DB_WRITE));
}

/* A WAL without its database would be played into the new one. */
static void
left_over_wal_is_refused(void **state)
{
	(void)state;
	write_file(state_file("-wal"), "frames", 6);
	assert_refused(DB_CREATE, EXIT_CONFIG, "put it back", "-wal");
}
static void
another_bot_is_refused_with_both_ids(void **state)
{
	struct fault fault;
	struct db *db;

	(void)state;
	state_ok(db_open(&db, state_path, DB_CREATE, 0, &fault), &fault);
	assert_int_equal(0, meta_int(db, META_BOT_ID, 0));
	db_close(db);
	db_close(state_open(DB_READ));
	state_ok(db_open(&db, state_path, DB_WRITE, 77, &fault), &fault);
	assert_int_equal(77, meta_int(db, META_BOT_ID, 0));
	db_close(db);
	assert_refused(DB_READ, EXIT_CONFIG, "bot 77", "bot 1234567890");
	assert_refused(DB_CREATE, EXIT_CONFIG, "bot 77", "bot 1234567890");
	state_ok(db_open(&db, state_path, DB_READ, 0, &fault), &fault);
	db_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_STATE_DIR(missing_is_refused_by_name),
		IN_STATE_DIR(symbolic_link_is_resolved_once),
		IN_STATE_DIR(foreign_files_are_refused),
		IN_STATE_DIR(foreign_database_is_refused),
		IN_STATE_DIR(newer_is_refused),
		IN_STATE_DIR(damaged_is_refused),
		IN_STATE_DIR(damage_is_found_by_the_check),
		IN_STATE_DIR(empty_file_is_made_a_database),
		IN_STATE_DIR(left_over_wal_is_refused),
		IN_STATE_DIR(another_bot_is_refused_with_both_ids),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
