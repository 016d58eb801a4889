/* SPDX-License-Identifier: MIT */
#include "store/updates.h"

#include <stdio.h>

#include "base/id.h"
#include "store/counters.h"
#include "store/dead.h"
#include "store/meta.h"
#include "store/statement.h"
#include "store/tasks.h"

enum outcome
updates_add(struct db *db, int64_t update_id, const char *raw, size_t len,
    int64_t now, int64_t *row, bool *fresh, struct fault *fault)
{
	int64_t hash = (int64_t)id_hash_json(raw, len);
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO updates(update_id, hash, received_at, raw)"
	    " VALUES(?1, ?2, ?3, ?4)"
	    " ON CONFLICT(update_id, hash) WHERE event IS NULL"
	    " DO NOTHING");

	db_bind_int(add, 1, update_id);
	db_bind_int(add, 2, hash);
	db_bind_int(add, 3, now);
	sqlite3_bind_text64(add, 4, raw, len, SQLITE_STATIC, SQLITE_UTF8);
	db_run(db, add);
	*fresh = db_changes(db) > 0;
	*row = db_last_id(db);
	if (*fresh) {
		counter_add(db, COUNT_UPDATES, "", 1);
		return db_result(db, fault);
	}
	sqlite3_stmt *old = db_use(db,
	    "SELECT id FROM updates WHERE update_id = ?1 AND hash = ?2"
	    " AND event IS NULL");
	db_bind_int(old, 1, update_id);
	db_bind_int(old, 2, hash);
	*row = 0;
	while (db_row(db, old))
		*row = db_int(old, 0);
	return db_result(db, fault);
}

static bool
read_row(struct db *db, sqlite3_stmt *stmt, struct update_row *row)
{
	if (!db_row(db, stmt))
		return false;
	row->id = db_int(stmt, 0);
	row->update_id = db_int(stmt, 1);
	row->received_at = db_int(stmt, 2);
	row->tries = (int)db_int(stmt, 3);
	row->raw = db_text(stmt, 4);
	row->raw_len = (size_t)sqlite3_column_bytes(stmt, 4);
	row->event = db_text(stmt, 5);
	row->chat_id = db_int(stmt, 6);
	row->settled = db_int(stmt, 7) != 0;
	return true;
}

bool
updates_next(struct db *db, int64_t after, struct update_row *row)
{
	sqlite3_stmt *next = db_use(db,
	    "SELECT id, update_id, received_at, tries, raw, event,"
	    " coalesce(chat_id, 0), state IN ('done','parked') FROM updates"
	    " WHERE state IN ('received','failed') AND id > ?1"
	    " ORDER BY id LIMIT 1");

	db_bind_int(next, 1, after);
	return read_row(db, next, row);
}

bool
updates_after(struct db *db, int64_t after, struct update_row *row)
{
	sqlite3_stmt *next = db_use(db,
	    "SELECT id, update_id, received_at, tries, raw, event,"
	    " coalesce(chat_id, 0), state IN ('done','parked') FROM updates"
	    " WHERE event IS NULL AND id > ?1 ORDER BY id LIMIT 1");

	db_bind_int(next, 1, after);
	return read_row(db, next, row);
}

int64_t
updates_newest(struct db *db)
{
	int64_t row = 0;
	sqlite3_stmt *newest =
	    db_use(db, "SELECT coalesce(max(id), 0) FROM updates");

	while (db_row(db, newest))
		row = db_int(newest, 0);
	return row;
}

enum outcome
updates_done(struct db *db, int64_t row, int64_t chat_id, int64_t now,
    struct fault *fault)
{
	sqlite3_stmt *done = db_use(db,
	    "UPDATE updates SET state = 'done', chat_id = ?2,"
	    " settled_at = ?3, reason = NULL WHERE id = ?1");

	db_bind_int(done, 1, row);
	db_bind_null_if(done, 2, chat_id, 0);
	db_bind_int(done, 3, now);
	db_run(db, done);
	return db_result(db, fault);
}

enum outcome
updates_defer(struct db *db, int64_t row, int64_t chat_id, struct fault *fault)
{
	sqlite3_stmt *defer = db_use(db,
	    "UPDATE updates SET state = 'waiting', chat_id = ?2"
	    " WHERE id = ?1");

	db_bind_int(defer, 1, row);
	db_bind_int(defer, 2, chat_id);
	db_run(db, defer);
	return db_result(db, fault);
}

enum outcome
updates_add_event(struct db *db, int64_t chat_id, const char *event,
    const char *data, int64_t now, struct fault *fault)
{
	sqlite3_stmt *add = db_use(db,
	    "INSERT INTO updates(update_id, hash, received_at, state,"
	    " chat_id, raw, event) VALUES(0, 0, ?1, 'waiting', ?2, ?3, ?4)");

	db_bind_int(add, 1, now);
	db_bind_int(add, 2, chat_id);
	db_bind_text(add, 3, data);
	db_bind_text(add, 4, event);
	db_run(db, add);
	return db_result(db, fault);
}

enum outcome
updates_release(struct db *db, int64_t chat_id, struct fault *fault)
{
	sqlite3_stmt *release = db_use(db,
	    "UPDATE updates SET state = iif(tries > 0, 'failed', 'received')"
	    " WHERE state = 'waiting' AND chat_id = ?1");

	db_bind_int(release, 1, chat_id);
	db_run(db, release);
	return db_result(db, fault);
}

