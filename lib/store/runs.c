/* SPDX-License-Identifier: MIT */
#include "store/runs.h"
#include "store/statement.h"

bool
runs_last(struct db *db, const char *after, struct run_row *run)
{
	sqlite3_stmt *last = db_use(db,
	    "SELECT id, started_at, coalesce(finished_at, 0),"
	    " coalesce(exit_code, -1), coalesce(max_rss_kb, 0), worker,"
	    " crashed, command FROM runs WHERE id = (SELECT max(id) FROM runs"
	    "  WHERE command = (SELECT min(command) FROM runs"
	    "   WHERE command > ?1))");

	db_bind_text(last, 1, after);
	if (!db_row(db, last))
		return false;
	run->id = db_int(last, 0);
	run->started_at = db_int(last, 1);
	run->finished_at = db_int(last, 2);
	run->exit_code = db_int(last, 3);
	run->max_rss_kb = db_int(last, 4);
	run->worker = db_int(last, 5);
	run->crashed = db_int(last, 6) != 0;
	run->command = db_text(last, 7);
	return true;
}

int64_t
runs_before(struct db *db, const char *command, int64_t count)
{
	int64_t started_at = 0;
	sqlite3_stmt *before = db_use(db,
	    "SELECT started_at FROM runs WHERE command = ?1"
	    " ORDER BY id DESC LIMIT 1 OFFSET ?2");

	db_bind_text(before, 1, command);
	db_bind_int(before, 2, count);
	while (db_row(db, before))
		started_at = db_int(before, 0);
	return started_at;
}

int64_t
runs_success(struct db *db, const char *command)
{
	int64_t finished_at = 0;
	sqlite3_stmt *last = db_use(db,
	    "SELECT finished_at FROM runs WHERE command = ?1"
	    " AND (exit_code = 0 OR exit_code = 1)"
	    " ORDER BY id DESC LIMIT 1");

	db_bind_text(last, 1, command);
	while (db_row(db, last))
		finished_at = db_int(last, 0);
	return finished_at;
}

int64_t
runs_crashed(struct db *db, int64_t since, int64_t *first)
{
	int64_t crashed = 0;
	sqlite3_stmt *count = db_use(db,
	    "SELECT count(*), coalesce(min(started_at), 0) FROM runs"
	    " WHERE crashed = 1 AND started_at >= ?1");

	*first = 0;
	db_bind_int(count, 1, since);
	while (db_row(db, count)) {
		crashed = db_int(count, 0);
		*first = db_int(count, 1);
	}
	return crashed;
}
