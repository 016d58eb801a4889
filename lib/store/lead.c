/* SPDX-License-Identifier: MIT */
#include "store/lead.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/lead_settle.h"
#include "store/statement.h"

/* Longer than a lost reply makes a lead wait to be found: what waits longer
 * than this waits out a failure. */
#define SEARCH_WAIT_MS 120000

static const char *const errand_names[ERRANDS] = {
	[ERRAND_SEARCH] = "search",
	[ERRAND_CREATE] = "create",
	[ERRAND_NOTE] = "note",
	[ERRAND_CHECK] = "",
};

/* What waits, as the index leads_due says it. */
#define LEAD_DUE "worker IS NULL AND errand IS NOT NULL"

void
lead_release(struct lead *lead)
{
	free(lead->marker);
	free(lead->source);
	free(lead->title);
	free(lead->name);
	free(lead->email);
	free(lead->phone);
	free(lead->phone_raw);
	free(lead->remote_id);
	free(lead->contact_id);
	free(lead->body);
	json_decref(lead->dropped);
	json_decref(lead->details);
	*lead = (struct lead){ 0 };
}

static void
lead_read(sqlite3_stmt *row, struct lead *lead)
{
	const char *details = db_text(row, 15), *update = db_text(row, 17);
	const char *dropped = db_text(row, 19);

	*lead = (struct lead){ .id = db_int(row, 0),
		.generation = db_int(row, 1),
		.chat_id = db_int(row, 2),
		.created_at = db_int(row, 3),
		.sent_at = db_int(row, 4),
		.tries = (int)db_int(row, 5),
		.searches = (int)db_int(row, 6),
		.marker = db_text_dup(row, 7),
		.source = db_text_dup(row, 8),
		.title = db_text_dup(row, 9),
		.name = db_text_dup(row, 10),
		.email = db_text_dup(row, 11),
		.phone = db_text_dup(row, 12),
		.phone_raw = db_text_dup(row, 13),
		.remote_id = db_text_dup(row, 14),
		.details = details ? json_loads(details, 0, NULL) : NULL,
		.contact_id = db_text_dup(row, 16),
		.body = db_text_dup(row, 18),
		.dropped = dropped ? json_loads(dropped, 0, NULL) : NULL };
	if (update != NULL && lead->details != NULL)
		json_object_set_new(lead->details, "update",
		    json_string(update));
}

#define LEAD_COLUMNS \
	"id, generation, chat_id, created_at, sent_at, tries," \
	" searches, marker, source, title, name, email, phone_e164," \
	" iif(phone_e164 IS NULL, phone, NULL), remote_id, details," \
	" remote_contact_id, iif(told >= 0," \
	"  details ->> ('$.updates[' || told || ']'), NULL), body," \
	" dropped"

/* The leads of CRM that are to be looked for a second time. */
static size_t
read_checks(struct db *db, const char *crm, int64_t now, struct lead *leads,
    size_t most)
{
	size_t count = 0;
	sqlite3_stmt *due = db_use(db,
	    "SELECT " LEAD_COLUMNS " FROM leads WHERE crm = ?1"
	    " AND check_at > 0 AND check_at <= ?2 ORDER BY check_at LIMIT ?3");

	db_bind_text(due, 1, crm);
	db_bind_int(due, 2, now);
	db_bind_int(due, 3, (int64_t)most);
	while (db_row(db, due)) {
		lead_read(due, &leads[count]);
		leads[count++].errand = ERRAND_CHECK;
	}
	return count;
}

/* True when LEAD is the first of those to be created, or goes with them. */
static bool
may_join(const struct lead *lead, const struct lead *first, size_t count)
{
	return count == 0 || lead->errand != ERRAND_CREATE ||
	    (lead->tries == 0 && first->tries == 0);
}

