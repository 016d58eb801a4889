/* SPDX-License-Identifier: MIT */
#include "store/hold.h"

#include <stddef.h>
#include <string.h>

#include "store/meta.h"
#include "store/sql.h"

/* More than a bot gives out between a backup and its restore. */
#define ID_GAP "1000000000"

#define TASK_COLUMNS \
	"due_at, id, kind, priority, chat_id, name, expire_at, created_at," \
	" entries, flow, pointer, method, params"

/* A row for each one of FROM, which has an alias of its own. */
#define LETTERS(kind, item, chat, mend, from) \
	"INSERT OR REPLACE INTO dead_letters(kind, item, chat_id, reason," \
	" mend, died_at) SELECT '" kind "', " item ", " chat \
	", '" HOLD_REASON "', 'leadpipe recover-pending --release " kind \
	"' || " mend ", ?1 FROM " from

#define OPEN_MESSAGES \
	"(state = 'queued' OR state = 'sending' OR state = 'ambiguous'" \
	" OR state = 'held')"
#define OPEN_UPDATES "state IN ('received','failed','waiting')"
#define OPEN_EXECS "(state = 'pending' OR state = 'running')"
#define OPEN_LEADS "(errand = 'create' OR errand = 'search')"

struct step {
	const char *sql;
	size_t count; /* offset in struct hold_counts, NO_COUNT: none */
};

#define NO_COUNT ((size_t)-1)
#define COUNTS(member) offsetof(struct hold_counts, member)

static const struct step steps[] = {
	/* How far they got since nobody here knows. */
	{ "UPDATE broadcasts SET state = 'paused', reason = '" HOLD_REASON
	  "' WHERE state = 'scheduled' OR state = 'running'"
	  " OR state = 'paused'",
	    COUNTS(broadcasts) },
	{ LETTERS("message", "id", "chat_id",
	      "', or --sent ' || id || ' or --drop ' || id",
	      "messages WHERE " OPEN_MESSAGES),
	    COUNTS(messages) },
	{ "UPDATE messages SET state = 'unknown', settled_at = ?1,"
	  " worker = NULL WHERE " OPEN_MESSAGES,
	    NO_COUNT },
	{ "DELETE FROM lanes", NO_COUNT },
	{ "UPDATE media SET uploader = NULL", NO_COUNT },

	/* What the shared set had may have been done, as may what came out of
	 * it. */
	{ "INSERT OR REPLACE INTO task_ends(state, ended_at, reason,"
	  " " TASK_COLUMNS ") SELECT 'held', ?1, NULL, " TASK_COLUMNS
	  " FROM shared_tasks WHERE ours = 1 AND due_at <= ?1"
	  " AND (state = 'exporting' OR state = 'exported'"
	  "  OR state = 'claimed')",
	    NO_COUNT },
	{ "UPDATE shared_tasks SET state = 'cancelled', told = 0"
	  " WHERE ours = 1 AND due_at <= ?1 AND (state = 'exporting'"
	  "  OR state = 'exported' OR state = 'claimed')",
	    NO_COUNT },
	{ "UPDATE shared_tasks SET state = 'poison', told = 0,"
	  " reason = '" HOLD_REASON "'"
	  " WHERE ours = 0 AND (state = 'claimed' OR state = 'owned')",
	    NO_COUNT },

	/* Held ones may have been let out and sent since, like the due ones.
	 */
	{ "INSERT OR REPLACE INTO task_ends(state, ended_at, reason,"
	  " " TASK_COLUMNS ") SELECT 'held', ?1, NULL, " TASK_COLUMNS
	  " FROM tasks WHERE due_at <= ?1",
	    NO_COUNT },
	{ "DELETE FROM tasks WHERE due_at <= ?1", NO_COUNT },
	{ LETTERS("task", "id", "chat_id", "', or --drop task:' || id",
	      "task_ends WHERE state = 'held'"),
	    COUNTS(tasks) },
	{ "UPDATE task_ends SET state = 'dead', reason = '" HOLD_REASON
	  "' WHERE state = 'held'",
	    NO_COUNT },

	/* Before the updates that wait for them, as they are released. */
	{ LETTERS("exec", "id", "chat_id", "', or --drop exec:' || id",
	      "execs WHERE " OPEN_EXECS),
	    COUNTS(execs) },
	{ "UPDATE execs SET state = 'dead', settled_at = ?1, worker = NULL,"
	  " reason = '" HOLD_REASON "' WHERE " OPEN_EXECS,
	    NO_COUNT },
	{ LETTERS("update", "id", "chat_id", "', or --drop update:' || id",
	      "updates WHERE " OPEN_UPDATES),
	    COUNTS(updates) },
	{ "UPDATE updates SET state = 'parked', settled_at = ?1,"
	  " reason = '" HOLD_REASON "' WHERE " OPEN_UPDATES,
	    NO_COUNT },

	/* The CRM may have them: released, they are searched for, also when
	 * they were dropped in between. */
	{ LETTERS("lead", "id", "chat_id",
	      "', or --sent lead:' || id || ' or --drop lead:' || id",
	      "leads WHERE " OPEN_LEADS),
	    COUNTS(leads) },
	{ "UPDATE leads SET state = 'unknown', errand = NULL, worker = NULL,"
	  " sends = max(sends, 1),"
	  " sent_at = coalesce(sent_at, created_at), settled_at = ?1,"
	  " reason = '" HOLD_REASON "' WHERE " OPEN_LEADS,
	    NO_COUNT },
	{ "UPDATE leads SET worker = NULL WHERE worker IS NOT NULL",
	    NO_COUNT },

	/* How a CRM did at another time says nothing, who was asked something
	 * before the backup may have answered after it, and whether a webhook
	 * is set Telegram knows. */
	{ "DELETE FROM breakers", NO_COUNT },
	{ "DELETE FROM meta WHERE key = '" META_OUTAGE
	  "' OR key = '" META_POLL_AT "' OR key = '" META_WEBHOOK "'",
	    NO_COUNT },
	/* To Redis it is another state, newer than the one that is over. */
	{ "DELETE FROM meta WHERE key = '" META_MIRROR_EPOCH "'", NO_COUNT },

	/* A crash of another time is nobody's news. */
	{ "UPDATE runs SET finished_at = ?1, exit_code = 75"
	  " WHERE finished_at IS NULL",
	    NO_COUNT },
	{ "DELETE FROM task_tries", NO_COUNT },
	{ "DELETE FROM workers", NO_COUNT },

	/* Ids that were given out after the backup name other things: here,
	 * in scripts that kept them, and in a CRM. */
	{ "INSERT INTO sqlite_sequence(name, seq) SELECT name, 0"
	  " FROM sqlite_schema WHERE type = 'table'"
	  " AND sql LIKE '%AUTOINCREMENT%'"
	  " AND name NOT IN (SELECT name FROM sqlite_sequence)",
	    NO_COUNT },
	{ "UPDATE sqlite_sequence SET seq = seq + " ID_GAP, NO_COUNT },
	{ "INSERT INTO meta(key, value) VALUES('" META_TASK_ID "', " ID_GAP
	  ") ON CONFLICT(key) DO UPDATE SET value = value + " ID_GAP,
	    NO_COUNT },
	{ "INSERT OR REPLACE INTO meta(key, value)"
	  " VALUES('" META_RESTORED_AT "', ?1)",
	    NO_COUNT },
};

