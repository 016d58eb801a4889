/* SPDX-License-Identifier: MIT */
#include "store/prune.h"

#include <stddef.h>
#include <stdio.h>

#include "store/connection.h"
#include "store/counters.h"
#include "store/meta.h"
#include "store/series.h"

/* A limit whose arrival time is long past says nothing. */
#define LIMITS_MS RETENTION_DAY_MS
/* A CRM is never asked for what is this old. */
#define CHANGES_MS (30 * RETENTION_DAY_MS)

/* No settings. */
#define KEEP_LIMITS ((size_t)-1)
#define KEEP_CHANGES ((size_t)-2)

#define OLD_UPDATE \
	"received_at < ?1 AND state IN ('done','parked')" \
	" AND NOT EXISTS (SELECT 1 FROM dead_letters" \
	"  WHERE kind = 'update' AND item = id)"
#define OLD_RUN "started_at < ?1 AND (finished_at IS NOT NULL OR crashed = 1)"
#define OLD_TASK "ended_at < ?1 AND state NOT IN ('held','dead')"
#define OLD_SHARED \
	"changed_at < ?1 AND told = 1 AND (state = 'done' OR state = 'taken'" \
	" OR state = 'cancelled' OR state = 'back')"
#define OLD_EXEC "settled_at < ?1 AND state IN ('done','failed')"
#define OLD_LIMIT \
	"(kind = 'chat' OR kind = 'broadcast')" \
	" AND tat_us < ?1 * 1000 AND blocked_until < ?1"
#define OLD_MESSAGE \
	"settled_at < ?1" \
	" AND state IN ('received','sent','expired','cancelled')" \
	" AND (broadcast IS NULL OR broadcast NOT IN (SELECT id" \
	"  FROM broadcasts WHERE state = 'running' OR state = 'paused'))"

/* What people wrote is kept as long as the history, and for as long as its
 * lead has not reached the CRM. */
#define OLD_SOURCES \
	"FROM lead_sources AS s JOIN leads ON leads.id = s.lead_id" \
	" WHERE s.raw IS NOT NULL AND s.received_at < ?1" \
	" AND leads.errand IS NULL" \
	" AND (leads.state = 'created' OR leads.state = 'dropped')"

/* ?1: older than this, ?2: at most so many.  Ids grow with time, so the oldest
 * rows come first and no index on the time is needed. */
