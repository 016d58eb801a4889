/* SPDX-License-Identifier: MIT */
/*
 * What a human decides about messages that will not go on by themselves.
 */
#include "store/dead.h"
#include "store/lane.h"
#include "store/messages.h"

static enum outcome
decide(struct db *db, int64_t id, const char *state, int64_t now,
    struct fault *fault)
{
	int64_t chat_id = 0;
	bool moved = false;
	sqlite3_stmt *move = db_use(db,
	    "UPDATE messages SET state = ?2, settled_at = ?3, not_before = 0,"
	    " maybe_duplicate = max(maybe_duplicate,"
	    "  ?2 = 'queued' AND state = 'unknown'),"
	    " ambiguous = 0, tries = 0,"
	    " expire_at = iif(?2 = 'queued', max(expire_at, ?3 + 86400000),"
	    "  expire_at)"
	    " WHERE id = ?1"
	    " AND state IN ('unknown','held','dead','expired','ambiguous')"
	    " RETURNING chat_id");

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
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "message %lld does not wait for a decision; "
		    "recover-pending --list message shows which do",
		    (long long)id);
	lane_renew(db, chat_id);
	return dead_remove(db, "message", id, fault);
}

enum outcome
messages_resend(struct db *db, int64_t id, int64_t now, struct fault *fault)
{
	return decide(db, id, "queued", now, fault);
}

enum outcome
messages_mark_sent(struct db *db, int64_t id, int64_t now,
    struct fault *fault)
{
	return decide(db, id, "sent", now, fault);
}

enum outcome
messages_drop(struct db *db, int64_t id, int64_t now, struct fault *fault)
{
	return decide(db, id, "cancelled", now, fault);
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
		    "SELECT chat_id FROM messages WHERE state = 'held'"
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
		    " iif(expire_at < ?2, 'expired', 'queued'),"
		    " not_before = 0, settled_at = ?2"
		    " WHERE state = 'held' AND chat_id = ?1");
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
