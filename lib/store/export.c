/* SPDX-License-Identifier: MIT */
#include "store/export.h"

#include "store/connection.h"
#include "store/forget_rows.h"

#define TASK \
	"'id', id, 'name', name, 'kind', kind, 'due_at', due_at," \
	" 'created_at', created_at, 'expire_at', expire_at," \
	" 'flow', flow, 'pointer', pointer, 'method', method," \
	" 'params', json(params)"

/* Events are updates of our own. */
#define OWN_UPDATE \
	" FROM updates WHERE event IS NULL AND id IN " FORGET_IDS("?3")

/* Times are ms since the epoch, as everywhere. */
static const char *const selects[] = {
	("SELECT json_object('chat_id', chat_id, 'type', type, 'user_id',"
	 " user_id, 'first_name', first_name, 'last_name', last_name,"
	 " 'username', username, 'user_lang', user_lang, 'state', state,"
	 " 'session', session, 'entries', entries, 'entered_at', entered_at,"
	 " 'vars', json(vars), 'tags', json(tags), 'visits', json(visits),"
	 " 'lang', lang, 'tz', tz, 'expires_at', expires_at,"
	 " 'handoff_until', handoff_until, 'asked_at', asked_at,"
	 " 'memory', json(memory), 'blocked_at', blocked_at,"
	 " 'blocked_reason', blocked_reason,"
	 " 'unsubscribed_at', unsubscribed_at, 'created_at', created_at,"
	 " 'seen_at', seen_at) FROM chats WHERE chat_id = ?1"),
	("SELECT json_object('id', id, 'chat_id', chat_id, 'state', state,"
	 " 'role', role, 'created_at', created_at, 'settled_at', settled_at,"
	 " 'message_id', message_id, 'text', text, 'method', method,"
	 " 'params', json(params), 'update_row', update_row,"
	 " 'task_id', task_id, 'task_name', task_name,"
	 " 'about', nullif(about, ?1) IS NULL AND about IS NOT NULL,"
	 " 'broadcast', broadcast, 'reason', reason)"
	 " FROM messages WHERE id IN " FORGET_MESSAGES " ORDER BY id"),
	("SELECT json_object('id', id, 'update_id', update_id,"
	 " 'received_at', received_at, 'state', state, 'chat_id', chat_id,"
	 " 'settled_at', settled_at, 'reason', reason, 'raw', raw)" OWN_UPDATE
	 " ORDER BY id"),
	("SELECT json_object('id', id, 'update_id', update_id,"
	 " 'received_at', received_at, 'raw', raw) FROM updates"
	 " WHERE id IN " FORGET_IDS("?5") " ORDER BY id"),
	("SELECT json_object('id', id, 'event', event, 'state', state,"
	 " 'received_at', received_at, 'data', raw) FROM updates"
	 " WHERE event IS NOT NULL AND chat_id = ?1 ORDER BY id"),
	"SELECT json_object(" TASK ") FROM tasks WHERE chat_id = ?1",
	("SELECT json_object('state', state, 'ended_at', ended_at,"
	 " 'reason', reason, " TASK ") FROM task_ends WHERE chat_id = ?1"
	 " ORDER BY id"),
	("SELECT json_object('id', id, 'state', state, 'name', name,"
	 " 'due_at', due_at, 'member', src_member) FROM shared_tasks"
	 " WHERE chat_id = ?1 UNION ALL SELECT json_object('id', id,"
	 " 'state', place, 'due_at', due_at,"
	 " 'member', coalesce(member, head)) FROM shared_stuck"
	 " WHERE chat_id = ?1"),
	("SELECT json_object('id', id, 'state', state, 'place', place,"
	 " 'request', json(request), 'resume', json(resume),"
	 " 'created_at', created_at, 'started_at', started_at,"
	 " 'settled_at', settled_at, 'attempt', attempt, 'reason', reason)"
	 " FROM execs WHERE chat_id = ?1 ORDER BY id"),
	("SELECT json_object('id', b.id, 'name', b.name, 'state', b.state)"
	 " FROM broadcast_aside a JOIN broadcasts b ON b.id = a.broadcast"
	 " WHERE a.chat_id = ?1 ORDER BY b.id"),
	("SELECT json_object('state', state, 'came_from', came_from,"
	 " 'times', times, 'first_at', first_at, 'last_at', last_at)"
	 " FROM arrivals WHERE chat_id = ?1"),
	("SELECT json_object('id', id, 'key', key, 'state', state,"
	 " 'crm', crm, 'source', source, 'chat_id', chat_id, 'title', title,"
	 " 'name', name, 'phone', phone, 'phone_e164', phone_e164,"
	 " 'phone_flag', phone_flag, 'email', email, 'marker', marker,"
	 " 'details', json(details), 'created_at', created_at,"
	 " 'sent_at', sent_at, 'settled_at', settled_at,"
	 " 'remote_id', remote_id, 'remote_contact_id', remote_contact_id,"
	 " 'body', body, 'dropped', dropped, 'reason', reason) FROM leads"
	 " WHERE id IN " FORGET_IDS("?4") " ORDER BY id"),
	("SELECT json_object('id', id, 'lead_id', lead_id, 'key', key,"
	 " 'source', source, 'transaction', tran, 'joined_by', joined_by,"
	 " 'received_at', received_at, 'raw', raw) FROM lead_sources"
	 " WHERE lead_id IN " FORGET_IDS("?4") " ORDER BY id"),
	("SELECT json_object('crm', crm, 'remote_id', remote_id, 'at', at,"
	 " 'status_id', status_id) FROM crm_changes WHERE " FORGET_CHANGES),
	("SELECT json_object('id', id, 'key', key, 'state', state,"
	 " 'source', source, 'reason', reason, 'size', size, 'raw', raw,"
	 " 'refused_at', refused_at) FROM refusals WHERE id"
	 " IN " FORGET_REFUSALS " ORDER BY id"),
	("SELECT json_object('id', id, 'kind', kind, 'item', item,"
	 " 'reason', reason, 'answer', answer, 'died_at', died_at)"
	 " FROM dead_letters WHERE " FORGET_LETTERS " ORDER BY id"),
};

const char *const export_names[] = { "chats", "messages", "updates",
	"quoting_updates", "events", "tasks", "ended_tasks", "shared_tasks",
	"handlers", "broadcasts", "arrivals", "leads", "lead_sources",
	"crm_changes", "refusals", "dead_letters" };
const size_t export_count = sizeof(export_names) / sizeof(*export_names);

enum outcome
export_begin(struct db *db, struct fault *fault)
{
	return sql_exec(db->handle, db->path, "BEGIN", fault);
}

enum outcome
export_rows(struct db *db, size_t kind, const struct subject *subject,
    bool (*tell)(void *arg, const char *row), void *arg, struct fault *fault)
{
	sqlite3_stmt *rows = db_use(db, selects[kind]);

	subject_bind(rows, subject, 0);
	while (db_row(db, rows))
		if (!tell(arg, db_text(rows, 0))) {
			sqlite3_reset(rows);
			break;
		}
	return db_result(db, fault);
}
