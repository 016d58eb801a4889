/* SPDX-License-Identifier: MIT */
/*
 * The fault VFSs themselves: a power cut loses what SQLite says it may lose,
 * and nothing else; the WAL race loses what nobody may lose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "fault/vfs/powerloss.h"
#include "fault/vfs/walreset.h"

#define COMMITS 25
#define SEEDS 3

static char dir[32], live[64], cut[64];

static void
sql(sqlite3 *db, const char *text)
{
	char *message = NULL;

	if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", text, message);
}

/* The first column of the first row; -1 when the database does not answer. */
static int
sql_number(sqlite3 *db, const char *text)
{
	sqlite3_stmt *stmt = NULL;
	int n = -1;

	if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static sqlite3 *
sql_open(const char *path, const char *vfs)
{
	sqlite3 *db = NULL;

	assert_int_equal(SQLITE_OK,
	    sqlite3_open_v2(path, &db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs));
	return db;
}

static int
dir_make(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_vfs.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(live, sizeof(live), "%s/live", dir);
	snprintf(cut, sizeof(cut), "%s/cut", dir);
	return 0;
}

static int
dir_remove(void **state)
{
	static const char *const names[] = { "live", "cut" };
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	char path[64];
	size_t i, j;

	(void)state;
	for (i = 0; i < 2; i++)
		for (j = 0; j < 4; j++) {
			snprintf(path, sizeof(path), "%s/%s%s", dir, names[i],
			    ends[j]);
			unlink(path);
		}
	return rmdir(dir);
}

struct tally {
	int acked; /* commits that returned */
	int cuts;
	int lossy; /* cuts after which an acknowledged row was gone */
	int damaged;
};

/* The survivor must hold every acknowledged row; count where it does not. */
static void
tally_step(void *arg)
{
	struct tally *tally = arg;
	unsigned seed;
	sqlite3 *db;

	for (seed = 1; seed <= SEEDS; seed++) {
		assert_int_equal(0,
		    powerloss_cut(live, cut,
			seed + (unsigned)tally->cuts * SEEDS));
		db = sql_open(cut, "unix");
		if (sql_number(db, "SELECT count(*) FROM t") < tally->acked)
			tally->lossy++;
		if (sql_number(db,
			"SELECT integrity_check = 'ok'"
			" FROM pragma_integrity_check(1)") != 1)
			tally->damaged++;
		sqlite3_close(db);
	}
	tally->cuts++;
}

/* Cuts the power at every step of a load of small commits. */
static struct tally
tally_run(const char *journal, const char *synchronous)
{
	struct tally tally = { 0, 0, 0, 0 };
	char text[256];
	sqlite3 *db;
	int i;

	assert_int_equal(SQLITE_OK, powerloss_register("powerloss", false));
	db = sql_open(live, "powerloss");
	snprintf(text, sizeof(text),
	    "PRAGMA journal_mode=%s;"
	    "PRAGMA synchronous=EXTRA; PRAGMA wal_autocheckpoint=7;"
	    "CREATE TABLE t(a INTEGER PRIMARY KEY, b);"
	    "CREATE INDEX i ON t(b); PRAGMA wal_checkpoint;"
	    "PRAGMA synchronous=%s",
	    journal, synchronous);
	sql(db, text);
	powerloss_watch(tally_step, &tally);
	for (i = 0; i < COMMITS; i++) {
		sql(db, "INSERT INTO t(b) VALUES (hex(randomblob(200)))");
		tally.acked++;
		tally_step(&tally);
	}
	powerloss_watch(NULL, NULL);
	assert_int_equal(COMMITS, sql_number(db, "SELECT count(*) FROM t"));
	sqlite3_close(db);
	powerloss_unregister();
	return tally;
}

static void
wal_full_loses_nothing(void **state)
{
	struct tally tally = tally_run("WAL", "FULL");

	(void)state;
	assert_true(tally.cuts > 4 * COMMITS);
	assert_int_equal(0, tally.lossy);
	assert_int_equal(0, tally.damaged);
}

static void
journal_extra_loses_nothing(void **state)
{
	struct tally tally = tally_run("DELETE", "EXTRA");

	(void)state;
	assert_true(tally.cuts > 4 * COMMITS);
	assert_int_equal(0, tally.lossy);
	assert_int_equal(0, tally.damaged);
}

static void
wal_normal_loses_but_damages_nothing(void **state)
{
	struct tally tally = tally_run("WAL", "NORMAL");

	(void)state;
	assert_true(tally.lossy > 0);
	assert_int_equal(0, tally.damaged);
}

static void
wal_off_loses_and_damages(void **state)
{
	struct tally tally = tally_run("WAL", "OFF");

	(void)state;
	assert_true(tally.lossy > 0);
	assert_true(tally.damaged > 0);
}

static void
cut_leaves_the_files_alone(void **state)
{
	sqlite3 *db;

	(void)state;
	assert_int_equal(SQLITE_OK, powerloss_register("powerloss", true));
	db = sql_open(live, NULL);
	sql(db,
	    "CREATE TABLE t(a); PRAGMA synchronous=OFF;"
	    "INSERT INTO t VALUES (1), (2)");
	assert_int_equal(0, powerloss_cut(live, cut, 1));
	assert_int_equal(2, sql_number(db, "SELECT count(*) FROM t"));
	sqlite3_close(db);
	powerloss_unregister();
	db = sql_open(live, NULL);
	assert_int_equal(2, sql_number(db, "SELECT count(*) FROM t"));
	sqlite3_close(db);
}

struct racer {
	sqlite3 *db;
	const char *text;
	int rc;
};

static void
racer_commit(void *arg)
{
	struct racer *racer = arg;

	racer->rc = sqlite3_exec(racer->db, racer->text, NULL, NULL, NULL);
}

/*
 * 400 rows, all of them in the database file; then a checkpoint meets a small
 * commit, and 200 more rows are committed.  Returns the rows after reopening.
 */
static int
race_run(void (*race)(void *), int mode, int *race_rc)
{
	struct racer racer = { NULL, "UPDATE t SET b=0 WHERE a=1", -1 };
	sqlite3 *checkpointer;
	int rows;

	assert_int_equal(SQLITE_OK, walreset_register("walreset", false));
	racer.db = sql_open(live, NULL);
	sql(racer.db,
	    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	    "PRAGMA wal_autocheckpoint=0; CREATE TABLE t(a INTEGER PRIMARY"
	    " KEY, b); WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT"
	    " i+1 FROM n WHERE i<400) INSERT INTO t SELECT i, randomblob(900)"
	    " FROM n; PRAGMA wal_checkpoint(PASSIVE)");
	checkpointer = sql_open(live, "walreset");
	sql(checkpointer,
	    "PRAGMA wal_autocheckpoint=0;"
	    "SELECT count(*) FROM t");
	/* Only a checkpointer whose header is stale passes the window. */
	sql(racer.db,
	    "UPDATE t SET b=randomblob(900);"
	    "PRAGMA wal_checkpoint(PASSIVE)");
	walreset_arm(race, &racer);
	sqlite3_wal_checkpoint_v2(checkpointer, NULL, mode, NULL, NULL);
	assert_int_equal(1, walreset_fired());
	if (race_rc)
		*race_rc = racer.rc;
	sql(racer.db, "INSERT INTO t SELECT a+100000, b FROM t LIMIT 200");
	assert_int_equal(600, sql_number(racer.db, "SELECT count(*) FROM t"));
	sqlite3_close(checkpointer);
	sqlite3_close(racer.db);
	walreset_unregister();
	checkpointer = sql_open(live, NULL);
	rows = sql_number(checkpointer, "SELECT count(*) FROM t");
	sqlite3_close(checkpointer);
	return rows;
}

static void
wal_race_loses_200_rows(void **state)
{
	int rc;

	(void)state;
	assert_int_equal(walreset_vulnerable() ? 400 : 600,
	    race_run(racer_commit, SQLITE_CHECKPOINT_PASSIVE, &rc));
	assert_int_equal(SQLITE_OK, rc);
}

/* What a writer lock does: the commit in the window has to wait. */
static void
race_refused(void *arg)
{
	(void)arg;
}

static void
wal_race_without_a_writer_loses_nothing(void **state)
{
	(void)state;
	assert_int_equal(600,
	    race_run(race_refused, SQLITE_CHECKPOINT_PASSIVE, NULL));
}

static void
wal_race_is_shut_out_by_a_full_checkpoint(void **state)
{
	int rc;

	(void)state;
	assert_int_equal(600,
	    race_run(racer_commit, SQLITE_CHECKPOINT_FULL, &rc));
	assert_int_equal(SQLITE_BUSY, rc);
}

#define IN_DIR(test) \
	cmocka_unit_test_setup_teardown(test, dir_make, dir_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(wal_full_loses_nothing),
		IN_DIR(journal_extra_loses_nothing),
		IN_DIR(wal_normal_loses_but_damages_nothing),
		IN_DIR(wal_off_loses_and_damages),
		IN_DIR(cut_leaves_the_files_alone),
		IN_DIR(wal_race_loses_200_rows),
		IN_DIR(wal_race_without_a_writer_loses_nothing),
		IN_DIR(wal_race_is_shut_out_by_a_full_checkpoint),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
