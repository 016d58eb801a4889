/* SPDX-License-Identifier: MIT */
/*
 * Inwards: members that were claimed, until they are done; and what Redis is
 * to be asked and told about.
 */
#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/dead.h"
#include "store/shared_claims.h"
#include "store/statement.h"

void
shared_task_release(struct shared_task *task)
{
	free(task->member);
	free(task->state);
	free(task->epoch);
	free(task->reason);
	*task = (struct shared_task){ 0 };
}

#define ERRAND_COLUMNS \
	"id, due_at, gen, src_member, state, epoch, reason, ours"

static void
errand_read(sqlite3_stmt *row, struct shared_task *task)
{
	*task = (struct shared_task){ .id = db_int(row, 0),
		.due_at = db_int(row, 1),
		.gen = db_int(row, 2),
		.member = db_text_dup(row, 3),
		.state = db_text_dup(row, 4),
		.epoch = db_text_dup(row, 5),
		.reason = db_text_dup(row, 6),
		.ours = db_int(row, 7) != 0 };
}

static sqlite3_stmt *
errand_statement(struct db *db, enum shared_errand errand)
{
	switch (errand) {
	case SHARED_TELL:
		return db_use(db,
		    "SELECT " ERRAND_COLUMNS " FROM shared_tasks"
		    " WHERE told = 0 AND ?1 > 0 ORDER BY id LIMIT ?2");
	case SHARED_ACK:
		return db_use(db,
		    "SELECT " ERRAND_COLUMNS " FROM shared_tasks"
		    " WHERE state = 'claimed' AND ?1 > 0"
		    " ORDER BY changed_at LIMIT ?2");
	case SHARED_PUT:
		break;
	}
	return db_use(db,
	    "SELECT " ERRAND_COLUMNS " FROM shared_tasks"
	    " WHERE (state = 'exporting' OR state = 'exported')"
	    " AND look_at <= ?1 ORDER BY look_at LIMIT ?2");
}

int
shared_tasks_read(struct db *db, enum shared_errand errand, int64_t now,
    int limit, struct shared_task *tasks)
{
	sqlite3_stmt *page = errand_statement(db, errand);
	int count = 0;

	db_bind_int(page, 1, now);
	db_bind_int(page, 2, limit);
	while (db_row(db, page))
		errand_read(page, &tasks[count++]);
	return count;
}

/* Of what became a task here, all that is none any more.  What came first ends
 * first, more or less: looking at a page is enough, however many wait. */
#define ENDED \
	"SELECT id FROM (SELECT id FROM shared_tasks WHERE state = 'running'" \
	"  ORDER BY changed_at LIMIT 200) AS r" \
	" WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.id = r.id)"

bool
shared_tasks_wait(struct db *db, int64_t now)
{
	bool found = false;
	sqlite3_stmt *any = db_use(db,
	    "SELECT 1 FROM shared_tasks WHERE told = 0"
	    " UNION ALL SELECT 1 FROM shared_tasks WHERE state = 'claimed'"
	    " UNION ALL SELECT 1 FROM shared_tasks WHERE look_at <= ?1"
	    "  AND (state = 'exporting' OR state = 'exported') LIMIT 1");

	db_bind_int(any, 1, now);
	while (db_row(db, any))
		found = true;
	return found || shared_tasks_ended(db);
}

bool
shared_tasks_ended(struct db *db)
{
	bool found = false;
	sqlite3_stmt *any = db_use(db, ENDED " LIMIT 1");

	while (db_row(db, any))
		found = true;
	return found;
}

enum outcome
shared_tasks_finish(struct db *db, int64_t now, struct fault *fault)
{
	sqlite3_stmt *end = db_use(db,
	    "UPDATE shared_tasks SET state = 'done', told = 0,"
	    " changed_at = ?1 WHERE id IN (" ENDED ")");

	db_bind_int(end, 1, now);
	db_run(db, end);
	return db_result(db, fault);
}

/*
 * The same bytes again.  Not ours yet: the newer claim counts.  Ended: they
 * are in the set since Redis went back to older data, or somebody put them
 * there twice; or in work: they leave it once more.
 */
