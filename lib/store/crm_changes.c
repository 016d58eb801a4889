/* SPDX-License-Identifier: MIT */
#include "store/crm_changes.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/meta.h"
#include "store/statement.h"

static int64_t
lead_of(struct db *db, const struct crm_change_row *row)
{
	int64_t lead = 0;
	sqlite3_stmt *find = db_use(db,
	    "SELECT id FROM leads WHERE remote_id = ?1 AND crm = ?2"
	    " ORDER BY id LIMIT 1");

	db_bind_text(find, 1, row->remote_id);
	db_bind_text(find, 2, row->crm);
	while (db_row(db, find))
		lead = db_int(find, 0);
	return lead;
}

enum outcome
crm_changes_add(struct db *db, const struct crm_change_row *row, int64_t now,
    int64_t *lead, struct fault *fault)
{
	*lead = lead_of(db, row);
	if (*lead == 0)
		return db_result(db, fault);
	sqlite3_stmt *add = db_use(db,
	    "INSERT OR IGNORE INTO crm_changes(crm, remote_id, at, status_id,"
	    " heard_at) VALUES(?1, ?2, ?3, ?4, ?5)");
	db_bind_text(add, 1, row->crm);
	db_bind_text(add, 2, row->remote_id);
	db_bind_int(add, 3, row->at);
	db_bind_text(add, 4, row->status_id);
	db_bind_int(add, 5, now);
	db_run(db, add);
	if (db_changes(db) == 0)
		*lead = 0;
	return db_result(db, fault);
}

char *
crm_changes_cursor(struct db *db, const char *crm)
{
	char *key = mem_printf(META_PULLED "%s", crm);
	char *cursor = meta_text(db, key);

	free(key);
	return cursor;
}

enum outcome
crm_changes_move(struct db *db, const char *crm, const char *cursor,
    struct fault *fault)
{
	char *key = mem_printf(META_PULLED "%s", crm);
	enum outcome out = meta_set_text(db, key, cursor, fault);

	free(key);
	return out;
}
