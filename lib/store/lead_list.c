/* SPDX-License-Identifier: MIT */
#include "store/lead_list.h"

#include "store/statement.h"

int
leads_list(struct db *db, int64_t *after, int limit,
    void (*visit)(const struct lead_brief *lead, void *arg), void *arg)
{
	int count = 0;
	sqlite3_stmt *rows = db_use(db,
	    "SELECT id, not_before, created_at, tries, state, errand, crm,"
	    " name, coalesce(phone_e164, phone, email), reason FROM leads"
	    " WHERE errand IS NOT NULL AND id > ?1 ORDER BY id LIMIT ?2");

	db_bind_int(rows, 1, *after);
	db_bind_int(rows, 2, limit);
	while (db_row(db, rows)) {
		const struct lead_brief lead = { .id = db_int(rows, 0),
			.not_before = db_int(rows, 1),
			.created_at = db_int(rows, 2),
			.tries = db_int(rows, 3),
			.state = db_text(rows, 4),
			.errand = db_text(rows, 5),
			.crm = db_text(rows, 6),
			.name = db_text(rows, 7),
			.phone = db_text(rows, 8),
			.reason = db_text(rows, 9) };

		*after = lead.id;
		++count;
		visit(&lead, arg);
	}
	return count;
}
