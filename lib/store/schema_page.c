/* SPDX-License-Identifier: MIT */
/* What metrics and the status page are made of. */
#include "store/schema.h"

#include <stddef.h>

const char *const schema_page[] = {
	/* What only grows, and in which quarter of an hour (slot; 0: ever). */
	"CREATE TABLE counters("
	" name TEXT NOT NULL, label TEXT NOT NULL,"
	" slot INTEGER NOT NULL, value INTEGER NOT NULL,"
	" PRIMARY KEY (name, label, slot)) STRICT, WITHOUT ROWID;",

	/* What the status page saw: the worst of each quarter of an hour, the
	 * time in each state by day, and each trouble from end to end. */
	"CREATE TABLE samples("
	" slot INTEGER PRIMARY KEY,"
	" queue INTEGER NOT NULL, late_ms INTEGER NOT NULL,"
	" leads INTEGER NOT NULL, lead_ms INTEGER NOT NULL) STRICT;",
	"CREATE TABLE days("
	" day INTEGER PRIMARY KEY,"
	" ok_ms INTEGER NOT NULL, warning_ms INTEGER NOT NULL,"
	" critical_ms INTEGER NOT NULL) STRICT;",
	"CREATE TABLE incidents("
	" id INTEGER PRIMARY KEY,"
	" key TEXT NOT NULL, state INTEGER NOT NULL,"
	" began_at INTEGER NOT NULL, seen_at INTEGER NOT NULL,"
	" ended_at INTEGER, text TEXT) STRICT;",
	"CREATE UNIQUE INDEX incidents_open ON incidents(key)"
	" WHERE ended_at IS NULL;",
	/* The pages that are renewed again and again. */
	"CREATE TABLE pages("
	" path TEXT PRIMARY KEY, every_ms INTEGER NOT NULL,"
	" written_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
	NULL
};
