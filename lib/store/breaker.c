/* SPDX-License-Identifier: MIT */
#include "store/breaker.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "store/counters.h"
#include "store/statement.h"

#define FLOOD_MS 1000
#define FLOOD_MOST_MS (5 * 60 * 1000)

/* How soon a breaker opens and for how long. */
struct policy {
	int failures; /* in a row */
	int64_t open_ms, open_most_ms;
	int64_t shut_more_ms; /* repeated, it is shut for so much longer */
	unsigned spread;      /* per cent: hosts do not come back as one */
};

static const struct policy *
policy_of(const char *name)
{
	static const struct policy crm = { .failures = BREAKER_FAILURES,
		.open_ms = 30000,
		.open_most_ms = 5 * 60 * 1000,
		.shut_more_ms = 60 * 60 * 1000 };
	static const struct policy redis = { .failures = 2,
		.open_ms = 5000,
		.open_most_ms = 60000,
		.spread = 20 };

	return strcmp(name, BREAKER_REDIS) == 0 ? &redis : &crm;
}

static const char *const kind_names[] = { "failing", "closed", "denied",
	"reauth" };

static enum breaker_kind
kind_of(const char *name)
{
	enum breaker_kind kind = BREAKER_FAILING;

	while (kind < BREAKER_REAUTH && strcmp(kind_names[kind], name) != 0)
		kind++;
	return kind;
}

void
breaker_load(struct db *db, const char *name, struct breaker *breaker)
{
	sqlite3_stmt *load = db_use(db,
	    "SELECT kind, failures, since, open_until, answered_at,"
	    " credential, reason FROM breakers WHERE name = ?1");

	*breaker = (struct breaker){ 0 };
	db_bind_text(load, 1, name);
	while (db_row(db, load)) {
		const char *reason = db_text(load, 6);

		breaker->kind = kind_of(db_text(load, 0));
		breaker->failures = db_int(load, 1);
		breaker->since = db_int(load, 2);
		breaker->open_until = db_int(load, 3);
		breaker->answered_at = db_int(load, 4);
		breaker->credential = db_int(load, 5);
		snprintf(breaker->reason, sizeof(breaker->reason), "%s",
		    reason ? reason : "");
	}
}

bool
breaker_next(struct db *db, const char *after, const char **name)
{
	sqlite3_stmt *next = db_use(db,
	    "SELECT name FROM breakers WHERE name > ?1 AND name <> ?2"
	    " ORDER BY name LIMIT 1");
	bool found;

	db_bind_text(next, 1, after);
	db_lend_text(next, 2, BREAKER_REDIS);
	found = db_row(db, next);
	*name = found ? db_text(next, 0) : NULL;
	return found;
}

/* FIRST doubled with each of TIMES, up to MOST. */
static int64_t
doubled(int64_t first, int64_t times, int64_t most)
{
	while (times-- > 0 && first < most)
		first *= 2;
	return first < most ? first : most;
}

static enum outcome
breaker_save(struct db *db, const char *name, const struct breaker *b,
    const char *reason, struct fault *fault)
{
	sqlite3_stmt *save = db_use(db,
	    "INSERT INTO breakers(name, kind, failures, since, open_until,"
	    " credential, reason) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
	    " ON CONFLICT(name) DO UPDATE SET kind = excluded.kind,"
	    " failures = excluded.failures, since = excluded.since,"
	    " open_until = excluded.open_until,"
	    " credential = excluded.credential, reason = excluded.reason");

	db_bind_text(save, 1, name);
	db_lend_text(save, 2, kind_names[b->kind]);
	db_bind_int(save, 3, b->failures);
	db_bind_int(save, 4, b->since);
	db_bind_int(save, 5, b->open_until);
	db_bind_int(save, 6, b->credential);
	db_bind_text(save, 7, reason);
	db_run(db, save);
	if (strcmp(name, BREAKER_REDIS) != 0)
		counter_add(db, COUNT_CRM_FAILURES, name, 1);
	return db_result(db, fault);
}

/* MS more or less SPREAD per cent of it. */
static int64_t
spread(int64_t ms, unsigned per_cent)
{
	uint32_t most = (uint32_t)(ms * per_cent / 100);

	return ms - most + id_random_below(2 * most + 1);
}

