/* SPDX-License-Identifier: MIT */
#include "store/mend.h"

#include <string.h>

#include "store/dead.h"
#include "store/execs.h"
#include "store/lane.h"
#include "store/lead_mend.h"
#include "store/messages.h"
#include "store/refusals.h"
#include "store/shared_stuck.h"
#include "store/shared_tasks.h"
#include "store/statement.h"
#include "store/updates.h"

/* What may have arrived; the rest surely did not. */
#define IN_DOUBT \
	"(state IN ('unknown','ambiguous') OR (state = 'cancelled'" \
	" AND reason = '" DEAD_DROPPED_DOUBT "'))"

#define DROPPED_MESSAGE \
	"(state = 'cancelled' AND (reason = '" DEAD_DROPPED "'" \
	" OR reason = '" DEAD_DROPPED_DOUBT "'))"

#define DEAD_TASK \
	"(state = 'dead' OR (state = 'cancelled' AND reason = '" DEAD_DROPPED \
	"'))"

/* A guarded change of one row that ran: anything but one row is refused, and
 * what the change mends is no dead letter any more. */
static enum outcome
finish(struct db *db, const char *kind, int64_t id, struct fault *fault)
{
	int changed = db_changes(db);
	enum outcome out = db_result(db, fault);

	if (out == OUT_OK && changed == 0)
		return dead_refuse(kind, id, fault);
	return out == OUT_OK ? dead_remove(db, kind, id, fault) : out;
}

/* A guarded change of item ?1 at ?2. */
static enum outcome
change(struct db *db, sqlite3_stmt *guarded, const char *kind, int64_t id,
    int64_t now, struct fault *fault)
{
	db_bind_int(guarded, 1, id);
	db_bind_int(guarded, 2, now);
	db_run(db, guarded);
	return finish(db, kind, id, fault);
}

static bool
in_doubt(struct db *db, int64_t id)
{
	sqlite3_stmt *find =
	    db_use(db, "SELECT 1 FROM messages WHERE id = ?1 AND " IN_DOUBT);
	bool found = false;

	db_bind_int(find, 1, id);
	while (db_row(db, find))
		found = true;
	return found;
}

static enum outcome
decide(struct db *db, int64_t id, const char *state, int64_t now,
    struct fault *fault)
{
	int64_t chat_id = 0;
	bool moved = false;
	sqlite3_stmt *move = db_use(db,
	    "UPDATE messages SET state = ?2, settled_at = ?3, not_before = 0,"
	    " maybe_duplicate = max(maybe_duplicate,"
	    "  ?2 = 'queued' AND " IN_DOUBT "),"
	    " ambiguous = 0, tries = 0,"
	    " reason = CASE WHEN ?2 = 'cancelled' THEN iif(" IN_DOUBT
	    ", '" DEAD_DROPPED_DOUBT "', '" DEAD_DROPPED "')"
	    "  WHEN state = 'cancelled' THEN NULL ELSE reason END,"
	    " expire_at = iif(?2 = 'queued',"
	    "  max(expire_at, ?3 + " DEAD_SECOND_LIFE_MS "), expire_at)"
	    " WHERE id = ?1"
	    " AND (state IN ('unknown','held','dead','expired','ambiguous')"
	    "  OR (?2 <> 'cancelled' AND " DROPPED_MESSAGE "))"
	    " AND (?2 <> 'sent' OR " IN_DOUBT ") RETURNING chat_id");

	db_bind_int(move, 1, id);
	db_bind_text(move, 2, state);
	db_bind_int(move, 3, now);
	while (db_row(db, move)) {
		chat_id = db_int(move, 0);
		moved = true;
	}
	enum outcome out = db_result(db, fault);
	if (out != OUT_OK)
		return out;
	if (!moved)
		return dead_refuse("message", id, fault);
	lane_renew(db, chat_id);
	return dead_remove(db, "message", id, fault);
}

static enum outcome
mend_message(struct db *db, int64_t id, enum mend how, int64_t now,
    const char **state, struct fault *fault)
{
	if (how == MEND_RETRY && in_doubt(db, id))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "message %lld may have arrived: '--resend %lld' sends it "
		    "again, '--sent %lld' calls it sent",
		    (long long)id, (long long)id, (long long)id);
	*state = how == MEND_SENT ? "sent"
	    : how == MEND_DROP	  ? "cancelled"
				  : "queued";
	return decide(db, id, *state, now, fault);
}

