/* SPDX-License-Identifier: MIT */
/*
 * Outwards: rows that leave `tasks` and what becomes of them.
 */
#include "store/shared_claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/dead.h"
#include "store/meta.h"
#include "store/statement.h"
#include "store/task_row.h"

#define DETAILS \
	"due_at, kind, priority, chat_id, name, expire_at, created_at," \
	" entries, flow, pointer, method, params"

/* What the set, or a claim of ours, has. */
#define HANDED \
	"ours = 1" \
	" AND (state = 'exporting' OR state = 'exported' OR state = 'claimed')"

void
shared_source(const char *member, size_t len, char source[SHARED_SOURCE_SIZE])
{
	char hex[ID_DIGEST_SIZE];

	id_digest(member, len, hex);
	snprintf(source, SHARED_SOURCE_SIZE, "%.32s", hex);
}

/* As the programs do that use this set: compact, these members first. */
static char *
member_of(const struct task *task, const char *host)
{
	char id[64];
	json_t *data = json_object();

	snprintf(id, sizeof(id), "lp-%s-%lld", host, (long long)task->id);
	if (task->kind == TASK_SEND) {
		json_object_set_new(data, "method", json_string(task->method));
		json_object_set_new(data, "params",
		    json_loads(task->params, 0, NULL));
	}
	json_t *member = json_pack("{s:s, s:I, s:I, s:o, s:s, s:I}", "type",
	    task->kind == TASK_FLOW ? task->name : "send_message", "userId",
	    (json_int_t)task->chat_id, "chatId", (json_int_t)task->chat_id,
	    "data", data, "id", id, "executeAt", (json_int_t)task->due_at);
	char *text = json_text(member);
	json_decref(member);
	return text;
}

static enum outcome
hand_over(struct db *db, const struct task *task, const char *host,
    struct fault *fault)
{
	char source[SHARED_SOURCE_SIZE];
	char *member = member_of(task, host);
	int64_t due_at = task->due_at, id = task->id;
	sqlite3_stmt *keep = db_use(db,
	    "INSERT INTO shared_tasks(id, source, src_member, ours, state,"
	    " changed_at, " DETAILS ") SELECT id, ?3, ?4, 1, 'exporting',"
	    " ?5, " DETAILS " FROM tasks WHERE due_at = ?1 AND id = ?2");
	sqlite3_stmt *gone =
	    db_use(db, "DELETE FROM tasks WHERE due_at = ?1 AND id = ?2");

	shared_source(member, strlen(member), source);
	db_bind_int(keep, 1, due_at);
	db_bind_int(keep, 2, id);
	db_lend_text(keep, 3, source);
	db_lend_text(keep, 4, member);
	db_bind_int(keep, 5, task->created_at);
	db_run(db, keep);
	free(member);
	db_bind_int(gone, 1, due_at);
	db_bind_int(gone, 2, id);
	db_run(db, gone);
	return db_result(db, fault);
}

/* The rest of a task is not needed to hand it over. */
static void
read_offer(sqlite3_stmt *row, struct task *task)
{
	*task = (struct task){ .id = db_int(row, 0),
		.due_at = db_int(row, 1),
		.kind = *db_text(row, 2) == 'f' ? TASK_FLOW : TASK_SEND,
		.chat_id = db_int(row, 3),
		.name = db_text(row, 4),
		.created_at = db_int(row, 5),
		.method = db_text(row, 6),
		.params = db_text(row, 7) };
}

#define OFFER_COLUMNS \
	"id, due_at, kind, chat_id, name, created_at, method, params"

/* Ids are given out in the order of commits: what is behind the last one that
 * was looked at is new. */
static bool
next_offer(struct db *db, int64_t behind, struct task *task)
{
	sqlite3_stmt *next = db_use(db,
	    "SELECT " OFFER_COLUMNS " FROM tasks INDEXED BY tasks_id"
	    " WHERE id > ?1 ORDER BY id LIMIT 1");

	db_bind_int(next, 1, behind);
	if (!db_row(db, next))
		return false;
	read_offer(next, task);
	return true;
}

