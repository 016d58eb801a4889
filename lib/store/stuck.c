/* SPDX-License-Identifier: MIT */
#include "store/stuck.h"

#include "store/lane.h"
#include "store/meta.h"
#include "store/statement.h"

/* What the error rate looks at (design.md 7). */
#define RATE_WINDOW_MS (15 * 60 * 1000)
#define RATE_ROWS 20000

static int64_t
number(struct db *db, const char *query, int64_t a, int64_t b)
{
	int64_t value = 0;
	sqlite3_stmt *count = db_use(db, query);

	if (sqlite3_bind_parameter_count(count) >= 1)
		db_bind_int(count, 1, a);
	if (sqlite3_bind_parameter_count(count) >= 2)
		db_bind_int(count, 2, b);
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
	    " coalesce(sum(iif(created_at > ?1,"
	    "  tries + ambiguous + (state = 'dead'),"
	    "  state <> 'sent' AND tries + ambiguous > 0)), 0)"
	    " FROM messages WHERE settled_at > ?1"
	    " AND id > (SELECT max(id) FROM messages) - ?2"
	    " AND method IS NOT NULL");

	db_bind_int(rates, 1, now - RATE_WINDOW_MS);
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
	    now, 0);
	int64_t tried = number(db,
	    "SELECT min(m.created_at) FROM (SELECT head FROM lanes"
	    "  WHERE not_before > ?1 ORDER BY head LIMIT 1000) l"
	    " JOIN messages m ON m.id = l.head WHERE m.tries > 0",
	    now, 0);
	int64_t task = number(db,
	    "SELECT due_at FROM tasks WHERE due_at <= ?1"
	    " ORDER BY due_at, id LIMIT 1",
	    now, 0);

	return older(older(ready, tried), task);
}

enum outcome
stuck_count(struct db *db, int64_t now, struct stuck *stuck,
    struct fault *fault)
{
	*stuck = (struct stuck){
		.updates_waiting = number(db,
				       "SELECT count(*) FROM updates"
				       " WHERE state IN ('received','failed')",
				       0, 0) +
		    number(db,
			"SELECT count(*) FROM updates"
			" WHERE state = 'waiting' AND chat_id IS NOT NULL",
			0, 0),
		.updates_parked = number(db,
		    "SELECT count(*) FROM dead_letters WHERE kind = 'update'",
		    0, 0),
		.tasks_waiting =
		    number(db, "SELECT count(*) FROM tasks", 0, 0),
		.messages_ready = number(db,
		    "SELECT count(*) FROM lanes WHERE busy = 0"
		    " AND awaits IS NULL AND not_before <= ?1",
		    now, 0),
		.sending = number(db,
		    "SELECT count(*) FROM messages WHERE worker IS NOT NULL",
		    0, 0),
		.updates_since = number(db,
		    "SELECT received_at FROM updates"
		    " WHERE state IN ('received','failed')"
		    " ORDER BY id LIMIT 1",
		    0, 0),
		.ambiguous = number(db,
		    "SELECT count(*) FROM messages WHERE " MESSAGE_STUCK
		    " AND state = 'ambiguous'",
		    0, 0),
		.ambiguous_since = number(db,
		    "SELECT min(settled_at) FROM messages WHERE " MESSAGE_STUCK
		    " AND state = 'ambiguous'",
		    0, 0),
		.unknown = number(db,
		    "SELECT count(*) FROM messages WHERE " MESSAGE_STUCK
		    " AND state = 'unknown'",
		    0, 0),
		.held = number(db,
		    "SELECT count(*) FROM messages WHERE " MESSAGE_STUCK
		    " AND state = 'held'",
		    0, 0),
		.dead_letters =
		    number(db, "SELECT count(*) FROM dead_letters", 0, 0),
		.execs_open = number(db,
		    "SELECT count(*) FROM execs WHERE"
		    " (state = 'pending' OR state = 'running')",
		    0, 0),
		.execs_since = number(db,
		    "SELECT min(created_at) FROM execs WHERE"
		    " (state = 'pending' OR state = 'running')",
		    0, 0),
		.execs_failed = number(db,
		    "SELECT coalesce(sum(state = 'failed'), 0) FROM"
		    " (SELECT state, settled_at FROM execs"
		    "  ORDER BY id DESC LIMIT 1000) WHERE settled_at > ?1",
		    now - RATE_WINDOW_MS, 0),
		.poll_at = meta_int(db, META_POLL_AT, 0),
		.config_fault_at = meta_int(db, META_CONFIG_FAULT_AT, 0),
		.poll_fault_at = meta_int(db, META_POLL_FAULT_AT, 0),
	};
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
		    0, 0),
		.tasks_overdue = number(db,
		    "SELECT count(*) FROM tasks WHERE due_at <= ?1", now, 0),
	};
	return db_result(db, fault);
}
