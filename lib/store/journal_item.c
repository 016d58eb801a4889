/* SPDX-License-Identifier: MIT */
#include "store/journal_item.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/hold.h"
#include "store/statement.h"
#include "store/updates.h"

static const struct {
	const char *name;
	size_t member; /* of struct lead_new */
} lead_texts[] = {
	{ "key", offsetof(struct lead_new, key) },
	{ "crm", offsetof(struct lead_new, crm) },
	{ "source", offsetof(struct lead_new, source) },
	{ "title", offsetof(struct lead_new, title) },
	{ "name", offsetof(struct lead_new, name) },
	{ "phone", offsetof(struct lead_new, phone) },
	{ "email", offsetof(struct lead_new, email) },
	{ "transaction", offsetof(struct lead_new, transaction) },
	{ "raw", offsetof(struct lead_new, raw) },
	{ "region", offsetof(struct lead_new, region) },
};
#define LEAD_TEXTS (sizeof(lead_texts) / sizeof(*lead_texts))

static char *
marker_of(struct db *db, int64_t id)
{
	char *marker = NULL;
	sqlite3_stmt *find =
	    db_use(db, "SELECT marker FROM leads WHERE id = ?1");

	db_bind_int(find, 1, id);
	while (db_row(db, find))
		marker = db_text_dup(find, 0);
	return marker;
}

/* getUpdates brings no more at once. */
#define BATCH 100

enum outcome
journal_updates(const struct journal *journal, struct json_slice updates,
    int64_t now, struct fault *fault)
{
	struct journal_record records[BATCH];
	struct json_slice raw, id;
	enum outcome out = OUT_OK;
	size_t pos = 0, count = 0;

	while (out == OUT_OK && json_element(updates, &pos, &raw, NULL)) {
		struct journal_record *record = &records[count];

		*record = (struct journal_record){ .kind = JOURNAL_UPDATE,
			.at = now,
			.text = raw.at,
			.len = raw.len };
		count += json_member(raw, "update_id", &id) &&
		    json_int(id, &record->id);
		if (count < BATCH)
			continue;
		out = journal_append(journal, records, count, fault);
		count = 0;
	}
	return out == OUT_OK ? journal_append(journal, records, count, fault)
			     : out;
}

char *
journal_lead_text(struct db *db, const struct lead_new *lead,
    const struct lead_taken *taken)
{
	char *marker = marker_of(db, taken->id), *text;
	json_t *object = json_pack("{s:s* s:I s:I s:O*}", "marker", marker,
	    "chat_id", (json_int_t)lead->chat_id, "join_ms",
	    (json_int_t)lead->join_ms, "details", lead->details);

	for (size_t i = 0; i < LEAD_TEXTS; i++) {
		const char *value = *(
		    const char *const *)(const void *)((const char *)lead +
		    lead_texts[i].member);
		if (value != NULL)
			json_object_set_new(object, lead_texts[i].name,
			    json_string(value));
	}
	text = json_text(object);
	json_decref(object);
	free(marker);
	return text;
}

/* False when it is no lead; the texts are those of OBJECT. */
static bool
lead_read(const json_t *object, struct lead_new *lead)
{
	*lead =
	    (struct lead_new){ .chat_id = json_get_int(object, "chat_id", 0),
		    .join_ms = json_get_int(object, "join_ms", 0),
		    .details = json_object_get(object, "details") };
	for (size_t i = 0; i < LEAD_TEXTS; i++)
		*(const char **)(void *)((char *)lead + lead_texts[i].member) =
		    json_get_text(object, lead_texts[i].name);
	return lead->key != NULL || lead->raw != NULL;
}

char *
journal_task_text(struct db *db, int64_t id)
{
	char *text = NULL;
	sqlite3_stmt *find = db_use(db,
	    "SELECT json_object('due_at', due_at, 'kind', kind, 'priority',"
	    " priority, 'chat_id', chat_id, 'name', name, 'expire_at',"
	    " expire_at, 'created_at', created_at, 'entries', entries,"
	    " 'flow', flow, 'pointer', pointer, 'method', method, 'params',"
	    " params) FROM tasks WHERE id = ?1");

	db_bind_int(find, 1, id);
	while (db_row(db, find))
		text = db_text_dup(find, 0);
	return text;
}

static bool
found(struct db *db, sqlite3_stmt *find)
{
	bool is_there = false;

	while (db_row(db, find))
		is_there = true;
	return is_there;
}

static bool
update_known(struct db *db, const struct journal_record *record)
{
	sqlite3_stmt *find = db_use(db,
	    "SELECT 1 FROM updates WHERE update_id = ?1 AND hash = ?2"
	    " AND event IS NULL");

	db_bind_int(find, 1, record->id);
	db_bind_int(find, 2, (int64_t)id_hash_json(record->text, record->len));
	return found(db, find);
}

static bool
task_known(struct db *db, int64_t id)
{
	sqlite3_stmt *find = db_use(db,
	    "SELECT 1 FROM tasks WHERE id = ?1 UNION ALL"
	    " SELECT 1 FROM task_ends WHERE id = ?1 UNION ALL"
	    " SELECT 1 FROM shared_tasks WHERE id = ?1");

	db_bind_int(find, 1, id);
	return found(db, find);
}

