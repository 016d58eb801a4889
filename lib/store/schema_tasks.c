/* SPDX-License-Identifier: MIT */
/* What is to be done at a time. */
#include "store/schema.h"

#include <stddef.h>

const char *const schema_tasks[] = {
	/* Clustered by due time: what is due lies together, however many wait. */
	"CREATE TABLE tasks("
	" due_at INTEGER NOT NULL,"
	" id INTEGER NOT NULL,"
	" kind TEXT NOT NULL CHECK (kind IN ('flow','send')),"
	" priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 9),"
	" chat_id INTEGER NOT NULL,"
	" name TEXT,"
	" expire_at INTEGER NOT NULL,"
	" created_at INTEGER NOT NULL,"
	" entries INTEGER NOT NULL DEFAULT 0,"
	" flow TEXT, pointer TEXT,"
	" method TEXT, params TEXT,"
	" CHECK ((kind = 'flow') = (pointer IS NOT NULL)),"
	" CHECK ((kind = 'send') = (method IS NOT NULL)),"
	" PRIMARY KEY (due_at, id)) STRICT, WITHOUT ROWID;",
	"CREATE UNIQUE INDEX tasks_id ON tasks(id);",
	"CREATE INDEX tasks_chat ON tasks(chat_id, name);",
	"CREATE UNIQUE INDEX tasks_name ON tasks(chat_id, name)"
	" WHERE kind = 'flow';",

	"CREATE TABLE task_ends("
	" id INTEGER PRIMARY KEY,"
	" state TEXT NOT NULL CHECK"
	"  (state IN ('promoted','cancelled','expired','dead','held')),"
	" ended_at INTEGER NOT NULL,"
	" reason TEXT,"
	" due_at INTEGER NOT NULL,"
	" kind TEXT NOT NULL, priority INTEGER NOT NULL,"
	" chat_id INTEGER NOT NULL, name TEXT,"
	" expire_at INTEGER NOT NULL, created_at INTEGER NOT NULL,"
	" entries INTEGER NOT NULL, flow TEXT, pointer TEXT,"
	" method TEXT, params TEXT) STRICT;",
	"CREATE INDEX task_ends_held ON task_ends(chat_id) WHERE state = 'held';",
	"CREATE INDEX task_ends_time ON task_ends(ended_at);",

	/* Done alone since a command died: how often, without an end. */
	"CREATE TABLE task_tries("
	" id INTEGER PRIMARY KEY,"
	" tries INTEGER NOT NULL) STRICT;",
	NULL
};