static enum outcome
update_drop(struct db *db, int64_t id, int64_t now, struct fault *fault)
{
	return change(db,
	    db_use(db,
		"UPDATE updates SET state = 'done',"
		" reason = '" DEAD_DROPPED "',"
		" settled_at = ?2 WHERE id = ?1 AND state = 'parked'"),
	    "update", id, now, fault);
}

/* Why a task was not put back: it is not dead, or its name is taken. */
static enum outcome
task_refuse(struct db *db, int64_t id, struct fault *fault)
{
	enum outcome out = dead_require(db,
	    "SELECT 1 FROM task_ends WHERE id = ?1 AND " DEAD_TASK, "task", id,
	    fault);

	if (out != OUT_OK)
		return out;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "task %lld was scheduled again meanwhile and waits under a new "
	    "id; 'recover-pending --drop task:%lld' forgets the old one",
	    (long long)id, (long long)id);
}

/* The promotion that failed is done again, with a life to do it in. */
static enum outcome
task_retry(struct db *db, int64_t id, int64_t now, struct fault *fault)
{
	sqlite3_stmt *back = db_use(db,
	    "INSERT OR IGNORE INTO tasks(due_at, id, kind, priority, chat_id,"
	    " name, expire_at, created_at, entries, flow, pointer, method,"
	    " params) SELECT due_at, id, kind, priority, chat_id, name,"
	    " max(expire_at, ?2 + " DEAD_SECOND_LIFE_MS
	    "), created_at, entries,"
	    " flow, pointer, method, params"
	    " FROM task_ends WHERE id = ?1 AND " DEAD_TASK
	    " AND NOT " SHARED_AGAIN);

	db_bind_int(back, 1, id);
	db_bind_int(back, 2, now);
	db_run(db, back);
	if (db_changes(db) == 0)
		return task_refuse(db, id, fault);
	sqlite3_stmt *gone =
	    db_use(db, "DELETE FROM task_ends WHERE id = ?1 AND " DEAD_TASK);
	db_bind_int(gone, 1, id);
	db_run(db, gone);
	return finish(db, "task", id, fault);
}

static enum outcome
task_drop(struct db *db, int64_t id, int64_t now, struct fault *fault)
{
	return change(db,
	    db_use(db,
		"UPDATE task_ends SET state = 'cancelled',"
		" reason = '" DEAD_DROPPED "',"
		" ended_at = ?2 WHERE id = ?1 AND state = 'dead'"),
	    "task", id, now, fault);
}

static enum outcome
exec_drop(struct db *db, int64_t id, int64_t now, struct fault *fault)
{
	return change(db,
	    db_use(db,
		"UPDATE execs SET state = 'failed', reason = '" DEAD_DROPPED
		"',"
		" settled_at = ?2 WHERE id = ?1 AND state = 'dead'"),
	    "exec", id, now, fault);
}

enum outcome
mend_item(struct db *db, const char *kind, int64_t id, enum mend how,
    int64_t now, const char **state, struct fault *fault)
{
	if (strcmp(kind, "message") == 0)
		return mend_message(db, id, how, now, state, fault);
	if (strcmp(kind, "lead") == 0)
		return lead_mend(db, id, how, now, state, fault);
	if (strcmp(kind, "shared") == 0)
		return shared_stuck_mend(db, id, how, now, state, fault);
	if (how == MEND_SENT || how == MEND_RESEND)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "%s %lld is no message: use --retry or --drop", kind,
		    (long long)id);
	if (strcmp(kind, "update") == 0) {
		*state = how == MEND_RETRY ? "received" : "done";
		return how == MEND_RETRY ? updates_retry(db, id, fault)
					 : update_drop(db, id, now, fault);
	}
	if (strcmp(kind, "exec") == 0) {
		*state = how == MEND_RETRY ? "pending" : "failed";
		return how == MEND_RETRY ? execs_retry(db, id, now, fault)
					 : exec_drop(db, id, now, fault);
	}
	if (strcmp(kind, "refusal") == 0) {
		*state = "dropped";
		return how == MEND_DROP
		    ? refusals_drop(db, id, now, fault)
		    : fault_set(fault, OUT_NEVER, EXIT_INPUT,
			  "refusal %lld cannot be read however often: '--show "
			  "refusal:%lld' tells why",
			  (long long)id, (long long)id);
	}
	*state = how == MEND_RETRY ? "waiting" : "cancelled";
	return how == MEND_RETRY ? task_retry(db, id, now, fault)
				 : task_drop(db, id, now, fault);
}
