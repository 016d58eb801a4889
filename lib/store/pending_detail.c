/* SPDX-License-Identifier: MIT */
#include "store/pending_detail.h"

#include <string.h>

#include "store/pending.h"
#include "store/statement.h"

/* Parameters are JSON of ours; a raw update is a stranger's text. */
static const struct {
	const char *kind, *select;
} details[] = {
	{ "message",
	    "SELECT json_object('method', method,"
	    "  'params', iif(json_valid(params), json(params), params),"
	    "  'policy', policy, 'created_at', created_at, 'tries', tries,"
	    "  'ambiguous', ambiguous, 'expire_at', expire_at,"
	    "  'task', task_name, 'message_id', message_id,"
	    "  'settled_at', settled_at) FROM messages WHERE id = ?1" },
	{ "update",
	    "SELECT json_object('update_id', update_id,"
	    "  'received_at', received_at, 'tries', tries, 'raw', raw)"
	    "  FROM updates WHERE id = ?1" },
	{ "task",
	    "SELECT json_object('name', name,"
	    "  'due_at', due_at, 'expire_at', expire_at, 'pointer', pointer,"
	    "  'method', method,"
	    "  'params', iif(json_valid(params), json(params), params))"
	    "  FROM (SELECT id, name, due_at, expire_at, pointer, method,"
	    "  params FROM task_ends UNION ALL SELECT id, name, due_at,"
	    "  expire_at, pointer, method, params FROM tasks) WHERE id = ?1" },
	{ "exec",
	    "SELECT json_object('place', place,"
	    "  'flow', flow, 'created_at', created_at, 'attempt', attempt,"
	    "  'crashes', crashes,"
	    "  'request', iif(json_valid(request), json(request), request))"
	    "  FROM execs WHERE id = ?1" },
	{ "lead",
	    "SELECT json_object('key', key, 'crm', crm, 'source', source,"
	    "  'marker', marker, 'created_at', created_at, 'tries', tries,"
	    "  'sends', sends, 'searches', searches, 'not_before', not_before,"
	    "  'sent_at', sent_at, 'settled_at', settled_at,"
	    "  'remote_id', remote_id, 'title', title, 'name', name,"
	    "  'phone', coalesce(phone_e164, phone), 'email', email,"
	    "  'details', iif(json_valid(details), json(details), details),"
	    "  'dropped', iif(json_valid(dropped), json(dropped), dropped))"
	    "  FROM leads WHERE id = ?1" },
	{ "shared",
	    "SELECT json_object('place', place, 'size', size,"
	    "  'due_at', due_at, 'seen_at', seen_at, 'seen_last', seen_last,"
	    "  'decision', decision, 'member', coalesce(member, head))"
	    "  FROM shared_stuck WHERE id = ?1 UNION ALL"
	    " SELECT json_object('due_at', due_at, 'name', name,"
	    "  'look_at', look_at, 'told', told, 'member', src_member)"
	    "  FROM shared_tasks WHERE id = ?1" },
	{ "refusal",
	    "SELECT json_object('source', source, 'key', key, 'size', size,"
	    "  'refused_at', refused_at, 'raw', raw)"
	    "  FROM refusals WHERE id = ?1" },
};

const char *
pending_detail(struct db *db, const char *kind, int64_t item)
{
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		sqlite3_stmt *stmt;

		if (strcmp(details[i].kind, kind) != 0)
			continue;
		stmt = db_use(db, details[i].select);
		db_bind_int(stmt, 1, item);
		return db_row(db, stmt) ? db_text(stmt, 0) : NULL;
	}
	return NULL;
}

/* Rows that wait for nobody: their state, and since when. */
static const struct {
	const char *kind, *select;
} settled[] = {
	{ "message",
	    "SELECT state, chat_id, coalesce(settled_at, created_at), reason,"
	    "  text FROM messages WHERE id = ?1" },
	{ "update",
	    "SELECT state, chat_id, coalesce(settled_at, received_at), reason,"
	    "  raw FROM updates WHERE id = ?1" },
	{ "task",
	    "SELECT state, chat_id, ended_at, reason, name FROM task_ends"
	    "  WHERE id = ?1 UNION ALL SELECT 'waiting', chat_id, created_at,"
	    "  NULL, name FROM tasks WHERE id = ?1" },
	{ "exec",
	    "SELECT state, chat_id, coalesce(settled_at, created_at), reason,"
	    "  place FROM execs WHERE id = ?1" },
	{ "lead",
	    "SELECT state, chat_id, coalesce(settled_at, created_at), reason,"
	    "  coalesce(name || ' ' || coalesce(phone_e164, phone, email, ''),"
	    "  phone, email) FROM leads WHERE id = ?1" },
	{ "shared",
	    "SELECT coalesce(decision, place), chat_id, seen_at, reason, head"
	    "  FROM shared_stuck WHERE id = ?1 UNION ALL"
	    " SELECT state, chat_id, changed_at, reason,"
	    "  coalesce(name, substr(src_member, 1, 200))"
	    "  FROM shared_tasks WHERE id = ?1" },
	{ "refusal",
	    "SELECT state, 0, coalesce(dropped_at, refused_at), reason, raw"
	    "  FROM refusals WHERE id = ?1" },
};

bool
pending_settled(struct db *db, const char *kind, int64_t item,
    struct pending *row)
{
	sqlite3_stmt *stmt = NULL;

	for (size_t i = 0; i < sizeof(settled) / sizeof(settled[0]); i++)
		if (strcmp(settled[i].kind, kind) == 0)
			stmt = db_use(db, settled[i].select);
	if (stmt == NULL)
		return false;
	db_bind_int(stmt, 1, item);
	if (!db_row(db, stmt))
		return false;
	*row = (struct pending){ .kind = kind,
		.item = item,
		.state = db_text(stmt, 0),
		.chat_id = db_int(stmt, 1),
		.since = db_int(stmt, 2),
		.reason = db_text(stmt, 3),
		.text = db_text(stmt, 4),
		.detail = pending_detail(db, kind, item) };
	return true;
}
