/* SPDX-License-Identifier: MIT */
#include "store/lead_settle.h"

#include <stdio.h>

#include "store/counters.h"
#include "store/dead.h"
#include "store/statement.h"

/* The CRM's index may lag behind by a minute: searches 10, 30 and 120 s after
 * the reply was lost, each counted from the one before. */
static const int64_t search_after_ms[LEAD_SEARCHES] = { 10000, 20000, 90000 };

/* What becomes of the row; NULL: as it is. */
struct lead_row {
	const char *state, *errand;
	int64_t not_before;
	int searches;
	int tries;
	bool owned;
	bool doubtful; /* is sent although it may exist */
};

enum outcome
lead_leaves(struct db *db, struct lead *lead, int64_t worker, int64_t now,
    bool *lost, struct fault *fault)
{
	sqlite3_stmt *leave = db_use(db,
	    "UPDATE leads SET errand = 'search', searches = 0,"
	    " sends = sends + 1, sent_at = coalesce(sent_at, ?4)"
	    " WHERE id = ?1 AND worker = ?2 AND generation = ?3"
	    " AND state = 'sending'");

	db_bind_int(leave, 1, lead->id);
	db_bind_int(leave, 2, worker);
	db_bind_int(leave, 3, lead->generation);
	db_bind_int(leave, 4, now);
	db_run(db, leave);
	*lost = db_changes(db) == 0;
	if (lead->sent_at == 0)
		lead->sent_at = now;
	return db_result(db, fault);
}

enum outcome
lead_freeze(struct db *db, const struct lead *lead, int64_t worker,
    const char *body, bool *lost, struct fault *fault)
{
	sqlite3_stmt *freeze = db_use(db,
	    "UPDATE leads SET body = coalesce(body, ?4)"
	    " WHERE id = ?1 AND worker = ?2 AND generation = ?3");

	db_bind_int(freeze, 1, lead->id);
	db_bind_int(freeze, 2, worker);
	db_bind_int(freeze, 3, lead->generation);
	db_lend_text(freeze, 4, body);
	db_run(db, freeze);
	*lost = db_changes(db) == 0;
	return db_result(db, fault);
}

static struct lead_row
absent_row(const struct lead *lead, int64_t wait_ms, int64_t now)
{
	int searches = lead->searches + 1;

	if (searches >= LEAD_SEARCHES)
		return (struct lead_row){ .state = "queued",
			.errand = "create",
			.not_before = now + wait_ms,
			.tries = lead->tries,
			.doubtful = true };
	return (struct lead_row){ .state = "unknown",
		.errand = "search",
		.not_before = now + search_after_ms[searches],
		.searches = searches,
		.tries = lead->tries };
}

/* The same errand once more. */
static struct lead_row
again_row(const struct lead *lead, const struct lead_settlement *end,
    int64_t now)
{
	static const char *const states[] = { [ERRAND_SEARCH] = "unknown",
		[ERRAND_CREATE] = "queued",
		[ERRAND_NOTE] = "created" };
	static const char *const errands[] = { [ERRAND_SEARCH] = "search",
		[ERRAND_CREATE] = "create",
		[ERRAND_NOTE] = "note" };
	bool counts = end->how == LEAD_AGAIN && !end->free;

	return (struct lead_row){ .state = states[lead->errand],
		.errand = errands[lead->errand],
		.not_before = now + end->wait_ms,
		.searches = lead->searches,
		.tries = lead->tries + counts };
}

static struct lead_row
row_of(const struct lead *lead, const struct lead_settlement *end, bool keeps,
    int64_t now)
{
	switch (end->how) {
	case LEAD_CREATED:
		return (struct lead_row){ .state = "created",
			.errand = end->noted ? NULL : "note",
			.not_before = now,
			.owned = keeps && !end->noted };
	case LEAD_NOTED:
		return (struct lead_row){ .state = "created" };
	case LEAD_UNKNOWN:
		return (struct lead_row){ .state = "unknown",
			.errand = "search",
			.not_before = now + search_after_ms[0],
			.tries = lead->tries + 1 };
	case LEAD_ABSENT:
		return absent_row(lead, end->wait_ms, now);
	case LEAD_RESEND:
		return (struct lead_row){ .state = "queued",
			.errand = "create",
			.not_before = now,
			.tries = lead->tries };
	case LEAD_PARKED:
		return (struct lead_row){ .state = lead->errand == ERRAND_NOTE
			    ? "created"
			    : "parked",
			.tries = lead->tries + 1 };
	case LEAD_AGAIN:
	case LEAD_BACK:
		break;
	}
	return again_row(lead, end, now);
}

