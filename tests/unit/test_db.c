/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Opening a database: it is closed to others and safe, and who only reads
 * makes no file.
 */
#include "state_refused.h"

#include "store/statement.h"

#include <sys/wait.h>

#include "store/meta.h"

static void
missing_directory_is_made_by_creators_only(void **state)
{
	struct fault fault;
	struct db *db;
	char path[160];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/a/b/x.db", state_dir);
	assert_int_equal(OUT_NEVER, db_open(&db, path, DB_CREATE, 0, &fault));
	snprintf(path, sizeof(path), "%s/a", state_dir);
	assert_int_equal(-1, stat(path, &st));
	snprintf(path, sizeof(path), "%s/b/x.db", state_dir);
	assert_int_equal(OUT_NEVER, db_open(&db, path, DB_WRITE, 0, &fault));
	assert_int_equal(EXIT_CONFIG, fault.code);
	*strrchr(path, '/') = '\0';
	assert_int_equal(-1, stat(path, &st));
	strcat(path, "/x.db");
	state_ok(db_open(&db, path, DB_CREATE, 0, &fault), &fault);
	db_close(db);
	*strrchr(path, '/') = '\0';
	assert_int_equal(0, stat(path, &st));
	assert_int_equal(0700, st.st_mode & 07777);
}

static void
all_files_are_ours_alone(void **state)
{
	static const char *const names[] = { "", "-wal", "-shm",
		"/../turn.lock", "/../write.lock", "/../schema.lock",
		"/../migrate.lock" };
	mode_t old = umask(0);
	struct fault fault;
	struct stat st;
	struct db *db;

	(void)state;
	db = state_open(DB_CREATE);
	state_ok(db_begin(db, state_soon(), &fault), &fault);
	state_ok(meta_set_int(db, META_OFFSET, 1, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *path = names[i][0] == '/' ? db_beside(db, names[i] + 4)
						: NULL;

		if (stat(path ? path : state_file(names[i]), &st) < 0)
			fail_msg("no %s", names[i]);
		assert_int_equal(0600, st.st_mode & 07777);
		free(path);
	}
	db_close(db);
	umask(old);
}

static void
opened_to_others_is_closed_again(void **state)
{
	struct stat st;

	(void)state;
	make_database();
	chmod(state_path, 0644);
	db_close(state_open(DB_WRITE));
	assert_int_equal(0, stat(state_path, &st));
	assert_int_equal(0600, st.st_mode & 07777);
}

static void
reader_makes_no_file(void **state)
{
	static const char *const gone[] = { "turn.lock", "write.lock",
		"schema.lock", "migrate.lock" };
	uint64_t before;
	struct db *db;

	(void)state;
	make_database();
	before = dir_digest();
	db = state_open(DB_READ);
	assert_int_equal(STATE_BOT, meta_int(db, META_BOT_ID, 0));
	for (size_t i = 0; i < 4; i++) {
		char *path = db_beside(db, gone[i]);

		assert_int_equal(0, access(path, F_OK));
		free(path);
	}
	db_close(db);
	assert_true(before == dir_digest());

	/* Put back from a backup: one file and nothing beside it. */
	move_away();
	before = dir_digest();
	db = state_open(DB_READ);
	assert_int_equal(STATE_BOT, meta_int(db, META_BOT_ID, 0));
	db_close(db);
	assert_true(before == dir_digest());
}

static void
reader_needs_the_index_of_a_wal(void **state)
{
	(void)state;
	make_database();
	assert_int_equal(0, unlink(state_file("-shm")));
	assert_refused(DB_READ, EXIT_LATER, "not closed in order",
	    "recover-pending");
	db_close(state_open(DB_WRITE));
	db_close(state_open(DB_READ));
}

static void
reader_sees_what_writers_commit(void **state)
{
	struct db *writer, *reader;
	struct fault fault;

	(void)state;
	writer = state_open(DB_CREATE);
	reader = state_open(DB_READ);
	assert_false(db_changed(reader));
	state_ok(db_begin(writer, state_soon(), &fault), &fault);
	state_ok(meta_set_int(writer, META_OFFSET, 5, &fault), &fault);
	assert_int_equal(0, meta_int(reader, META_OFFSET, 0));
	state_ok(db_commit(writer, &fault), &fault);
	assert_int_equal(5, meta_int(reader, META_OFFSET, 0));
	assert_true(db_changed(reader));
	assert_false(db_changed(reader));
	assert_false(db_changed(writer));
	assert_int_equal(OUT_BUG, db_begin(reader, state_soon(), &fault));
	db_close(reader);
	db_close(writer);
}

/* A backup was put back: the reader comes first, the writer and its checkpoint
 * while it reads. */
static void
reader_of_a_closed_one_sees_writers_too(void **state)
{
	struct db *writer, *reader;
	struct fault fault;

	(void)state;
	make_database();
	move_away();
	reader = state_open(DB_READ);
	assert_int_equal(0, meta_int(reader, META_OFFSET, 0));
	writer = state_open(DB_WRITE);
	state_ok(db_begin(writer, state_soon(), &fault), &fault);
	state_ok(meta_set_int(writer, META_OFFSET, 5, &fault), &fault);
	state_ok(db_commit(writer, &fault), &fault);
	assert_int_equal(5, meta_int(reader, META_OFFSET, 0));
	state_ok(db_checkpoint(writer, state_soon(), &fault), &fault);
	assert_int_equal(5, meta_int(reader, META_OFFSET, 0));
	db_close(writer);
	writer = state_open(DB_WRITE);
	state_ok(db_begin(writer, state_soon(), &fault), &fault);
	state_ok(meta_set_int(writer, META_OFFSET, 6, &fault), &fault);
	state_ok(db_commit(writer, &fault), &fault);
	db_close(writer);
	/* Frames in the WAL are not for a reader to move. */
	db_close(reader);
	assert_int_equal(0, access(state_file("-wal"), F_OK));
	reader = state_open(DB_READ);
	assert_int_equal(6, meta_int(reader, META_OFFSET, 0));
	db_close(reader);
}

static void
restored_copy_is_wal_again(void **state)
{
	(void)state;
	make_database();
	state_exec(state_path, "PRAGMA journal_mode=DELETE");
	db_close(state_open(DB_READ));
	assert_int_equal(0,
	    state_number(state_path,
		"SELECT journal_mode='wal' FROM pragma_journal_mode"));
	db_close(state_open(DB_WRITE));
	assert_int_equal(1,
	    state_number(state_path,
		"SELECT journal_mode='wal' FROM pragma_journal_mode"));
}

static void
connection_is_set_up_to_lose_nothing(void **state)
{
	static const struct {
		const char *sql;
		int64_t value;
	} wanted[] = {
		{ "PRAGMA synchronous", 2 },
		{ "SELECT journal_mode='wal' FROM pragma_journal_mode", 1 },
		{ "PRAGMA foreign_keys", 1 },
		{ "PRAGMA secure_delete", 2 },
		{ "PRAGMA trusted_schema", 0 },
		{ "PRAGMA cell_size_check", 1 },
		{ "PRAGMA journal_size_limit", 67108864 },
		{ "PRAGMA page_size", 4096 },
		{ "PRAGMA auto_vacuum", 2 },
		{ "PRAGMA wal_autocheckpoint", 1000 },
		{ "PRAGMA application_id", 0x6c706970 },
		{ "PRAGMA user_version", 1 },
	};
	struct fault fault;
	struct db *db;

	(void)state;
	db = state_open(DB_CREATE);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		sqlite3_stmt *stmt = db_use(db, wanted[i].sql);

		assert_true(db_row(db, stmt));
		if (db_int(stmt, 0) != wanted[i].value)
			fail_msg("%s: %lld", wanted[i].sql,
			    (long long)db_int(stmt, 0));
		db_run(db, stmt);
	}
	state_ok(db_result(db, &fault), &fault);
	db_close(db);
}