bool
shared_tasks_offers(struct db *db)
{
	int64_t behind = meta_int(db, META_SHARED_OFFERED, 0);
	struct task task;

	return next_offer(db, behind, &task);
}

enum outcome
shared_tasks_offer(struct db *db, struct shared_offer *offer,
    struct fault *fault)
{
	int64_t behind = meta_int(db, META_SHARED_OFFERED, 0), first = behind;
	enum outcome out = OUT_OK;
	struct task task;
	int seen = 0;

	offer->count = 0;
	while (out == OUT_OK && seen < offer->limit &&
	    next_offer(db, behind, &task)) {
		behind = task.id;
		++seen;
		/* Timers of the engine and what recurs are the flow's inner
		 * affairs. */
		if (task.kind != TASK_FLOW || task.due_at <= offer->after ||
		    strchr(task.name, ':') != NULL)
			continue;
		out = hand_over(db, &task, offer->host, fault);
		++offer->count;
	}
	offer->more = seen == offer->limit;
	if (out == OUT_OK && behind > first)
		out = meta_set_int(db, META_SHARED_OFFERED, behind, fault);
	return out == OUT_OK ? db_result(db, fault) : out;
}

enum outcome
shared_tasks_offer_id(struct db *db, const char *host, int64_t id,
    struct fault *fault)
{
	sqlite3_stmt *find =
	    db_use(db, "SELECT " OFFER_COLUMNS " FROM tasks WHERE id = ?1");
	struct task task;

	db_bind_int(find, 1, id);
	if (!db_row(db, find))
		return db_result(db, fault);
	read_offer(find, &task);
	return hand_over(db, &task, host, fault);
}

enum outcome
shared_tasks_stands(struct db *db, int64_t id, enum shared_standing standing,
    int64_t look_at, int64_t now, struct fault *fault)
{
	static const char *const states[] = { "exported", "taken", "done" };
	sqlite3_stmt *set = db_use(db,
	    "UPDATE shared_tasks SET state = ?2, told = (?2 = 'exported'),"
	    " look_at = ?3, changed_at = ?4 WHERE id = ?1"
	    " AND (state = 'exporting' OR state = 'exported')");

	db_bind_int(set, 1, id);
	db_lend_text(set, 2, states[standing]);
	db_bind_int(set, 3, look_at);
	db_bind_int(set, 4, now);
	db_run(db, set);
	return dead_remove(db, "shared", id, fault);
}

/* What USE has cancelled is no dead letter any more. */
static enum outcome
cancel(struct db *db, sqlite3_stmt *use, int *count, struct fault *fault)
{
	sqlite3_stmt *letters = db_use(db,
	    "DELETE FROM dead_letters WHERE kind = 'shared' AND item IN"
	    " (SELECT id FROM shared_tasks WHERE told = 0"
	    "  AND state = 'cancelled')");

	db_run(db, use);
	int changed = db_changes(db);
	*count += changed;
	if (changed > 0)
		db_run(db, letters);
	return db_result(db, fault);
}

enum outcome
shared_tasks_cancel(struct db *db, int64_t chat_id, const char *name,
    const char *pointer, int64_t now, int *count, struct fault *fault)
{
	sqlite3_stmt *named = db_use(db,
	    "UPDATE shared_tasks SET state = 'cancelled', told = 0,"
	    " changed_at = ?4 WHERE chat_id = ?1 AND name = ?2"
	    " AND (?3 IS NULL OR pointer IS ?3) AND " HANDED);

	db_bind_int(named, 1, chat_id);
	db_bind_text(named, 2, name);
	db_bind_text(named, 3, pointer);
	db_bind_int(named, 4, now);
	return cancel(db, named, count, fault);
}

