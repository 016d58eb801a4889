/* SPDX-License-Identifier: MIT */
#include "store/prune.h"
#include "store/meta.h"
#include "store/statement.h"

#include <stddef.h>

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define HISTORY_MS (90 * DAY_MS)

/* The identity of an update must outlive Telegram's queue (24 h) twice over,
 * so raw updates stay well above 48 h. */
static const struct retention {
	const char *sql; /* ?1: older than this, ?2: at most so many */
	int64_t keep_ms;
} retentions[] = {
	/* Ids grow with time, so the oldest rows come first and no index on
	 * the time is needed. */
	{ "DELETE FROM updates WHERE id IN (SELECT id FROM (SELECT id,"
	  " received_at, state FROM updates ORDER BY id LIMIT ?2 * 20)"
	  " WHERE received_at < ?1 AND state IN ('done','parked')"
	  " AND NOT EXISTS (SELECT 1 FROM dead_letters"
	  "  WHERE kind = 'update' AND item = id) LIMIT ?2)",
	    7 * DAY_MS },
	{ "DELETE FROM runs WHERE id IN (SELECT id FROM (SELECT id,"
	  " started_at, finished_at, crashed FROM runs ORDER BY id LIMIT ?2 * 20)"
	  " WHERE started_at < ?1"
	  " AND (finished_at IS NOT NULL OR crashed = 1) LIMIT ?2)",
	    14 * DAY_MS },
	{ "DELETE FROM task_ends WHERE id IN (SELECT id FROM task_ends"
	  " WHERE ended_at < ?1 AND state NOT IN ('held','dead')"
	  " ORDER BY ended_at LIMIT ?2)",
	    30 * DAY_MS },
	{ "DELETE FROM execs WHERE id IN (SELECT id FROM (SELECT id,"
	  " settled_at, state FROM execs ORDER BY id LIMIT ?2 * 20)"
	  " WHERE settled_at < ?1 AND state IN ('done','failed') LIMIT ?2)",
	    30 * DAY_MS },
	/* What people wrote is kept as long as the history, and for as long as
	 * its lead has not reached the CRM; the key stays, so that the same is
	 * known again. */
	{ "UPDATE lead_sources SET raw = NULL, digest = NULL WHERE id IN"
	  " (SELECT s.id FROM lead_sources AS s"
	  " JOIN leads ON leads.id = s.lead_id WHERE s.raw IS NOT NULL"
	  " AND s.received_at < ?1 AND leads.errand IS NULL"
	  " AND (leads.state = 'created' OR leads.state = 'dropped')"
	  " ORDER BY s.received_at LIMIT ?2)",
	    HISTORY_MS },
	/* A CRM is never asked for what is this old. */
	{ "DELETE FROM crm_changes WHERE (crm, remote_id, at, status_id) IN"
	  " (SELECT crm, remote_id, at, status_id FROM crm_changes"
	  " WHERE heard_at < ?1 ORDER BY heard_at LIMIT ?2)",
	    30 * DAY_MS },
	/* A limit whose arrival time is long past says nothing. */
	{ "DELETE FROM limits WHERE (kind, id) IN (SELECT kind, id"
	  " FROM limits WHERE kind = 'chat' AND tat_us < ?1 * 1000"
	  " AND blocked_until < ?1 LIMIT ?2)",
	    DAY_MS },
};

/* What a look at the history passes over at once. */
#define LOOK 20

/*
 * Held, dead and unknown messages stay for as long as nobody decides, so the
 * look at the history goes on where the last one ended, and from the start
 * again once it has come to what is young.
 */
static int
prune_history(struct db *db, int64_t now, int batch, struct fault *fault,
    enum outcome *out)
{
	int64_t from = meta_int(db, META_PRUNED, 0), to = 0, youngest = 0;
	sqlite3_stmt *look = db_use(db,
	    "SELECT coalesce(max(id), 0), coalesce(max(created_at), 0)"
	    " FROM (SELECT id, created_at FROM messages WHERE id > ?1"
	    " ORDER BY id LIMIT ?2)");

	db_bind_int(look, 1, from);
	db_bind_int(look, 2, (int64_t)batch * LOOK);
	while (db_row(db, look)) {
		to = db_int(look, 0);
		youngest = db_int(look, 1);
	}
	sqlite3_stmt *old = db_use(db,
	    "DELETE FROM messages WHERE id IN (SELECT id FROM messages"
	    " WHERE id > ?1 AND id <= ?2 AND settled_at < ?3"
	    " AND state IN ('received','sent','expired','cancelled')"
	    " LIMIT ?4)");
	db_bind_int(old, 1, from);
	db_bind_int(old, 2, to);
	db_bind_int(old, 3, now - HISTORY_MS);
	db_bind_int(old, 4, batch);
	db_run(db, old);
	int pruned = db_changes(db);
	bool young = to == 0 || youngest > now - HISTORY_MS;
	/* After a full batch there may be more in this very stretch. */
	if (pruned < batch && (young ? from != 0 : true))
		*out = meta_set_int(db, META_PRUNED, young ? 0 : to, fault);
	return pruned;
}

enum outcome
prune_some(struct db *db, int64_t now, int batch, int64_t deadline,
    int *pruned, struct fault *fault)
{
	enum outcome out;

	*pruned = 0;
	out = db_begin(db, deadline, fault);
	if (out != OUT_OK)
		return out;
	for (size_t i = 0; i < sizeof retentions / sizeof *retentions; i++) {
		sqlite3_stmt *old = db_use(db, retentions[i].sql);
		db_bind_int(old, 1, now - retentions[i].keep_ms);
		db_bind_int(old, 2, batch);
		db_run(db, old);
		*pruned += db_changes(db);
	}
	*pruned += prune_history(db, now, batch, fault, &out);
	if (out == OUT_OK)
		out = db_result(db, fault);
	if (out == OUT_OK)
		return db_commit(db, fault);
	db_rollback(db);
	return out;
}