/* All of them come first; each gets the same whole database. */
static void
many_may_create_at_once(void **state)
{
	int status, failed = 0;

	(void)state;
	for (int i = 0; i < 8; i++)
		if (fork() == 0) {
			struct fault fault;
			struct db *db;

			if (db_open(&db, state_path, DB_CREATE, STATE_BOT,
				&fault) != OUT_OK)
				_exit(1);
			db_close(db);
			_exit(0);
		}
	while (wait(&status) > 0)
		failed += status != 0;
	assert_int_equal(0, failed);
	assert_int_equal(STATE_BOT,
	    state_number(state_path,
		"SELECT value FROM meta WHERE key='bot_id'"));
	assert_int_equal(-1, access(state_file(".new"), F_OK));
}

static void
directory_without_access_is_said(void **state)
{
	struct fault fault;
	struct db *db;
	int status;

	(void)state;
	make_database();
	if (fork() == 0) {
		enum outcome out = OUT_NEVER;

		/* Root may everything; somebody else may not. */
		if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(9);
		chmod(state_dir, 0);
		out = db_open(&db, state_path, DB_WRITE, 0, &fault);
		chmod(state_dir, 0700);
		if (out == OUT_OK || fault.code != EXIT_PERMISSION)
			_exit(1);
		_exit(0);
	}
	wait(&status);
	assert_int_equal(0, status);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_STATE_DIR(missing_directory_is_made_by_creators_only),
		IN_STATE_DIR(all_files_are_ours_alone),
		IN_STATE_DIR(opened_to_others_is_closed_again),
		IN_STATE_DIR(reader_makes_no_file),
		IN_STATE_DIR(reader_needs_the_index_of_a_wal),
		IN_STATE_DIR(reader_sees_what_writers_commit),
		IN_STATE_DIR(reader_of_a_closed_one_sees_writers_too),
		IN_STATE_DIR(restored_copy_is_wal_again),
		IN_STATE_DIR(connection_is_set_up_to_lose_nothing),
		IN_STATE_DIR(many_may_create_at_once),
		IN_STATE_DIR(directory_without_access_is_said),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