/* What is heard from a CRM and happened until now may have been answered. */
static const struct step unheard_step = {
	"INSERT OR REPLACE INTO meta(key, value) SELECT '" META_UNHEARD
	"', ?1 WHERE EXISTS (SELECT 1 FROM meta"
	"  WHERE key GLOB '" META_PULLED "*')",
	NO_COUNT
};

static enum outcome
take_step(sqlite3 *handle, const char *path, const struct step *step,
    int64_t now, struct hold_counts *counts, struct fault *fault)
{
	sqlite3_stmt *stmt = NULL;
	struct sql_error error = { 0 };
	int rc = sqlite3_prepare_v2(handle, step->sql, -1, &stmt, NULL);

	if (rc == SQLITE_OK && sqlite3_bind_parameter_count(stmt) > 0)
		rc = sqlite3_bind_int64(stmt, 1, now);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc != SQLITE_DONE)
		sql_error_keep(&error, handle, rc);
	else if (step->count != NO_COUNT)
		*(int64_t *)(void *)((char *)counts + step->count) =
		    sqlite3_changes64(handle);
	sqlite3_finalize(stmt);
	return sql_fault(&error, path, fault);
}

enum outcome
hold_due(sqlite3 *handle, const char *path, int64_t now, bool unheard,
    struct hold_counts *counts, struct fault *fault)
{
	enum outcome out = sql_exec(handle, path, "BEGIN IMMEDIATE", fault);

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && out == OUT_OK;
	     i++)
		out = take_step(handle, path, &steps[i], now, counts, fault);
	if (out == OUT_OK && unheard)
		out =
		    take_step(handle, path, &unheard_step, now, counts, fault);
	if (out == OUT_OK)
		out = sql_exec(handle, path, "COMMIT", fault);
	if (!sqlite3_get_autocommit(handle))
		sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
	return out;
}
