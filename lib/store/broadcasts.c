/* SPDX-License-Identifier: MIT */
#include "store/broadcasts.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/broadcast_row.h"
#include "store/broadcast_run.h"
#include "store/lane.h"
#include "store/media_list.h"
#include "store/statement.h"

static const char *const state_names[] = {
	[BROADCAST_SCHEDULED] = "scheduled",
	[BROADCAST_RUNNING] = "running",
	[BROADCAST_PAUSED] = "paused",
	[BROADCAST_FINISHED] = "finished",
	[BROADCAST_CANCELLED] = "cancelled",
};

const char *
broadcast_state_name(enum broadcast_state state)
{
	return state_names[state];
}

enum broadcast_state
broadcast_state_of(const char *name)
{
	int state = BROADCAST_SCHEDULED;

	while (state < BROADCAST_CANCELLED &&
	    strcmp(name, state_names[state]) != 0)
		++state;
	return (enum broadcast_state)state;
}

void
broadcast_read(sqlite3_stmt *row, struct broadcast *b)
{
	*b = (struct broadcast){ .id = db_int(row, 0),
		.name = db_text(row, 1),
		.state = broadcast_state_of(db_text(row, 2)),
		.flow = db_text(row, 3),
		.action = db_text(row, 4),
		.audience = db_text(row, 5),
		.method = db_text(row, 6),
		.rate = db_int(row, 8),
		.paid = db_int(row, 9) != 0,
		.created_at = db_int(row, 10),
		.start_at = db_int(row, 11),
		.begun_at = db_int(row, 12),
		.finished_at = db_int(row, 13),
		.cursor = db_int(row, 14),
		.looked = db_int(row, 15),
		.through = db_int(row, 16) != 0,
		.moved_at = db_int(row, 17),
		.reason = db_text(row, 18),
		.failures = db_int(row, 19) };
	b->media_count = media_list_read(db_text(row, 7), b->media);
}

static bool
name_taken(struct db *db, const char *name)
{
	bool taken = false;
	sqlite3_stmt *find =
	    db_use(db, "SELECT 1 FROM broadcasts WHERE name = ?1");

	db_bind_text(find, 1, name);
	while (db_row(db, find))
		taken = true;
	return taken;
}

enum outcome
broadcasts_add(struct db *db, struct broadcast *b, struct fault *fault)
{
	char media[MEDIA_LIST_SIZE];

	if (name_taken(db, b->name))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "there is a broadcast '%.64s' already: choose another "
		    "name",
		    b->name);
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO broadcasts(name, state, flow, action, audience,"
	    " method, media, rate, paid, created_at, start_at)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
	db_bind_text(add, 1, b->name);
	db_bind_text(add, 2, state_names[b->state]);
	db_bind_text(add, 3, b->flow);
	db_bind_text(add, 4, b->action);
	db_bind_text(add, 5, b->audience);
	db_bind_text(add, 6, b->method);
	db_bind_text(add, 7, media_list_text(b->media, b->media_count, media));
	db_bind_int(add, 8, b->rate);
	db_bind_int(add, 9, b->paid);
	db_bind_int(add, 10, b->created_at);
	db_bind_int(add, 11, b->start_at);
	db_run(db, add);
	b->id = db_last_id(db);
	return db_result(db, fault);
}

bool
broadcasts_find(struct db *db, const char *which, struct broadcast *b)
{
	char *end;
	int64_t id = strtoll(which, &end, 10);
	sqlite3_stmt *find = db_use(db,
	    "SELECT " BROADCAST_COLUMNS " FROM broadcasts WHERE id ="
	    " coalesce((SELECT id FROM broadcasts WHERE name = ?1), ?2)");

	db_bind_text(find, 1, which);
	db_bind_int(find, 2, *end == '\0' ? id : 0);
	if (!db_row(db, find))
		return false;
	broadcast_read(find, b);
	return true;
}

char *
broadcasts_action(struct db *db, int64_t chat_id, int64_t message_id)
{
	char *action = NULL;
	sqlite3_stmt *find = db_use(db,
	    "SELECT b.action FROM broadcasts b CROSS JOIN messages m"
	    " INDEXED BY messages_broadcast ON m.broadcast = b.id"
	    " AND m.chat_id = ?1 WHERE m.message_id = ?2");

	db_bind_int(find, 1, chat_id);
	db_bind_int(find, 2, message_id);
	while (db_row(db, find))
		action = db_text_dup(find, 0);
	return action;
}

