/* SPDX-License-Identifier: MIT */
#include "store/pages.h"

#include "store/statement.h"

enum outcome
pages_written(struct db *db, const char *path, int64_t every_ms, int64_t now,
    struct fault *fault)
{
	sqlite3_stmt *put = db_use(db,
	    "INSERT INTO pages(path, every_ms, written_at)"
	    " VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET"
	    " every_ms = excluded.every_ms,"
	    " written_at = excluded.written_at");

	db_bind_text(put, 1, path);
	db_bind_int(put, 2, every_ms);
	db_bind_int(put, 3, now);
	db_run(db, put);
	return db_result(db, fault);
}

void
pages_each(struct db *db,
    void (*visit)(const struct page_row *page, void *arg), void *arg)
{
	sqlite3_stmt *all = db_use(db,
	    "SELECT path, every_ms, written_at FROM pages ORDER BY path");

	while (db_row(db, all)) {
		const struct page_row row = { db_text(all, 0), db_int(all, 1),
			db_int(all, 2) };

		visit(&row, arg);
	}
}
