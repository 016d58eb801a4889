/* SPDX-License-Identifier: MIT */
#include "store/leads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/counters.h"
#include "store/lead_join.h"
#include "store/statement.h"

static const char *const flags[] = { [PHONE_INVALID] = "invalid",
	[PHONE_GUESSED] = "guessed",
	[PHONE_VALID] = "valid" };

/* The lead that the source KEY became, or a part of; 0: none. */
static int64_t
lead_of_key(struct db *db, const char *key)
{
	int64_t id = 0;
	sqlite3_stmt *find =
	    db_use(db, "SELECT lead_id FROM lead_sources WHERE key = ?1");

	db_bind_text(find, 1, key);
	while (db_row(db, find))
		id = db_int(find, 0);
	return id;
}

/* The same for a source that has no key: somebody asks again. */
static int64_t
lead_of_raw(struct db *db, const struct lead_new *lead, int64_t digest,
    int64_t since)
{
	int64_t id = 0;
	sqlite3_stmt *find = db_use(db,
	    "SELECT lead_id FROM lead_sources WHERE digest = ?1"
	    " AND received_at > ?2 AND source IS ?3 AND raw = ?4");

	db_bind_int(find, 1, digest);
	db_bind_int(find, 2, since);
	db_bind_text(find, 3, lead->source);
	db_bind_text(find, 4, lead->raw);
	while (db_row(db, find))
		id = db_int(find, 0);
	return id;
}

static void
add_source(struct db *db, const struct lead_new *lead, const char *key,
    const struct lead_taken *taken, int64_t now)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO lead_sources(lead_id, key, source, tran, joined_by,"
	    " received_at, digest, raw)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

	db_bind_int(add, 1, taken->id);
	db_lend_text(add, 2, key);
	db_lend_text(add, 3, lead->source);
	db_lend_text(add, 4, lead->transaction);
	db_lend_text(add, 5, taken->by);
	db_bind_int(add, 6, now);
	if (lead->raw != NULL)
		db_bind_int(add, 7,
		    (int64_t)id_hash(lead->raw, strlen(lead->raw)));
	else
		sqlite3_bind_null(add, 7);
	db_lend_text(add, 8, lead->raw);
	db_run(db, add);
}

/*
 * What finds the lead again in a CRM that lost our reply: letters and digits
 * only, because nobody says how its search cuts words.
 */
#define MARKER_SIZE 13

static void
make_marker(char marker[MARKER_SIZE])
{
	static const char letters[] = "abcdefghjkmnpqrstvwxyz0123456789";

	/* It begins with a letter: nobody takes it for a number. */
	marker[0] = letters[id_random_below(22)];
	for (int i = 1; i < MARKER_SIZE - 1; i++)
		marker[i] = letters[id_random_below(32)];
	marker[MARKER_SIZE - 1] = '\0';
}

/* As it is stored; an address that is none becomes a part of the note. */
static char *
details_text(const struct lead_new *lead, const struct lead_contact *contact)
{
	json_t *details = json_deep_copy(lead->details);
	char *text, *line;

	if (lead->email != NULL && *lead->email != '\0' &&
	    contact->email[0] == '\0') {
		if (details == NULL)
			details = json_object();
		line = mem_printf("email: %s", lead->email);
		lead_note_add(details, line);
		free(line);
	}
	text = details != NULL ? json_text(details) : mem_dup("{}");
	json_decref(details);
	return text;
}

static const char *
text_or_null(const char *text)
{
	return text != NULL && *text != '\0' ? text : NULL;
}