bool
broadcasts_next(struct db *db, int64_t after, struct broadcast *b)
{
	sqlite3_stmt *next = db_use(db,
	    "SELECT " BROADCAST_COLUMNS " FROM broadcasts WHERE id > ?1"
	    " ORDER BY id LIMIT 1");

	db_bind_int(next, 1, after);
	if (!db_row(db, next))
		return false;
	broadcast_read(next, b);
	return true;
}

static int64_t
number(struct db *db, const char *query, int64_t id)
{
	int64_t value = 0;
	sqlite3_stmt *find = db_use(db, query);

	db_bind_int(find, 1, id);
	while (db_row(db, find))
		value = db_int(find, 0);
	return value;
}

enum outcome
broadcasts_count(struct db *db, int64_t id, struct broadcast_counts *counts,
    struct fault *fault)
{
	const struct {
		const char *kind;
		int64_t *count;
	} kinds[] = {
		{ "sent", &counts->sent },
		{ "waiting", &counts->waiting },
		{ "unknown", &counts->unknown },
		{ "dead", &counts->dead },
		{ "expired", &counts->expired },
		{ "blocked", &counts->blocked },
		{ "unsubscribed", &counts->unsubscribed },
		{ "cancelled", &counts->cancelled },
	};
	sqlite3_stmt *tally = db_use(db,
	    "SELECT kind, count FROM broadcast_tally WHERE broadcast = ?1"
	    " UNION ALL SELECT 'waiting', count(*) FROM broadcast_aside"
	    " WHERE broadcast = ?1");

	*counts = (struct broadcast_counts){
		.looked = number(db,
		    "SELECT looked FROM broadcasts WHERE id = ?1", id)
	};
	db_bind_int(tally, 1, id);
	while (db_row(db, tally)) {
		const char *kind = db_text(tally, 0);
		int64_t count = db_int(tally, 1);
		counts->chosen += count;
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
			if (strcmp(kinds[i].kind, kind) == 0)
				*kinds[i].count += count;
	}
	return db_result(db, fault);
}

enum outcome
broadcasts_people(struct db *db, int64_t id,
    bool (*visit)(const struct broadcast_person *person, void *arg), void *arg,
    struct fault *fault)
{
	sqlite3_stmt *people = db_use(db,
	    "SELECT m.chat_id AS chat, c.username, c.first_name, m.state,"
	    " m.reason, m.message_id, m.settled_at FROM messages m"
	    " LEFT JOIN chats c ON c.chat_id = m.chat_id"
	    " WHERE m.broadcast = ?1 UNION ALL"
	    " SELECT a.chat_id, c.username, c.first_name, 'paused', NULL,"
	    " NULL, NULL FROM broadcast_aside a"
	    " LEFT JOIN chats c ON c.chat_id = a.chat_id"
	    " WHERE a.broadcast = ?1 ORDER BY 1");

	db_bind_int(people, 1, id);
	while (db_row(db, people)) {
		const struct broadcast_person person = {
			.chat_id = db_int(people, 0),
			.username = db_text(people, 1),
			.first_name = db_text(people, 2),
			.state = db_text(people, 3),
			.reason = db_text(people, 4),
			.message_id = db_int(people, 5),
			.settled_at = db_int(people, 6),
		};
		if (!visit(&person, arg)) {
			sqlite3_reset(people);
			break;
		}
	}
	return db_result(db, fault);
}

/* The next chat behind *AFTER (at first 0) in which a message of the broadcast
 * waits for its turn.  The open ones are few, those of the broadcast may be
 * many. */
static bool
queued_next(struct db *db, int64_t id, int64_t *after)
{
	bool found = false;
	sqlite3_stmt *next = db_use(db,
	    "SELECT chat_id FROM messages INDEXED BY messages_open"
	    " WHERE " MESSAGE_OPEN " AND state = 'queued' AND broadcast = ?1"
	    " AND maybe_duplicate = 0 AND chat_id > ?2"
	    " ORDER BY chat_id LIMIT 1");

	db_bind_int(next, 1, id);
	db_bind_int(next, 2, *after);
	while (db_row(db, next)) {
		*after = db_int(next, 0);
		found = true;
	}
	return found;
}

static void
run(struct db *db, sqlite3_stmt *change, int64_t id, int64_t chat_id)
{
	db_bind_int(change, 1, id);
	db_bind_int(change, 2, chat_id);
	db_run(db, change);
}

