/* SPDX-License-Identifier: MIT */
#include "store/lead_join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "store/lead_mend.h"
#include "store/statement.h"

/* A person who sends a form all day long fills no CRM with notes: what comes
 * later is gathered for an hour at a time. */
#define UPDATES_MAX 50
#define GATHER_MS (INT64_C(60) * 60 * 1000)

/* A lead that somebody gave up takes nothing more in. */
#define JOINABLE \
	"created_at > ?2 AND state <> 'parked' AND state <> 'dropped'" \
	" AND (crm IS NULL OR ?3 IS NULL OR crm = ?3)" \
	" ORDER BY id DESC LIMIT 1"

/* OLD (NULL: nothing) and TEXT behind it, as much as may be of it. */
static json_t *
text_add(const char *old, const char *text)
{
	char *all = old != NULL ? mem_printf("%s\n\n%s", old, text)
				: mem_dup(text);
	size_t came = strlen(all);
	char *cut = NULL;
	json_t *value;

	if (came > LEAD_NOTE_MAX) {
		cut = mem_printf("%.*s\n[cut off: %zu bytes came]",
		    (int)utf8_prefix_bytes(all, LEAD_NOTE_MAX - 64), all,
		    came);
		free(all);
		all = cut;
	}
	value = json_string(all);
	free(all);
	return value;
}

void
lead_note_add(json_t *details, const char *text)
{
	json_object_set_new(details, "note",
	    text_add(json_get_text(details, "note"), text));
}

/* A sender may give one id to everybody: who is surely another one is not
 * joined. */
static int64_t
of_transaction(struct db *db, const char *transaction,
    const struct lead_contact *contact)
{
	int64_t id = 0;
	sqlite3_stmt *find = db_use(db,
	    "SELECT leads.id FROM lead_sources AS s"
	    " JOIN leads ON leads.id = s.lead_id WHERE s.tran = ?1"
	    " AND (phone_e164 IS NULL OR ?2 = '' OR phone_e164 = ?2)"
	    " AND (email IS NULL OR ?3 = '' OR email = ?3)"
	    " ORDER BY s.id DESC LIMIT 1");

	db_bind_text(find, 1, transaction);
	db_bind_text(find, 2, contact->phone);
	db_bind_text(find, 3, contact->email);
	while (db_row(db, find))
		id = db_int(find, 0);
	return id;
}

static int64_t
first_row(struct db *db, sqlite3_stmt *find, const struct lead_new *lead,
    int64_t now)
{
	int64_t id = 0;

	db_bind_int(find, 2, now - lead->join_ms);
	db_bind_text(find, 3, lead->crm);
	while (db_row(db, find))
		id = db_int(find, 0);
	return id;
}

static int64_t
of_phone(struct db *db, const struct lead_new *lead, const char *phone,
    int64_t now)
{
	sqlite3_stmt *find = db_use(db,
	    "SELECT id FROM leads WHERE phone_e164 = ?1 AND " JOINABLE);

	db_bind_text(find, 1, phone);
	return first_row(db, find, lead, now);
}

/* Several people may share a mailbox: who gave another phone is not joined. */
static int64_t
of_email(struct db *db, const struct lead_new *lead,
    const struct lead_contact *contact, int64_t now)
{
	sqlite3_stmt *find = db_use(db,
	    "SELECT id FROM leads WHERE email = ?1"
	    " AND (phone_e164 IS NULL OR ?4 = '' OR phone_e164 = ?4)"
	    " AND " JOINABLE);

	db_bind_text(find, 1, contact->email);
	db_bind_text(find, 4, contact->phone);
	return first_row(db, find, lead, now);
}

static int64_t
of_chat(struct db *db, const struct lead_new *lead, int64_t now)
{
	sqlite3_stmt *find = db_use(db,
	    "SELECT id FROM leads WHERE chat_id = ?1 AND " JOINABLE);

	db_bind_int(find, 1, lead->chat_id);
	return first_row(db, find, lead, now);
}

