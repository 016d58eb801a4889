/* SPDX-License-Identifier: MIT */
#include "store/execs.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/dead.h"
#include "store/statement.h"

/* An index on open rows is used only where these words stand. */
#define EXEC_OPEN "(state = 'pending' OR state = 'running')"

static const char *const state_names[] = {
	[EXEC_DONE] = "done",
	[EXEC_FAILED] = "failed",
	[EXEC_DEAD] = "dead",
	[EXEC_AGAIN] = "pending",
	[EXEC_BACK] = "pending",
};

enum outcome
execs_add(struct db *db, struct exec *exec, struct fault *fault)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO execs(chat_id, flow, place, request, resume,"
	    " task_id, task_name, expire_at, created_at, nonce)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");

	db_bind_int(add, 1, exec->chat_id);
	db_lend_text(add, 2, exec->flow);
	db_lend_text(add, 3, exec->place);
	db_lend_text(add, 4, exec->request);
	db_lend_text(add, 5, exec->resume);
	db_bind_null_if(add, 6, exec->task_id, 0);
	db_lend_text(add, 7, exec->task_name);
	db_bind_int(add, 8, exec->expire_at);
	db_bind_int(add, 9, exec->created_at);
	db_bind_int(add, 10, id_random());
	db_run(db, add);
	exec->id = db_last_id(db);
	return db_result(db, fault);
}

bool
execs_open(struct db *db, int64_t chat_id)
{
	bool open = false;
	sqlite3_stmt *find = db_use(db,
	    "SELECT 1 FROM execs WHERE chat_id = ?1 AND " EXEC_OPEN);

	db_bind_int(find, 1, chat_id);
	while (db_row(db, find))
		open = true;
	return open;
}

#define EXEC_COLUMNS \
	"id, chat_id, flow, place, request, resume, coalesce(task_id, 0)," \
	" task_name, expire_at, created_at, not_before, attempt, retries," \
	" crashes, generation, coalesce(started_at, 0), reason," \
	" nonce, tries"

static void
exec_read(sqlite3_stmt *row, struct exec *exec)
{
	exec->id = db_int(row, 0);
	exec->chat_id = db_int(row, 1);
	exec->flow = db_text(row, 2);
	exec->place = db_text(row, 3);
	exec->request = db_text(row, 4);
	exec->resume = db_text(row, 5);
	exec->task_id = db_int(row, 6);
	exec->task_name = db_text(row, 7);
	exec->expire_at = db_int(row, 8);
	exec->created_at = db_int(row, 9);
	exec->not_before = db_int(row, 10);
	exec->attempt = (int)db_int(row, 11);
	exec->retries = (int)db_int(row, 12);
	exec->crashes = (int)db_int(row, 13);
	exec->generation = db_int(row, 14);
	exec->started_at = db_int(row, 15);
	exec->reason = db_text(row, 16);
	exec->nonce = db_int(row, 17);
	exec->tries = (int)db_int(row, 18);
}

bool
execs_of_chat(struct db *db, int64_t chat_id, struct exec *exec)
{
	sqlite3_stmt *find = db_use(db,
	    "SELECT " EXEC_COLUMNS " FROM execs WHERE chat_id = ?1"
	    " AND " EXEC_OPEN);

	db_bind_int(find, 1, chat_id);
	if (!db_row(db, find))
		return false;
	exec_read(find, exec);
	return true;
}

bool
execs_ready(struct db *db, int64_t now, struct exec_place *after,
    struct exec *exec)
{
	sqlite3_stmt *ready = db_use(db,
	    "SELECT " EXEC_COLUMNS " FROM execs WHERE state = 'pending'"
	    " AND not_before <= ?1 AND (not_before, id) > (?2, ?3)"
	    " ORDER BY not_before, id LIMIT 1");

	db_bind_int(ready, 1, now);
	db_bind_int(ready, 2, after->not_before);
	db_bind_int(ready, 3, after->id);
	if (!db_row(db, ready))
		return false;
	exec_read(ready, exec);
	*after = (struct exec_place){ exec->not_before, exec->id };
	return true;
}

int64_t
execs_next_ready(struct db *db)
{
	int64_t next = CLOCK_NEVER;
	sqlite3_stmt *first = db_use(db,
	    "SELECT not_before FROM execs WHERE state = 'pending'"
	    " ORDER BY not_before, id LIMIT 1");

	while (db_row(db, first))
		next = db_int(first, 0);
	return next;
}

enum outcome
execs_claim(struct db *db, struct exec *exec, int64_t worker, int64_t now,
    struct fault *fault)
{
	sqlite3_stmt *claim = db_use(db,
	    "UPDATE execs SET state = 'running', worker = ?2,"
	    " generation = ?3 + 1, attempt = attempt + 1, started_at = ?4"
	    " WHERE id = ?1 AND state = 'pending' AND generation = ?3");

