/* SPDX-License-Identifier: MIT */
#include "store/messages.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/counters.h"
#include "store/lane.h"
#include "store/media_list.h"
#include "store/statement.h"

static const char *const policy_names[] = { "idempotent", "resend", "once" };

static const int priorities[] = { PRIORITY_ANSWER, PRIORITY_ALERT,
	PRIORITY_REMINDER, PRIORITY_BROADCAST };
#define PRIORITY_CLASSES (sizeof priorities / sizeof *priorities)

/* Seen only when it is committed: begin holds the lines back. */
static void
tell_stored(int64_t id, int64_t chat_id, const char *role)
{
	log_event(LOG_INFO, "message_stored", "id=%lld user_id=%lld role=%s",
	    (long long)id, (long long)chat_id, role);
}

enum outcome
messages_add(struct db *db, struct message *m, bool held, struct fault *fault)
{
	const char *role = m->by_operator ? "operator" : "assistant";
	char media[MEDIA_LIST_SIZE];
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO messages(chat_id, state, role, created_at, text,"
	    " update_row, task_id, task_name, method, params, media, policy,"
	    " priority, not_before, expire_at, flow, action, about,"
	    " subject, broadcast)"
	    " VALUES(?1, ?2, ?17, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
	    " ?11, ?12, ?13, ?14, ?15, ?16, ?18, ?19, ?20)");

	db_bind_int(add, 1, m->chat_id);
	db_lend_text(add, 2, held ? "held" : "queued");
	db_bind_int(add, 3, m->created_at);
	db_lend_text(add, 4, m->text);
	db_bind_null_if(add, 5, m->update_row, 0);
	db_bind_null_if(add, 6, m->task_id, 0);
	db_lend_text(add, 7, m->task_name);
	db_lend_text(add, 8, m->method);
	db_lend_text(add, 9, m->params);
	db_lend_text(add, 10,
	    media_list_text(m->media, m->media_count, media));
	db_lend_text(add, 11, policy_names[m->policy]);
	db_bind_int(add, 12, m->priority);
	db_bind_int(add, 13, m->not_before);
	db_bind_int(add, 14, m->expire_at);
	db_lend_text(add, 15, m->flow);
	db_lend_text(add, 16, m->action);
	db_lend_text(add, 17, role);
	db_bind_null_if(add, 18, m->about, 0);
	db_bind_null_if(add, 19, m->subject, 0);
	db_bind_null_if(add, 20, m->broadcast, 0);
	db_run(db, add);
	m->id = db_last_id(db);
	if (!held)
		lane_join(db, m->chat_id, m->id, (int)m->priority,
		    m->not_before);
	tell_stored(m->id, m->chat_id, role);
	return db_result(db, fault);
}

enum outcome
messages_received(struct db *db, int64_t chat_id, int64_t update_row,
    int64_t message_id, const char *text, int64_t now, struct fault *fault)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO messages(chat_id, state, role, created_at,"
	    " settled_at, update_row, message_id, text)"
	    " VALUES(?1, 'received', 'user', ?2, ?2, ?3, ?4, ?5)");

	db_bind_int(add, 1, chat_id);
	db_bind_int(add, 2, now);
	db_bind_null_if(add, 3, update_row, 0);
	db_bind_null_if(add, 4, message_id, 0);
	db_lend_text(add, 5, text);
	db_run(db, add);
	counter_add(db, COUNT_RECEIVED, "", 1);
	tell_stored(db_last_id(db), chat_id, "user");
	return db_result(db, fault);
}

int64_t
messages_about(struct db *db, int64_t chat_id, int64_t message_id)
{
	int64_t about = 0;
	sqlite3_stmt *find = db_use(db,
	    "SELECT about FROM messages WHERE chat_id = ?1"
	    " AND message_id = ?2 AND about IS NOT NULL");

	db_bind_int(find, 1, chat_id);
	db_bind_int(find, 2, message_id);
	while (db_row(db, find))
		about = db_int(find, 0);
	return about;
}