static const struct kind {
	const char *prune, *count;
	size_t keep, pruned; /* offsets, or KEEP_... */
} kinds[] = {
	{ "DELETE FROM updates WHERE id IN (SELECT id FROM (SELECT id,"
	  " received_at, state FROM updates ORDER BY id LIMIT ?2 * 20)"
	  " WHERE " OLD_UPDATE " LIMIT ?2)",
	    "SELECT count(*) FROM updates WHERE " OLD_UPDATE,
	    offsetof(struct retention, updates),
	    offsetof(struct pruned, updates) },
	{ "DELETE FROM runs WHERE id IN (SELECT id FROM (SELECT id,"
	  " started_at, finished_at, crashed FROM runs ORDER BY id LIMIT ?2 * 20)"
	  " WHERE " OLD_RUN " LIMIT ?2)",
	    "SELECT count(*) FROM runs WHERE " OLD_RUN,
	    offsetof(struct retention, runs), offsetof(struct pruned, runs) },
	{ "DELETE FROM task_ends WHERE id IN (SELECT id FROM task_ends"
	  " WHERE " OLD_TASK " ORDER BY ended_at LIMIT ?2)",
	    "SELECT count(*) FROM task_ends WHERE " OLD_TASK,
	    offsetof(struct retention, tasks),
	    offsetof(struct pruned, tasks) },
	{ "DELETE FROM shared_tasks WHERE id IN (SELECT id FROM shared_tasks"
	  " WHERE " OLD_SHARED " ORDER BY changed_at LIMIT ?2)",
	    "SELECT count(*) FROM shared_tasks WHERE " OLD_SHARED,
	    offsetof(struct retention, tasks),
	    offsetof(struct pruned, tasks) },
	{ "DELETE FROM execs WHERE id IN (SELECT id FROM (SELECT id,"
	  " settled_at, state FROM execs ORDER BY id LIMIT ?2 * 20)"
	  " WHERE " OLD_EXEC " LIMIT ?2)",
	    "SELECT count(*) FROM execs WHERE " OLD_EXEC,
	    offsetof(struct retention, tasks),
	    offsetof(struct pruned, execs) },
	/* The key of a source stays, so that the same is known again. */
	{ "UPDATE lead_sources SET raw = NULL, digest = NULL WHERE id IN"
	  " (SELECT s.id " OLD_SOURCES " ORDER BY s.received_at LIMIT ?2)",
	    "SELECT count(*) " OLD_SOURCES,
	    offsetof(struct retention, history),
	    offsetof(struct pruned, sources) },
	{ "DELETE FROM refusals WHERE id IN (SELECT id FROM refusals"
	  " WHERE dropped_at < ?1 ORDER BY dropped_at LIMIT ?2)",
	    "SELECT count(*) FROM refusals WHERE dropped_at < ?1",
	    offsetof(struct retention, history),
	    offsetof(struct pruned, sources) },
	{ "DELETE FROM crm_changes WHERE (crm, remote_id, at, status_id) IN"
	  " (SELECT crm, remote_id, at, status_id FROM crm_changes"
	  " WHERE heard_at < ?1 ORDER BY heard_at LIMIT ?2)",
	    "SELECT count(*) FROM crm_changes WHERE heard_at < ?1",
	    KEEP_CHANGES, offsetof(struct pruned, changes) },
	{ "DELETE FROM limits WHERE (kind, id) IN (SELECT kind, id"
	  " FROM limits WHERE " OLD_LIMIT " LIMIT ?2)",
	    "SELECT count(*) FROM limits WHERE " OLD_LIMIT, KEEP_LIMITS,
	    offsetof(struct pruned, limits) },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

int64_t
pruned_sum(const struct pruned *pruned)
{
	return pruned->updates + pruned->runs + pruned->tasks + pruned->execs +
	    pruned->sources + pruned->changes + pruned->limits +
	    pruned->messages;
}

/* What is older than this is old; INT64_MIN: nothing is. */
static int64_t
horizon(int64_t now, int64_t keep)
{
	return keep == RETENTION_EVER ? INT64_MIN : now - keep;
}

static int64_t
horizon_of(const struct kind *kind, const struct retention *retention,
    int64_t now)
{
	return horizon(now,
	    kind->keep == KEEP_LIMITS ? LIMITS_MS
		: kind->keep == KEEP_CHANGES
		? CHANGES_MS
		: *(const int64_t *)(const void *)((const char *)retention +
		      kind->keep));
}

static void
add_to(struct pruned *pruned, const struct kind *kind, int64_t count)
{
	*(int64_t *)(void *)((char *)pruned + kind->pruned) += count;
}

/* What a look at the history passes over at once. */
#define LOOK 20

/*
 * Held, dead and unknown messages stay for as long as nobody decides, so the
 * look at the history goes on where the last one ended, and from the start
 * again once it has come to what is young.
 */
static int64_t
prune_history(struct db *db, int64_t before, int batch, enum outcome *out,
    struct fault *fault)
{
	int64_t from = meta_int(db, META_PRUNED, 0), to = 0, youngest = 0;
	sqlite3_stmt *look = db_use(db,
	    "SELECT coalesce(max(id), 0), coalesce(max(created_at), 0)"
	    " FROM (SELECT id, created_at FROM messages WHERE id > ?1"
	    " ORDER BY id LIMIT ?2)");

	/* What was imported is below zero. */
	db_bind_int(look, 1, from == 0 ? INT64_MIN : from);
	db_bind_int(look, 2, (int64_t)batch * LOOK);
	while (db_row(db, look)) {
		to = db_int(look, 0);
		youngest = db_int(look, 1);
	}
	sqlite3_stmt *old = db_use(db,
	    "DELETE FROM messages WHERE id IN (SELECT id FROM messages"
	    " WHERE id > ?3 AND id <= ?4 AND " OLD_MESSAGE " LIMIT ?2)");
	db_bind_int(old, 1, before);
	db_bind_int(old, 2, batch);
	db_bind_int(old, 3, from == 0 ? INT64_MIN : from);
	db_bind_int(old, 4, to);
	db_run(db, old);
	int pruned = db_changes(db);
	bool young = to == 0 || youngest > before;
	/* After a full batch there may be more in this very stretch. */
	if (pruned < batch && (young ? from != 0 : true))
		*out = meta_set_int(db, META_PRUNED, young ? 0 : to, fault);
	return pruned;
}

enum outcome
prune_some(struct db *db, const struct retention *retention, int64_t now,
    int batch, int64_t deadline, struct pruned *pruned, struct fault *fault)
{
	enum outcome out = db_begin(db, deadline, fault);

	if (out != OUT_OK)
		return out;
	for (size_t i = 0; i < KINDS; i++) {
		sqlite3_stmt *old = db_use(db, kinds[i].prune);
		db_bind_int(old, 1, horizon_of(&kinds[i], retention, now));
		db_bind_int(old, 2, batch);
		db_run(db, old);
		add_to(pruned, &kinds[i], db_changes(db));
	}
	counters_prune(db, now);
	series_prune(db, now);
	pruned->messages += prune_history(db, horizon(now, retention->history),
	    batch, &out, fault);
	return db_end(db, out, fault);
}

enum outcome
prune_rewind(struct db *db, int64_t deadline, struct fault *fault)
{
	enum outcome out = db_begin(db, deadline, fault);

	if (out != OUT_OK)
		return out;
	return db_end(db, meta_set_int(db, META_PRUNED, 0, fault), fault);
}

bool
prune_is_midway(struct db *db)
{
	return meta_int(db, META_PRUNED, 0) != 0;
}

enum outcome
prune_count(struct db *db, const struct retention *retention, int64_t now,
    struct pruned *pruned, struct fault *fault)
{
	sqlite3_stmt *messages =
	    db_use(db, "SELECT count(*) FROM messages WHERE " OLD_MESSAGE);

	*pruned = (struct pruned){ 0 };
	for (size_t i = 0; i < KINDS; i++) {
		sqlite3_stmt *count = db_use(db, kinds[i].count);
		db_bind_int(count, 1, horizon_of(&kinds[i], retention, now));
		while (db_row(db, count))
			add_to(pruned, &kinds[i], db_int(count, 0));
	}
	db_bind_int(messages, 1, horizon(now, retention->history));
	while (db_row(db, messages))
		pruned->messages = db_int(messages, 0);
	return db_result(db, fault);
}

enum outcome
prune_shrink(struct db *db, int pages, int64_t deadline, int64_t *left,
    struct fault *fault)
{
	enum outcome out = db_begin(db, deadline, fault);
	char shrink[64];

	*left = 0;
	if (out != OUT_OK)
		return out;
	snprintf(shrink, sizeof(shrink), "PRAGMA incremental_vacuum(%d)",
	    pages);
	out = sql_exec(db->handle, db->path, shrink, fault);
	if (out == OUT_OK)
		out = sql_number(db->handle, db->path, "PRAGMA freelist_count",
		    0, left, fault);
	return db_end(db, out, fault);
}
