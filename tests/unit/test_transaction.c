/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Transactions and statements: all or nothing, also on a full disk; nothing
 * past the turnstile; no deadline overrun.
 */
#include "state_db.h"

#include "store/statement.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "../fault/vfs/patch.h"
#include "store/meta.h"

static void
begin(void)
{
	state_ok(db_begin(db, state_soon(), &fault), &fault);
}

static void
set(int64_t value)
{
	state_ok(meta_set_int(db, META_OFFSET, value, &fault), &fault);
}

static void
commit(void)
{
	state_ok(db_commit(db, &fault), &fault);
}

static int64_t
stored(void)
{
	return state_number(state_path,
	    "SELECT coalesce((SELECT value FROM"
	    " meta WHERE key='offset'), 0)");
}

static void
commit_keeps_and_rollback_does_not(void **state)
{
	(void)state;
	begin();
	set(1);
	commit();
	begin();
	set(2);
	db_rollback(db);
	db_rollback(db);
	assert_int_equal(1, stored());
	begin();
	set(3);
	db_close(db);
	assert_int_equal(1, stored());
	db = state_open(DB_WRITE);
}

static void
savepoints_nest(void **state)
{
	(void)state;
	begin();
	set(1);
	state_ok(db_mark(db, &fault), &fault);
	set(2);
	state_ok(db_mark(db, &fault), &fault);
	set(3);
	db_return(db);
	assert_int_equal(2, meta_int(db, META_OFFSET, 0));
	state_ok(db_unmark(db, &fault), &fault);
	state_ok(db_mark(db, &fault), &fault);
	set(4);
	db_return(db);
	commit();
	assert_int_equal(2, stored());
}

static void
write_outside_of_a_transaction_is_a_bug(void **state)
{
	(void)state;
	assert_int_equal(OUT_BUG, meta_set_int(db, META_OFFSET, 1, &fault));
	assert_non_null(strstr(fault.text, "outside of a transaction"));
	assert_int_equal(0, stored());
	begin();
	assert_int_equal(OUT_BUG, db_begin(db, state_soon(), &fault));
	commit();
	assert_int_equal(OUT_BUG, db_commit(db, &fault));
}

/* The text may name the column, never what was put there. */
static void
violated_constraint_is_a_bug_without_data(void **state)
{
	sqlite3_stmt *add;

	(void)state;
	begin();
	set(1);
	add = db_use(db, "INSERT INTO limits(kind, id) VALUES(?1, 1)");
	db_bind_text(add, 1, "secret-word");
	db_run(db, add);
	assert_int_equal(OUT_BUG, db_result(db, &fault));
	assert_int_equal(EXIT_BUG, fault.code);
	assert_non_null(strstr(fault.text, "kind IN"));
	assert_null(strstr(fault.text, "secret-word"));
	assert_int_equal(OUT_OK, db_result(db, &fault));
	db_rollback(db);
	assert_false(db_broken(db));
}

/* Nobody asked db_result(): the commit must not make half of it last. */
static void
commit_after_an_unseen_error_is_refused(void **state)
{
	(void)state;
	begin();
	set(1);
	db_run(db, db_use(db, "INSERT INTO limits(kind, id) VALUES('x', 1)"));
	db_run(db, db_use(db, "DELETE FROM meta"));
	assert_int_equal(OUT_BUG, db_commit(db, &fault));
	assert_int_equal(0, stored());
	assert_int_equal(STATE_BOT, meta_int(db, META_BOT_ID, 0));
}

static void
statements_are_prepared_once(void **state)
{
	static char texts[300][40];
	sqlite3_stmt *stmts[300];

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(texts[i], sizeof(texts[i]), "SELECT %d + ?1", i);
		stmts[i] = db_use(db, texts[i]);
	}
	for (int i = 0; i < 300; i++) {
		assert_ptr_equal(stmts[i], db_use(db, texts[i]));
		db_bind_int(stmts[i], 1, 1000);
		assert_true(db_row(db, stmts[i]));
		assert_int_equal(1000 + i, db_int(stmts[i], 0));
		/* Neither the row nor the binding is there next time. */
		assert_ptr_equal(stmts[i], db_use(db, texts[i]));
		assert_true(db_row(db, stmts[i]));
		assert_null(db_text(stmts[i], 0));
		assert_false(db_row(db, stmts[i]));
	}
	assert_null(db_use(db, "SELEKT"));
	assert_int_equal(OUT_BUG, db_result(db, &fault));
}

