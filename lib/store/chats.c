/* SPDX-License-Identifier: MIT */
#include "store/chats.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/broadcasts.h"
#include "store/counters.h"
#include "store/lane.h"
#include "store/messages.h"
#include "store/statement.h"
#include "store/tasks.h"

/* In the order of chat_read(). */
#define CHAT_COLUMNS \
	"type, first_name, last_name, username, user_lang, state, vars," \
	" tags, visits, lang, tz, memory, blocked_reason, user_id, session," \
	" entries, expires_at, handoff_until, blocked_at, unsubscribed_at," \
	" created_at, seen_at, entered_at, asked_at, chat_id"

static void
chat_read(struct db *db, sqlite3_stmt *load, struct chat_row *row)
{
	char **const texts[] = { &row->type, &row->first_name, &row->last_name,
		&row->username, &row->user_lang, &row->state, &row->vars,
		&row->tags, &row->visits, &row->lang, &row->tz, &row->memory,
		&row->blocked_reason };
	int64_t *const numbers[] = { &row->user_id, &row->session,
		&row->entries, &row->expires_at, &row->handoff_until,
		&row->blocked_at, &row->unsubscribed_at, &row->created_at,
		&row->seen_at, &row->entered_at, &row->asked_at,
		&row->chat_id };

	while (db_row(db, load)) {
		int column = 0;
		row->exists = true;
		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
			*texts[i] = db_text_dup(load, column++);
		for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
			*numbers[i] = db_int(load, column++);
	}
}

enum outcome
chats_load(struct db *db, int64_t chat_id, struct chat_row *row,
    struct fault *fault)
{
	sqlite3_stmt *load = db_use(db,
	    "SELECT " CHAT_COLUMNS " FROM chats WHERE chat_id = ?1");

	*row = (struct chat_row){ 0 };
	db_bind_int(load, 1, chat_id);
	chat_read(db, load, row);
	row->chat_id = chat_id;
	return db_result(db, fault);
}

enum outcome
chats_load_next(struct db *db, int64_t after, struct chat_row *row,
    struct fault *fault)
{
	sqlite3_stmt *load = db_use(db,
	    "SELECT " CHAT_COLUMNS " FROM chats WHERE chat_id > ?1"
	    " ORDER BY chat_id LIMIT 1");

	*row = (struct chat_row){ 0 };
	db_bind_int(load, 1, after);
	chat_read(db, load, row);
	return db_result(db, fault);
}

void
chat_row_release(struct chat_row *row)
{
	char *const texts[] = { row->type, row->first_name, row->last_name,
		row->username, row->user_lang, row->state, row->vars,
		row->tags, row->visits, row->lang, row->tz, row->memory,
		row->blocked_reason };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free(texts[i]);
	*row = (struct chat_row){ 0 };
}

static void
bind_chat(sqlite3_stmt *save, const struct chat_row *row)
{
	db_bind_int(save, 1, row->chat_id);
	db_lend_text(save, 2, row->type ? row->type : "private");
	db_bind_null_if(save, 3, row->user_id, 0);
	db_lend_text(save, 4, row->first_name);
	db_lend_text(save, 5, row->last_name);
	db_lend_text(save, 6, row->username);
	db_lend_text(save, 7, row->user_lang);
	db_lend_text(save, 8, row->state ? row->state : "");
	db_bind_int(save, 9, row->session);
	db_bind_int(save, 10, row->entries);
	db_lend_text(save, 11, row->vars ? row->vars : "{}");
	db_lend_text(save, 12, row->tags ? row->tags : "{}");
	db_lend_text(save, 13, row->visits ? row->visits : "{}");
	db_lend_text(save, 14, row->lang);
	db_lend_text(save, 15, row->tz);
	db_bind_int(save, 16, row->expires_at);
	db_bind_int(save, 17, row->handoff_until);
	db_bind_null_if(save, 18, row->unsubscribed_at, 0);
	db_bind_int(save, 19, row->created_at);
	db_bind_int(save, 20, row->seen_at);
	db_bind_int(save, 21, row->entered_at);
	db_bind_int(save, 22, row->asked_at);
	db_lend_text(save, 23, row->memory ? row->memory : "{}");
}

