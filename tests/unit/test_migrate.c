/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * Migrations: whole or not at all, after the running commands and before the
 * new ones.
 */
#include "state_raw.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "store/meta.h"
#include "store/migrate.h"
#include "store/schema.h"

static const char *const table[] = { "CREATE TABLE second(a)", NULL };
static const char *const row[] = { "INSERT INTO second VALUES(2)", NULL };
static const char *const *const second[] = { table, row, NULL };
static const char *const column[] = { "ALTER TABLE second ADD COLUMN b",
	"UPDATE second SET b = a + 1", NULL };
static const char *const *const third[] = { column, NULL };
static const char *const wrong[] = { "CREATE TABLE third(a)",
	"INSERT INTO nowhere VALUES(1)", NULL };
static const char *const *const broken[] = { wrong, NULL };
static const struct migration two_more[] = { { 1, schema_v1 }, { 2, second },
	{ 3, third } };
static const struct migration broken_third[] = { { 1, schema_v1 },
	{ 2, second }, { 3, broken } };

static int
own_migrations(void **state)
{
	migrate_fake(NULL, 0);
	return state_dir_remove(state);
}

static void
older_is_brought_up_step_by_step(void **state)
{
	(void)state;
	db_close(state_open(DB_CREATE));
	migrate_fake(two_more, 3);
	db_close(state_open(DB_WRITE));
	assert_int_equal(3, state_number(state_path, "PRAGMA user_version"));
	assert_int_equal(3, state_number(state_path, "SELECT b FROM second"));
	assert_int_equal(STATE_BOT,
	    state_number(state_path,
		"SELECT value FROM meta WHERE key='bot_id'"));
	/* Once only. */
	db_close(state_open(DB_WRITE));
	assert_int_equal(1,
	    state_number(state_path, "SELECT count(*) FROM second"));
}

static void
new_database_has_all_steps(void **state)
{
	(void)state;
	migrate_fake(two_more, 3);
	db_close(state_open(DB_CREATE));
	assert_int_equal(3, state_number(state_path, "PRAGMA user_version"));
	assert_int_equal(3, state_number(state_path, "SELECT b FROM second"));
}

static void
failed_step_leaves_the_one_before(void **state)
{
	struct fault fault;
	struct db *db;

	(void)state;
	db_close(state_open(DB_CREATE));
	migrate_fake(broken_third, 3);
	assert_int_equal(OUT_BUG,
	    db_open(&db, state_path, DB_WRITE, 0, &fault));
	assert_non_null(strstr(fault.text, "nowhere"));
	assert_int_equal(2, state_number(state_path, "PRAGMA user_version"));
	assert_int_equal(0,
	    state_number(state_path,
		"SELECT count(*) FROM sqlite_schema WHERE name='third'"));
	/* The locks are free again: the mended program goes on. */
	migrate_fake(two_more, 2);
	db_close(state_open(DB_WRITE));
}

static void
reader_does_not_migrate(void **state)
{
	struct fault fault;
	struct db *db;

	(void)state;
	db_close(state_open(DB_CREATE));
	migrate_fake(two_more, 3);
	assert_int_equal(OUT_LATER,
	    db_open(&db, state_path, DB_READ, 0, &fault));
	assert_int_equal(EXIT_LATER, fault.code);
	assert_non_null(strstr(fault.text, "poll-updates"));
	assert_int_equal(1, state_number(state_path, "PRAGMA user_version"));
}

static void
old_program_is_refused_afterwards(void **state)
{
	struct fault fault;
	struct db *db;

	(void)state;
	migrate_fake(two_more, 3);
	db_close(state_open(DB_CREATE));
	migrate_fake(NULL, 0);
	assert_int_equal(OUT_NEVER,
	    db_open(&db, state_path, DB_CREATE, STATE_BOT, &fault));
	assert_int_equal(EXIT_CONFIG, fault.code);
	assert_non_null(strstr(fault.text, "schema 3"));
}

