/* SPDX-License-Identifier: MIT */
/*
 * Version 1 of the schema, with schema_*.c.  A later version is a further file
 * migrate_N.c; these texts never change once released.
 *
 *   update   received -> done | failed(tries) -> parked
 *            received -> waiting (for a handler of its chat) -> received
 *   message  queued -> sending(worker, generation) -> sent | queued
 *            | ambiguous | unknown | held | expired | dead | cancelled
 *   task     waiting in tasks; its end is a row of task_ends
 *   shared   a task between tasks and Redis; store/shared_tasks.h
 *   exec     pending(not_before) -> running(worker, generation) -> pending
 *            | done | failed | dead
 *   lead     new -> sending(worker, generation) -> created | queued | unknown
 *            | parked; store/lead.h
 *
 * Alternatives are spelt with OR: for an IN list of more than two SQLite fills
 * a temporary table in every single statement that touches the row, which cost
 * more than the statement itself.
 */
#include "store/schema.h"

#include <stddef.h>

static const char *const own[] = {
	"CREATE TABLE meta("
	" key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;",

	"CREATE TABLE workers("
	" id INTEGER PRIMARY KEY,"
	" command TEXT NOT NULL,"
	" pid INTEGER NOT NULL,"
	" started_at INTEGER NOT NULL,"
	" report INTEGER) STRICT;",

	"CREATE TABLE runs("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" command TEXT NOT NULL,"
	" worker INTEGER NOT NULL,"
	" started_at INTEGER NOT NULL,"
	" finished_at INTEGER, exit_code INTEGER,"
	" crashed INTEGER NOT NULL DEFAULT 0,"
	" counts TEXT NOT NULL DEFAULT '{}',"
	" max_rss_kb INTEGER) STRICT;",
	"CREATE INDEX runs_command ON runs(command, id);",
	"CREATE INDEX runs_open ON runs(worker) WHERE finished_at IS NULL;",
	"CREATE INDEX runs_crashed ON runs(started_at) WHERE crashed = 1;",

	"CREATE TABLE flows("
	" hash TEXT PRIMARY KEY,"
	" id TEXT NOT NULL,"
	" source TEXT,"
	" deployed_at INTEGER NOT NULL,"
	" bundle TEXT NOT NULL) STRICT, WITHOUT ROWID;",

	/* GCRA: one theoretical arrival time per limit, no drip process. */
	"CREATE TABLE limits("
	" kind TEXT NOT NULL CHECK (kind IN ('bot','chat','crm','broadcast')),"
	" id INTEGER NOT NULL,"
	" tat_us INTEGER NOT NULL DEFAULT 0,"
	" blocked_until INTEGER NOT NULL DEFAULT 0,"
	" flooded_at INTEGER,"
	" PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;",
	"CREATE INDEX limits_flooded ON limits(flooded_at)"
	" WHERE flooded_at IS NOT NULL;",

	"CREATE TABLE dead_letters("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" kind TEXT NOT NULL CHECK (kind IN"
	"  ('update','message','task','lead','exec','shared','refusal')),"
	" item INTEGER NOT NULL,"
	" chat_id INTEGER,"
	" reason TEXT NOT NULL,"
	" answer TEXT,"
	" mend TEXT NOT NULL,"
	" died_at INTEGER NOT NULL,"
	" UNIQUE (kind, item)) STRICT;",
	NULL
};

const char *const *const schema_v1[] = { own, schema_chats, schema_tasks,
	schema_leads, schema_shared, schema_page, schema_broadcasts, NULL };