/* The leads of CRM (NULL: of none) that are due, from LEADS on. */
static size_t
read_due(struct db *db, const char *crm, enum errand errand, int64_t now,
    struct lead *leads, size_t most)
{
	size_t count = 0;
	bool joins = true;
	sqlite3_stmt *due = db_use(db,
	    "SELECT " LEAD_COLUMNS " FROM leads"
	    " WHERE " LEAD_DUE " AND crm IS ?1 AND errand = ?2"
	    " AND not_before <= ?3 ORDER BY not_before, id LIMIT ?4");

	db_bind_text(due, 1, crm);
	db_lend_text(due, 2, errand_names[errand]);
	db_bind_int(due, 3, now);
	db_bind_int(due, 4, (int64_t)most);
	while (db_row(db, due)) {
		lead_read(due, &leads[count]);
		leads[count].errand = errand;
		joins = joins && may_join(&leads[count], leads, count);
		if (joins)
			++count;
		else
			lead_release(&leads[count]);
	}
	return count;
}

static void
put_off(struct db *db, int64_t now, const struct lead *lead)
{
	sqlite3_stmt *off =
	    db_use(db, "UPDATE leads SET check_at = ?2 WHERE id = ?1");

	db_bind_int(off, 1, lead->id);
	db_bind_int(off, 2, now + LEAD_CHECK_MS);
	db_run(db, off);
}

static void
claim_one(struct db *db, const char *crm, int64_t worker, int64_t now,
    struct lead *lead)
{
	sqlite3_stmt *claim = db_use(db,
	    "UPDATE leads SET worker = ?2, generation = ?3 + 1, crm = ?4,"
	    " started_at = ?5,"
	    " state = iif(errand = 'note', state, 'sending') WHERE id = ?1");

	db_bind_int(claim, 1, lead->id);
	db_bind_int(claim, 2, worker);
	db_bind_int(claim, 3, lead->generation++);
	db_lend_text(claim, 4, crm);
	db_bind_int(claim, 5, now);
	db_run(db, claim);
}

enum outcome
leads_claim(struct db *db, const struct lead_scope *scope, enum errand errand,
    int64_t worker, int64_t now, struct lead *leads, size_t *count,
    struct fault *fault)
{
	bool checks = errand == ERRAND_CHECK;
	size_t most = *count, got;

	got = checks ? read_checks(db, scope->crm, now, leads, most)
		     : read_due(db, scope->crm, errand, now, leads, most);
	if (scope->stray && !checks && got < most &&
	    (got == 0 || leads[0].tries == 0))
		got +=
		    read_due(db, NULL, errand, now, leads + got, most - got);
	*count = got;
	for (size_t i = 0; i < got; i++) {
		if (checks)
			put_off(db, now, &leads[i]);
		else
			claim_one(db, scope->crm, worker, now, &leads[i]);
	}
	enum outcome out = db_result(db, fault);
	if (out == OUT_OK)
		return out;
	for (size_t i = 0; i < got; i++)
		lead_release(&leads[i]);
	*count = 0;
	return out;
}

int64_t
leads_due(struct db *db, const struct lead_scope *scope, enum errand errand,
    int64_t now, int64_t most)
{
	int64_t count = 0;
	sqlite3_stmt *due = db_use(db,
	    "SELECT count(*) FROM (SELECT 1 FROM leads WHERE " LEAD_DUE
	    " AND crm IS ?1 AND errand = ?2 AND not_before <= ?3 LIMIT ?4)");
	const char *crms[] = { scope->crm, NULL };

	for (int i = 0; i < (scope->stray ? 2 : 1); i++) {
		db_bind_text(due, 1, crms[i]);
		db_lend_text(due, 2, errand_names[errand]);
		db_bind_int(due, 3, now);
		db_bind_int(due, 4, most - count);
		while (db_row(db, due))
			count += db_int(due, 0);
	}
	return count;
}

static int64_t
next_of(struct db *db, const char *crm, enum errand errand)
{
	int64_t at = CLOCK_NEVER;
	sqlite3_stmt *next = db_use(db,
	    "SELECT not_before FROM leads WHERE " LEAD_DUE
	    " AND crm IS ?1 AND errand = ?2 ORDER BY not_before LIMIT 1");

	db_bind_text(next, 1, crm);
	db_lend_text(next, 2, errand_names[errand]);
	while (db_row(db, next))
		at = db_int(next, 0);
	return at;
}