static bool
claim_known(struct db *db, const char *source,
    const struct shared_claim *claim, int64_t now, bool *open)
{
	bool known = false;
	sqlite3_stmt *find = db_use(db,
	    "SELECT state = 'claimed' OR state = 'exporting'"
	    " OR state = 'exported' FROM shared_tasks WHERE source = ?1");
	sqlite3_stmt *again = db_use(db,
	    "UPDATE shared_tasks SET state = 'claimed', gen = ?2, epoch = ?3,"
	    " changed_at = ?4 WHERE source = ?1 AND gen < ?2");
	sqlite3_stmt *tell =
	    db_use(db, "UPDATE shared_tasks SET told = 0 WHERE source = ?1");

	*open = false;
	db_bind_text(find, 1, source);
	while (db_row(db, find)) {
		known = true;
		*open = db_int(find, 0) != 0;
	}
	if (!known)
		return false;
	sqlite3_stmt *use = *open ? again : tell;
	db_bind_text(use, 1, source);
	if (*open) {
		db_bind_int(use, 2, claim->gen);
		db_bind_text(use, 3, claim->epoch);
		db_bind_int(use, 4, now);
	}
	db_run(db, use);
	return true;
}

enum outcome
shared_tasks_claimed(struct db *db, const struct shared_claim *claim,
    int64_t now, bool *fresh, struct fault *fault)
{
	char source[SHARED_SOURCE_SIZE];

	shared_source(claim->member, claim->len, source);
	if (claim_known(db, source, claim, now, fresh))
		return db_result(db, fault);
	*fresh = true;
	int64_t id = tasks_ids(db, 1);
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO shared_tasks(id, source, src_member, ours, state,"
	    " changed_at, due_at, gen, epoch) VALUES(?1, ?2, ?3, 0,"
	    " 'claimed', ?4, ?5, ?6, ?7)");
	db_bind_int(add, 1, id);
	db_lend_text(add, 2, source);
	db_lend_text(add, 3, claim->member);
	db_bind_int(add, 4, now);
	db_bind_int(add, 5, claim->due_at);
	db_bind_int(add, 6, claim->gen);
	db_lend_text(add, 7, claim->epoch);
	db_run(db, add);
	return db_result(db, fault);
}

/* 1: exported here, 0: not, -1: no such claim any more. */
static int
claim_ours(struct db *db, int64_t id, int64_t gen)
{
	int ours = -1;
	sqlite3_stmt *find = db_use(db,
	    "SELECT ours FROM shared_tasks WHERE id = ?1"
	    " AND state = 'claimed' AND gen = ?2");

	db_bind_int(find, 1, id);
	db_bind_int(find, 2, gen);
	while (db_row(db, find))
		ours = (int)db_int(find, 0);
	return ours;
}

enum outcome
shared_tasks_acked(struct db *db, const struct shared_task *claim, bool acked,
    int64_t now, struct fault *fault)
{
	int64_t id = claim->id;
	int ours = claim_ours(db, id, claim->gen);
	sqlite3_stmt *own = db_use(db,
	    "UPDATE shared_tasks SET state = 'owned', changed_at = ?2"
	    " WHERE id = ?1");
	sqlite3_stmt *look = db_use(db,
	    "UPDATE shared_tasks SET state = 'exported', look_at = ?2"
	    " WHERE id = ?1");
	sqlite3_stmt *gone =
	    db_use(db, "DELETE FROM shared_tasks WHERE id = ?1 AND ?2 > 0");

	if (ours < 0)
		return db_result(db, fault);
	if (ours > 0 && acked)
		return shared_tasks_return(db, id, now, fault);
	sqlite3_stmt *use = ours > 0 ? look : acked ? own : gone;
	db_bind_int(use, 1, id);
	db_bind_int(use, 2, now);
	db_run(db, use);
	return db_result(db, fault);
}

static int64_t
next_unacked(struct db *db, int64_t until)
{
	int64_t id = 0;
	sqlite3_stmt *next = db_use(db,
	    "SELECT id FROM shared_tasks WHERE state = 'claimed'"
	    " AND ours = 1 AND changed_at <= ?1 LIMIT 1");

	db_bind_int(next, 1, until);
	while (db_row(db, next))
		id = db_int(next, 0);
	return id;
}