static enum policy
policy_of(const char *name)
{
	int policy = POLICY_IDEMPOTENT;

	while (policy < POLICY_ONCE && *name != *policy_names[policy])
		++policy;
	return (enum policy)policy;
}

/* The columns of a head, in the order of message_read(). */
#define MESSAGE_COLUMNS \
	"m.id, m.chat_id, m.priority, m.policy, m.method, m.params, m.text," \
	" m.flow, m.action, m.media," \
	" coalesce(m.update_row, 0), coalesce(m.task_id, 0), m.task_name," \
	" m.created_at, m.not_before, m.expire_at, m.tries, m.ambiguous," \
	" m.maybe_duplicate, m.generation, coalesce(m.broadcast, 0)"

static void
message_read(sqlite3_stmt *row, struct message *m)
{
	m->id = db_int(row, 0);
	m->chat_id = db_int(row, 1);
	m->priority = (enum priority)db_int(row, 2);
	m->policy = policy_of(db_text(row, 3));
	m->method = db_text(row, 4);
	m->params = db_text(row, 5);
	m->text = db_text(row, 6);
	m->flow = db_text(row, 7);
	m->action = db_text(row, 8);
	m->media_count = media_list_read(db_text(row, 9), m->media);
	m->update_row = db_int(row, 10);
	m->task_id = db_int(row, 11);
	m->task_name = db_text(row, 12);
	m->created_at = db_int(row, 13);
	m->not_before = db_int(row, 14);
	m->expire_at = db_int(row, 15);
	m->tries = (int)db_int(row, 16);
	m->ambiguous = (int)db_int(row, 17);
	m->maybe_duplicate = db_int(row, 18) != 0;
	m->generation = db_int(row, 19);
	m->broadcast = db_int(row, 20);
	m->paid = false;
}

bool
messages_ready(struct db *db, int64_t now, int priority_max,
    struct lane_place *after, struct message *message)
{
	/* One class at a time, so that lanes in back-off are not scanned. */
	for (size_t i = 0; i < PRIORITY_CLASSES; i++) {
		if (priorities[i] > priority_max)
			break;
		if (priorities[i] < after->priority)
			continue;
		if (priorities[i] > after->priority)
			*after = (struct lane_place){ priorities[i], INT64_MIN,
				INT64_MIN };
		sqlite3_stmt *ready = db_use(db,
		    "SELECT " MESSAGE_COLUMNS ", l.not_before FROM lanes l"
		    " JOIN messages m ON m.id = l.head"
		    " WHERE l.busy = 0 AND l.awaits IS NULL"
		    " AND l.priority = ?1 AND l.not_before <= ?2"
		    " AND (l.not_before, l.chat_id) > (?3, ?4)"
		    " ORDER BY l.not_before, l.chat_id LIMIT 1");
		db_bind_int(ready, 1, priorities[i]);
		db_bind_int(ready, 2, now);
		db_bind_int(ready, 3, after->not_before);
		db_bind_int(ready, 4, after->chat_id);
		if (db_row(db, ready)) {
			message_read(ready, message);
			message->urgency = priorities[i];
			after->not_before = db_int(ready, 21);
			after->chat_id = message->chat_id;
			return true;
		}
	}
	return false;
}

enum outcome
messages_claim(struct db *db, struct message *message, int64_t worker,
    int64_t now, struct fault *fault)
{
	sqlite3_stmt *claim = db_use(db,
	    "UPDATE messages SET maybe_duplicate ="
	    " max(maybe_duplicate, state = 'ambiguous'),"
	    " state = 'sending', worker = ?2, generation = ?3 + 1,"
	    " started_at = ?4 WHERE id = ?1 AND generation = ?3"
	    " AND state IN ('queued','ambiguous')");

	db_bind_int(claim, 1, message->id);
	db_bind_int(claim, 2, worker);
	db_bind_int(claim, 3, message->generation);
	db_bind_int(claim, 4, now);
	db_run(db, claim);
	bool claimed = db_changes(db) > 0;
	++message->generation;
	message->started_at = now;
	sqlite3_stmt *lane =
	    db_use(db, "UPDATE lanes SET busy = 1 WHERE chat_id = ?1");
	db_bind_int(lane, 1, message->chat_id);
	db_run(db, lane);
	enum outcome out = db_result(db, fault);
	if (out == OUT_OK && !claimed)
		return fault_set(fault, OUT_BUG, EXIT_BUG,
		    "message %lld heads a lane but does not wait",
		    (long long)message->id);
	return out;
}

