/* SPDX-License-Identifier: MIT */
#include "store/bull_jobs.h"

#include <stdlib.h>

#include "store/statement.h"

void
bull_job_release(struct bull_job_row *row)
{
	free(row->queue);
	free(row->job);
	free(row->name);
	free(row->data);
}

enum outcome
bull_jobs_add(struct db *db, struct bull_job_row *row, struct fault *fault)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO bull_jobs(queue, job, name, data, due_at, created_at)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6)");

	db_bind_text(add, 1, row->queue);
	db_bind_text(add, 2, row->job);
	db_bind_text(add, 3, row->name);
	db_lend_text(add, 4, row->data);
	db_bind_int(add, 5, row->due_at);
	db_bind_int(add, 6, row->created_at);
	db_run(db, add);
	row->id = db_last_id(db);
	return db_result(db, fault);
}

int
bull_jobs_waiting(struct db *db, int64_t after, int most,
    struct bull_job_row *rows)
{
	int count = 0;
	sqlite3_stmt *find = db_use(db,
	    "SELECT id, queue, job, name, data, due_at, created_at"
	    " FROM bull_jobs WHERE id > ?1 ORDER BY id LIMIT ?2");

	db_bind_int(find, 1, after);
	db_bind_int(find, 2, most);
	while (db_row(db, find))
		rows[count++] = (struct bull_job_row){ .id = db_int(find, 0),
			.queue = db_text_dup(find, 1),
			.job = db_text_dup(find, 2),
			.name = db_text_dup(find, 3),
			.data = db_text_dup(find, 4),
			.due_at = db_int(find, 5),
			.created_at = db_int(find, 6) };
	return count;
}

enum outcome
bull_jobs_done(struct db *db, int64_t id, struct fault *fault)
{
	sqlite3_stmt *done = db_use(db, "DELETE FROM bull_jobs WHERE id = ?1");

	db_bind_int(done, 1, id);
	db_run(db, done);
	return db_result(db, fault);
}

int64_t
bull_jobs_count(struct db *db, int64_t *oldest)
{
	int64_t count = 0;
	sqlite3_stmt *ask = db_use(db,
	    "SELECT count(*), coalesce(min(created_at), 0) FROM bull_jobs");

	while (db_row(db, ask)) {
		count = db_int(ask, 0);
		*oldest = db_int(ask, 1);
	}
	return count;
}