static void
null_and_text_bind_and_read(void **state)
{
	sqlite3_stmt *stmt = db_use(db, "SELECT ?1, ?2, ?3, ?4");
	char *text;

	(void)state;
	db_bind_text(stmt, 1, NULL);
	db_bind_null_if(stmt, 2, 0, 0);
	db_bind_null_if(stmt, 3, 7, 0);
	db_bind_text(stmt, 4, "да");
	assert_true(db_row(db, stmt));
	assert_null(db_text(stmt, 0));
	assert_null(db_text_dup(stmt, 0));
	assert_null(db_text(stmt, 1));
	assert_int_equal(7, db_int(stmt, 2));
	text = db_text_dup(stmt, 3);
	assert_string_equal("да", text);
	free(text);
}

/* A row that nobody stepped past keeps a snapshot, from which no write could
 * begin once another process has committed. */
static void
row_left_standing_does_not_hold_an_old_snapshot(void **state)
{
	sqlite3_stmt *stmt;

	(void)state;
	stmt = db_use(db, "SELECT key FROM meta UNION ALL SELECT 'x'");
	assert_true(db_row(db, stmt));
	struct db *other = state_open(DB_WRITE);
	state_ok(db_begin(other, state_soon(), &fault), &fault);
	state_ok(meta_set_int(other, META_OFFSET, 5, &fault), &fault);
	state_ok(db_commit(other, &fault), &fault);
	db_close(other);
	begin();
	assert_int_equal(5, meta_int(db, META_OFFSET, 0));
	set(6);
	commit();
	assert_int_equal(6, stored());
}

/* A program that knows nothing of the turnstile. */
static void
foreign_writer_is_waited_for_until_the_deadline(void **state)
{
	sqlite3 *raw;
	int64_t start;

	(void)state;
	assert_int_equal(SQLITE_OK, sqlite3_open(state_path, &raw));
	assert_int_equal(SQLITE_OK,
	    sqlite3_exec(raw, "BEGIN IMMEDIATE", NULL, NULL, NULL));
	start = clock_mono_ms();
	assert_int_equal(OUT_LATER, db_begin(db, start + 300, &fault));
	assert_int_equal(EXIT_LATER, fault.code);
	assert_in_range(clock_mono_ms() - start, 250, 20000);
	assert_int_equal(OUT_LATER, db_begin(db, 0, &fault));
	sqlite3_close(raw);
	begin();
	commit();
}

static void
checkpoint_empties_the_wal(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(0, stat(state_file("-wal"), &st));
	assert_true(st.st_size > 0);
	state_ok(db_checkpoint(db, state_soon(), &fault), &fault);
	assert_int_equal(0, stat(state_file("-wal"), &st));
	assert_int_equal(0, st.st_size);
	/* It passes the turnstile like a writer. */
	struct db *other = state_open(DB_WRITE);
	begin();
	assert_int_equal(OUT_LATER, db_checkpoint(other, 0, &fault));
	db_close(other);
	assert_int_equal(OUT_BUG, db_checkpoint(db, state_soon(), &fault));
	commit();
}

static void
add_rows(int count)
{
	sqlite3_stmt *add;

	for (int i = 0; i < count; i++) {
		add = db_use(db,
		    "INSERT INTO flows VALUES(hex(randomblob(8)),"
		    " 'x', NULL, 0, hex(randomblob(2000)))");
		db_run(db, add);
	}
}

static void
limit_files_to(rlim_t size)
{
	struct rlimit limit;

	assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &limit));
	limit.rlim_cur = size;
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
}

