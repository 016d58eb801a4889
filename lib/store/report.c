/* SPDX-License-Identifier: MIT */
#include "store/report.h"
#include "store/statement.h"
#include "store/tasks.h"

/* The first message since SINCE: ids grow with time, and no index on the time
 * is kept for a report a day. */
static int64_t
first_since(struct db *db, int64_t since)
{
	int64_t low = 0, high = 0;
	sqlite3_stmt *last =
	    db_use(db, "SELECT coalesce(max(id), 0) + 1 FROM messages");
	sqlite3_stmt *next = db_use(db,
	    "SELECT id, created_at FROM messages WHERE id >= ?1"
	    " ORDER BY id LIMIT 1");

	while (db_row(db, last))
		high = db_int(last, 0);
	while (low < high) {
		int64_t middle = low + (high - low) / 2, id = high;
		bool young = true;
		db_bind_int(next, 1, middle);
		while (db_row(db, next)) {
			id = db_int(next, 0);
			young = db_int(next, 1) >= since;
		}
		if (young)
			high = middle;
		else
			low = id + 1;
	}
	return high;
}

static int64_t
count_since(struct db *db, const char *query, int64_t since)
{
	int64_t count = 0;
	sqlite3_stmt *stmt = db_use(db, query);

	db_bind_int(stmt, 1, since);
	while (db_row(db, stmt))
		count = db_int(stmt, 0);
	return count;
}

enum outcome
report_period(struct db *db, int64_t since, struct report_period *report,
    struct fault *fault)
{
	int64_t first = first_since(db, since);

	*report = (struct report_period){ 0 };
	sqlite3_stmt *said = db_use(db,
	    "SELECT coalesce(sum(state = 'received'), 0),"
	    " coalesce(sum(state = 'sent'), 0),"
	    " coalesce(sum(state = 'sent' AND priority = ?2), 0)"
	    " FROM messages WHERE id >= ?1");
	db_bind_int(said, 1, first);
	db_bind_int(said, 2, PRIORITY_REMINDER);
	while (db_row(db, said)) {
		report->received = db_int(said, 0);
		report->sent = db_int(said, 1);
		report->reminders = db_int(said, 2);
	}
	/* A chat that never wrote, but was written to, was not seen. */
	sqlite3_stmt *people = db_use(db,
	    "SELECT coalesce(sum(seen_at >= ?1), 0),"
	    " coalesce(sum(seen_at >= ?1 AND created_at >= ?1), 0),"
	    " coalesce(sum(coalesce(blocked_at >= ?1, 0)"
	    "  OR coalesce(unsubscribed_at >= ?1, 0)), 0) FROM chats");
	db_bind_int(people, 1, since);
	while (db_row(db, people)) {
		report->people = db_int(people, 0);
		report->newcomers = db_int(people, 1);
		report->left = db_int(people, 2);
	}
	report->leads = count_since(db,
	    "SELECT count(*) FROM leads WHERE created_at >= ?1", since);
	return db_result(db, fault);
}

enum outcome
report_reached(struct db *db, const char *const *states, int64_t *counts,
    struct fault *fault)
{
#define REACHED(n) \
	"coalesce(sum(json_type(visits, '$.\"' || ?" n \
	" || '\"') IS NOT NULL), 0)"
	sqlite3_stmt *reached = db_use(db,
	    "SELECT " REACHED("1") ", " REACHED("2") ", " REACHED(
		"3") ", " REACHED("4") " FROM chats");
#undef REACHED

	for (int i = 0; i < REPORT_STATES; i++)
		db_bind_text(reached, i + 1, states[i]);
	while (db_row(db, reached))
		for (int i = 0; i < REPORT_STATES; i++)
			counts[i] = db_int(reached, i);
	return db_result(db, fault);
}
