/* SPDX-License-Identifier: MIT */
#include "store/pending.h"

#include "store/dead.h"
#include "store/hold.h"
#include "store/lane.h"
#include "store/lead_settle.h"
#include "store/pending_detail.h"
#include "store/statement.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The reason of a message is the answer that it got. */
#define LETTERS \
	"SELECT d.kind AS kind, d.item AS item, d.chat_id AS chat_id," \
	" coalesce(m.state, l.state, f.state, s.place, e.state," \
	"  iif(d.kind IN ('task','exec'), 'dead', 'parked')) AS state," \
	" d.died_at AS since, d.reason AS reason, d.answer AS answer," \
	" d.mend AS mend," \
	" coalesce(m.text, s.head, e.name, t.name, u.raw, x.place, l.name || ' '" \
	"  || coalesce(l.phone_e164, l.phone, l.email, ''), l.phone, l.email," \
	"  substr(f.raw, 1, 200)) AS text" \
	" FROM dead_letters d" \
	" LEFT JOIN messages m ON d.kind = 'message' AND m.id = d.item" \
	" LEFT JOIN task_ends t ON d.kind = 'task' AND t.id = d.item" \
	" LEFT JOIN updates u ON d.kind = 'update' AND u.id = d.item" \
	" LEFT JOIN execs x ON d.kind = 'exec' AND x.id = d.item" \
	" LEFT JOIN shared_stuck s ON d.kind = 'shared' AND s.id = d.item" \
	" LEFT JOIN shared_tasks e ON d.kind = 'shared' AND e.id = d.item" \
	" LEFT JOIN leads l ON d.kind = 'lead' AND l.id = d.item" \
	" LEFT JOIN refusals f ON d.kind = 'refusal' AND f.id = d.item"

/* What a person dropped: asked for by its id, or all of it. */
#define IS_ASKED "id BETWEEN ?6 AND ?7"

/* What the CRM may have, what it failed to take so far. */
#define STUCK_LEADS \
	"SELECT 'lead', id, chat_id, state, coalesce(settled_at, created_at)," \
	" CASE WHEN state = 'dropped' THEN 'it is not wanted'" \
	"  WHEN errand = 'search' THEN" \
	"   'the CRM may have it: no answer came'" \
	"  WHEN errand = 'note' THEN 'its note is not in the CRM yet'" \
	"  ELSE 'the CRM did not take it yet' END, reason," \
	" CASE WHEN state = 'dropped' THEN" \
	"   'leadpipe recover-pending --retry lead:' || id" \
	"  WHEN errand = 'search' THEN 'it is searched for by itself, or" \
	" leadpipe recover-pending --sent lead:' || id || ', --resend lead:'" \
	"   || id || ' or --drop lead:' || id" \
	"  ELSE 'it is tried again by itself, or leadpipe recover-pending" \
	" --retry lead:' || id || ' or --drop lead:' || id END," \
	" coalesce(name || ' ' || coalesce(phone_e164, phone, email, '')," \
	"  phone, email) FROM leads" \
	" WHERE id IN (SELECT id FROM leads WHERE worker IS NULL" \
	" AND errand IS NOT NULL AND (errand = 'search' OR tries > 0)" \
	" UNION ALL SELECT id FROM leads" \
	" WHERE state = 'dropped' AND " IS_ASKED ")"

#define STUCK_MESSAGES \
	"SELECT 'message', id, chat_id, state," \
	" coalesce(settled_at, created_at), CASE state" \
	"  WHEN 'held' THEN 'the chat takes nothing from the bot'" \
	"  ELSE 'it may have arrived: no answer came' END, reason," \
	" CASE state WHEN 'held' THEN 'it goes out when the person writes" \
	" again, or leadpipe recover-pending --drop ' || id" \
	"  WHEN 'ambiguous' THEN 'it is sent again by itself, or leadpipe" \
	" recover-pending --sent ' || id || ' or --drop ' || id" \
	"  ELSE 'leadpipe recover-pending --sent ' || id || ', --resend '" \
	"   || id || ' or --drop ' || id END, text FROM messages" \
	" WHERE " MESSAGE_STUCK " AND NOT EXISTS" \
	" (SELECT 1 FROM dead_letters WHERE kind = 'message'" \
	"  AND item = messages.id)"

