/* SPDX-License-Identifier: MIT */
#include "store/stuck.h"

#include <stddef.h>
#include <string.h>

#include "store/lane.h"
#include "store/meta.h"
#include "store/statement.h"

/* What the error rate looks at (design.md 7). */
#define RATE_WINDOW_MS "900000"
#define RATE_ROWS 20000

/* ?1 is now. */
static const struct {
	size_t member;
	const char *query;
} counts[] = {
	{ offsetof(struct stuck, updates_waiting),
	    "SELECT (SELECT count(*) FROM updates"
	    "  WHERE state IN ('received','failed'))"
	    " + (SELECT count(*) FROM updates"
	    "  WHERE state = 'waiting' AND chat_id IS NOT NULL)" },
	{ offsetof(struct stuck, updates_parked),
	    "SELECT count(*) FROM dead_letters WHERE kind = 'update'" },
	{ offsetof(struct stuck, updates_since),
	    "SELECT received_at FROM updates"
	    " WHERE state IN ('received','failed') ORDER BY id LIMIT 1" },
	{ offsetof(struct stuck, tasks_waiting),
	    "SELECT count(*) FROM tasks" },
	{ offsetof(struct stuck, messages_ready),
	    "SELECT count(*) FROM lanes WHERE busy = 0"
	    " AND awaits IS NULL AND not_before <= ?1" },
	{ offsetof(struct stuck, sending),
	    "SELECT count(*) FROM messages WHERE worker IS NOT NULL" },
	{ offsetof(struct stuck, ambiguous),
	    "SELECT count(*) FROM messages WHERE " MESSAGE_STUCK
	    " AND state = 'ambiguous'" },
	{ offsetof(struct stuck, ambiguous_since),
	    "SELECT min(settled_at) FROM messages WHERE " MESSAGE_STUCK
	    " AND state = 'ambiguous'" },
	{ offsetof(struct stuck, unknown),
	    "SELECT count(*) FROM messages WHERE " MESSAGE_STUCK
	    " AND state = 'unknown'" },
	{ offsetof(struct stuck, held),
	    "SELECT count(*) FROM messages WHERE " MESSAGE_STUCK
	    " AND state = 'held'" },
	{ offsetof(struct stuck, dead_letters),
	    "SELECT count(*) FROM dead_letters" },
	{ offsetof(struct stuck, execs_open),
	    "SELECT count(*) FROM execs WHERE"
	    " (state = 'pending' OR state = 'running')" },
	{ offsetof(struct stuck, execs_since),
	    "SELECT min(created_at) FROM execs WHERE"
	    " (state = 'pending' OR state = 'running')" },
	{ offsetof(struct stuck, execs_failed),
	    "SELECT coalesce(sum(state = 'failed'), 0) FROM"
	    " (SELECT state, settled_at FROM execs"
	    "  ORDER BY id DESC LIMIT 1000)"
	    " WHERE settled_at > ?1 - " RATE_WINDOW_MS },
};

static int64_t
number(struct db *db, const char *query, int64_t now)
{
	int64_t value = 0;
	sqlite3_stmt *count = db_use(db, query);

	if (sqlite3_bind_parameter_count(count) >= 1)
		db_bind_int(count, 1, now);
	while (db_row(db, count))
		value = db_int(count, 0);
	return value;
}

/* Of what is older than the window only the last attempt is surely in it. */
static void
count_rates(struct db *db, int64_t now, struct stuck *stuck)
{
	sqlite3_stmt *rates = db_use(db,
	    "SELECT coalesce(sum(state = 'sent'), 0),"
	    " coalesce(sum(iif(created_at > ?1 - " RATE_WINDOW_MS ","
	    "  tries + ambiguous + (state = 'dead'),"
	    "  state <> 'sent' AND tries + ambiguous > 0)), 0)"
	    " FROM messages WHERE settled_at > ?1 - " RATE_WINDOW_MS
	    " AND id > (SELECT max(id) FROM messages) - ?2"
	    " AND method IS NOT NULL");

	db_bind_int(rates, 1, now);
	db_bind_int(rates, 2, RATE_ROWS);
	while (db_row(db, rates)) {
		stuck->failures = db_int(rates, 1);
		stuck->attempts = db_int(rates, 0) + stuck->failures;
	}
}

