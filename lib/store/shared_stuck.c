/* SPDX-License-Identifier: MIT */
#include "store/shared_stuck.h"

#include <stdio.h>

#include "store/dead.h"
#include "store/shared_tasks.h"
#include "store/statement.h"
#include "store/tasks.h"

static const char *
place_of(bool processing)
{
	return processing ? "processing" : "poison";
}

static bool
has_room(struct db *db, bool processing)
{
	int64_t count = 0;
	sqlite3_stmt *all =
	    db_use(db, "SELECT count(*) FROM shared_stuck WHERE place = ?1");

	db_lend_text(all, 1, place_of(processing));
	while (db_row(db, all))
		count = db_int(all, 0);
	return count < STUCK_MOST;
}

/* Not while it may still be in work, and not again once it is decided. */
static enum outcome
add_letter(struct db *db, const struct stuck_member *seen, int64_t now,
    struct fault *fault)
{
	int64_t id = 0;
	char mend[160];
	sqlite3_stmt *find = db_use(db,
	    "SELECT id FROM shared_stuck WHERE place = ?1 AND digest = ?2"
	    " AND decision IS NULL AND (place = 'poison'"
	    "  OR (seen_at <= ?3 AND due_at <= ?3))"
	    " AND NOT EXISTS (SELECT 1 FROM dead_letters"
	    "  WHERE kind = 'shared' AND item = shared_stuck.id)");

	db_lend_text(find, 1, place_of(seen->processing));
	db_lend_text(find, 2, seen->digest);
	db_bind_int(find, 3, now - STUCK_AGE_MS);
	while (db_row(db, find))
		id = db_int(find, 0);
	if (id == 0)
		return db_result(db, fault);
	snprintf(mend, sizeof(mend),
	    seen->processing
		? "leadpipe recover-pending --resend shared:%lld or --drop "
		  "shared:%lld"
		: "leadpipe recover-pending --retry shared:%lld when the flow "
		  "knows it, or --drop shared:%lld",
	    (long long)id, (long long)id);
	const struct dead_letter letter = { .kind = "shared",
		.item = id,
		.chat_id = seen->chat_id,
		.reason = seen->processing
		    ? "another program took it in work and has not finished; "
		      "it may have been done"
		    : seen->reason,
		.mend = mend,
		.died_at = now };
	return dead_add(db, &letter, fault);
}

enum outcome
shared_stuck_seen(struct db *db, const struct stuck_member *seen, int64_t now,
    bool *kept, struct fault *fault)
{
	const char *place = place_of(seen->processing);
	sqlite3_stmt *again = db_use(db,
	    "UPDATE shared_stuck SET seen_last = ?3"
	    " WHERE place = ?1 AND digest = ?2");
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO shared_stuck(id, place, digest, member, size, head,"
	    " due_at, chat_id, reason, seen_at, seen_last)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)");

	*kept = true;
	db_lend_text(again, 1, place);
	db_lend_text(again, 2, seen->digest);
	db_bind_int(again, 3, now);
	db_run(db, again);
	if (db_changes(db) > 0)
		return add_letter(db, seen, now, fault);
	*kept = has_room(db, seen->processing);
	if (!*kept)
		return db_result(db, fault);
	db_bind_int(add, 1, tasks_ids(db, 1));
	db_lend_text(add, 2, place);
	db_lend_text(add, 3, seen->digest);
	db_lend_text(add, 4, seen->member);
	db_bind_int(add, 5, seen->size);
	db_lend_text(add, 6, seen->head);
	db_bind_int(add, 7, seen->due_at);
	db_bind_null_if(add, 8, seen->chat_id, 0);
	db_lend_text(add, 9, seen->reason);
	db_bind_int(add, 10, now);
	db_run(db, add);
	return add_letter(db, seen, now, fault);
}

enum outcome
shared_stuck_gone(struct db *db, bool processing, int64_t since,
    struct fault *fault)
{
	static const char *const deletions[] = {
		("DELETE FROM dead_letters WHERE kind = 'shared' AND item IN"
		 " (SELECT id FROM shared_stuck WHERE place = ?1"
		 "  AND seen_last <= ?2 AND decision IS NULL)"),
		("DELETE FROM shared_stuck WHERE place = ?1"
		 " AND seen_last <= ?2 AND decision IS NULL")
	};

	for (int i = 0; i < 2; i++) {
		sqlite3_stmt *gone = db_use(db, deletions[i]);

		db_lend_text(gone, 1, place_of(processing));
		db_bind_int(gone, 2, since);
		db_run(db, gone);
	}
	return db_result(db, fault);
}

bool
shared_stuck_any(struct db *db)
{
	bool found = false;
	sqlite3_stmt *any = db_use(db, "SELECT 1 FROM shared_stuck LIMIT 1");

	while (db_row(db, any))
		found = true;
	return found;
}

bool
shared_stuck_decided(struct db *db, struct stuck_decision *decision)
{
	bool found = false;
	sqlite3_stmt *next = db_use(db,
	    "SELECT id, due_at, place = 'processing', decision = 'requeue',"
	    " digest, member FROM shared_stuck WHERE decision IS NOT NULL"
	    " AND id > ?1 ORDER BY id LIMIT 1");

	db_bind_int(next, 1, decision->id);
	while (db_row(db, next)) {
		*decision = (struct stuck_decision){ .id = db_int(next, 0),
			.due_at = db_int(next, 1),
			.processing = db_int(next, 2) != 0,
			.requeue = db_int(next, 3) != 0,
			.digest = db_text_dup(next, 4),
			.member = db_text_dup(next, 5) };
		found = true;
	}
	return found;
}

