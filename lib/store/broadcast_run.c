/* SPDX-License-Identifier: MIT */
#include "store/broadcast_run.h"

#include "base/clock.h"
#include "base/mem.h"
#include "store/broadcast_row.h"
#include "store/media_list.h"
#include "store/statement.h"

/* Who could not be reached for so long is not to be told old news. */
#define LIFE_MS (INT64_C(24) * 60 * 60 * 1000)

bool
broadcast_due(struct db *db, int64_t now, int64_t after,
    struct broadcast *broadcast)
{
	sqlite3_stmt *due = db_use(db,
	    "SELECT " BROADCAST_COLUMNS " FROM broadcasts"
	    " WHERE (state = 'scheduled' OR state = 'running') AND id > ?1"
	    " AND (state = 'running' OR start_at <= ?2)"
	    " ORDER BY id LIMIT 1");

	db_bind_int(due, 1, after);
	db_bind_int(due, 2, now);
	if (!db_row(db, due))
		return false;
	broadcast_read(due, broadcast);
	return true;
}

bool
broadcast_wanted(struct db *db, int64_t now, int64_t *next_at, bool *paid)
{
	bool wanted = false;
	sqlite3_stmt *open = db_use(db,
	    "SELECT iif(state = 'running', 0, start_at), paid FROM broadcasts"
	    " WHERE (state = 'scheduled' OR state = 'running')");

	*next_at = CLOCK_NEVER;
	*paid = false;
	while (db_row(db, open)) {
		int64_t at = db_int(open, 0);
		if (at > now) {
			*next_at = at < *next_at ? at : *next_at;
			continue;
		}
		wanted = true;
		*paid = *paid || db_int(open, 1) != 0;
	}
	return wanted;
}

enum outcome
broadcast_begin(struct db *db, struct broadcast *b, int64_t now,
    struct fault *fault)
{
	sqlite3_stmt *begin = db_use(db,
	    "UPDATE broadcasts SET state = 'running', begun_at = ?2,"
	    " moved_at = ?2 WHERE id = ?1 AND state = 'scheduled'");

	db_bind_int(begin, 1, b->id);
	db_bind_int(begin, 2, now);
	db_run(db, begin);
	b->state = BROADCAST_RUNNING;
	b->begun_at = b->moved_at = now;
	return db_result(db, fault);
}

int64_t
broadcast_waiting(struct db *db, int64_t id)
{
	int64_t waiting = 0;
	sqlite3_stmt *tally = db_use(db,
	    "SELECT count FROM broadcast_tally WHERE broadcast = ?1"
	    " AND kind = 'waiting'");

	db_bind_int(tally, 1, id);
	while (db_row(db, tally))
		waiting = db_int(tally, 0);
	return waiting;
}

static bool
is_written(struct db *db, int64_t id, int64_t chat_id)
{
	bool found = false;
	sqlite3_stmt *find = db_use(db,
	    "SELECT 1 FROM messages WHERE broadcast = ?1 AND chat_id = ?2");

	db_bind_int(find, 1, id);
	db_bind_int(find, 2, chat_id);
	while (db_row(db, find))
		found = true;
	return found;
}

/* In no lane: it never was to be sent. */
static enum outcome
write_cancelled(struct db *db, const struct message *m, const char *reason,
    struct fault *fault)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO messages(chat_id, state, role, created_at,"
	    " settled_at, method, policy, priority, broadcast, reason)"
	    " VALUES(?1, 'cancelled', 'assistant', ?2, ?2, ?3, 'once', ?4,"
	    " ?5, ?6)");

	db_bind_int(add, 1, m->chat_id);
	db_bind_int(add, 2, m->created_at);
	db_lend_text(add, 3, m->method);
	db_bind_int(add, 4, m->priority);
	db_bind_int(add, 5, m->broadcast);
	db_lend_text(add, 6, reason);
	db_run(db, add);
	return db_result(db, fault);
}

