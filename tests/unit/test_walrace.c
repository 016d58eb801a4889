/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * The WAL race of SQLite before 3.51.3: a commit in the middle of a checkpoint
 * makes later commits vanish.  It must not get there: the checkpoint is inside
 * the turnstile, and so is every commit.
 */
#include "state_raw.h"

#include "store/statement.h"

#include "../fault/vfs/walreset.h"
#include "store/meta.h"
#include "store/turnstile.h"

#define ROWS 400
#define MORE 200

struct racer {
	struct db *db;
	enum outcome out;
	sqlite3 *raw;
	int rc;
};

/* The commit in the window, without the turnstile: another program. */
static void
race_raw(void *arg)
{
	struct racer *racer = arg;

	racer->rc = sqlite3_exec(racer->raw,
	    "UPDATE flows SET source='x' WHERE hash='1'", NULL, NULL, NULL);
}

/* The same through the turnstile: one of our commands. */
static void
race_ours(void *arg)
{
	struct racer *racer = arg;
	struct fault fault;

	racer->out = db_begin(racer->db, clock_mono_ms() + 50, &fault);
	if (racer->out != OUT_OK)
		return;
	state_ok(meta_set_int(racer->db, META_OFFSET, 1, &fault), &fault);
	state_ok(db_commit(racer->db, &fault), &fault);
}

static sqlite3 *
raw_open(void)
{
	sqlite3 *raw;

	assert_int_equal(SQLITE_OK, sqlite3_open(state_path, &raw));
	sqlite3_exec(raw,
	    "PRAGMA synchronous=FULL;"
	    "PRAGMA wal_autocheckpoint=0",
	    NULL, NULL, NULL);
	return raw;
}

static void
raw_exec(sqlite3 *raw, const char *sql)
{
	if (sqlite3_exec(raw, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(raw));
}

static const char fill[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n"
    " WHERE i < 400) INSERT INTO flows SELECT i, 'x', NULL, 0,"
    " hex(randomblob(450)) FROM n";
static const char fill_more[] =
    "INSERT INTO flows SELECT hash + 1000, id, source, deployed_at, bundle"
    " FROM flows LIMIT 200";

/* The checkpointer is ours and on the VFS; the race is run in its window. */
static struct db *
prepare(struct racer *racer)
{
	struct fault fault;
	struct db *checkpointer;

	db_close(state_open(DB_CREATE));
	racer->raw = raw_open();
	racer->db = state_open(DB_WRITE);
	raw_exec(racer->raw, fill);
	raw_exec(racer->raw, "PRAGMA wal_checkpoint(PASSIVE)");
	assert_int_equal(SQLITE_OK, walreset_register("walreset", true));
	checkpointer = state_open(DB_WRITE);
	assert_int_equal(STATE_BOT, meta_int(checkpointer, META_BOT_ID, 0));
	state_ok(db_result(checkpointer, &fault), &fault);
	/* Only a checkpointer whose header is stale passes the window. */
	raw_exec(racer->raw, "UPDATE flows SET bundle=hex(randomblob(450))");
	raw_exec(racer->raw, "PRAGMA wal_checkpoint(PASSIVE)");
	return checkpointer;
}

/* Commits more, closes all, and counts what a new connection finds. */
static int64_t
finish(struct racer *racer, struct db *checkpointer)
{
	int64_t rows;

	assert_int_equal(1, walreset_fired());
	raw_exec(racer->raw, fill_more);
	db_close(checkpointer);
	db_close(racer->db);
	sqlite3_close(racer->raw);
	walreset_unregister();
	rows = state_number(state_path, "SELECT count(*) FROM flows");
	return rows;
}

static void
without_the_turnstile_rows_vanish(void **state)
{
	struct racer racer = { .out = OUT_OK, .rc = -1 };
	struct db *checkpointer = prepare(&racer);
	sqlite3_stmt *stmt =
	    db_use(checkpointer, "PRAGMA wal_checkpoint(PASSIVE)");

	(void)state;
	walreset_arm(race_raw, &racer);
	/* Past db_checkpoint(): what any program may do to its own file. */
	assert_int_equal(SQLITE_ROW, sqlite3_step(stmt));
	sqlite3_reset(stmt);
	assert_int_equal(SQLITE_OK, racer.rc);
	assert_int_equal(walreset_vulnerable() ? ROWS : ROWS + MORE,
	    finish(&racer, checkpointer));
}

static void
our_commits_wait_for_our_checkpoint(void **state)
{
	struct racer racer = { .out = OUT_OK, .rc = -1 };
	struct db *checkpointer = prepare(&racer);
	struct fault fault;

	(void)state;
	walreset_arm(race_ours, &racer);
	state_ok(db_checkpoint(checkpointer, state_soon(), &fault), &fault);
	assert_int_equal(OUT_LATER, racer.out);
	assert_int_equal(ROWS + MORE, finish(&racer, checkpointer));
}

/* db_checkpoint() takes SQLite's write lock as well. */
static void
foreign_commits_wait_for_our_checkpoint(void **state)
{
	struct racer racer = { .out = OUT_OK, .rc = -1 };
	struct db *checkpointer = prepare(&racer);
	struct fault fault;

	(void)state;
	walreset_arm(race_raw, &racer);
	state_ok(db_checkpoint(checkpointer, state_soon(), &fault), &fault);
	assert_int_equal(SQLITE_BUSY, racer.rc);
	assert_int_equal(ROWS + MORE, finish(&racer, checkpointer));
}

/* A commit of ours checkpoints by itself now and then, PASSIVE, inside the
 * turnstile: nobody of us can be in its window either. */
static void
turnstile_alone_shuts_the_window(void **state)
{
	struct racer racer = { .out = OUT_OK, .rc = -1 };
	struct db *checkpointer = prepare(&racer);
	struct turnstile holder = TURNSTILE_INIT;
	sqlite3_stmt *stmt =
	    db_use(checkpointer, "PRAGMA wal_checkpoint(PASSIVE)");
	struct fault fault;

	(void)state;
	/* Somebody is inside and has no lock of SQLite: the turnstile is all
	 * there is. */
	state_ok(turnstile_open(&holder, state_path, &fault), &fault);
	assert_true(turnstile_enter(&holder, 0));
	walreset_arm(race_ours, &racer);
	assert_int_equal(SQLITE_ROW, sqlite3_step(stmt));
	sqlite3_reset(stmt);
	turnstile_close(&holder);
	assert_int_equal(OUT_LATER, racer.out);
	assert_int_equal(ROWS + MORE, finish(&racer, checkpointer));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_STATE_DIR(without_the_turnstile_rows_vanish),
		IN_STATE_DIR(our_commits_wait_for_our_checkpoint),
		IN_STATE_DIR(foreign_commits_wait_for_our_checkpoint),
		IN_STATE_DIR(turnstile_alone_shuts_the_window),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