static enum outcome
breaker_count(struct db *db, const char *name, int64_t least,
    const char *reason, int64_t now, struct fault *fault)
{
	const struct policy *policy = policy_of(name);
	struct breaker b;

	breaker_load(db, name, &b);
	/* Calls that left before it was shut end after it. */
	if (b.kind != BREAKER_FAILING && b.open_until > now)
		return db_result(db, fault);
	b.kind = BREAKER_FAILING;
	b.since = b.since ? b.since : now;
	if (++b.failures < least)
		b.failures = least;
	if (b.failures >= policy->failures)
		b.open_until = now +
		    spread(doubled(policy->open_ms,
			       b.failures - policy->failures,
			       policy->open_most_ms),
			policy->spread);
	return breaker_save(db, name, &b, reason, fault);
}

enum outcome
breaker_failed(struct db *db, const char *name, const char *reason,
    int64_t now, struct fault *fault)
{
	return breaker_count(db, name, 0, reason, now, fault);
}

enum outcome
breaker_hung(struct db *db, const char *name, const char *reason, int64_t now,
    struct fault *fault)
{
	return breaker_count(db, name, policy_of(name)->failures, reason, now,
	    fault);
}

enum outcome
breaker_shut(struct db *db, const char *name, enum breaker_kind kind,
    int64_t wait_ms, int64_t credential, const char *reason, int64_t now,
    struct fault *fault)
{
	struct breaker b;

	breaker_load(db, name, &b);
	b.failures = b.kind == kind ? b.failures + 1 : 1;
	b.since = b.kind == kind && b.since ? b.since : now;
	b.kind = kind;
	b.credential = credential;
	b.open_until = now +
	    doubled(wait_ms, b.failures - 1,
		wait_ms + policy_of(name)->shut_more_ms);
	return breaker_save(db, name, &b, reason, fault);
}

enum outcome
breaker_answered(struct db *db, const char *name, int64_t now, bool *recovered,
    struct fault *fault)
{
	struct breaker b;

	breaker_load(db, name, &b);
	*recovered = b.since != 0 &&
	    (b.kind != BREAKER_FAILING || b.failures >= BREAKER_OUTAGE);
	sqlite3_stmt *save = db_use(db,
	    "INSERT INTO breakers(name, answered_at) VALUES(?1, ?2)"
	    " ON CONFLICT(name) DO UPDATE SET kind = 'failing', failures = 0,"
	    " floods = 0, since = 0, open_until = 0, credential = 0,"
	    " reason = NULL, answered_at = excluded.answered_at");
	db_bind_text(save, 1, name);
	db_bind_int(save, 2, now);
	db_run(db, save);
	return db_result(db, fault);
}

enum outcome
breaker_try(struct db *db, const char *name, int64_t until,
    struct fault *fault)
{
	sqlite3_stmt *hold =
	    db_use(db, "UPDATE breakers SET open_until = ?2 WHERE name = ?1");

	db_bind_text(hold, 1, name);
	db_bind_int(hold, 2, until);
	db_run(db, hold);
	return db_result(db, fault);
}

enum outcome
breaker_claim(struct db *db, const char *name, int64_t now, int64_t until,
    bool *mine, struct fault *fault)
{
	sqlite3_stmt *claim = db_use(db,
	    "UPDATE breakers SET open_until = ?3"
	    " WHERE name = ?1 AND open_until <= ?2");

	db_bind_text(claim, 1, name);
	db_bind_int(claim, 2, now);
	db_bind_int(claim, 3, until);
	db_run(db, claim);
	*mine = db_changes(db) > 0;
	return db_result(db, fault);
}

enum outcome
breaker_flooded(struct db *db, const char *name, int64_t wait_ms, int64_t now,
    int64_t *until, struct fault *fault)
{
	int64_t floods = 0, wait;
	sqlite3_stmt *load =
	    db_use(db, "SELECT floods FROM breakers WHERE name = ?1");
	sqlite3_stmt *save = db_use(db,
	    "INSERT INTO breakers(name, floods) VALUES(?1, 1)"
	    " ON CONFLICT(name) DO UPDATE SET floods = floods + 1");

	db_bind_text(load, 1, name);
	while (db_row(db, load))
		floods = db_int(load, 0);
	db_bind_text(save, 1, name);
	db_run(db, save);
	wait = doubled(FLOOD_MS, floods, FLOOD_MOST_MS);
	*until = now + (wait > wait_ms ? wait : wait_ms);
	return db_result(db, fault);
}

enum outcome
breaker_reset(struct db *db, const char *name, struct fault *fault)
{
	sqlite3_stmt *reset =
	    db_use(db, "DELETE FROM breakers WHERE name = ?1");

	db_bind_text(reset, 1, name);
	db_run(db, reset);
	return db_result(db, fault);
}