static int64_t
next_check(struct db *db, const char *crm)
{
	int64_t at = CLOCK_NEVER;
	sqlite3_stmt *next = db_use(db,
	    "SELECT check_at FROM leads WHERE crm = ?1 AND check_at > 0"
	    " ORDER BY check_at LIMIT 1");

	db_bind_text(next, 1, crm);
	while (db_row(db, next))
		at = db_int(next, 0);
	return at;
}

int64_t
leads_next(struct db *db, const struct lead_scope *scope)
{
	int64_t first = next_check(db, scope->crm);

	for (enum errand errand = 0; errand < ERRAND_CHECK; errand++) {
		int64_t at = next_of(db, scope->crm, errand);

		if (at < first)
			first = at;
		at = scope->stray ? next_of(db, NULL, errand) : CLOCK_NEVER;
		if (at < first)
			first = at;
	}
	return first;
}

static int
hasten(struct db *db, const char *crm, enum errand errand, int64_t now,
    int limit)
{
	/* One may still be on its way to being written. */
	int64_t at = errand == ERRAND_NOTE ? now + LEAD_NOTE_MS : now;
	sqlite3_stmt *due = db_use(db,
	    "UPDATE leads SET not_before = ?3 WHERE id IN (SELECT id"
	    " FROM leads WHERE " LEAD_DUE " AND crm IS ?1 AND errand = ?2"
	    " AND not_before > ?4 LIMIT ?5)");

	db_bind_text(due, 1, crm);
	db_lend_text(due, 2, errand_names[errand]);
	db_bind_int(due, 3, at);
	db_bind_int(due, 4,
	    errand == ERRAND_SEARCH ? now + SEARCH_WAIT_MS : at);
	db_bind_int(due, 5, limit);
	db_run(db, due);
	return db_changes(db);
}

enum outcome
leads_hasten(struct db *db, const struct lead_scope *scope, int64_t now,
    int limit, int *count, struct fault *fault)
{
	*count = 0;
	for (enum errand errand = 0; errand < ERRAND_CHECK; errand++) {
		*count += hasten(db, scope->crm, errand, now, limit);
		if (scope->stray)
			*count += hasten(db, NULL, errand, now, limit);
	}
	return db_result(db, fault);
}

int64_t
leads_waiting(struct db *db, const char *crm)
{
	int64_t count = 0;
	sqlite3_stmt *waiting = db_use(db,
	    "SELECT count(*) FROM leads WHERE " LEAD_DUE
	    " AND errand <> 'note' AND (?1 IS NULL OR crm = ?1)");

	db_bind_text(waiting, 1, crm);
	while (db_row(db, waiting))
		count = db_int(waiting, 0);
	return count;
}

int64_t
lead_chat(struct db *db, int64_t id)
{
	int64_t chat_id = 0;
	sqlite3_stmt *find =
	    db_use(db, "SELECT chat_id FROM leads WHERE id = ?1");

	db_bind_int(find, 1, id);
	while (db_row(db, find))
		chat_id = db_int(find, 0);
	return chat_id;
}

bool
leads_unassigned(struct db *db)
{
	bool found = false;
	sqlite3_stmt *find = db_use(db,
	    "SELECT 1 FROM leads WHERE " LEAD_DUE " AND crm IS NULL LIMIT 1");

	while (db_row(db, find))
		found = true;
	return found;
}

bool
leads_crm(struct db *db, const char *after, const char **name)
{
	sqlite3_stmt *next = db_use(db,
	    "SELECT crm FROM leads WHERE " LEAD_DUE
	    " AND errand <> 'note' AND crm > ?1 ORDER BY crm LIMIT 1");
	bool found;

	db_bind_text(next, 1, after);
	found = db_row(db, next);
	*name = found ? db_text(next, 0) : NULL;
	return found;
}