int64_t
lead_join_find(struct db *db, const struct lead_new *lead,
    const struct lead_contact *contact, int64_t now, const char **by)
{
	int64_t id = 0;

	*by = "transaction";
	if (lead->transaction != NULL)
		id = of_transaction(db, lead->transaction, contact);
	if (id == 0 && lead->join_ms > 0 && contact->phone[0] != '\0') {
		*by = "phone";
		id = of_phone(db, lead, contact->phone, now);
	}
	if (id == 0 && lead->join_ms > 0 && lead->chat_id != 0) {
		*by = "chat";
		id = of_chat(db, lead, now);
	}
	if (id == 0 && lead->join_ms > 0 && contact->email[0] != '\0') {
		*by = "email";
		id = of_email(db, lead, contact, now);
	}
	if (id == 0)
		*by = NULL;
	return id;
}

/* The lead that is there. */
struct joined {
	int64_t joins, told; /* as in the row */
	bool fresh;	     /* nothing of it has ever left */
	bool on_hold;	     /* since a restore: nothing is done by itself */
	bool has_phone;
	char *name, *phone, *email, *title;
	json_t *details;
};

static void
joined_read(struct db *db, int64_t id, struct joined *row)
{
	sqlite3_stmt *load = db_use(db,
	    "SELECT joins, worker IS NULL AND sends = 0 AND"
	    " state <> 'created' AND state <> 'unknown',"
	    " phone_e164 IS NOT NULL, name, phone, email, title,"
	    " details, state = 'unknown' AND errand IS NULL, told"
	    " FROM leads WHERE id = ?1");
	const char *details;

	*row = (struct joined){ .fresh = false };
	db_bind_int(load, 1, id);
	while (db_row(db, load)) {
		row->joins = db_int(load, 0);
		row->fresh = db_int(load, 1) != 0;
		row->has_phone = db_int(load, 2) != 0;
		row->name = db_text_dup(load, 3);
		row->phone = db_text_dup(load, 4);
		row->email = db_text_dup(load, 5);
		row->title = db_text_dup(load, 6);
		details = db_text(load, 7);
		row->on_hold = db_int(load, 8) != 0;
		row->details = json_loads(details, 0, NULL);
		row->told = db_int(load, 9);
	}
	if (row->details == NULL)
		row->details = json_object();
}

static void
joined_release(struct joined *row)
{
	free(row->name);
	free(row->phone);
	free(row->email);
	free(row->title);
	json_decref(row->details);
}

/* What is known already is not said again. */
static void
say(struct buf *out, const char *what, const char *value, const char *known)
{
	if (value != NULL && *value != '\0' &&
	    (known == NULL || strcmp(value, known) != 0))
		buf_printf(out, "\n%s: %s", what, value);
}

static void
say_details(struct buf *out, const json_t *details, const json_t *known)
{
	static const char *const texts[] = { "page", "referer" };
	const json_t *utm = json_object_get(details, "utm");
	const json_t *known_utm = json_object_get(known, "utm");
	const char *note = json_get_text(details, "note"), *name;
	json_t *value;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		say(out, texts[i], json_get_text(details, texts[i]),
		    json_get_text(known, texts[i]));
	json_object_foreach ((json_t *)utm, name, value)
		say(out, name, json_string_value(value),
		    json_get_text(known_utm, name));
	if (note != NULL &&
	    (json_get_text(known, "note") == NULL ||
		strstr(json_get_text(known, "note"), note) == NULL))
		buf_printf(out, "\n%s", note);
}

/* What LEAD says that the row does not; NULL: nothing.  The caller frees. */
static char *
tell_news(const struct joined *row, const struct lead_new *lead,
    const struct lead_contact *contact, int64_t now)
{
	struct buf out = BUF_INIT(1 << 20);
	size_t head;

	buf_printf(&out, "[%.64s, ", lead->source ? lead->source : "again");
	terminal_add_time(&out, now);
	buf_add_char(&out, ']');
	head = out.len;
	say(&out, "title", lead->title, row->title);
	say(&out, "name", lead->name, row->name);
	say(&out, "phone", lead->phone, row->phone);
	say(&out, "email", contact->email[0] ? contact->email : lead->email,
	    row->email);
	say_details(&out, lead->details, row->details);
	if (out.len > head)
		return buf_take(&out);
	buf_release(&out);
	return NULL;
}

