/* SPDX-License-Identifier: MIT */
#include "ops/backup_facts.h"

#include "base/json.h"
#include "base/plural.h"
#include "base/terminal.h"

void
backup_facts_add(struct buf *out, const struct backup_facts *facts)
{
	buf_printf(out, "  %.1f MiB, bot %lld, its state of ",
	    (double)facts->bytes / 1048576, (long long)facts->bot_id);
	if (facts->as_of != 0)
		terminal_add_time(out, facts->as_of);
	else
		buf_add_text(out, "before its first run");
	buf_printf(out,
	    "\n  %lld chat%s, %lld message%s, %lld waiting task%s, "
	    "%lld lead%s, %lld dead letter%s\n",
	    (long long)facts->chats, plural(facts->chats),
	    (long long)facts->messages, plural(facts->messages),
	    (long long)facts->tasks, plural(facts->tasks),
	    (long long)facts->leads, plural(facts->leads),
	    (long long)facts->dead_letters, plural(facts->dead_letters));
}

json_t *
backup_facts_json(const char *path, const struct backup_facts *facts)
{
	return json_pack("{s:i s:s s:I s:I s:o s:I s:I s:I s:I s:I s:I s:I}",
	    "schema", 1, "path", path, "bytes", (json_int_t)facts->bytes,
	    "bot_id", (json_int_t)facts->bot_id, "as_of",
	    json_time_or_null(facts->as_of), "chats", (json_int_t)facts->chats,
	    "updates", (json_int_t)facts->updates, "messages",
	    (json_int_t)facts->messages, "tasks", (json_int_t)facts->tasks,
	    "ended_tasks", (json_int_t)facts->ended_tasks, "leads",
	    (json_int_t)facts->leads, "dead_letters",
	    (json_int_t)facts->dead_letters);
}