enum outcome
chats_save(struct db *db, const struct chat_row *row, struct fault *fault)
{
	sqlite3_stmt *update = db_use(db,
	    "UPDATE chats SET type = ?2, user_id = ?3, first_name = ?4,"
	    " last_name = ?5, username = ?6, user_lang = ?7, state = ?8,"
	    " session = ?9, entries = ?10, vars = ?11, tags = ?12,"
	    " visits = ?13, lang = ?14, tz = ?15, expires_at = ?16,"
	    " handoff_until = ?17, unsubscribed_at = ?18, created_at = ?19,"
	    " seen_at = ?20, entered_at = ?21, asked_at = ?22, memory = ?23"
	    " WHERE chat_id = ?1");
	sqlite3_stmt *insert = db_use(db,
	    "INSERT INTO chats(chat_id, type, user_id, first_name, last_name,"
	    " username, user_lang, state, session, entries, vars, tags,"
	    " visits, lang, tz, expires_at, handoff_until, unsubscribed_at,"
	    " created_at, seen_at, entered_at, asked_at, memory)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
	    " ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)");
	sqlite3_stmt *save = row->exists ? update : insert;

	bind_chat(save, row);
	db_run(db, save);
	if (!row->exists)
		counter_add(db, COUNT_PEOPLE, "", 1);
	return db_result(db, fault);
}

/* Blocking concerns chats that never wrote too: a message to a wrong id. */
static void
chat_ensure(struct db *db, int64_t chat_id, int64_t now)
{
	sqlite3_stmt *ensure = db_use(db,
	    "INSERT INTO chats(chat_id, created_at, seen_at)"
	    " VALUES(?1, ?2, 0) ON CONFLICT(chat_id) DO NOTHING");

	db_bind_int(ensure, 1, chat_id);
	db_bind_int(ensure, 2, now);
	db_run(db, ensure);
}

enum outcome
chats_block(struct db *db, int64_t chat_id, const char *reason, int64_t now,
    struct fault *fault)
{
	chat_ensure(db, chat_id, now);
	sqlite3_stmt *block = db_use(db,
	    "UPDATE chats SET blocked_at = coalesce(blocked_at, ?2),"
	    " blocked_reason = ?3 WHERE chat_id = ?1");
	db_bind_int(block, 1, chat_id);
	db_bind_int(block, 2, now);
	db_bind_text(block, 3, reason);
	db_run(db, block);
	/* Of a broadcast the news would be old when they are back. */
	sqlite3_stmt *hold = db_use(db,
	    "UPDATE messages SET"
	    " state = iif(broadcast IS NULL, 'held', 'cancelled'),"
	    " reason = iif(broadcast IS NULL, ?2, '" BROADCAST_BLOCKED "'),"
	    " settled_at = iif(broadcast IS NULL, settled_at, ?3),"
	    " maybe_duplicate = max(maybe_duplicate, state = 'ambiguous')"
	    " WHERE chat_id = ?1 AND " MESSAGE_OPEN " AND state <> 'sending'");
	db_bind_int(hold, 1, chat_id);
	db_bind_text(hold, 2, reason);
	db_bind_int(hold, 3, now);
	db_run(db, hold);
	lane_renew(db, chat_id);
	return db_result(db, fault);
}

enum outcome
chats_unblock(struct db *db, int64_t chat_id, int64_t now, struct fault *fault)
{
	int released;
	sqlite3_stmt *unblock = db_use(db,
	    "UPDATE chats SET blocked_at = NULL, blocked_reason = NULL"
	    " WHERE chat_id = ?1 AND blocked_at IS NOT NULL");

	db_bind_int(unblock, 1, chat_id);
	db_run(db, unblock);
	if (db_changes(db) == 0)
		return db_result(db, fault);
	enum outcome out = tasks_unhold(db, chat_id, fault);
	return out == OUT_OK
	    ? messages_release(db, chat_id, now, &released, fault)
	    : out;
}

bool
chats_asked(struct db *db, int64_t since, int64_t until, int64_t *after)
{
	bool found = false;
	sqlite3_stmt *next = db_use(db,
	    "SELECT chat_id FROM chats WHERE asked_at > 0"
	    " AND asked_at BETWEEN ?1 AND ?2 AND chat_id > ?3"
	    " AND blocked_at IS NULL ORDER BY chat_id LIMIT 1");

	db_bind_int(next, 1, since);
	db_bind_int(next, 2, until);
	db_bind_int(next, 3, *after);
	while (db_row(db, next)) {
		*after = db_int(next, 0);
		found = true;
	}
	return found;
}