enum outcome
broadcast_write(struct db *db, const struct broadcast *b, int64_t chat_id,
    const char *not_for, int64_t now, struct fault *fault)
{
	struct message m = { .chat_id = chat_id,
		.priority = PRIORITY_BROADCAST,
		.policy = POLICY_ONCE,
		.method = b->method,
		.flow = b->flow,
		.action = b->action,
		.media_count = b->media_count,
		.broadcast = b->id,
		.created_at = now,
		.expire_at = now + LIFE_MS };

	for (int i = 0; i < b->media_count; i++)
		m.media[i] = b->media[i];
	if (is_written(db, b->id, chat_id))
		return db_result(db, fault);
	if (not_for != NULL)
		return write_cancelled(db, &m, not_for, fault);
	return messages_add(db, &m, false, fault);
}

bool
broadcast_back(struct db *db, int64_t id, int64_t *chat_id)
{
	bool found = false;
	sqlite3_stmt *next = db_use(db,
	    "SELECT chat_id FROM broadcast_aside WHERE broadcast = ?1"
	    " ORDER BY chat_id LIMIT 1");
	sqlite3_stmt *gone = db_use(db,
	    "DELETE FROM broadcast_aside WHERE broadcast = ?1"
	    " AND chat_id = ?2");

	db_bind_int(next, 1, id);
	while (db_row(db, next)) {
		*chat_id = db_int(next, 0);
		found = true;
	}
	if (!found)
		return false;
	db_bind_int(gone, 1, id);
	db_bind_int(gone, 2, *chat_id);
	db_run(db, gone);
	return true;
}

enum outcome
broadcast_moved(struct db *db, const struct broadcast *b, int64_t now,
    struct fault *fault)
{
	sqlite3_stmt *moved = db_use(db,
	    "UPDATE broadcasts SET cursor = ?2, looked = ?3, through = ?4,"
	    " moved_at = ?5 WHERE id = ?1");

	db_bind_int(moved, 1, b->id);
	db_bind_int(moved, 2, b->cursor);
	db_bind_int(moved, 3, b->looked);
	db_bind_int(moved, 4, b->through);
	db_bind_int(moved, 5, now);
	db_run(db, moved);
	return db_result(db, fault);
}

void
broadcast_settled(struct db *db, int64_t id, bool arrived)
{
	sqlite3_stmt *count = db_use(db,
	    "UPDATE broadcasts SET failures = iif(?2, 0, failures + 1)"
	    " WHERE id = ?1 AND (failures > 0 OR NOT ?2)");

	db_bind_int(count, 1, id);
	db_bind_int(count, 2, arrived);
	db_run(db, count);
}

char *
broadcast_failure(struct db *db, int64_t id)
{
	char *reason = NULL;
	sqlite3_stmt *last = db_use(db,
	    "SELECT coalesce(m.reason, '') FROM dead_letters d"
	    " JOIN messages m ON m.id = d.item WHERE d.kind = 'message'"
	    " AND m.broadcast = ?1 ORDER BY d.item DESC LIMIT 1");

	db_bind_int(last, 1, id);
	while (db_row(db, last))
		reason = db_text_dup(last, 0);
	return reason ? reason : mem_dup("");
}

bool
broadcast_finish(struct db *db, int64_t id, int64_t now)
{
	sqlite3_stmt *finish = db_use(db,
	    "UPDATE broadcasts SET state = 'finished', finished_at = ?2,"
	    " moved_at = ?2 WHERE id = ?1 AND state = 'running'");
	sqlite3_stmt *limit = db_use(db,
	    "DELETE FROM limits WHERE kind = 'broadcast' AND id = ?1");

	db_bind_int(limit, 1, id);
	db_run(db, limit);
	db_bind_int(finish, 1, id);
	db_bind_int(finish, 2, now);
	db_run(db, finish);
	return db_changes(db) > 0;
}

enum outcome
broadcast_terms(struct db *db, int64_t id, struct broadcast_terms *terms,
    struct fault *fault)
{
	sqlite3_stmt *find = db_use(db,
	    "SELECT state, rate, paid FROM broadcasts WHERE id = ?1");

	*terms = (struct broadcast_terms){ .state = BROADCAST_FINISHED };
	db_bind_int(find, 1, id);
	while (db_row(db, find)) {
		terms->state = broadcast_state_of(db_text(find, 0));
		terms->rate = db_int(find, 1);
		terms->paid = db_int(find, 2) != 0;
		if (terms->paid && terms->rate == 0)
			terms->rate = BROADCAST_PAID_PER_SECOND;
	}
	return db_result(db, fault);
}
