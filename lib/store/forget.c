/* SPDX-License-Identifier: MIT */
#include "store/forget.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "store/forget_rows.h"
#include "store/lane.h"
#include "store/meta.h"
#include "store/statement.h"

static const struct {
	const char *name, *sql;
} counts[] = {
	{ "chats", "SELECT count(*) FROM chats WHERE chat_id = ?1" },
	{ "messages",
	    "SELECT count(*) FROM messages WHERE id IN " FORGET_MESSAGES },
	{ "updates", "SELECT json_array_length(?3)" },
	{ "quoting_updates", "SELECT json_array_length(?5)" },
	{ "tasks", "SELECT count(*) FROM tasks WHERE chat_id = ?1" },
	{ "ended_tasks", "SELECT count(*) FROM task_ends WHERE chat_id = ?1" },
	{ "shared_tasks",
	    "SELECT (SELECT count(*) FROM shared_tasks WHERE chat_id = ?1)"
	    " + (SELECT count(*) FROM shared_stuck WHERE chat_id = ?1)" },
	{ "handlers", "SELECT count(*) FROM execs WHERE chat_id = ?1" },
	{ "broadcasts",
	    "SELECT count(*) FROM broadcast_aside WHERE chat_id = ?1" },
	{ "arrivals", "SELECT count(*) FROM arrivals WHERE chat_id = ?1" },
	{ "leads", "SELECT json_array_length(?4)" },
	{ "lead_sources",
	    "SELECT count(*) FROM lead_sources"
	    " WHERE lead_id IN " FORGET_IDS("?4") },
	{ "crm_changes",
	    "SELECT count(*) FROM crm_changes WHERE " FORGET_CHANGES },
	{ "refusals",
	    "SELECT count(*) FROM refusals WHERE id IN " FORGET_REFUSALS },
	{ "dead_letters",
	    "SELECT count(*) FROM dead_letters WHERE " FORGET_LETTERS },
};

/* In this order: what finds other rows goes after them. */
static const char *const deletions[] = {
	"DELETE FROM dead_letters WHERE " FORGET_LETTERS,
	"DELETE FROM refusals WHERE id IN " FORGET_REFUSALS,
	/* An operator may still answer to it. */
	("UPDATE messages SET about = " /* MESSAGES_FORGOTTEN */
	 "-9223372036854775808, subject = NULL, text = NULL, params = NULL,"
	 " media = NULL, update_row = NULL, task_id = NULL, task_name = NULL,"
	 " flow = NULL, action = NULL, reason = NULL"
	 " WHERE subject = ?1 AND chat_id <> ?1 AND about IS NOT NULL"
	 " AND state = 'sent' AND message_id IS NOT NULL"),
	"DELETE FROM messages WHERE id IN " FORGET_MESSAGES,
	("DELETE FROM task_tries WHERE id IN"
	 " (SELECT id FROM tasks WHERE chat_id = ?1)"),
	"DELETE FROM tasks WHERE chat_id = ?1",
	"DELETE FROM task_ends WHERE chat_id = ?1",
	/* Redis has their members still: when it answers they leave it, and
	 * then this. */
	("UPDATE shared_tasks SET state = 'cancelled', told = 0"
	 " WHERE chat_id = ?1 AND ours = 1 AND (state = 'exporting'"
	 "  OR state = 'exported' OR state = 'claimed')"),
	("UPDATE shared_tasks SET chat_id = NULL, name = NULL, flow = NULL,"
	 " pointer = NULL, method = NULL, params = NULL, reason = NULL,"
	 " src_member = iif(told = 1, '', src_member) WHERE chat_id = ?1"),
	("UPDATE shared_stuck SET decision = 'drop', chat_id = NULL,"
	 " head = '', reason = NULL WHERE chat_id = ?1"),
	"DELETE FROM execs WHERE chat_id = ?1",
	"DELETE FROM broadcast_aside WHERE chat_id = ?1",
	"DELETE FROM arrivals WHERE chat_id = ?1",
	"DELETE FROM crm_changes WHERE " FORGET_CHANGES,
	"DELETE FROM lead_sources WHERE lead_id IN " FORGET_IDS("?4"),
	"DELETE FROM leads WHERE id IN " FORGET_IDS("?4"),
	"DELETE FROM limits WHERE kind = 'chat' AND id = ?1",
	"DELETE FROM dialogs WHERE chat_id = ?1",
	/* Redis may have theirs still: it goes when Redis answers, and is not
	 * taken over should they come back before. */
	("INSERT INTO dialogs(chat_id, digest) SELECT chat_id, ''"
	 " FROM chats WHERE chat_id = ?1 AND chat_id > 0 AND EXISTS"
	 " (SELECT 1 FROM meta WHERE key = '" META_DIALOGS "')"),
	"DELETE FROM chats WHERE chat_id = ?1",
	/* A group remembers who spoke last. */
	("UPDATE chats SET user_id = NULL, first_name = NULL,"
	 " last_name = NULL, username = NULL, user_lang = NULL"
	 " WHERE user_id = ?1 AND ?1 <> 0"),
	"DELETE FROM updates WHERE event IS NOT NULL AND chat_id = ?1",
	("UPDATE updates SET raw = '{}', chat_id = NULL, reason = NULL,"
	 " state = 'done', settled_at = coalesce(settled_at, ?6)"
	 " WHERE id IN " FORGET_IDS("?3")),
	"UPDATE updates SET raw = '{}' WHERE id IN " FORGET_IDS("?5"),
};