enum outcome
broadcast_set_aside(struct db *db, int64_t id, int64_t chat_id,
    struct fault *fault)
{
	run(db,
	    db_use(db,
		"INSERT OR IGNORE INTO broadcast_aside(broadcast, chat_id)"
		" VALUES(?1, ?2)"),
	    id, chat_id);
	run(db,
	    db_use(db,
		"DELETE FROM messages WHERE broadcast = ?1"
		" AND chat_id = ?2 AND state = 'queued'"),
	    id, chat_id);
	lane_renew(db, chat_id);
	return db_result(db, fault);
}

/* False when it is in no state from which it can become TO.  One that was
 * paused before it began is scheduled again. */
static bool
move(struct db *db, int64_t id, enum broadcast_state to, const char *reason,
    int64_t now)
{
	sqlite3_stmt *change = db_use(db,
	    "UPDATE broadcasts SET reason = ?3, moved_at = ?4, failures = 0,"
	    " state ="
	    " iif(?2 = 'running' AND begun_at IS NULL, 'scheduled', ?2),"
	    " finished_at = iif(?2 = 'cancelled', ?4, finished_at)"
	    " WHERE id = ?1 AND iif(?2 = 'running', state = 'paused',"
	    "  state = 'scheduled' OR state = 'running'"
	    "  OR state = 'paused' AND ?2 = 'cancelled')");

	db_bind_int(change, 1, id);
	db_bind_text(change, 2, state_names[to]);
	db_bind_text(change, 3, reason);
	db_bind_int(change, 4, now);
	db_run(db, change);
	if (db_changes(db) == 0)
		return false;
	log_event(LOG_INFO, "broadcast", "id=%lld state=%s reason=%s",
	    (long long)id, state_names[to], log_quote(reason));
	return true;
}

enum outcome
broadcasts_pause(struct db *db, int64_t id, const char *reason, int64_t now,
    bool *changed, struct fault *fault)
{
	enum outcome out = OUT_OK;
	int64_t chat_id = 0;

	*changed = move(db, id, BROADCAST_PAUSED, reason, now);
	while (*changed && out == OUT_OK && queued_next(db, id, &chat_id))
		out = broadcast_set_aside(db, id, chat_id, fault);
	return out == OUT_OK ? db_result(db, fault) : out;
}

enum outcome
broadcasts_resume(struct db *db, int64_t id, int64_t now, bool *changed,
    struct fault *fault)
{
	*changed = move(db, id, BROADCAST_RUNNING, NULL, now);
	return db_result(db, fault);
}

/* Who was put aside gets no message, but a row for the report. */
static enum outcome
end_aside(struct db *db, int64_t id, int64_t now, struct fault *fault)
{
	sqlite3_stmt *end = db_use(db,
	    "INSERT OR IGNORE INTO messages(chat_id, state, role, created_at,"
	    " settled_at, method, policy, priority, broadcast, reason)"
	    " SELECT a.chat_id, 'cancelled', 'assistant', ?2, ?2, b.method,"
	    " 'once', ?3, b.id, '" BROADCAST_TAKEN_BACK "'"
	    " FROM broadcast_aside a JOIN broadcasts b ON b.id = a.broadcast"
	    " WHERE a.broadcast = ?1");

	db_bind_int(end, 1, id);
	db_bind_int(end, 2, now);
	db_bind_int(end, 3, PRIORITY_BROADCAST);
	db_run(db, end);
	number(db, "DELETE FROM broadcast_aside WHERE broadcast = ?1", id);
	return db_result(db, fault);
}

enum outcome
broadcasts_cancel(struct db *db, int64_t id, int64_t now, bool *changed,
    struct fault *fault)
{
	int64_t chat_id = 0;

	*changed = move(db, id, BROADCAST_CANCELLED, NULL, now);
	while (*changed && queued_next(db, id, &chat_id)) {
		sqlite3_stmt *end = db_use(db,
		    "UPDATE messages SET state = 'cancelled',"
		    " reason = '" BROADCAST_TAKEN_BACK "', settled_at = ?3"
		    " WHERE broadcast = ?1 AND chat_id = ?2"
		    " AND state = 'queued'");
		db_bind_int(end, 3, now);
		run(db, end, id, chat_id);
		lane_renew(db, chat_id);
		enum outcome out = db_result(db, fault);
		if (out != OUT_OK)
			return out;
	}
	return *changed ? end_aside(db, id, now, fault) : db_result(db, fault);
}
