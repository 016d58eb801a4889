/* SPDX-License-Identifier: MIT */
#include "store/verify.h"

#include <string.h>

#include "store/lane.h"
#include "store/meta.h"
#include "store/statement.h"

/* Each yields count and lowest id of what breaks the rule.  A message of a
 * worker that died is freed by the next start, so that is none. */
const struct verify_rule verify_rules[] = {
	{ "lane-head",
	    "the head of a lane is an unfinished message of its chat", "chat",
	    "SELECT count(*), min(l.chat_id) FROM lanes l WHERE NOT EXISTS"
	    " (SELECT 1 FROM messages m WHERE m.id = l.head"
	    "  AND m.chat_id = l.chat_id AND " MESSAGE_OPEN ")" },
	{ "lane-order",
	    "the head is the first unfinished message, or the one on its way",
	    "chat",
	    "SELECT count(*), min(l.chat_id) FROM lanes l JOIN messages m"
	    " ON m.id = l.head WHERE m.state <> 'sending' AND EXISTS"
	    " (SELECT 1 FROM messages o WHERE o.chat_id = l.chat_id"
	    "  AND o.id < l.head AND (o.state = 'queued'"
	    "  OR o.state = 'sending' OR o.state = 'ambiguous'))" },
	{ "lane-missing", "a chat with unfinished messages has a lane", "chat",
	    "SELECT count(*), min(chat_id) FROM (SELECT DISTINCT chat_id"
	    " FROM messages WHERE " MESSAGE_OPEN
	    " EXCEPT SELECT chat_id FROM lanes)" },
	{ "lane-busy", "a lane is busy exactly while its head is on its way",
	    "chat",
	    "SELECT count(*), min(l.chat_id) FROM lanes l JOIN messages m"
	    " ON m.id = l.head WHERE l.busy <> (m.state = 'sending')" },
	{ "one-sending", "one message of a chat is on its way at a time",
	    "chat",
	    "SELECT count(*), min(chat_id) FROM (SELECT chat_id FROM messages"
	    " WHERE worker IS NOT NULL GROUP BY chat_id"
	    " HAVING count(*) > 1)" },
	{ "sending-worker", "a message on its way belongs to a known worker",
	    "message",
	    "SELECT count(*), min(id) FROM messages WHERE worker IS NOT NULL"
	    " AND worker NOT IN (SELECT id FROM workers)" },
	{ "message-settled", "a message that is over has the time of its end",
	    "message",
	    "SELECT count(*), min(id) FROM messages WHERE settled_at IS NULL"
	    " AND state IN ('received','sent','expired','dead','cancelled',"
	    "'unknown')" },
	{ "message-letter", "a dead or unknown message has its dead letter",
	    "message",
	    "SELECT count(*), min(id) FROM messages m"
	    " WHERE state IN ('dead','unknown') AND NOT EXISTS (SELECT 1"
	    " FROM dead_letters WHERE kind = 'message' AND item = m.id)" },
	{ "broadcast-message",
	    "a message of a broadcast is for somebody it has come to",
	    "message",
	    "SELECT count(*), min(m.id) FROM messages m"
	    " WHERE m.broadcast IS NOT NULL AND NOT EXISTS (SELECT 1"
	    " FROM broadcasts b WHERE b.id = m.broadcast"
	    " AND m.chat_id <= b.cursor)" },
	{ "broadcast-count", "a broadcast knows how many of its messages wait",
	    "broadcast",
	    "SELECT count(*), min(b.id) FROM broadcasts b WHERE coalesce("
	    "(SELECT count FROM broadcast_tally WHERE broadcast = b.id"
	    " AND kind = 'waiting'), 0) <> (SELECT count(*) FROM messages"
	    " WHERE broadcast = b.id AND " MESSAGE_OPEN ")" },
	{ "broadcast-over", "a broadcast that is over has put nobody aside",
	    "broadcast",
	    "SELECT count(*), min(id) FROM broadcasts"
	    " WHERE (state = 'finished' OR state = 'cancelled')"
	    " AND (finished_at IS NULL OR id IN"
	    "  (SELECT broadcast FROM broadcast_aside))" },
	{ "broadcast-words", "a broadcast that is not over has its words",
	    "broadcast",
	    "SELECT count(*), min(id) FROM broadcasts"
	    " WHERE state <> 'finished' AND state <> 'cancelled'"
	    " AND flow NOT IN (SELECT hash FROM flows)" },
	{ "task-twice", "a task waits or has ended, not both", "task",
	    "SELECT count(*), min(id) FROM tasks"
	    " WHERE id IN (SELECT id FROM task_ends)" },
	{ "task-id", "no task has an id that will be given out again", "task",
	    "SELECT count(*), min(id) FROM (SELECT id FROM tasks UNION ALL"
	    " SELECT id FROM task_ends UNION ALL SELECT id FROM shared_tasks"
	    " UNION ALL SELECT id FROM shared_stuck) WHERE id > coalesce((SELECT value"
	    " FROM meta WHERE key = '" META_TASK_ID "'), 0)" },
	{ "task-letter", "a dead task has its dead letter", "task",
	    "SELECT count(*), min(id) FROM task_ends t WHERE state = 'dead'"
	    " AND NOT EXISTS (SELECT 1 FROM dead_letters"
	    " WHERE kind = 'task' AND item = t.id)" },
	{ "task-shared", "a task waits here or in other hands, not both",
	    "task",
	    "SELECT count(*), min(id) FROM tasks WHERE id IN (SELECT id FROM"
	    " shared_tasks WHERE state = 'exporting' OR state = 'exported'"
	    " OR state = 'claimed' OR state = 'owned')" },
	{ "exec-letter", "a dead handler has its dead letter", "exec",
	    "SELECT count(*), min(id) FROM execs x WHERE state = 'dead'"
	    " AND NOT EXISTS (SELECT 1 FROM dead_letters"
	    " WHERE kind = 'exec' AND item = x.id)" },
	{ "update-letter", "a parked update has its dead letter", "update",
	    "SELECT count(*), min(id) FROM updates u WHERE state = 'parked'"
	    " AND NOT EXISTS (SELECT 1 FROM dead_letters"
	    " WHERE kind = 'update' AND item = u.id)" },
	{ "lead-letter", "a parked lead has its dead letter", "lead",
	    "SELECT count(*), min(id) FROM leads l WHERE state = 'parked'"
	    " AND NOT EXISTS (SELECT 1 FROM dead_letters"
	    " WHERE kind = 'lead' AND item = l.id)" },
	{ "refusal-letter", "what was refused has its dead letter", "refusal",
	    "SELECT count(*), min(id) FROM refusals r WHERE state = 'refused'"
	    " AND NOT EXISTS (SELECT 1 FROM dead_letters"
	    " WHERE kind = 'refusal' AND item = r.id)" },
	{ "letter-item", "what a dead letter is about is there", "dead letter",
	    "SELECT count(*), min(id) FROM dead_letters d WHERE NOT ("
	    "kind = 'message' AND item IN (SELECT id FROM messages)"
	    " OR kind = 'task' AND item IN (SELECT id FROM task_ends)"
	    " OR kind = 'exec' AND item IN (SELECT id FROM execs)"
	    " OR kind = 'update' AND item IN (SELECT id FROM updates)"
	    " OR kind = 'lead' AND item IN (SELECT id FROM leads)"
	    " OR kind = 'shared' AND item IN (SELECT id FROM shared_stuck"
	    "  UNION ALL SELECT id FROM shared_tasks)"
	    " OR kind = 'refusal' AND item IN (SELECT id FROM refusals))" },
};
const size_t verify_rule_count = sizeof(verify_rules) /
    sizeof(verify_rules[0]);

enum outcome
verify_rule(struct db *db, const struct verify_rule *rule, int64_t *broken,
    int64_t *first, struct fault *fault)
{
	sqlite3_stmt *count = db_use(db, rule->sql);

	*broken = *first = 0;
	while (db_row(db, count)) {
		*broken = db_int(count, 0);
		*first = db_int(count, 1);
	}
	return db_result(db, fault);
}

enum outcome
verify_pages(struct db *db, bool full, struct fault *fault)
{
	sqlite3_stmt *check;
	enum outcome out = OUT_OK;
	const char *text;

	if (!full)
		return db_check(db, fault);
	check = db_use(db, "PRAGMA integrity_check(1)");
	if (db_row(db, check) && (text = db_text(check, 0)) != NULL &&
	    strcmp(text, "ok") != 0)
		out = fault_set(fault, OUT_NEVER, EXIT_IO,
		    "'%s' is damaged: %s; restore a backup", db_path(db),
		    text);
	sqlite3_reset(check);
	return out == OUT_OK ? db_result(db, fault) : out;
}
