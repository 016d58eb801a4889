/* SPDX-License-Identifier: MIT */
#include "store/leads.h"

#include <stdlib.h>

#include "base/json.h"
#include "store/statement.h"

/* The lead that has KEY; 0: none. */
static int64_t
lead_of_key(struct db *db, const char *key)
{
	int64_t id = 0;
	sqlite3_stmt *find = db_use(db, "SELECT id FROM leads WHERE key = ?1");

	db_bind_text(find, 1, key);
	while (db_row(db, find))
		id = db_int(find, 0);
	return id;
}

enum outcome
leads_add(struct db *db, const struct lead_new *lead, int64_t now, int64_t *id,
    bool *added, struct fault *fault)
{
	sqlite3_stmt *add;
	char *details;

	*added = false;
	*id = lead_of_key(db, lead->key);
	if (*id != 0)
		return db_result(db, fault);
	add = db_use(db,
	    "INSERT INTO leads(key, crm, source, title, name, phone, email,"
	    " chat_id, details, created_at)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, 0),"
	    " coalesce(?9, '{}'), ?10)");
	details = lead->details ? json_text(lead->details) : NULL;
	db_bind_text(add, 1, lead->key);
	db_bind_text(add, 2, lead->crm);
	db_bind_text(add, 3, lead->source);
	db_bind_text(add, 4, lead->title);
	db_bind_text(add, 5, lead->name);
	db_bind_text(add, 6, lead->phone);
	db_bind_text(add, 7, lead->email);
	db_bind_int(add, 8, lead->chat_id);
	db_bind_text(add, 9, details);
	db_bind_int(add, 10, now);
	db_run(db, add);
	free(details);
	*id = db_last_id(db);
	*added = true;
	return db_result(db, fault);
}