json_t *
forget_counts(struct db *db, const struct subject *subject)
{
	json_t *found = json_object();

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		sqlite3_stmt *count = db_use(db, counts[i].sql);
		subject_bind(count, subject, 0);
		while (db_row(db, count))
			json_object_set_new(found, counts[i].name,
			    json_integer(db_int(count, 0)));
	}
	return found;
}

/* An array of what each row has in its first column, as JSON. */
static json_t *
rows_of(struct db *db, sqlite3_stmt *stmt, const struct subject *subject)
{
	json_t *rows = json_array();

	subject_bind(stmt, subject, 0);
	while (db_row(db, stmt))
		json_array_append_new(rows,
		    json_loads(db_text(stmt, 0), JSON_DECODE_ANY, NULL));
	return rows;
}

json_t *
forget_leads(struct db *db, const struct subject *subject)
{
	return rows_of(db,
	    db_use(db,
		"SELECT json_object('id', id, 'state', state, 'unsent',"
		" json(iif(" FORGET_UNSENT ", 'true', 'false')), 'crm', crm,"
		" 'remote_id', remote_id, 'contact_id', remote_contact_id,"
		" 'marker', marker) FROM leads WHERE id IN " FORGET_IDS(
		    "?4") " ORDER BY id"),
	    subject);
}

json_t *
forget_told(struct db *db, const struct subject *subject)
{
	return rows_of(db,
	    db_use(db,
		"SELECT DISTINCT chat_id FROM messages WHERE subject = ?1"
		" AND chat_id <> ?1 AND state = 'sent' ORDER BY 1"),
	    subject);
}

static bool
any(struct db *db, sqlite3_stmt *stmt, const struct subject *subject)
{
	bool found = false;

	subject_bind(stmt, subject, 0);
	while (db_row(db, stmt))
		found = true;
	return found;
}

static enum forget_wait
what_waits(struct db *db, const struct subject *subject)
{
	if (any(db,
		db_use(db,
		    "SELECT 1 FROM execs WHERE chat_id = ?1"
		    " AND worker IS NOT NULL"),
		subject))
		return FORGET_HANDLER;
	if (any(db,
		db_use(db,
		    "SELECT 1 FROM messages WHERE worker IS NOT NULL"
		    " AND id IN " FORGET_MESSAGES " UNION ALL SELECT 1"
		    " FROM leads WHERE worker IS NOT NULL"
		    " AND id IN " FORGET_IDS("?4")),
		subject))
		return FORGET_SENDING;
	if (any(db,
		db_use(db,
		    "SELECT 1 FROM updates WHERE id IN " FORGET_IDS(
			"?5") " AND (state = 'received' OR state = 'failed'"
			      " OR state = 'waiting')"),
		subject))
		return FORGET_QUOTED;
	return FORGET_FREE;
}

