/* SPDX-License-Identifier: MIT */
/* What goes to Redis and comes from there. */
#include "store/schema.h"

#include <stddef.h>

#include "store/dead.h"

#define MIRRORED \
	"EXISTS (SELECT 1 FROM meta WHERE key = 'mirror' OR key = 'dialogs')"
#define MIRROR_MARK(row) \
	" BEGIN INSERT INTO mirror(chat_id) VALUES(" row ".chat_id)" \
	" ON CONFLICT(chat_id) DO UPDATE SET version = version + 1; END;"

const char *const schema_shared[] = {
	/* Between this database and the set that others share:
	 * store/shared_tasks.h.  What came in is NULL where the flow has not
	 * read it. */
	"CREATE TABLE shared_tasks("
	" id INTEGER PRIMARY KEY,"
	" source TEXT NOT NULL UNIQUE,"
	" src_member TEXT NOT NULL,"
	" ours INTEGER NOT NULL CHECK (ours = 0 OR ours = 1),"
	" state TEXT NOT NULL CHECK (state = 'exporting'"
	"  OR state = 'exported' OR state = 'claimed' OR state = 'owned'"
	"  OR state = 'running' OR state = 'done' OR state = 'taken'"
	"  OR state = 'cancelled' OR state = 'back' OR state = 'poison'"
	"  OR state = 'freed'),"
	" told INTEGER NOT NULL DEFAULT 1 CHECK (told = 0 OR told = 1),"
	" changed_at INTEGER NOT NULL,"
	" look_at INTEGER NOT NULL DEFAULT 0,"
	" gen INTEGER NOT NULL DEFAULT 0, epoch TEXT, reason TEXT,"
	" due_at INTEGER NOT NULL,"
	" kind TEXT, priority INTEGER, chat_id INTEGER, name TEXT,"
	" expire_at INTEGER, created_at INTEGER, entries INTEGER,"
	" flow TEXT, pointer TEXT, method TEXT, params TEXT,"
	" CHECK (ours = 0 OR kind IS NOT NULL)) STRICT;",
	"CREATE INDEX shared_tasks_look ON shared_tasks(look_at)"
	" WHERE (state = 'exporting' OR state = 'exported');",
	"CREATE INDEX shared_tasks_open ON shared_tasks(state, changed_at)"
	" WHERE (state = 'claimed' OR state = 'owned' OR state = 'running');",
	"CREATE INDEX shared_tasks_untold ON shared_tasks(id) WHERE told = 0;",
	"CREATE INDEX shared_tasks_chat ON shared_tasks(chat_id, name)"
	" WHERE chat_id IS NOT NULL;",
	"CREATE INDEX shared_tasks_time ON shared_tasks(changed_at);",

	/* Of others, in Redis, and waiting for a person: store/shared_stuck.h. */
	"CREATE TABLE shared_stuck("
	" id INTEGER PRIMARY KEY,"
	" place TEXT NOT NULL CHECK (place = 'poison'"
	"  OR place = 'processing'),"
	" digest TEXT NOT NULL,"
	" member TEXT, size INTEGER NOT NULL, head TEXT NOT NULL,"
	" due_at INTEGER NOT NULL, chat_id INTEGER, reason TEXT,"
	" seen_at INTEGER NOT NULL, seen_last INTEGER NOT NULL,"
	" decision TEXT CHECK (decision = 'requeue' OR decision = 'drop'),"
	" UNIQUE (place, digest)) STRICT;",
	"CREATE INDEX shared_stuck_decided ON shared_stuck(id)"
	" WHERE decision IS NOT NULL;",
	"CREATE INDEX shared_stuck_chat ON shared_stuck(chat_id)"
	" WHERE chat_id IS NOT NULL;",

	/* What came in by way of Redis and cannot be read. */
	"CREATE TABLE refusals("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" key TEXT NOT NULL UNIQUE,"
	" state TEXT NOT NULL DEFAULT 'refused' CHECK (state = 'refused'"
	"  OR state = 'dropped'),"
	" source TEXT NOT NULL, reason TEXT NOT NULL,"
	" size INTEGER NOT NULL, raw TEXT NOT NULL,"
	" refused_at INTEGER NOT NULL, dropped_at INTEGER) STRICT;",
	"CREATE INDEX refusals_dropped ON refusals(dropped_at)"
	" WHERE dropped_at IS NOT NULL;",

	/* Of both, and of the tasks that are in Redis, what a person dropped, as
	 * store/pending.h lists it. */
	"CREATE VIEW dropped_there AS"
	" SELECT 'refusal' AS kind, id, NULL AS chat_id, 'dropped' AS state,"
	" dropped_at AS since, reason, NULL AS answer,"
	" 'it does not come back; leadpipe recover-pending --show refusal:'"
	" || id || ' has it for add-lead' AS mend, substr(raw, 1, 200) AS text"
	" FROM refusals WHERE dropped_at IS NOT NULL"
	" UNION ALL SELECT 'shared', id, chat_id, 'dropped', seen_last,"
	" coalesce(reason, 'another program took it in work'), NULL,"
	" 'it does not come back; it is taken out of Redis when that answers',"
	" head FROM shared_stuck WHERE decision = 'drop'"
	" UNION ALL SELECT 'shared', id, chat_id, 'dropped', changed_at,"
	" reason, NULL, 'it does not come back',"
	" coalesce(name, substr(src_member, 1, 200)) FROM shared_tasks"
	" WHERE state = 'cancelled' AND reason = '" DEAD_DROPPED "';",

	/* On their way to other programs: store/bull_jobs.h. */
	"CREATE TABLE bull_jobs("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" queue TEXT NOT NULL, job TEXT NOT NULL UNIQUE,"
	" name TEXT NOT NULL, data TEXT NOT NULL,"
	" due_at INTEGER NOT NULL, created_at INTEGER NOT NULL) STRICT;",

	/* What Redis is to be told of a chat, and was: store/mirror.h for the
	 * mirror, store/dialogs.h for the dialog as other programs know it. */
	"CREATE TABLE mirror("
	" chat_id INTEGER PRIMARY KEY,"
	" version INTEGER NOT NULL DEFAULT 1,"
	" pushed INTEGER NOT NULL DEFAULT 0,"
	" exported INTEGER NOT NULL DEFAULT 0) STRICT;",
	"CREATE INDEX mirror_behind ON mirror(chat_id)"
	" WHERE pushed < version;",
	"CREATE INDEX mirror_unexported ON mirror(chat_id)"
	" WHERE exported < version;",
	"CREATE TABLE dialogs("
	" chat_id INTEGER PRIMARY KEY,"
	" digest TEXT,"
	" unknown TEXT, unknown_at INTEGER) STRICT;",
	"CREATE TRIGGER mirror_sent AFTER UPDATE OF state ON messages"
	" WHEN new.state = 'sent' AND " MIRRORED MIRROR_MARK("new"),
	"CREATE TRIGGER mirror_received AFTER INSERT ON messages"
	" WHEN (new.state = 'received' OR new.state = 'sent') AND " MIRRORED
	    MIRROR_MARK("new"),
	"CREATE TRIGGER mirror_chat_new AFTER INSERT ON chats"
	" WHEN " MIRRORED MIRROR_MARK("new"),
	"CREATE TRIGGER mirror_chat AFTER UPDATE ON chats"
	" WHEN " MIRRORED MIRROR_MARK("new"),
	"CREATE TRIGGER mirror_chat_moved AFTER UPDATE OF chat_id ON chats"
	" WHEN old.chat_id <> new.chat_id AND " MIRRORED MIRROR_MARK("old"),
	"CREATE TRIGGER mirror_chat_gone AFTER DELETE ON chats"
	" WHEN " MIRRORED MIRROR_MARK("old"),
	NULL
};