	db_bind_int(claim, 1, exec->id);
	db_bind_int(claim, 2, worker);
	db_bind_int(claim, 3, exec->generation);
	db_bind_int(claim, 4, now);
	db_run(db, claim);
	bool claimed = db_changes(db) > 0;
	++exec->generation;
	++exec->attempt;
	exec->started_at = now;
	enum outcome out = db_result(db, fault);
	if (out == OUT_OK && !claimed)
		return fault_set(fault, OUT_BUG, EXIT_BUG,
		    "exec %lld is ready but does not wait",
		    (long long)exec->id);
	return out;
}

bool
execs_load(struct db *db, int64_t id, struct exec *exec)
{
	sqlite3_stmt *load =
	    db_use(db, "SELECT " EXEC_COLUMNS " FROM execs WHERE id = ?1");

	db_bind_int(load, 1, id);
	if (!db_row(db, load))
		return false;
	exec_read(load, exec);
	return true;
}

static enum outcome
bury(struct db *db, const struct exec *exec, const char *reason, int64_t now,
    struct fault *fault)
{
	const struct dead_letter letter = { .kind = "exec",
		.item = exec->id,
		.chat_id = exec->chat_id,
		.reason = reason,
		.died_at = now };

	return dead_add(db, &letter, fault);
}

enum outcome
execs_try(struct db *db, const struct exec *exec, int64_t worker,
    struct fault *fault)
{
	sqlite3_stmt *count = db_use(db,
	    "UPDATE execs SET tries = tries + 1"
	    " WHERE id = ?1 AND worker = ?2 AND generation = ?3");

	db_bind_int(count, 1, exec->id);
	db_bind_int(count, 2, worker);
	db_bind_int(count, 3, exec->generation);
	db_run(db, count);
	return db_result(db, fault);
}

enum outcome
execs_end(struct db *db, const struct exec *exec, int64_t worker,
    enum exec_end how, int64_t not_before, const char *reason, int64_t now,
    bool *lost, struct fault *fault)
{
	sqlite3_stmt *end = db_use(db,
	    "UPDATE execs SET state = ?4, worker = NULL, not_before = ?5,"
	    " reason = ?6, settled_at = ?7, retries = retries + ?8, tries = 0"
	    " WHERE id = ?1 AND worker = ?2 AND generation = ?3");

	db_bind_int(end, 1, exec->id);
	db_bind_int(end, 2, worker);
	db_bind_int(end, 3, exec->generation);
	db_lend_text(end, 4, state_names[how]);
	db_bind_int(end, 5, not_before);
	db_lend_text(end, 6, reason);
	db_bind_int(end, 7, now);
	db_bind_int(end, 8, how == EXEC_AGAIN);
	db_run(db, end);
	*lost = db_changes(db) == 0;
	enum outcome out = db_result(db, fault);
	if (out == OUT_OK && !*lost && how == EXEC_DEAD)
		return bury(db, exec, reason, now, fault);
	return out;
}

enum outcome
execs_orphaned(struct db *db, int64_t worker, int *count, struct fault *fault)
{
	sqlite3_stmt *back = db_use(db,
	    "UPDATE execs SET state = 'pending', worker = NULL,"
	    " crashes = crashes + 1,"
	    " reason = 'the command died while the handler ran'"
	    " WHERE worker = ?1");

	db_bind_int(back, 1, worker);
	db_run(db, back);
	*count = db_changes(db);
	return db_result(db, fault);
}

#define DEAD_EXEC \
	"(state = 'dead' OR (state = 'failed' AND reason = '" DEAD_DROPPED \
	"'))"

/* Why nothing was put back. */
static enum outcome
refuse(struct db *db, int64_t id, struct fault *fault)
{
	enum outcome out = dead_require(db,
	    "SELECT 1 FROM execs WHERE id = ?1 AND " DEAD_EXEC, "exec", id,
	    fault);

	if (out != OUT_OK)
		return out;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "a handler works for the chat of exec %lld; try again when it is "
	    "through, or forget this one with recover-pending --drop "
	    "exec:%lld",
	    (long long)id, (long long)id);
}

enum outcome
execs_retry(struct db *db, int64_t id, int64_t now, struct fault *fault)
{
	sqlite3_stmt *retry = db_use(db,
	    "UPDATE OR IGNORE execs SET state = 'pending', not_before = 0,"
	    " retries = 0, crashes = 0, tries = 0, settled_at = NULL,"
	    " expire_at = iif(expire_at = 0, 0,"
	    "  max(expire_at, ?2 + " DEAD_SECOND_LIFE_MS "))"
	    " WHERE id = ?1 AND " DEAD_EXEC);

	db_bind_int(retry, 1, id);
	db_bind_int(retry, 2, now);
	db_run(db, retry);
	int changed = db_changes(db);
	enum outcome out = db_result(db, fault);
	if (out != OUT_OK)
		return out;
	return changed == 0 ? refuse(db, id, fault)
			    : dead_remove(db, "exec", id, fault);
}