bool
updates_kept(struct db *db, int64_t chat_id)
{
	bool kept = false;
	sqlite3_stmt *find = db_use(db,
	    "SELECT 1 FROM updates WHERE chat_id = ?1 AND (state = 'waiting'"
	    " OR state = 'received' OR state = 'failed') LIMIT 1");

	db_bind_int(find, 1, chat_id);
	while (db_row(db, find))
		kept = true;
	return kept;
}

static enum outcome
park(struct db *db, int64_t row, int64_t chat_id, const char *reason,
    int64_t now, struct fault *fault)
{
	char mend[96];
	struct dead_letter letter = { .kind = "update",
		.item = row,
		.chat_id = chat_id,
		.reason = reason,
		.mend = mend,
		.died_at = now };

	snprintf(mend, sizeof mend,
	    "leadpipe recover-pending --retry update:%lld", (long long)row);
	return dead_add(db, &letter, fault);
}

enum outcome
updates_failed(struct db *db, int64_t row, int64_t chat_id, const char *reason,
    int64_t now, bool *parked, struct fault *fault)
{
	sqlite3_stmt *fail = db_use(db,
	    "UPDATE updates SET tries = tries + 1, reason = ?3,"
	    " chat_id = ?2, settled_at = ?4,"
	    " state = iif(tries + 1 >= ?5, 'parked', 'failed')"
	    " WHERE id = ?1 RETURNING state = 'parked'");

	db_bind_int(fail, 1, row);
	db_bind_null_if(fail, 2, chat_id, 0);
	db_bind_text(fail, 3, reason);
	db_bind_int(fail, 4, now);
	db_bind_int(fail, 5, UPDATES_TRIES);
	*parked = false;
	while (db_row(db, fail))
		*parked = db_int(fail, 0) != 0;
	enum outcome out = db_result(db, fault);
	if (out == OUT_OK && *parked)
		out = park(db, row, chat_id, reason, now, fault);
	return out;
}

enum outcome
updates_count_tries(struct db *db, int64_t now, int *waiting,
    struct fault *fault)
{
	static const char reason[] =
	    "the command died each time it was stepped";
	enum outcome out = OUT_OK;

	*waiting = 0;
	/* Without a flow nothing was stepped: nothing here killed anybody. */
	if (!meta_has(db, META_FLOW))
		return db_result(db, fault);
	sqlite3_stmt *count = db_use(db,
	    "UPDATE updates SET tries = tries + 1"
	    " WHERE state IN ('received','failed') AND (tries = 0 OR id ="
	    "  (SELECT min(id) FROM updates"
	    "  WHERE state IN ('received','failed')))");

	db_run(db, count);
	*waiting = db_changes(db);
	sqlite3_stmt *over = db_use(db,
	    "UPDATE updates SET state = 'parked', settled_at = ?1,"
	    " reason = coalesce(reason, ?2)"
	    " WHERE id = (SELECT id FROM updates"
	    "  WHERE state IN ('received','failed') AND tries >= ?3"
	    "  ORDER BY id LIMIT 1) RETURNING id, coalesce(chat_id, 0)");
	for (;;) {
		db_bind_int(over, 1, now);
		db_bind_text(over, 2, reason);
		db_bind_int(over, 3, UPDATES_TRIES);
		if (!db_row(db, over))
			break;
		int64_t row = db_int(over, 0), chat_id = db_int(over, 1);
		db_run(db, over);
		--*waiting;
		out = park(db, row, chat_id, reason, now, fault);
		/* Its tasks waited for it. */
		if (out == OUT_OK && chat_id != 0)
			out = tasks_unhold(db, chat_id, fault);
		if (out != OUT_OK)
			return out;
	}
	return db_result(db, fault);
}

int64_t
updates_last_at(struct db *db)
{
	int64_t at = 0;
	sqlite3_stmt *last = db_use(db,
	    "SELECT received_at FROM updates WHERE event IS NULL"
	    " ORDER BY id DESC LIMIT 1");

	while (db_row(db, last))
		at = db_int(last, 0);
	return at;
}

int64_t
updates_waiting(struct db *db)
{
	int64_t waiting = 0;
	sqlite3_stmt *count = db_use(db,
	    "SELECT count(*) FROM updates"
	    " WHERE state IN ('received','failed')");

	while (db_row(db, count))
		waiting = db_int(count, 0);
	return waiting;
}

enum outcome
updates_retry(struct db *db, int64_t row, struct fault *fault)
{
	sqlite3_stmt *retry = db_use(db,
	    "UPDATE updates SET state = 'received', tries = 0,"
	    " settled_at = NULL, reason = NULL WHERE id = ?1"
	    " AND (state = 'parked' OR (state = 'done'"
	    "  AND reason = '" DEAD_DROPPED "'))");

	db_bind_int(retry, 1, row);
	db_run(db, retry);
	int changed = db_changes(db);
	enum outcome out = db_result(db, fault);
	if (out != OUT_OK)
		return out;
	if (changed == 0)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "update %lld is not parked; recover-pending --list "
		    "update shows which are",
		    (long long)row);
	return dead_remove(db, "update", row, fault);
}
