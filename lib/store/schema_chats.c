/* SPDX-License-Identifier: MIT */
/*
 * What people write and get: updates, chats, messages, and the handlers that
 * answer.
 */
#include "store/schema.h"

#include <stddef.h>

const char *const schema_chats[] = {
	"CREATE TABLE updates("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" update_id INTEGER NOT NULL,"
	" hash INTEGER NOT NULL,"
	" received_at INTEGER NOT NULL,"
	" state TEXT NOT NULL DEFAULT 'received'"
	"  CHECK (state = 'received' OR state = 'done' OR state = 'failed'"
	"   OR state = 'parked' OR state = 'waiting'),"
	" tries INTEGER NOT NULL DEFAULT 0,"
	" chat_id INTEGER,"
	" settled_at INTEGER,"
	" reason TEXT,"
	" raw TEXT NOT NULL,"
	/* Of our own: an event that came while a handler worked for the chat;
	 * raw is its data. */
	" event TEXT) STRICT;",
	/* Ids restart at random after a quiet week, so identity is the id together
	 * with the body. */
	"CREATE UNIQUE INDEX updates_identity ON updates(update_id, hash)"
	" WHERE event IS NULL;",
	"CREATE INDEX updates_open ON updates(id)"
	" WHERE state IN ('received','failed');",
	/* Raw ones have no chat before they are stepped: here are those that a
	 * handler lets, or let, wait. */
	"CREATE INDEX updates_kept ON updates(chat_id)"
	" WHERE chat_id IS NOT NULL AND (state = 'waiting'"
	"  OR state = 'received' OR state = 'failed');",

	"CREATE TABLE chats("
	" chat_id INTEGER PRIMARY KEY,"
	" type TEXT NOT NULL DEFAULT 'private',"
	" user_id INTEGER,"
	" first_name TEXT, last_name TEXT, username TEXT, user_lang TEXT,"
	" state TEXT NOT NULL DEFAULT '',"
	" session INTEGER NOT NULL DEFAULT 0,"
	" entries INTEGER NOT NULL DEFAULT 0,"
	" entered_at INTEGER NOT NULL DEFAULT 0,"
	" vars TEXT NOT NULL DEFAULT '{}',"
	" tags TEXT NOT NULL DEFAULT '{}',"
	" visits TEXT NOT NULL DEFAULT '{}',"
	" lang TEXT, tz TEXT,"
	" expires_at INTEGER NOT NULL DEFAULT 0,"
	" handoff_until INTEGER NOT NULL DEFAULT 0,"
	" asked_at INTEGER NOT NULL DEFAULT 0,"
	" memory TEXT NOT NULL DEFAULT '{}',"
	" blocked_at INTEGER, blocked_reason TEXT,"
	" unsubscribed_at INTEGER,"
	" created_at INTEGER NOT NULL,"
	" seen_at INTEGER NOT NULL) STRICT;",
	"CREATE INDEX chats_asked ON chats(asked_at) WHERE asked_at > 0;",

	/* The arrows that people took: what funnels and the picture of the flow
	 * count. */
	"CREATE TABLE arrivals("
	" chat_id INTEGER NOT NULL,"
	" state TEXT NOT NULL, came_from TEXT NOT NULL,"
	" times INTEGER NOT NULL DEFAULT 1,"
	" first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,"
	" PRIMARY KEY (chat_id, state, came_from)) STRICT, WITHOUT ROWID;",

	/* Every message, in and out: the outbox is what is not settled yet, the
	 * rest is the history. */
	"CREATE TABLE messages("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" chat_id INTEGER NOT NULL,"
	" state TEXT NOT NULL CHECK (state = 'received' OR state = 'queued'"
	"  OR state = 'sending' OR state = 'sent' OR state = 'ambiguous'"
	"  OR state = 'unknown' OR state = 'held' OR state = 'expired'"
	"  OR state = 'dead' OR state = 'cancelled'),"
	" role TEXT NOT NULL CHECK (role = 'user' OR role = 'assistant'"
	"  OR role = 'operator'),"
	" created_at INTEGER NOT NULL,"
	" settled_at INTEGER,"
	" message_id INTEGER,"
	" text TEXT,"
	" update_row INTEGER, task_id INTEGER, task_name TEXT,"
	" method TEXT, params TEXT, media TEXT,"
	" policy TEXT CHECK (policy = 'idempotent' OR policy = 'resend'"
	"  OR policy = 'once'),"
	" priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 9),"
	" not_before INTEGER NOT NULL DEFAULT 0,"
	" expire_at INTEGER NOT NULL DEFAULT 0,"
	" tries INTEGER NOT NULL DEFAULT 0,"
	" ambiguous INTEGER NOT NULL DEFAULT 0,"
	" maybe_duplicate INTEGER NOT NULL DEFAULT 0,"
	" cancelled INTEGER NOT NULL DEFAULT 0,"
	" worker INTEGER, generation INTEGER NOT NULL DEFAULT 0,"
	" started_at INTEGER,"
	" flow TEXT, action TEXT,"
	" about INTEGER,"
	/* In a chat that is not theirs: of whom it speaks. */
	" subject INTEGER,"
	" broadcast INTEGER,"
	" reason TEXT,"
	" CHECK ((state = 'sending') = (worker IS NOT NULL)),"
	" CHECK (state = 'received' OR method IS NOT NULL)) STRICT;",
	"CREATE INDEX messages_chat ON messages(chat_id, id);",
	"CREATE INDEX messages_open ON messages(chat_id, id)"
	" WHERE (state = 'queued' OR state = 'sending'"
	"  OR state = 'ambiguous');",
	"CREATE INDEX messages_worker ON messages(worker)"
	" WHERE worker IS NOT NULL;",
	/* Which person an operator answers who replies to a message. */
	"CREATE INDEX messages_about ON messages(chat_id, message_id)"
	" WHERE about IS NOT NULL;",
	"CREATE INDEX messages_subject ON messages(subject)"
	" WHERE subject IS NOT NULL;",
	"CREATE INDEX messages_stuck ON messages(state, chat_id)"
	" WHERE (state = 'unknown' OR state = 'held'"
	"  OR state = 'ambiguous');",

	/* A row per chat with unfinished messages; only its head can be sent, so
	 * order costs no scan. */
	"CREATE TABLE lanes("
	" chat_id INTEGER PRIMARY KEY,"
	" head INTEGER NOT NULL,"
	" priority INTEGER NOT NULL,"
	" not_before INTEGER NOT NULL,"
	" busy INTEGER NOT NULL DEFAULT 0 CHECK (busy IN (0,1)),"
	" awaits INTEGER) STRICT;",
	"CREATE INDEX lanes_ready ON lanes(priority, not_before, chat_id)"
	" WHERE busy = 0 AND awaits IS NULL;",
	"CREATE INDEX lanes_busy ON lanes(chat_id) WHERE busy = 1;",
	"CREATE INDEX lanes_awaits ON lanes(awaits) WHERE awaits IS NOT NULL;",

	"CREATE TABLE media("
	" id INTEGER PRIMARY KEY,"
	" digest TEXT NOT NULL, kind TEXT NOT NULL,"
	" path TEXT NOT NULL,"
	" file_id TEXT, file_id_at INTEGER,"
	" uploader INTEGER,"
	" UNIQUE (digest, kind)) STRICT;",

	/* Handlers: programs that a flow runs and whose answer it goes on with.
	 * At most one is open in a chat; whatever comes for the chat meanwhile
	 * waits. */
	"CREATE TABLE execs("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" chat_id INTEGER NOT NULL,"
	" state TEXT NOT NULL DEFAULT 'pending' CHECK (state = 'pending'"
	"  OR state = 'running' OR state = 'done' OR state = 'failed'"
	"  OR state = 'dead'),"
	" flow TEXT NOT NULL, place TEXT,"
	" request TEXT NOT NULL, resume TEXT NOT NULL,"
	" task_id INTEGER, task_name TEXT,"
	" expire_at INTEGER NOT NULL DEFAULT 0,"
	" created_at INTEGER NOT NULL,"
	/* Ids are the same in every database; what a handler is known by is
	 * not. */
	" nonce INTEGER NOT NULL,"
	" not_before INTEGER NOT NULL DEFAULT 0,"
	" attempt INTEGER NOT NULL DEFAULT 0,"
	" retries INTEGER NOT NULL DEFAULT 0,"
	" crashes INTEGER NOT NULL DEFAULT 0,"
	/* Since one crashed: to go on with it in a transaction of its own. */
	" tries INTEGER NOT NULL DEFAULT 0,"
	" worker INTEGER, generation INTEGER NOT NULL DEFAULT 0,"
	" started_at INTEGER, settled_at INTEGER,"
	" reason TEXT,"
	" CHECK ((state = 'running') = (worker IS NOT NULL))) STRICT;",
	"CREATE UNIQUE INDEX execs_open ON execs(chat_id)"
	" WHERE (state = 'pending' OR state = 'running');",
	"CREATE INDEX execs_ready ON execs(not_before, id)"
	" WHERE state = 'pending';",
	"CREATE INDEX execs_worker ON execs(worker) WHERE worker IS NOT NULL;",

	"CREATE VIEW history AS SELECT chat_id, id, role, text, message_id,"
	" created_at, settled_at, state, maybe_duplicate FROM messages"
	" WHERE state IN ('received','sent');",
	NULL
};
