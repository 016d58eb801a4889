/* SPDX-License-Identifier: MIT */
#include "store/lead_stats.h"

#include "store/lead_settle.h"
#include "store/statement.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* What is under way counts as waiting; the index leads_open says it so. */
#define LEAD_OPEN "(errand = 'create' OR errand = 'search')"

static void
count_since(struct db *db, sqlite3_stmt *query, int64_t *count, int64_t *since)
{
	while (db_row(db, query)) {
		*count = db_int(query, 0);
		*since = db_int(query, 1);
	}
}

enum outcome
lead_stats_count(struct db *db, int64_t now, struct lead_stats *stats,
    struct fault *fault)
{
	int64_t unused = 0;

	*stats = (struct lead_stats){ 0 };
	count_since(db,
	    db_use(db,
		"SELECT count(*), min(created_at) FROM leads"
		" WHERE " LEAD_OPEN),
	    &stats->waiting, &stats->oldest_at);
	count_since(db,
	    db_use(db,
		"SELECT count(*), min(coalesce(settled_at, created_at))"
		" FROM leads WHERE " LEAD_OPEN " AND state = 'unknown'"),
	    &stats->unknown, &stats->unknown_since);
	count_since(db,
	    db_use(db,
		"SELECT count(*), min(settled_at) FROM leads"
		" WHERE errand = 'note' AND tries > 0"),
	    &stats->untold, &stats->untold_since);
	count_since(db,
	    db_use(db,
		"SELECT count(*), min(died_at) FROM dead_letters"
		" WHERE kind = 'lead' AND reason <> '" LEAD_TWICE "'"),
	    &stats->parked, &stats->parked_since);
	count_since(db,
	    db_use(db,
		"SELECT count(*), min(died_at) FROM dead_letters"
		" WHERE kind = 'lead' AND reason = '" LEAD_TWICE "'"),
	    &stats->doubled, &stats->doubled_since);
	sqlite3_stmt *stripped = db_use(db,
	    "SELECT count(*), min(settled_at) FROM leads"
	    " WHERE dropped IS NOT NULL AND settled_at > ?1");
	db_bind_int(stripped, 1, now - DAY_MS);
	count_since(db, stripped, &stats->stripped, &stats->stripped_since);
	count_since(db, db_use(db, "SELECT EXISTS (SELECT 1 FROM leads), 0"),
	    &stats->any, &unused);
	return db_result(db, fault);
}
