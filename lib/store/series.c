/* SPDX-License-Identifier: MIT */
#include "store/series.h"

#include "store/counters.h"
#include "store/meta.h"
#include "store/statement.h"

#define REOPEN_MS (INT64_C(10) * 60 * 1000)
#define SAMPLES_KEPT_MS (INT64_C(74) * 60 * 60 * 1000)
#define DAYS_KEPT 400

static void
put_sample(struct db *db, const struct sample *sample)
{
	sqlite3_stmt *put = db_use(db,
	    "INSERT INTO samples(slot, queue, late_ms, leads, lead_ms)"
	    " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
	    " queue = max(queue, excluded.queue),"
	    " late_ms = max(late_ms, excluded.late_ms),"
	    " leads = max(leads, excluded.leads),"
	    " lead_ms = max(lead_ms, excluded.lead_ms)");

	db_bind_int(put, 1, sample->at - sample->at % COUNTER_SLOT_MS);
	db_bind_int(put, 2, sample->queue);
	db_bind_int(put, 3, sample->late_ms);
	db_bind_int(put, 4, sample->leads);
	db_bind_int(put, 5, sample->lead_ms);
	db_run(db, put);
}

/* From the last look until this one all was as it was then. */
static enum outcome
put_day(struct db *db, const struct sample *sample, struct fault *fault)
{
	int64_t before = meta_int(db, META_SEEN_AT, 0);
	int64_t state = meta_int(db, META_SEEN_STATE, SERIES_UNKNOWN);
	int64_t passed = sample->at - before;
	sqlite3_stmt *put = db_use(db,
	    "INSERT INTO days(day, ok_ms, warning_ms, critical_ms)"
	    " VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET"
	    " ok_ms = ok_ms + excluded.ok_ms,"
	    " warning_ms = warning_ms + excluded.warning_ms,"
	    " critical_ms = critical_ms + excluded.critical_ms");

	if (before != 0 && passed > 0 && passed <= sample->gap_ms &&
	    state != SERIES_UNKNOWN) {
		db_bind_int(put, 1, sample->day);
		db_bind_int(put, 2, state == SERIES_OK ? passed : 0);
		db_bind_int(put, 3, state == SERIES_WARNING ? passed : 0);
		db_bind_int(put, 4, state == SERIES_CRITICAL ? passed : 0);
		db_run(db, put);
	}
	enum outcome out = meta_set_int(db, META_SEEN_AT, sample->at, fault);
	return out == OUT_OK
	    ? meta_set_int(db, META_SEEN_STATE, sample->state, fault)
	    : out;
}

static void
bind_trouble(sqlite3_stmt *stmt, const struct incident *trouble, int64_t now)
{
	db_bind_text(stmt, 1, trouble->key);
	db_bind_int(stmt, 2, trouble->state);
	db_bind_int(stmt, 3, now);
	db_bind_text(stmt, 4, trouble->text);
}

static void
put_trouble(struct db *db, const struct incident *trouble, int64_t now)
{
	sqlite3_stmt *lasts = db_use(db,
	    "UPDATE incidents SET state = max(state, ?2), seen_at = ?3,"
	    " text = ?4 WHERE key = ?1 AND ended_at IS NULL");
	sqlite3_stmt *again = db_use(db,
	    "UPDATE incidents SET state = max(state, ?2), seen_at = ?3,"
	    " text = ?4, ended_at = NULL WHERE id = (SELECT max(id)"
	    "  FROM incidents WHERE key = ?1 AND ended_at > ?5)");
	sqlite3_stmt *begins = db_use(db,
	    "INSERT INTO incidents(key, state, seen_at, text, began_at)"
	    " VALUES(?1, ?2, ?3, ?4, ?5)");

	bind_trouble(lasts, trouble, now);
	db_run(db, lasts);
	if (db_changes(db) > 0)
		return;
	bind_trouble(again, trouble, now);
	db_bind_int(again, 5, now - REOPEN_MS);
	db_run(db, again);
	if (db_changes(db) > 0)
		return;
	bind_trouble(begins, trouble, now);
	db_bind_int(begins, 5, trouble->began_at);
	db_run(db, begins);
}

enum outcome
series_record(struct db *db, const struct sample *sample,
    const struct incident *troubles, size_t count, struct fault *fault)
{
	sqlite3_stmt *over = db_use(db,
	    "UPDATE incidents SET ended_at = ?1"
	    " WHERE ended_at IS NULL AND seen_at <> ?1");
	enum outcome out = put_day(db, sample, fault);

	if (out != OUT_OK)
		return out;
	put_sample(db, sample);
	for (size_t i = 0; i < count; i++)
		put_trouble(db, &troubles[i], sample->at);
	db_bind_int(over, 1, sample->at);
	db_run(db, over);
	return db_result(db, fault);
}

void
series_samples(struct db *db, int64_t from,
    void (*visit)(const struct sample *sample, void *arg), void *arg)
{
	sqlite3_stmt *all = db_use(db,
	    "SELECT slot, queue, late_ms, leads, lead_ms FROM samples"
	    " WHERE slot >= ?1 ORDER BY slot");

	db_bind_int(all, 1, from);
	while (db_row(db, all)) {
		const struct sample sample = { .at = db_int(all, 0),
			.queue = db_int(all, 1),
			.late_ms = db_int(all, 2),
			.leads = db_int(all, 3),
			.lead_ms = db_int(all, 4) };

		visit(&sample, arg);
	}
}

void
series_days(struct db *db, int64_t from,
    void (*visit)(const struct series_day *day, void *arg), void *arg)
{
	sqlite3_stmt *all = db_use(db,
	    "SELECT day, ok_ms, warning_ms, critical_ms FROM days"
	    " WHERE day >= ?1 ORDER BY day");

	db_bind_int(all, 1, from);
	while (db_row(db, all)) {
		const struct series_day day = { db_int(all, 0), db_int(all, 1),
			db_int(all, 2), db_int(all, 3) };

		visit(&day, arg);
	}
}

void
series_incidents(struct db *db, int most,
    void (*visit)(const struct incident *incident, void *arg), void *arg)
{
	sqlite3_stmt *all = db_use(db,
	    "SELECT key, text, state, began_at, coalesce(ended_at, 0)"
	    " FROM incidents ORDER BY began_at DESC, id DESC LIMIT ?1");

	db_bind_int(all, 1, most);
	while (db_row(db, all)) {
		const struct incident incident = { .key = db_text(all, 0),
			.text = db_text(all, 1),
			.state = (enum series_state)db_int(all, 2),
			.began_at = db_int(all, 3),
			.ended_at = db_int(all, 4) };

		visit(&incident, arg);
	}
}

int64_t
series_calm_since(struct db *db)
{
	int64_t at = 0;
	sqlite3_stmt *last =
	    db_use(db, "SELECT coalesce(max(ended_at), 0) FROM incidents");

	while (db_row(db, last))
		at = db_int(last, 0);
	return at;
}

static void
delete_before(struct db *db, sqlite3_stmt *old, int64_t before)
{
	db_bind_int(old, 1, before);
	db_run(db, old);
}

void
series_prune(struct db *db, int64_t now)
{
	delete_before(db, db_use(db, "DELETE FROM samples WHERE slot < ?1"),
	    now - SAMPLES_KEPT_MS);
	delete_before(db,
	    db_use(db,
		"DELETE FROM days WHERE day <"
		" (SELECT max(day) FROM days) - ?1"),
	    DAYS_KEPT);
	delete_before(db,
	    db_use(db, "DELETE FROM incidents WHERE ended_at < ?1"),
	    now - INCIDENTS_KEPT_MS);
}
