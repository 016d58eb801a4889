/* SPDX-License-Identifier: MIT */
#include "store/gauges.h"

#include <stddef.h>

#include "store/lane.h"
#include "store/statement.h"

static void
tell_each(struct db *db, sqlite3_stmt *all,
    void (*visit)(const char *name, int64_t count, void *arg), void *arg)
{
	while (db_row(db, all))
		visit(db_text(all, 0), db_int(all, 1), arg);
}

/* Each state by its own index; a state that nothing is in is a zero. */
void
gauges_outbox(struct db *db,
    void (*visit)(const char *state, int64_t count, void *arg), void *arg)
{
	tell_each(db,
	    db_use(db,
		"SELECT 'queued', count(*) FROM messages WHERE " MESSAGE_OPEN
		" AND state = 'queued'"
		" UNION ALL SELECT 'sending', count(*) FROM messages"
		"  WHERE worker IS NOT NULL"
		" UNION ALL SELECT 'ambiguous', count(*) FROM messages"
		"  WHERE " MESSAGE_STUCK " AND state = 'ambiguous'"
		" UNION ALL SELECT 'unknown', count(*) FROM messages"
		"  WHERE " MESSAGE_STUCK " AND state = 'unknown'"
		" UNION ALL SELECT 'held', count(*) FROM messages"
		"  WHERE " MESSAGE_STUCK " AND state = 'held'"),
	    visit, arg);
}

void
gauges_dead(struct db *db,
    void (*visit)(const char *kind, int64_t count, void *arg), void *arg)
{
	tell_each(db,
	    db_use(db,
		"SELECT k.value, (SELECT count(*) FROM dead_letters d"
		"  WHERE d.kind = k.value) FROM json_each('[\"update\","
		" \"message\", \"task\", \"lead\", \"exec\"]') k"),
	    visit, arg);
}

const char *
gauges_sqlite(void)
{
	return sqlite3_libversion();
}