static void
full_disk_accepts_nothing_and_passes(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	limit_files_to(300000);
	begin();
	set(1);
	add_rows(200);
	enum outcome out = db_commit(db, &fault);
	limit_files_to(RLIM_INFINITY);
	if (out != OUT_LATER || !strstr(fault.text, "disk is full"))
		fail_msg("%s", fault.text);
	assert_int_equal(EXIT_IO, fault.code);
	assert_non_null(strstr(fault.text, state_path));
	assert_true(db_broken(db));
	assert_int_equal(0, stored());
	begin();
	set(2);
	commit();
	assert_false(db_broken(db));
	assert_int_equal(2, stored());
	assert_int_equal(0,
	    state_number(state_path, "SELECT count(*) FROM flows"));
}

/* The disk fills up in the middle: SQLite ends the transaction, and what
 * follows must not be written on its own. */
static void
full_disk_in_the_middle_ends_the_whole(void **state)
{
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	limit_files_to(300000);
	begin();
	set(1);
	state_ok(db_mark(db, &fault), &fault);
	/* More than the cache holds, so that it is written before COMMIT. */
	add_rows(3000);
	assert_int_equal(OUT_LATER, db_result(db, &fault));
	limit_files_to(RLIM_INFINITY);
	db_return(db);
	if (sqlite3_get_autocommit(
		sqlite3_db_handle(db_use(db, "SELECT 1")))) {
		assert_int_equal(OUT_LATER,
		    meta_set_int(db, META_OFFSET, 3, &fault));
		assert_int_equal(EXIT_IO, fault.code);
		assert_int_equal(OUT_LATER, db_commit(db, &fault));
		assert_int_equal(EXIT_IO, fault.code);
		assert_int_equal(0, stored());
	} else {
		commit();
		assert_int_equal(1, stored());
	}
}

static struct patch_set failing;
static bool sync_fails;

static int
sync_or_fail(sqlite3_file *file, int flags)
{
	return sync_fails ? SQLITE_IOERR_FSYNC
			  : patch_real(file)->xSync(file, flags);
}

static void
change_sync(sqlite3_io_methods *methods)
{
	methods->xSync = sync_or_fail;
}

static int
failing_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
    int *out_flags)
{
	int rc =
	    patch_base()->xOpen(patch_base(), path, file, flags, out_flags);

	(void)vfs;
	if (rc == SQLITE_OK)
		patch_file(&failing, file);
	return rc;
}

/* Linux forgets a failed fsync: the next one succeeds without the data.  So
 * this process must not write again. */
static void
failed_sync_ends_all_writing(void **state)
{
	static sqlite3_vfs vfs;

	(void)state;
	db_close(db);
	patch_vfs_init(&vfs, "failing");
	vfs.xOpen = failing_open;
	failing.change = change_sync;
	sqlite3_vfs_register(&vfs, 1);
	db = state_open(DB_WRITE);
	begin();
	set(1);
	sync_fails = true;
	enum outcome out = db_commit(db, &fault);
	sync_fails = false;
	assert_int_equal(OUT_NEVER, out);
	assert_int_equal(EXIT_IO, fault.code);
	assert_true(db_broken(db));
	assert_int_equal(OUT_NEVER, db_begin(db, state_soon(), &fault));
	assert_int_equal(EXIT_IO, fault.code);
	assert_int_equal(OUT_NEVER, db_checkpoint(db, state_soon(), &fault));
	db_close(db);
	patch_vfs_release(&vfs);
	db = state_open(DB_WRITE);
	assert_false(db_broken(db));
	begin();
	set(2);
	commit();
	assert_int_equal(2, stored());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(commit_keeps_and_rollback_does_not),
		WITH_DB(savepoints_nest),
		WITH_DB(write_outside_of_a_transaction_is_a_bug),
		WITH_DB(violated_constraint_is_a_bug_without_data),
		WITH_DB(commit_after_an_unseen_error_is_refused),
		WITH_DB(statements_are_prepared_once),
		WITH_DB(null_and_text_bind_and_read),
		WITH_DB(row_left_standing_does_not_hold_an_old_snapshot),
		WITH_DB(foreign_writer_is_waited_for_until_the_deadline),
		WITH_DB(checkpoint_empties_the_wal),
		WITH_DB(full_disk_accepts_nothing_and_passes),
		WITH_DB(full_disk_in_the_middle_ends_the_whole),
		WITH_DB(failed_sync_ends_all_writing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
