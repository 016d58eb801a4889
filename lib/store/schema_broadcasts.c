/* SPDX-License-Identifier: MIT */
/* One message for many: store/broadcasts.h. */
#include "store/schema.h"

#include <stddef.h>

#include "store/broadcasts.h"

/* What a message counts as for its broadcast. */
#define KIND(row) \
	"CASE " row ".state WHEN 'sent' THEN 'sent'" \
	" WHEN 'unknown' THEN 'unknown' WHEN 'dead' THEN 'dead'" \
	" WHEN 'expired' THEN 'expired' WHEN 'cancelled' THEN" \
	"  CASE " row ".reason WHEN '" BROADCAST_BLOCKED "' THEN 'blocked'" \
	"  WHEN '" BROADCAST_UNSUBSCRIBED "' THEN 'unsubscribed'" \
	"  ELSE 'cancelled' END ELSE 'waiting' END"

#define ONE_MORE \
	" INSERT INTO broadcast_tally(broadcast, kind, count)" \
	" VALUES(new.broadcast, " KIND( \
	    "new") ", 1)" \
		   " ON CONFLICT(broadcast, kind) DO UPDATE SET count = count + 1;"
#define ONE_LESS \
	" UPDATE broadcast_tally SET count = count - 1" \
	" WHERE broadcast = old.broadcast AND kind = " KIND("old") ";"

const char *const schema_broadcasts[] = {
	"CREATE TABLE broadcasts("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" name TEXT NOT NULL UNIQUE,"
	" state TEXT NOT NULL CHECK (state = 'scheduled'"
	"  OR state = 'running' OR state = 'paused' OR state = 'finished'"
	"  OR state = 'cancelled'),"
	" flow TEXT NOT NULL, action TEXT NOT NULL,"
	" audience TEXT NOT NULL,"
	" method TEXT NOT NULL, media TEXT,"
	" rate INTEGER NOT NULL DEFAULT 0,"
	" paid INTEGER NOT NULL DEFAULT 0 CHECK (paid = 0 OR paid = 1),"
	" created_at INTEGER NOT NULL, start_at INTEGER NOT NULL,"
	" begun_at INTEGER, finished_at INTEGER,"
	/* When it last got on. */
	" moved_at INTEGER NOT NULL DEFAULT 0,"
	" cursor INTEGER NOT NULL DEFAULT 0,"
	" looked INTEGER NOT NULL DEFAULT 0,"
	" through INTEGER NOT NULL DEFAULT 0,"
	/* In a row, since the last one that arrived. */
	" failures INTEGER NOT NULL DEFAULT 0,"
	" reason TEXT) STRICT;",
	"CREATE INDEX broadcasts_open ON broadcasts(id)"
	" WHERE (state = 'scheduled' OR state = 'running');",

	/* Nobody gets the same twice, whatever a program does. */
	"CREATE UNIQUE INDEX messages_broadcast ON messages(broadcast, chat_id)"
	" WHERE broadcast IS NOT NULL;",

	/* Whose message was taken back when it was paused. */
	"CREATE TABLE broadcast_aside("
	" broadcast INTEGER NOT NULL, chat_id INTEGER NOT NULL,"
	" PRIMARY KEY (broadcast, chat_id)) STRICT, WITHOUT ROWID;",
	"CREATE INDEX broadcast_aside_chat ON broadcast_aside(chat_id);",

	/* What became of its messages; the numbers outlive them. */
	"CREATE TABLE broadcast_tally("
	" broadcast INTEGER NOT NULL, kind TEXT NOT NULL,"
	" count INTEGER NOT NULL,"
	" PRIMARY KEY (broadcast, kind)) STRICT, WITHOUT ROWID;",
	"CREATE TRIGGER broadcast_new AFTER INSERT ON messages"
	" WHEN new.broadcast IS NOT NULL BEGIN" ONE_MORE " END;",
	"CREATE TRIGGER broadcast_settled AFTER UPDATE OF state ON messages"
	" WHEN new.broadcast IS NOT NULL AND " KIND("new") " <> " KIND(
	    "old") " BEGIN" ONE_MORE ONE_LESS " END;",
	"CREATE TRIGGER broadcast_gone AFTER DELETE ON messages"
	" WHEN old.broadcast IS NOT NULL AND " KIND("old") " = 'waiting'"
							   " BEGIN" ONE_LESS
							   " END;",
	NULL
};