bool
shared_tasks_impatient(struct db *db, int64_t now)
{
	bool found = false;
	sqlite3_stmt *any = db_use(db,
	    "SELECT 1 FROM shared_tasks WHERE state = 'claimed'"
	    " AND changed_at <= ?1 LIMIT 1");

	db_bind_int(any, 1, now - SHARED_ACK_GRACE_MS);
	while (db_row(db, any))
		found = true;
	return found;
}

enum outcome
shared_tasks_unacked(struct db *db, int64_t now, int *count,
    struct fault *fault)
{
	int64_t until = now - SHARED_ACK_GRACE_MS, id;
	enum outcome out = OUT_OK;
	sqlite3_stmt *own = db_use(db,
	    "UPDATE shared_tasks SET state = 'owned', changed_at = ?1,"
	    " reason = 'Redis did not answer for 10 minutes'"
	    " WHERE state = 'claimed' AND ours = 0 AND changed_at <= ?2");

	db_bind_int(own, 1, now);
	db_bind_int(own, 2, until);
	db_run(db, own);
	*count = db_changes(db);
	while (out == OUT_OK && (id = next_unacked(db, until)) != 0) {
		out = shared_tasks_return(db, id, now, fault);
		++*count;
	}
	return out == OUT_OK ? db_result(db, fault) : out;
}

bool
shared_tasks_owned(struct db *db, struct shared_task *task)
{
	bool found = false;
	sqlite3_stmt *next = db_use(db,
	    "SELECT " ERRAND_COLUMNS " FROM shared_tasks"
	    " WHERE state = 'owned' ORDER BY changed_at LIMIT 1");

	while (db_row(db, next)) {
		errand_read(next, task);
		found = true;
	}
	return found;
}

/* STATE follows on owned. */
static enum outcome
goes_on(struct db *db, int64_t id, const char *state, int64_t due_at,
    const char *reason, int64_t now, struct fault *fault)
{
	sqlite3_stmt *move = db_use(db,
	    "UPDATE shared_tasks SET state = ?2, told = (?2 = 'running'),"
	    " due_at = iif(?3 = 0, due_at, ?3), reason = coalesce(?4, reason),"
	    " chat_id = (SELECT chat_id FROM tasks WHERE id = ?1),"
	    " changed_at = ?5 WHERE id = ?1 AND state = 'owned'");

	db_bind_int(move, 1, id);
	db_lend_text(move, 2, state);
	db_bind_int(move, 3, due_at);
	db_bind_text(move, 4, reason);
	db_bind_int(move, 5, now);
	db_run(db, move);
	return db_result(db, fault);
}

enum outcome
shared_tasks_running(struct db *db, int64_t id, bool added, int64_t now,
    struct fault *fault)
{
	return goes_on(db, id, added ? "running" : "done", 0,
	    added ? NULL : "the chat has it waiting", now, fault);
}

enum outcome
shared_tasks_freed(struct db *db, int64_t id, int64_t due_at, int64_t now,
    struct fault *fault)
{
	return goes_on(db, id, "freed", due_at, NULL, now, fault);
}

enum outcome
shared_tasks_poison(struct db *db, int64_t id, const char *reason, int64_t now,
    struct fault *fault)
{
	return goes_on(db, id, "poison", 0, reason, now, fault);
}

enum outcome
shared_tasks_told(struct db *db, const struct shared_task *task,
    const char *reason, struct fault *fault)
{
	/* Of a person that is forgotten only the digest is kept. */
	sqlite3_stmt *told = db_use(db,
	    "UPDATE shared_tasks SET told = 1, reason = coalesce(?2, reason),"
	    " src_member = iif(ours = 1 AND chat_id IS NULL, '', src_member)"
	    " WHERE id = ?1 AND state = ?3");
	sqlite3_stmt *gone = db_use(db,
	    "DELETE FROM shared_tasks WHERE id = ?1"
	    " AND (state = 'poison' OR state = 'freed')");

	db_bind_int(told, 1, task->id);
	db_bind_text(told, 2, reason);
	db_bind_text(told, 3, task->state);
	db_run(db, told);
	db_bind_int(gone, 1, task->id);
	db_run(db, gone);
	return db_result(db, fault);
}