#define OPEN_HANDLERS \
	"SELECT 'exec', id, chat_id, state, created_at," \
	" 'its handler is run again', reason," \
	" 'the next poll-updates or send-due runs it again'," \
	" place FROM execs WHERE (state = 'pending' OR state = 'running')" \
	" AND reason IS NOT NULL"

#define DROPPED \
	"SELECT kind, id, chat_id, 'dropped', at, reason, NULL," \
	" 'leadpipe recover-pending --' || iif(reason = '" DEAD_DROPPED \
	"', 'retry ', 'resend ') || kind || ':' || id, text FROM" \
	" (SELECT 'message' AS kind, id, chat_id, settled_at AS at, reason," \
	"   text FROM messages WHERE state = 'cancelled'" \
	"  UNION ALL SELECT 'update', id, chat_id, settled_at, reason, raw" \
	"   FROM updates WHERE state = 'done'" \
	"  UNION ALL SELECT 'task', id, chat_id, ended_at, reason, name" \
	"   FROM task_ends WHERE state = 'cancelled'" \
	"  UNION ALL SELECT 'exec', id, chat_id, settled_at, reason, place" \
	"   FROM execs WHERE state = 'failed')" \
	" WHERE (reason = '" DEAD_DROPPED \
	"' OR reason = '" DEAD_DROPPED_DOUBT "') AND " IS_ASKED

/* What came by way of Redis stays dropped. */
#define DROPPED_THERE "SELECT * FROM dropped_there WHERE " IS_ASKED

static void
pending_read(sqlite3_stmt *row, struct pending *pending)
{
	pending->kind = db_text(row, 0);
	pending->item = db_int(row, 1);
	pending->chat_id = db_int(row, 2);
	pending->state = db_text(row, 3);
	pending->since = db_int(row, 4);
	pending->reason = db_text(row, 5);
	pending->answer = db_text(row, 6);
	pending->mend = db_text(row, 7);
	pending->text = db_text(row, 8);
	pending->retries = db_int(row, 9) != 0;
}

bool
pending_next(struct db *db, struct pending_list *list, const char *kind,
    int64_t item, struct pending *row)
{
	bool dropped = kind != NULL && strcmp(kind, PENDING_DROPPED) == 0;

	if (list->rows == NULL) {
		list->rows = db_use(db,
		    "SELECT kind, item, coalesce(chat_id, 0), state, since,"
		    " reason, answer, mend, text,"
		    " (reason <> '" HOLD_REASON "'"
		    "  AND (state IN ('dead','parked','poison')"
		    "   OR (kind = 'lead' AND reason <> '" LEAD_TWICE "')))"
		    " FROM (" LETTERS " UNION ALL " STUCK_MESSAGES
		    " UNION ALL " OPEN_HANDLERS " UNION ALL " STUCK_LEADS
		    " UNION ALL " DROPPED " UNION ALL " DROPPED_THERE ")"
		    " WHERE (?1 IS NULL OR kind = ?1 OR state = ?1)"
		    " AND (?2 = 0 OR item = ?2)"
		    " AND (?4 = '' OR (since, kind, item) > (?3, ?4, ?5))"
		    " ORDER BY since, kind, item");
		db_bind_text(list->rows, 1, kind);
		db_bind_int(list->rows, 2, item);
		db_bind_int(list->rows, 3, list->since);
		db_bind_text(list->rows, 4, list->kind);
		db_bind_int(list->rows, 5, list->item);
		db_bind_int(list->rows, 6, dropped ? 1 : item);
		db_bind_int(list->rows, 7, dropped ? INT64_MAX : item);
	}
	if (!db_row(db, list->rows))
		return false;
	pending_read(list->rows, row);
	row->detail = item == 0 ? NULL : pending_detail(db, row->kind, item);
	snprintf(list->kind, sizeof(list->kind), "%s", row->kind);
	list->item = row->item;
	list->since = row->since;
	return true;
}

void
pending_pause(struct pending_list *list)
{
	sqlite3_reset(list->rows);
	list->rows = NULL;
}
