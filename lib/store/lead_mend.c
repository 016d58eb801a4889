/* SPDX-License-Identifier: MIT */
#include "store/lead_mend.h"

#include <string.h>

#include "store/dead.h"
#include "store/statement.h"

/* What is known of a lead that decides what can be done. */
struct standing {
	char state[16], errand[16];
	int64_t worker, sends;
	bool found;
};

static struct standing
look(struct db *db, int64_t id)
{
	struct standing s = { .found = false };
	sqlite3_stmt *find = db_use(db,
	    "SELECT state, coalesce(errand, ''), worker, sends FROM leads"
	    " WHERE id = ?1");

	db_bind_int(find, 1, id);
	while (db_row(db, find)) {
		s.found = true;
		strncpy(s.state, db_text(find, 0), sizeof(s.state) - 1);
		strncpy(s.errand, db_text(find, 1), sizeof(s.errand) - 1);
		s.worker = db_int(find, 2);
		s.sends = db_int(find, 3);
	}
	return s;
}

static bool
is(const struct standing *s, const char *state)
{
	return strcmp(s->state, state) == 0;
}

/* The row goes on as STATE with ERRAND (NULL: none), at once. */
static enum outcome
become(struct db *db, int64_t id, const char *state, const char *errand,
    int64_t now, struct fault *fault)
{
	sqlite3_stmt *move = db_use(db,
	    "UPDATE leads SET state = ?2, errand = iif(?2 = 'created'"
	    "  AND ?3 IS NULL AND joins > 0, 'note', ?3), not_before = ?4,"
	    " told = iif(?2 = 'created' AND ?3 IS NULL, 0, told),"
	    " body = iif(?2 = 'created' AND ?3 IS NULL, NULL, body),"
	    " tries = 0, searches = 0, settled_at = ?4,"
	    " check_at = iif(?2 = 'queued' AND state = 'unknown', 0,"
	    "  check_at),"
	    " reason = iif(?2 = 'dropped', 'dropped by hand', NULL)"
	    " WHERE id = ?1");

	db_bind_int(move, 1, id);
	db_bind_text(move, 2, state);
	db_bind_text(move, 3, errand);
	db_bind_int(move, 4, now);
	db_run(db, move);
	enum outcome out = db_result(db, fault);
	return out == OUT_OK ? dead_remove(db, "lead", id, fault) : out;
}

static enum outcome
retry(struct db *db, int64_t id, const struct standing *s, int64_t now,
    const char **state, struct fault *fault)
{
	const char *errand = "create";

	*state = "queued";
	if (is(s, "created")) {
		*state = "created";
		errand = "note";
	} else if (is(s, "unknown") || (is(s, "dropped") && s->sends > 0)) {
		/* Whatever it was dropped for: it may exist. */
		*state = "unknown";
		errand = "search";
	}
	return become(db, id, *state, errand, now, fault);
}

/* The lead stays, what it was still to be told does not go there. */
static enum outcome
drop_note(struct db *db, int64_t id, int64_t now, struct fault *fault)
{
	sqlite3_stmt *drop = db_use(db,
	    "UPDATE leads SET errand = NULL, told = joins, body = NULL,"
	    " tries = 0, settled_at = ?2, reason = 'its note was dropped by"
	    " hand' WHERE id = ?1");

	db_bind_int(drop, 1, id);
	db_bind_int(drop, 2, now);
	db_run(db, drop);
	return db_result(db, fault);
}

static enum outcome
refuse(int64_t id, const struct standing *s, const char *why,
    struct fault *fault)
{
	if (!s->found)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "there is no lead %lld", (long long)id);
	return fault_set(fault, OUT_NEVER, EXIT_INPUT, "lead %lld is %s: %s",
	    (long long)id, s->state, why);
}

/* A created one with a dead letter is there twice. */
static bool
is_double(struct db *db, int64_t id)
{
	bool found = false;
	sqlite3_stmt *find = db_use(db,
	    "SELECT 1 FROM dead_letters WHERE kind = 'lead' AND item = ?1");

	db_bind_int(find, 1, id);
	while (db_row(db, find))
		found = true;
	return found;
}

enum outcome
lead_mend(struct db *db, int64_t id, enum mend how, int64_t now,
    const char **state, struct fault *fault)
{
	struct standing s = look(db, id);
	bool through = is(&s, "created") && s.errand[0] == '\0';
	enum outcome out = db_result(db, fault);

	if (out != OUT_OK)
		return out;
	if (!s.found)
		return refuse(id, &s, "", fault);
	if (s.worker != 0)
		return refuse(id, &s,
		    "a sync-crm has it in hand, wait until it ends", fault);
	if (is(&s, "created") && how == MEND_SENT && is_double(db, id)) {
		*state = "created";
		return dead_remove(db, "lead", id, fault);
	}
	if (through)
		return refuse(id, &s, "nothing is left to do", fault);
	switch (how) {
	case MEND_RETRY:
		return retry(db, id, &s, now, state, fault);
	case MEND_SENT:
	case MEND_RESEND:
		if (!is(&s, "unknown"))
			return refuse(id, &s,
			    "only of an unknown one it is open whether the "
			    "CRM has it; use --retry or --drop",
			    fault);
		*state = how == MEND_SENT ? "created" : "queued";
		return become(db, id, *state,
		    how == MEND_SENT ? NULL : "create", now, fault);
	case MEND_DROP:
		break;
	}
	if (is(&s, "created")) {
		*state = "created";
		return drop_note(db, id, now, fault);
	}
	if (is(&s, "dropped"))
		return refuse(id, &s, "there is nothing to drop", fault);
	*state = "dropped";
	return become(db, id, *state, NULL, now, fault);
}