static int64_t
insert(struct db *db, const struct lead_new *lead, const char *key,
    const struct lead_contact *contact, int64_t now)
{
	char *details = details_text(lead, contact), marker[MARKER_SIZE];
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO leads(key, crm, source, title, name, phone,"
	    " phone_e164, phone_flag, email, chat_id, marker, details,"
	    " created_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
	    " nullif(?10, 0), ?11, ?12, ?13)");

	make_marker(marker);
	db_lend_text(add, 1, key);
	db_lend_text(add, 2, lead->crm);
	db_lend_text(add, 3, lead->source);
	db_lend_text(add, 4, lead->title);
	db_lend_text(add, 5, lead->name);
	db_lend_text(add, 6, text_or_null(lead->phone));
	db_lend_text(add, 7, text_or_null(contact->phone));
	db_lend_text(add, 8,
	    text_or_null(lead->phone) ? flags[contact->verdict] : NULL);
	db_lend_text(add, 9, text_or_null(contact->email));
	db_bind_int(add, 10, lead->chat_id);
	db_lend_text(add, 11, marker);
	db_lend_text(add, 12, details);
	db_bind_int(add, 13, now);
	db_run(db, add);
	free(details);
	return db_last_id(db);
}

/* True when this very source is stored already. */
static bool
is_known(struct db *db, const struct lead_new *lead, int64_t now,
    struct lead_taken *taken)
{
	int64_t span = lead->join_ms > LEAD_REPEAT_MS ? lead->join_ms
						      : LEAD_REPEAT_MS;

	if (lead->key != NULL)
		taken->id = lead_of_key(db, lead->key);
	else
		taken->id = lead_of_raw(db, lead,
		    (int64_t)id_hash(lead->raw, strlen(lead->raw)),
		    now - span);
	taken->fate = LEAD_KNOWN;
	return taken->id != 0;
}

static enum outcome
store(struct db *db, const struct lead_new *lead, const char *key, int64_t now,
    struct lead_taken *taken, struct fault *fault)
{
	struct lead_contact contact = { .verdict = PHONE_INVALID };
	enum outcome out = OUT_OK;

	if (lead->phone != NULL)
		contact.verdict =
		    phone_parse(lead->phone, lead->region, contact.phone);
	if (lead->email != NULL)
		email_parse(lead->email, contact.email);
	taken->phone = contact.verdict;
	memcpy(taken->e164, contact.phone, sizeof(taken->e164));
	taken->id = lead_join_find(db, lead, &contact, now, &taken->by);
	taken->fate = taken->id != 0 ? LEAD_JOINED : LEAD_ADDED;
	if (taken->id != 0)
		out = lead_join(db, taken->id, lead, &contact, now, fault);
	else
		taken->id = insert(db, lead, key, &contact, now);
	if (out == OUT_OK)
		add_source(db, lead, key, taken, now);
	return out;
}

static void
tell(const struct lead_new *lead, const struct lead_taken *taken)
{
	static const char *const events[] = { [LEAD_ADDED] = "lead_added",
		[LEAD_JOINED] = "lead_joined",
		[LEAD_KNOWN] = "lead_known" };

	if (lead->chat_id != 0)
		log_event(LOG_INFO, events[taken->fate], "id=%lld chat=%lld",
		    (long long)taken->id, (long long)lead->chat_id);
	else
		log_event(LOG_INFO, events[taken->fate], "id=%lld",
		    (long long)taken->id);
}

enum outcome
leads_take(struct db *db, const struct lead_new *lead, int64_t now,
    struct lead_taken *taken, struct fault *fault)
{
	enum outcome out = OUT_OK;
	char *key;

	*taken = (struct lead_taken){ .phone = PHONE_INVALID };
	if (is_known(db, lead, now, taken)) {
		tell(lead, taken);
		return db_result(db, fault);
	}
	key = lead->key != NULL
	    ? mem_dup(lead->key)
	    : mem_printf("%016llx.%016llx",
		  (unsigned long long)id_hash(lead->raw, strlen(lead->raw)),
		  (unsigned long long)id_random());
	out = store(db, lead, key, now, taken, fault);
	free(key);
	if (out == OUT_OK) {
		counter_add(db, COUNT_LEADS,
		    taken->fate == LEAD_ADDED ? "added" : "joined", 1);
		tell(lead, taken);
	}
	return out != OUT_OK ? out : db_result(db, fault);
}

enum outcome
leads_add(struct db *db, const struct lead_new *lead, int64_t now, int64_t *id,
    bool *added, struct fault *fault)
{
	struct lead_taken taken;
	enum outcome out = leads_take(db, lead, now, &taken, fault);

	*id = taken.id;
	*added = taken.fate == LEAD_ADDED;
	return out;
}