enum outcome
chats_asked_done(struct db *db, int64_t chat_id, struct fault *fault)
{
	sqlite3_stmt *done =
	    db_use(db, "UPDATE chats SET asked_at = 0 WHERE chat_id = ?1");

	db_bind_int(done, 1, chat_id);
	db_run(db, done);
	return db_result(db, fault);
}

int64_t
chats_people(struct db *db)
{
	int64_t people = 0;
	sqlite3_stmt *count =
	    db_use(db, "SELECT count(*) FROM chats WHERE chat_id > 0");

	while (db_row(db, count))
		people = db_int(count, 0);
	return people;
}

bool
chats_unsubscribed(struct db *db, int64_t chat_id)
{
	sqlite3_stmt *find = db_use(db,
	    "SELECT 1 FROM chats WHERE chat_id = ?1"
	    " AND unsubscribed_at IS NOT NULL");
	bool found = false;

	db_bind_int(find, 1, chat_id);
	while (db_row(db, find))
		found = true;
	return found;
}

int64_t
chats_seen_at(struct db *db, int64_t chat_id)
{
	int64_t seen_at = 0;
	sqlite3_stmt *find =
	    db_use(db, "SELECT seen_at FROM chats WHERE chat_id = ?1");

	db_bind_int(find, 1, chat_id);
	while (db_row(db, find))
		seen_at = db_int(find, 0);
	return seen_at;
}

enum outcome
chats_migrate(struct db *db, int64_t chat_id, int64_t new_id,
    struct fault *fault)
{
	/* When the supergroup has written already its own dialogue goes on, and
	 * the old one stays with the old id, where nobody writes any more. */
	static const char *const moves[] = {
		("UPDATE OR IGNORE chats SET chat_id = ?2,"
		 " type = 'supergroup' WHERE chat_id = ?1"),
		"UPDATE messages SET chat_id = ?2 WHERE chat_id = ?1",
		"UPDATE messages SET about = ?2 WHERE about = ?1",
		"UPDATE leads SET chat_id = ?2 WHERE chat_id = ?1",
		"UPDATE dead_letters SET chat_id = ?2 WHERE chat_id = ?1",
		"UPDATE OR IGNORE execs SET chat_id = ?2 WHERE chat_id = ?1",
		("UPDATE OR IGNORE arrivals SET chat_id = ?2"
		 " WHERE chat_id = ?1"),
		("UPDATE updates SET chat_id = ?2 WHERE chat_id = ?1"
		 " AND (state = 'waiting' OR state = 'received'"
		 "  OR state = 'failed')"),
	};

	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		sqlite3_stmt *move = db_use(db, moves[i]);
		db_bind_int(move, 1, chat_id);
		db_bind_int(move, 2, new_id);
		db_run(db, move);
	}
	lane_renew(db, chat_id);
	lane_renew(db, new_id);
	return tasks_migrate(db, chat_id, new_id, clock_wall_ms(), fault);
}

enum outcome
chats_known(struct db *db, int64_t chat_id, struct fault *fault)
{
	bool known = false;
	sqlite3_stmt *find =
	    db_use(db, "SELECT 1 FROM chats WHERE chat_id = ?1");

	db_bind_int(find, 1, chat_id);
	while (db_row(db, find))
		known = true;
	if (known)
		return OUT_OK;
	if (db_result(db, fault) != OUT_OK)
		return fault->what;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "chat %lld is not known: nobody with this id has written to the "
	    "bot",
	    (long long)chat_id);
}

/* By @username; 0 when there is none or several. */
static int64_t
find(struct db *db, const char *name)
{
	int64_t chat_id = 0;
	int count = 0;
	sqlite3_stmt *find = db_use(db,
	    "SELECT chat_id FROM chats WHERE username = ?1 COLLATE NOCASE"
	    " LIMIT 2");

	db_bind_text(find, 1, *name == '@' ? name + 1 : name);
	while (db_row(db, find)) {
		chat_id = db_int(find, 0);
		++count;
	}
	return count == 1 ? chat_id : 0;
}

enum outcome
chats_resolve(struct db *db, const char *user, int64_t *chat_id,
    struct fault *fault)
{
	char *end;

	errno = 0;
	*chat_id = strtoll(user, &end, 10);
	if (errno == 0 && end != user && *end == '\0' && *chat_id != 0)
		return OUT_OK;
	*chat_id = *user == '@' ? find(db, user) : 0;
	if (*chat_id != 0)
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "'%.64s' is neither a chat id nor the @name of one person who "
	    "wrote to the bot",
	    user);
}