static enum outcome
refuse(struct db *db, const struct subject *subject, bool unsent,
    enum forget_wait *wait, struct fault *fault)
{
	static const char *const why[] = {
		[FORGET_SENDING] = "a message or a lead of theirs is on its "
				   "way: nothing was changed, try again",
		[FORGET_HANDLER] = "a handler works for them: nothing was "
				   "changed, try again when it is done; "
				   "'leadpipe show-chat' shows it",
		[FORGET_QUOTED] = "an update of somebody else that names them "
				  "is not stepped yet: nothing was changed, "
				  "try again after 'leadpipe poll-updates'",
	};

	*wait = what_waits(db, subject);
	if (*wait != FORGET_FREE)
		return fault_set(fault, OUT_LATER, EXIT_LATER, "%s",
		    why[*wait]);
	if (!unsent &&
	    any(db,
		db_use(db,
		    "SELECT 1 FROM leads WHERE id IN " FORGET_IDS(
			"?4") " AND " FORGET_UNSENT),
		subject))
		return fault_set(fault, OUT_NEVER, EXIT_REFUSED,
		    "a lead of theirs has not reached the CRM: nothing was "
		    "changed; 'leadpipe sync-crm' brings it there, "
		    "--with-leads deletes it unsent");
	return db_result(db, fault);
}

/* Chats in which a message waits that goes: their lanes are made anew. */
static int64_t *
lanes_of(struct db *db, const struct subject *subject, size_t *count)
{
	int64_t *chats = NULL;
	sqlite3_stmt *find = db_use(db,
	    "SELECT DISTINCT chat_id FROM messages WHERE " MESSAGE_OPEN
	    " AND id IN " FORGET_MESSAGES);

	*count = 0;
	subject_bind(find, subject, 0);
	while (db_row(db, find)) {
		chats = mem_array(chats, *count + 1, sizeof(*chats));
		chats[(*count)++] = db_int(find, 0);
	}
	return chats;
}

static enum outcome
note_begun(struct db *db, const struct subject *subject, struct fault *fault)
{
	json_auto_t *leads = json_loads(subject->leads, 0, NULL);
	json_auto_t *note = json_pack("{s:I s:O*}", "chat",
	    (json_int_t)subject->chat_id, "leads", leads);
	char *text = json_text(note);
	enum outcome out = meta_set_text(db, META_FORGETTING, text, fault);

	free(text);
	return out;
}

bool
forget_unfinished(struct db *db, struct subject *subject)
{
	char *text = meta_text(db, META_FORGETTING);
	json_auto_t *note = text ? json_loads(text, 0, NULL) : NULL;
	const json_t *leads = json_object_get(note, "leads");
	bool begun = text != NULL;

	*subject = (struct subject){ .chat_id = json_get_int(note, "chat", 0),
		.own = mem_dup("[]"),
		.quoting = mem_dup("[]"),
		.leads = leads ? json_text(leads) : mem_dup("[]") };
	free(text);
	return begun;
}

bool
forget_begun(struct db *db)
{
	return meta_has(db, META_FORGETTING);
}

static enum outcome
delete_all(struct db *db, const struct subject *subject, int64_t now,
    struct fault *fault)
{
	size_t count;
	int64_t *chats = lanes_of(db, subject, &count);

	for (size_t i = 0; i < sizeof(deletions) / sizeof(*deletions); i++) {
		sqlite3_stmt *go = db_use(db, deletions[i]);
		subject_bind(go, subject, now);
		db_run(db, go);
	}
	for (size_t i = 0; i < count; i++)
		lane_renew(db, chats[i]);
	free(chats);
	return note_begun(db, subject, fault);
}

enum outcome
forget_delete(struct db *db, struct subject *subject, bool unsent, int64_t now,
    int64_t deadline, enum forget_wait *wait, struct fault *fault)
{
	enum outcome out = forget_securely(db, fault);

	*wait = FORGET_FREE;
	if (out == OUT_OK)
		out = db_begin(db, deadline, fault);
	if (out != OUT_OK)
		return out;
	out = subject_find(db, subject, fault);
	if (out == OUT_OK)
		out = refuse(db, subject, unsent, wait, fault);
	if (out == OUT_OK)
		out = delete_all(db, subject, now, fault);
	return db_end(db, out, fault);
}