/* What brought the person first stays; what was not known is added. */
static void
merge_details(json_t *known, const json_t *details)
{
	const json_t *tags = json_object_get(details, "tags");
	json_t *fields = json_object_get(known, "fields");
	json_t *have = json_object_get(known, "tags"), *tag;
	const char *name;
	json_t *value;
	size_t i, j;

	json_object_foreach ((json_t *)details, name, value)
		if (json_object_get(known, name) == NULL &&
		    strcmp(name, "note") != 0)
			json_object_set_new(known, name,
			    json_deep_copy(value));
	if (json_is_object(fields))
		json_object_update_missing(fields,
		    json_object_get(details, "fields"));
	json_array_foreach (tags, i, value) {
		json_array_foreach (have, j, tag)
			if (json_equal(tag, value))
				break;
		if (j == json_array_size(have))
			json_array_append_new(have, json_deep_copy(value));
	}
}

/* What sync-crm tells the CRM of by itself; false when it goes with the last
 * one.  The next in turn may be on its way already: it stays as it is. */
static bool
add_update(const struct joined *row, const char *text)
{
	json_t *updates = json_object_get(row->details, "updates");
	size_t last;

	if (!json_is_array(updates)) {
		updates = json_array();
		json_object_set_new(row->details, "updates", updates);
	}
	last = json_array_size(updates) - 1;
	if (row->joins < UPDATES_MAX || row->joins - 1 <= row->told) {
		json_array_append_new(updates, json_string(text));
		return true;
	}
	json_array_set_new(updates, last,
	    text_add(json_string_value(json_array_get(updates, last)), text));
	return false;
}

static void
joined_write(struct db *db, int64_t id, const struct joined *row,
    const struct lead_new *lead, const struct lead_contact *contact,
    bool update, int64_t now)
{
	static const char *const
	    flags[] = { [PHONE_GUESSED] = "guessed", [PHONE_VALID] = "valid" };
	bool better = !row->has_phone && contact->phone[0] != '\0';
	char *details = json_text(row->details);
	sqlite3_stmt *write = db_use(db,
	    "UPDATE leads SET name = coalesce(name, ?2),"
	    " title = coalesce(title, ?3), email = coalesce(email, ?4),"
	    " chat_id = coalesce(chat_id, nullif(?5, 0)),"
	    " crm = coalesce(crm, ?6), details = ?7,"
	    " phone = iif(?8 IS NULL, coalesce(phone, ?9), ?9),"
	    " phone_e164 = coalesce(?8, phone_e164),"
	    " phone_flag = coalesce(?10, phone_flag, iif(?9 IS NULL, NULL,"
	    "  'invalid')), joins = joins + ?11,"
	    " errand = iif(?11 AND state = 'created', 'note', errand),"
	    " not_before = iif(?11 AND state = 'created' AND worker IS NULL"
	    "  AND errand IS NULL, ?12, not_before)"
	    " WHERE id = ?1");

	db_bind_int(write, 1, id);
	db_lend_text(write, 2, lead->name);
	db_lend_text(write, 3, lead->title);
	db_lend_text(write, 4, contact->email[0] ? contact->email : NULL);
	db_bind_int(write, 5, lead->chat_id);
	db_lend_text(write, 6, lead->crm);
	db_lend_text(write, 7, details);
	db_lend_text(write, 8, better ? contact->phone : NULL);
	db_lend_text(write, 9,
	    lead->phone != NULL && *lead->phone != '\0' ? lead->phone : NULL);
	db_lend_text(write, 10, better ? flags[contact->verdict] : NULL);
	db_bind_int(write, 11, update);
	db_bind_int(write, 12, row->joins < UPDATES_MAX ? 0 : now + GATHER_MS);
	db_run(db, write);
	free(details);
}

enum outcome
lead_join(struct db *db, int64_t id, const struct lead_new *lead,
    const struct lead_contact *contact, int64_t now, struct fault *fault)
{
	struct joined row;
	const char *state;
	bool update = false;
	char *news;

	joined_read(db, id, &row);
	news = tell_news(&row, lead, contact, now);
	if (lead->details != NULL)
		merge_details(row.details, lead->details);
	if (news != NULL && row.fresh) {
		lead_note_add(row.details, news);
	} else if (news != NULL) {
		update = add_update(&row, news);
	}
	joined_write(db, id, &row, lead, contact, update, now);
	free(news);
	joined_release(&row);
	enum outcome out = db_result(db, fault);
	/* Who asks again is not to wait until somebody decides. */
	if (out == OUT_OK && row.on_hold)
		out = lead_mend(db, id, MEND_RETRY, now, &state, fault);
	return out;
}