/* False when the fence did not hold. */
static bool
write_row(struct db *db, const struct lead *lead, int64_t worker,
    const struct lead_settlement *end, const struct lead_row *to, int64_t now)
{
	/* One thing was told; the updates that were joined are, each by
	 * itself, after it. */
	sqlite3_stmt *settle = db_use(db,
	    "UPDATE leads SET state = ?4, errand = iif(?5 IS NULL"
	    "  AND ?4 = 'created' AND told + 1 < joins, 'note', ?5),"
	    " told = told + (?5 IS NULL AND ?4 = 'created'),"
	    " not_before = ?6,"
	    " searches = ?7, tries = ?8, worker = iif(?9, worker, NULL),"
	    " settled_at = ?10, remote_id = coalesce(?11, remote_id),"
	    " remote_contact_id = coalesce(?12, remote_contact_id),"
	    " dropped = coalesce(?13, dropped),"
	    " reason = iif(?15, reason, ?14),"
	    " check_at = CASE WHEN ?16 THEN 0 WHEN ?4 = 'created'"
	    "  AND check_at = 0 THEN ?17 ELSE check_at END,"
	    " body = iif(?18, NULL, body)"
	    " WHERE id = ?1 AND worker = ?2 AND generation = ?3");

	db_bind_int(settle, 1, lead->id);
	db_bind_int(settle, 2, worker);
	db_bind_int(settle, 3, lead->generation);
	db_lend_text(settle, 4, to->state);
	db_lend_text(settle, 5, to->errand);
	db_bind_int(settle, 6, to->not_before);
	db_bind_int(settle, 7, to->searches);
	db_bind_int(settle, 8, to->tries);
	db_bind_int(settle, 9, to->owned);
	db_bind_int(settle, 10, now);
	db_lend_text(settle, 11, end->remote_id);
	db_lend_text(settle, 12, end->contact_id);
	db_lend_text(settle, 13, end->dropped);
	db_lend_text(settle, 14, end->reason);
	/* Why it is in doubt stays true while it is not found. */
	db_bind_int(settle, 15,
	    end->how == LEAD_BACK ||
		(end->how == LEAD_ABSENT && end->reason == NULL));
	db_bind_int(settle, 16, to->doubtful);
	db_bind_int(settle, 17, now + LEAD_CHECK_MS);
	/* What comes next has another key. */
	db_bind_int(settle, 18,
	    end->how == LEAD_CREATED || end->how == LEAD_NOTED ||
		(end->how == LEAD_PARKED && lead->errand == ERRAND_NOTE));
	db_run(db, settle);
	return db_changes(db) > 0;
}

static enum outcome
bury(struct db *db, const struct lead *lead, const struct lead_settlement *end,
    int64_t now, struct fault *fault)
{
	char mend[320];
	const struct dead_letter letter = { .kind = "lead",
		.item = lead->id,
		.chat_id = lead->chat_id,
		.reason = "the CRM does not take it",
		.answer = end->reason,
		.mend = mend,
		.died_at = now };
	const char *first = end->remedy ? end->remedy : "";

	snprintf(mend, sizeof mend,
	    "%s%sleadpipe recover-pending --retry lead:%lld", first,
	    *first ? ", then " : "", (long long)lead->id);
	return dead_add(db, &letter, fault);
}

static void
count_end(struct db *db, const struct lead *lead,
    const struct lead_settlement *end)
{
	if (end->how == LEAD_CREATED)
		counter_add(db, COUNT_SYNCED, "created", 1);
	else if (end->how == LEAD_PARKED && lead->errand != ERRAND_NOTE)
		counter_add(db, COUNT_SYNCED, "parked", 1);
}

enum outcome
lead_settle(struct db *db, const struct lead *lead, int64_t worker,
    const struct lead_settlement *end, bool keeps, int64_t now, bool *lost,
    struct fault *fault)
{
	struct lead_row to = row_of(lead, end, keeps, now);

	*lost = !write_row(db, lead, worker, end, &to, now);
	enum outcome out = db_result(db, fault);
	if (out == OUT_OK && !*lost)
		count_end(db, lead, end);
	if (out == OUT_OK && !*lost && end->how == LEAD_PARKED &&
	    lead->errand != ERRAND_NOTE)
		out = bury(db, lead, end, now, fault);
	return out;
}

enum outcome
lead_checked(struct db *db, const struct lead *lead, const char *twins,
    int64_t now, struct fault *fault)
{
	char mend[160];
	const struct dead_letter letter = { .kind = "lead",
		.item = lead->id,
		.chat_id = lead->chat_id,
		.reason = LEAD_TWICE,
		.answer = twins,
		.mend = mend,
		.died_at = now };
	sqlite3_stmt *end =
	    db_use(db, "UPDATE leads SET check_at = NULL WHERE id = ?1");

	db_bind_int(end, 1, lead->id);
	db_run(db, end);
	snprintf(mend, sizeof mend,
	    "join the two there, then leadpipe recover-pending --sent lead:"
	    "%lld",
	    (long long)lead->id);
	enum outcome out = db_result(db, fault);
	return out == OUT_OK && twins != NULL ? dead_add(db, &letter, fault)
					      : out;
}

enum outcome
leads_orphaned(struct db *db, int64_t worker, int64_t now, int *unknown,
    int *queued, struct fault *fault)
{
	sqlite3_stmt *doubtful = db_use(db,
	    "UPDATE leads SET state = 'unknown', worker = NULL,"
	    " not_before = ?2, settled_at = ?3, tries = tries + 1,"
	    " reason = 'the command died while sending it'"
	    " WHERE worker = ?1 AND errand = 'search'");
	sqlite3_stmt *safe = db_use(db,
	    "UPDATE leads SET worker = NULL,"
	    " not_before = ?2 + iif(errand = 'note', ?3, 0),"
	    " state = iif(errand = 'note', state, 'queued')"
	    " WHERE worker = ?1 AND errand <> 'search'");

	db_bind_int(doubtful, 1, worker);
	db_bind_int(doubtful, 2, now + search_after_ms[0]);
	db_bind_int(doubtful, 3, now);
	db_run(db, doubtful);
	*unknown = db_changes(db);
	db_bind_int(safe, 1, worker);
	db_bind_int(safe, 2, now);
	db_bind_int(safe, 3, LEAD_NOTE_MS);
	db_run(db, safe);
	*queued = db_changes(db);
	return db_result(db, fault);
}
