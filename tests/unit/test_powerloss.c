/* SPDX-License-Identifier: MIT */
/* needs: store base */
/*
 * The power is cut while commands write: what was committed is there
 * afterwards, what was not is not, and the database opens as ever.
 */
#include "state_dir.h"

#include "store/statement.h"

#include "../fault/vfs/powerloss.h"
#include "store/meta.h"

#define ROUNDS 300

static char cut_path[128];

struct tally {
	int64_t committed; /* db_commit() has returned OUT_OK for it */
	int64_t begun;
	int steps, cuts, lost, invented, damaged;
	int every; /* cut at every EVERYth step */
};

/* Looks with a connection of SQLite's own VFS, as after a reboot. */
static sqlite3 *
survivor_open(void)
{
	sqlite3 *raw = NULL;

	if (sqlite3_open_v2(cut_path, &raw, SQLITE_OPEN_READWRITE, "unix") !=
	    SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(raw));
	/* It is thrown away: syncing it would only cost time. */
	sqlite3_exec(raw, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
	return raw;
}

static int64_t
survivor_number(sqlite3 *raw, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t number = -1;

	if (sqlite3_prepare_v2(raw, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return number;
}

static void
tally_cut(struct tally *tally)
{
	sqlite3 *raw;
	int64_t found;

	assert_int_equal(0,
	    powerloss_cut(state_path, cut_path, (unsigned)tally->cuts + 1));
	raw = survivor_open();
	found =
	    survivor_number(raw, "SELECT value FROM meta WHERE key='offset'");
	tally->lost += found < tally->committed ||
	    survivor_number(raw, "SELECT count(*) FROM flows") <
		tally->committed;
	tally->invented += found > tally->begun;
	tally->damaged += survivor_number(raw,
			      "SELECT integrity_check='ok'"
			      " FROM pragma_integrity_check(1)") != 1;
	sqlite3_close(raw);
	tally->cuts++;
}

static void
tally_step(void *arg)
{
	struct tally *tally = arg;

	if (tally->steps++ % tally->every == 0)
		tally_cut(tally);
}

static void
commit_one(struct db *db, int64_t number)
{
	struct fault fault;
	sqlite3_stmt *add;

	state_ok(db_begin(db, state_soon(), &fault), &fault);
	add = db_use(db,
	    "INSERT INTO flows VALUES(?1, 'x', NULL, 0,"
	    " hex(randomblob(abs(random()) % 3000)))");
	db_bind_int(add, 1, number);
	db_run(db, add);
	state_ok(meta_set_int(db, META_OFFSET, number, &fault), &fault);
	state_ok(db_commit(db, &fault), &fault);
}

/* Two connections take turns, as commands do, and one empties the WAL now and
 * then; the power fails at every step of it. */
static struct tally
run(const char *pragma)
{
	struct tally tally = { .every = 7 };
	struct fault fault;
	struct db *dbs[2];

	snprintf(cut_path, sizeof(cut_path), "%s/cut.db", state_dir);
	db_close(state_open(DB_CREATE));
	assert_int_equal(SQLITE_OK, powerloss_register("powerloss", true));
	for (int i = 0; i < 2; i++) {
		dbs[i] = state_open(DB_WRITE);
		sqlite3_exec(sqlite3_db_handle(db_use(dbs[i], "SELECT 1")),
		    pragma, NULL, NULL, NULL);
	}
	/* A first commit, so that there is something to look for. */
	commit_one(dbs[0], 0);
	powerloss_watch(tally_step, &tally);
	for (tally.begun = 1; tally.begun <= ROUNDS; tally.begun++) {
		commit_one(dbs[tally.begun & 1], tally.begun);
		tally.committed = tally.begun;
		tally_cut(&tally);
		if (tally.begun % 40 == 0)
			state_ok(db_checkpoint(dbs[0], state_soon(), &fault),
			    &fault);
	}
	powerloss_watch(NULL, NULL);
	db_close(dbs[0]);
	db_close(dbs[1]);
	powerloss_unregister();
	return tally;
}

static void
committed_rows_survive(void **state)
{
	struct tally tally = run("PRAGMA wal_autocheckpoint=20");

	(void)state;
	printf("# %d cuts in %d steps\n", tally.cuts, tally.steps);
	assert_true(tally.cuts > ROUNDS + ROUNDS / 2);
	assert_int_equal(0, tally.lost);
	assert_int_equal(0, tally.invented);
	assert_int_equal(0, tally.damaged);
}

/* The test would see it: the same without what db_open() insists on. */
static void
without_full_sync_rows_are_lost(void **state)
{
	struct tally tally = run("PRAGMA wal_autocheckpoint=20;"
				 "PRAGMA synchronous=NORMAL");

	(void)state;
	assert_true(tally.lost > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_STATE_DIR(committed_rows_survive),
		IN_STATE_DIR(without_full_sync_rows_are_lost),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