enum outcome
shared_stuck_done(struct db *db, int64_t id, struct fault *fault)
{
	sqlite3_stmt *gone = db_use(db,
	    "DELETE FROM shared_stuck WHERE id = ?1"
	    " AND decision IS NOT NULL");

	db_bind_int(gone, 1, id);
	db_run(db, gone);
	return db_result(db, fault);
}

#define OVERDUE \
	" FROM shared_tasks WHERE look_at <= ?1" \
	" AND (state = 'exporting' OR state = 'exported')" \
	" AND due_at <= ?2 AND NOT EXISTS (SELECT 1 FROM dead_letters" \
	"  WHERE kind = 'shared' AND item = shared_tasks.id)"

bool
shared_stuck_is_overdue(struct db *db, int64_t now)
{
	bool found = false;
	sqlite3_stmt *any = db_use(db, "SELECT 1" OVERDUE " LIMIT 1");

	db_bind_int(any, 1, now);
	db_bind_int(any, 2, now - SHARED_OVERDUE_MS);
	while (db_row(db, any))
		found = true;
	return found;
}

enum outcome
shared_stuck_overdue(struct db *db, int64_t now, int limit, int *count,
    struct fault *fault)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO dead_letters(kind, item, chat_id, reason, mend,"
	    " died_at) SELECT 'shared', id, chat_id,"
	    " 'it was handed over to Redis, which does not answer',"
	    " 'it is done when Redis answers, or leadpipe recover-pending"
	    " --resend shared:' || id || ' takes it back', ?1" OVERDUE
	    " LIMIT ?3");

	db_bind_int(add, 1, now);
	db_bind_int(add, 2, now - SHARED_OVERDUE_MS);
	db_bind_int(add, 3, limit);
	db_run(db, add);
	*count = db_changes(db);
	return db_result(db, fault);
}

/* False: it was exported here, or is none. */
static bool
stuck_find(struct db *db, int64_t id, bool *processing, int64_t *size)
{
	bool found = false;
	sqlite3_stmt *find = db_use(db,
	    "SELECT place = 'processing', size FROM shared_stuck"
	    " WHERE id = ?1");

	db_bind_int(find, 1, id);
	while (db_row(db, find)) {
		*processing = db_int(find, 0) != 0;
		*size = db_int(find, 1);
		found = true;
	}
	return found;
}

static enum outcome
decide(struct db *db, int64_t id, bool requeue, struct fault *fault)
{
	sqlite3_stmt *set =
	    db_use(db, "UPDATE shared_stuck SET decision = ?2 WHERE id = ?1");

	db_bind_int(set, 1, id);
	db_lend_text(set, 2, requeue ? "requeue" : "drop");
	db_run(db, set);
	return dead_remove(db, "shared", id, fault);
}

/* Not by the flow, which cancels as well. */
static enum outcome
note_dropped(struct db *db, int64_t id, struct fault *fault)
{
	sqlite3_stmt *note = db_use(db,
	    "UPDATE shared_tasks SET reason = '" DEAD_DROPPED "'"
	    " WHERE id = ?1");

	db_bind_int(note, 1, id);
	db_run(db, note);
	return db_result(db, fault);
}

static enum outcome
mend_exported(struct db *db, int64_t id, enum mend how, int64_t now,
    const char **state, struct fault *fault)
{
	int count = 0;

	if (how == MEND_RETRY)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "shared:%lld belongs to the shared set: '--resend "
		    "shared:%lld' takes it back, although somebody else may "
		    "have done it",
		    (long long)id, (long long)id);
	if (how == MEND_RESEND) {
		*state = "waiting";
		return shared_tasks_back(db, id, now, fault);
	}
	*state = "cancelled";
	enum outcome out = shared_tasks_cancel_id(db, id, now, &count, fault);
	if (out == OUT_OK && count > 0)
		return note_dropped(db, id, fault);
	if (out == OUT_OK)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "shared %lld is in no state that allows this; "
		    "recover-pending --list shared shows what waits for a "
		    "decision",
		    (long long)id);
	return out;
}

enum outcome
shared_stuck_mend(struct db *db, int64_t id, enum mend how, int64_t now,
    const char **state, struct fault *fault)
{
	int64_t size = 0;
	bool again = how == MEND_RETRY || how == MEND_RESEND;
	bool processing;

	if (!stuck_find(db, id, &processing, &size))
		return mend_exported(db, id, how, now, state, fault);
	if (processing && how == MEND_RETRY)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "shared:%lld may have been done: '--resend shared:%lld' "
		    "has it done again",
		    (long long)id, (long long)id);
	if (again && size > SHARED_MEMBER_MAX)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "shared:%lld has %lld bytes, %d are read at most: use "
		    "--drop",
		    (long long)id, (long long)size, SHARED_MEMBER_MAX);
	*state = again ? "waiting" : "dropped";
	return decide(db, id, again, fault);
}