/* A process that opens the database at START and ends with the time. */
static pid_t
open_at(int64_t start, enum db_mode mode, int migrations, int64_t keep_ms)
{
	struct fault fault;
	struct db *db;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	migrate_fake(two_more, migrations);
	clock_sleep_until(start);
	if (db_open(&db, state_path, mode, STATE_BOT, &fault) != OUT_OK)
		_exit(1);
	clock_sleep_until(clock_mono_ms() + keep_ms);
	/* An open transaction at the end must be in nobody's way. */
	if (db_begin(db, state_soon(), &fault) != OUT_OK ||
	    db_commit(db, &fault) != OUT_OK)
		_exit(2);
	db_close(db);
	_exit(0);
}

/*
 * Old commands run, overlapping and without end: the migration waits for those
 * that run, and newcomers of either version wait for it.
 */
static void
running_commands_finish_and_newcomers_wait(void **state)
{
	/* By then all are there, on a slow machine at least the first. */
	int64_t start = clock_mono_ms() + 1000;
	pid_t migrator, reader;
	int status, old = 0, refused = 0;

	(void)state;
	db_close(state_open(DB_CREATE));
	migrator = open_at(start + 500, DB_WRITE, 3, 0);
	reader = open_at(start + 700, DB_READ, 3, 0);
	for (int i = 0; i < 20; i++)
		open_at(start + i * 100, DB_WRITE, 1, 350);
	assert_int_equal(migrator, waitpid(migrator, &status, 0));
	assert_int_equal(0, status);
	/* Commands that began before are through, 500 + 350 and a bit. */
	assert_in_range(clock_mono_ms() - start, 650, 20000);
	assert_int_equal(reader, waitpid(reader, &status, 0));
	/* It waited and found what it needs (and may not write). */
	assert_int_equal(2, WEXITSTATUS(status));
	while (wait(&status) > 0) {
		assert_true(WIFEXITED(status));
		old += WEXITSTATUS(status) == 0;
		refused += WEXITSTATUS(status) == 1;
	}
	/* None was disturbed; those that came later were refused. */
	assert_int_equal(20, old + refused);
	assert_true(old >= 1);
	assert_true(refused >= 1);
	assert_int_equal(3, state_number(state_path, "PRAGMA user_version"));
}

static void
two_that_migrate_do_not_wait_for_each_other(void **state)
{
	int64_t start = clock_mono_ms();
	int status;

	(void)state;
	db_close(state_open(DB_CREATE));
	for (int i = 0; i < 6; i++)
		open_at(start + 100, DB_WRITE, 3, 100);
	while (wait(&status) > 0)
		assert_int_equal(0, status);
	assert_in_range(clock_mono_ms() - start, 100, 20000);
	assert_int_equal(1,
	    state_number(state_path, "SELECT count(*) FROM second"));
}

/* SIGKILL while a migration waits leaves no lock behind. */
static void
killed_migration_is_in_nobodys_way(void **state)
{
	struct db *db;
	int64_t start;
	pid_t pid;

	(void)state;
	db = state_open(DB_CREATE);
	pid = open_at(0, DB_WRITE, 3, 0);
	clock_sleep_until(clock_mono_ms() + 150);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	start = clock_mono_ms();
	db_close(state_open(DB_WRITE));
	assert_in_range(clock_mono_ms() - start, 0, 20000);
	db_close(db);
	assert_int_equal(1, state_number(state_path, "PRAGMA user_version"));
}

#define MIGRATING(test) \
	cmocka_unit_test_setup_teardown(test, state_dir_make, own_migrations)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		MIGRATING(older_is_brought_up_step_by_step),
		MIGRATING(new_database_has_all_steps),
		MIGRATING(failed_step_leaves_the_one_before),
		MIGRATING(reader_does_not_migrate),
		MIGRATING(old_program_is_refused_afterwards),
		MIGRATING(running_commands_finish_and_newcomers_wait),
		MIGRATING(two_that_migrate_do_not_wait_for_each_other),
		MIGRATING(killed_migration_is_in_nobodys_way),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