enum outcome
shared_tasks_cancel_id(struct db *db, int64_t id, int64_t now, int *count,
    struct fault *fault)
{
	sqlite3_stmt *one = db_use(db,
	    "UPDATE shared_tasks SET state = 'cancelled', told = 0,"
	    " changed_at = ?2 WHERE id = ?1 AND " HANDED);

	db_bind_int(one, 1, id);
	db_bind_int(one, 2, now);
	return cancel(db, one, count, fault);
}

bool
shared_tasks_named(struct db *db, int64_t chat_id, const char *name,
    struct task *task)
{
	bool found = false;
	sqlite3_stmt *find = db_use(db,
	    "SELECT id, due_at FROM shared_tasks WHERE chat_id = ?1"
	    " AND name = ?2 AND kind = 'flow' AND " HANDED);

	db_bind_int(find, 1, chat_id);
	db_bind_text(find, 2, name);
	while (db_row(db, find)) {
		*task = (struct task){ .id = db_int(find, 0),
			.due_at = db_int(find, 1) };
		found = true;
	}
	return found;
}

int
shared_tasks_list(struct db *db, int64_t chat_id, int limit,
    void (*visit)(const struct task *task, void *arg), void *arg)
{
	struct task task;
	int count = 0;
	sqlite3_stmt *page = db_use(db,
	    "SELECT " TASK_COLUMNS " FROM shared_tasks WHERE chat_id = ?1"
	    " AND " HANDED " ORDER BY due_at, id LIMIT ?2");

	db_bind_int(page, 1, chat_id);
	db_bind_int(page, 2, limit);
	while (db_row(db, page)) {
		task_read(page, &task);
		visit(&task, arg);
		++count;
	}
	return count;
}

/* Its name may wait in the chat once more: then that is the one that counts. */
static void
put_back(struct db *db, int64_t id, const char *reason, int64_t now)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT OR IGNORE INTO tasks(id, " DETAILS ") SELECT id, " DETAILS
	    " FROM shared_tasks WHERE id = ?1");
	sqlite3_stmt *end = db_use(db,
	    "UPDATE shared_tasks SET told = 0, changed_at = ?2, reason = ?3,"
	    " state = iif(EXISTS(SELECT 1 FROM tasks WHERE id = ?1), 'back',"
	    "  'cancelled') WHERE id = ?1");

	db_bind_int(add, 1, id);
	db_run(db, add);
	db_bind_int(end, 1, id);
	db_bind_int(end, 2, now);
	db_bind_text(end, 3, reason);
	db_run(db, end);
}

static bool
is_handed(struct db *db, int64_t id)
{
	bool found = false;
	sqlite3_stmt *find =
	    db_use(db, "SELECT 1 FROM shared_tasks WHERE id = ?1 AND " HANDED);

	db_bind_int(find, 1, id);
	while (db_row(db, find))
		found = true;
	return found;
}

enum outcome
shared_tasks_back(struct db *db, int64_t id, int64_t now, struct fault *fault)
{
	if (!is_handed(db, id))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "task %lld is not in other hands", (long long)id);
	put_back(db, id, "taken back by hand", now);
	return dead_remove(db, "shared", id, fault);
}

/* Who was asked and has answered: see shared_tasks_acked(). */
enum outcome
shared_tasks_return(struct db *db, int64_t id, int64_t now,
    struct fault *fault)
{
	put_back(db, id, NULL, now);
	return dead_remove(db, "shared", id, fault);
}

enum outcome
shared_tasks_recheck(struct db *db, struct fault *fault)
{
	sqlite3_stmt *look = db_use(db,
	    "UPDATE shared_tasks SET look_at = 0 WHERE look_at > 0"
	    " AND (state = 'exporting' OR state = 'exported')");
	sqlite3_stmt *tell = db_use(db,
	    "UPDATE shared_tasks SET told = 0 WHERE told = 1"
	    " AND state <> 'exporting' AND state <> 'exported'"
	    " AND state <> 'claimed'");

	db_run(db, look);
	db_run(db, tell);
	return db_result(db, fault);
}