/* Dead letters by what mends them, and since when the oldest of each waits. */
static void
count_dead(struct db *db, struct stuck *stuck)
{
	sqlite3_stmt *letters = db_use(db,
	    "SELECT CASE WHEN d.kind = 'update' THEN 0"
	    " WHEN m.state = 'unknown' THEN 1 ELSE 2 END AS class,"
	    " count(*), min(d.died_at) FROM dead_letters d"
	    " LEFT JOIN messages m ON d.kind = 'message' AND m.id = d.item"
	    " WHERE d.kind <> 'lead' GROUP BY class");
	int64_t *const since[] = { &stuck->parked_since, &stuck->unknown_since,
		&stuck->dead_since };

	while (db_row(db, letters)) {
		int64_t class = db_int(letters, 0);

		*since[class] = db_int(letters, 2);
		if (class == 2)
			stuck->dead = db_int(letters, 1);
	}
}

static int64_t
older(int64_t a, int64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

/*
 * Since when something should have been sent.  Heads have ids in the order of
 * time: the lowest of those that may go, and of those that were tried and wait
 * for the next try, tell of all lanes.
 */
static int64_t
find_oldest(struct db *db, int64_t now)
{
	int64_t ready = number(db,
	    "SELECT min(iif(m.tries = 0, max(m.created_at, l.not_before),"
	    "  m.created_at)) FROM (SELECT head, not_before FROM lanes"
	    "  WHERE not_before <= ?1 ORDER BY head LIMIT 100) l"
	    " JOIN messages m ON m.id = l.head",
	    now);
	int64_t tried = number(db,
	    "SELECT min(m.created_at) FROM (SELECT head FROM lanes"
	    "  WHERE not_before > ?1 ORDER BY head LIMIT 1000) l"
	    " JOIN messages m ON m.id = l.head WHERE m.tries > 0",
	    now);
	int64_t task = number(db,
	    "SELECT due_at FROM tasks WHERE due_at <= ?1"
	    " ORDER BY due_at, id LIMIT 1",
	    now);

	/* One that runs, or should, gets on several times a minute, until all
	 * were looked at: then it lasts as long as its last message. */
	int64_t broadcast = number(db,
	    "SELECT min(max(moved_at, start_at)) FROM broadcasts"
	    " WHERE (state = 'scheduled' OR state = 'running')"
	    " AND start_at <= ?1 AND through = 0",
	    now);

	return older(older(ready, tried), older(task, broadcast));
}

enum outcome
stuck_count(struct db *db, int64_t now, struct stuck *stuck,
    struct fault *fault)
{
	*stuck = (struct stuck){
		.poll_at = meta_has(db, META_WEBHOOK)
		    ? 0
		    : meta_int(db, META_POLL_AT, 0),
		.config_fault_at = meta_int(db, META_CONFIG_FAULT_AT, 0),
		.poll_fault_at = meta_int(db, META_POLL_FAULT_AT, 0),
	};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		int64_t value = number(db, counts[i].query, now);
		memcpy((char *)stuck + counts[i].member, &value, sizeof value);
	}
	count_rates(db, now, stuck);
	count_dead(db, stuck);
	stuck->oldest_due_at = find_oldest(db, now);
	return db_result(db, fault);
}

enum outcome
stuck_backlog(struct db *db, int64_t now, struct backlog *backlog,
    struct fault *fault)
{
	*backlog = (struct backlog){
		.messages_queued = number(db,
		    "SELECT count(*) FROM messages WHERE " MESSAGE_OPEN
		    " AND state = 'queued'",
		    0),
		.tasks_overdue = number(db,
		    "SELECT count(*) FROM tasks WHERE due_at <= ?1", now),
	};
	return db_result(db, fault);
}