enum outcome
messages_postpone(struct db *db, int64_t chat_id, int64_t not_before,
    int64_t media, struct fault *fault)
{
	sqlite3_stmt *lane = db_use(db,
	    "UPDATE lanes SET not_before = max(not_before, ?2), awaits = ?3"
	    " WHERE chat_id = ?1");

	db_bind_int(lane, 1, chat_id);
	db_bind_int(lane, 2, not_before);
	db_bind_null_if(lane, 3, media, 0);
	db_run(db, lane);
	return db_result(db, fault);
}

int64_t
messages_next_of(struct db *db, int priority)
{
	int64_t next = CLOCK_NEVER;
	sqlite3_stmt *first = db_use(db,
	    "SELECT not_before FROM lanes WHERE busy = 0"
	    " AND awaits IS NULL AND priority = ?1"
	    " ORDER BY not_before LIMIT 1");

	db_bind_int(first, 1, priority);
	while (db_row(db, first))
		next = db_int(first, 0);
	return next;
}

int64_t
messages_next_ready(struct db *db, int priority_max)
{
	int64_t next = CLOCK_NEVER;

	for (size_t i = 0; i < PRIORITY_CLASSES; i++) {
		if (priorities[i] > priority_max)
			break;
		int64_t at = messages_next_of(db, priorities[i]);
		if (at < next)
			next = at;
	}
	return next;
}

enum outcome
messages_rewrite(struct db *db, int64_t id, const char *params,
    const char *text, bool final, struct fault *fault)
{
	sqlite3_stmt *rewrite = db_use(db,
	    "UPDATE messages SET params = ?2, text = coalesce(?3, text),"
	    " action = iif(?4, NULL, action) WHERE id = ?1");

	db_bind_int(rewrite, 1, id);
	db_bind_text(rewrite, 2, params);
	db_bind_text(rewrite, 3, text);
	db_bind_int(rewrite, 4, final);
	db_run(db, rewrite);
	return db_result(db, fault);
}

enum outcome
messages_tried(struct db *db, int64_t id, int tries, struct fault *fault)
{
	sqlite3_stmt *tried = db_use(db,
	    "UPDATE messages SET tries = ?2"
	    " WHERE id = ?1 AND state = 'queued'");

	db_bind_int(tried, 1, id);
	db_bind_int(tried, 2, tries);
	db_run(db, tried);
	return db_result(db, fault);
}

enum outcome
messages_release(struct db *db, int64_t chat_id, int64_t now, int *count,
    struct fault *fault)
{
	*count = 0;
	for (;;) {
		int64_t chat = 0;
		bool any = false;
		sqlite3_stmt *next = db_use(db,
		    "SELECT chat_id FROM messages WHERE " MESSAGE_STUCK
		    " AND state = 'held'"
		    " AND (?1 = 0 OR chat_id = ?1) LIMIT 1");
		db_bind_int(next, 1, chat_id);
		while (db_row(db, next)) {
			chat = db_int(next, 0);
			any = true;
		}
		if (!any)
			return db_result(db, fault);
		sqlite3_stmt *free_all = db_use(db,
		    "UPDATE messages SET state ="
		    " iif(expire_at BETWEEN 1 AND ?2, 'expired', 'queued'),"
		    " not_before = 0, settled_at = ?2"
		    " WHERE " MESSAGE_STUCK
		    " AND state = 'held' AND chat_id = ?1");
		db_bind_int(free_all, 1, chat);
		db_bind_int(free_all, 2, now);
		db_run(db, free_all);
		*count += db_changes(db);
		lane_renew(db, chat);
		enum outcome out = db_result(db, fault);
		if (out != OUT_OK)
			return out;
	}
}