static bool
lead_known(struct db *db, const struct journal_record *record)
{
	const struct json_slice text = { record->text, record->len };
	json_error_t error;
	json_auto_t *object = json_parse(text, &error);
	struct lead_new lead;
	sqlite3_stmt *find;

	if (!lead_read(object, &lead))
		return false;
	if (lead.key != NULL) {
		find = db_use(db, "SELECT 1 FROM lead_sources WHERE key = ?1");
		db_bind_text(find, 1, lead.key);
		return found(db, find);
	}
	find = db_use(db,
	    "SELECT 1 FROM lead_sources WHERE digest = ?1 AND source IS ?2"
	    " AND raw = ?3");
	db_bind_int(find, 1, (int64_t)id_hash(lead.raw, strlen(lead.raw)));
	db_bind_text(find, 2, lead.source);
	db_bind_text(find, 3, lead.raw);
	return found(db, find);
}

bool
journal_known(struct db *db, const struct journal_record *record,
    const struct retention *retention, int64_t now)
{
	static const size_t keeps[JOURNAL_KINDS] = {
		[JOURNAL_UPDATE] = offsetof(struct retention, updates),
		[JOURNAL_LEAD] = offsetof(struct retention, history),
		[JOURNAL_TASK] = offsetof(struct retention, tasks),
	};
	int64_t keep = *(
	    const int64_t *)(const void *)((const char *)retention +
	    keeps[record->kind]);

	if (keep != RETENTION_EVER && record->at < now - keep)
		return true;
	return record->kind == JOURNAL_UPDATE ? update_known(db, record)
	    : record->kind == JOURNAL_LEAD    ? lead_known(db, record)
					      : task_known(db, record->id);
}

static enum outcome
not_understood(const struct journal_record *record, struct fault *fault)
{
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "the journal's %s %lld cannot be understood; it stays where it is",
	    journal_kinds[record->kind], (long long)record->id);
}

static enum outcome
lead_bring(struct db *db, const struct journal_record *record,
    enum journal_fate *fate, struct fault *fault)
{
	const struct json_slice text = { record->text, record->len };
	json_error_t error;
	json_auto_t *object = json_parse(text, &error);
	struct lead_taken taken;
	struct lead_new lead;

	if (!lead_read(object, &lead))
		return not_understood(record, fault);
	enum outcome out = leads_take(db, &lead, record->at, &taken, fault);
	*fate = out == OUT_OK && taken.fate != LEAD_KNOWN ? JOURNAL_BACK
							  : *fate;
	if (out != OUT_OK || taken.fate != LEAD_ADDED)
		return out;
	/* The CRM may have it, by the marker that it had. */
	sqlite3_stmt *doubt = db_use(db,
	    "UPDATE leads SET marker = coalesce(?2, marker),"
	    " state = 'unknown', errand = 'search', sends = 1, sent_at = ?3,"
	    " reason = 'brought back from the journal' WHERE id = ?1");
	db_bind_int(doubt, 1, taken.id);
	db_bind_text(doubt, 2, json_get_text(object, "marker"));
	db_bind_int(doubt, 3, record->at);
	db_run(db, doubt);
	return db_result(db, fault);
}

#define TASK_VALUES \
	" ?1 ->> 'due_at', ?2, ?1 ->> 'kind', ?1 ->> 'priority'," \
	" ?1 ->> 'chat_id', ?1 ->> 'name', ?1 ->> 'expire_at'," \
	" ?1 ->> 'created_at', ?1 ->> 'entries', ?1 ->> 'flow'," \
	" ?1 ->> 'pointer', ?1 ->> 'method', ?1 ->> 'params'"

static enum outcome
task_bring(struct db *db, const struct journal_record *record, int64_t now,
    enum journal_fate *fate, struct fault *fault)
{
	char *text = mem_dup_n(record->text, record->len);
	sqlite3_stmt *back = db_use(db,
	    "INSERT OR IGNORE INTO tasks(due_at, id, kind, priority, chat_id,"
	    " name, expire_at, created_at, entries, flow, pointer, method,"
	    " params) SELECT" TASK_VALUES " WHERE json_valid(?1)");

	db_bind_text(back, 1, text);
	db_bind_int(back, 2, record->id);
	db_run(db, back);
	bool added = db_changes(db) > 0;
	free(text);
	enum outcome out = db_result(db, fault);
	if (out != OUT_OK)
		return out;
	if (!added)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the journal's task %lld is not put back: another one of "
		    "its name waits",
		    (long long)record->id);
	bool held = false;
	out = hold_task(db, record->id, now, &held, fault);
	*fate = held ? JOURNAL_HELD : JOURNAL_BACK;
	return out;
}

enum outcome
journal_bring(struct db *db, const struct journal_record *record, int64_t now,
    enum journal_fate *fate, struct fault *fault)
{
	const struct retention ever = { RETENTION_EVER, RETENTION_EVER,
		RETENTION_EVER, RETENTION_EVER };
	int64_t row;
	bool fresh;

	*fate = JOURNAL_KNOWN;
	if (journal_known(db, record, &ever, now))
		return db_result(db, fault);
	if (record->kind == JOURNAL_LEAD)
		return lead_bring(db, record, fate, fault);
	if (record->kind == JOURNAL_TASK)
		return task_bring(db, record, now, fate, fault);
	*fate = JOURNAL_BACK;
	return updates_add(db, record->id, record->text, record->len,
	    record->at, &row, &fresh, fault);
}
