/* SPDX-License-Identifier: MIT */
#include "ops/task_line.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/terminal.h"

/* What of a text is shown in a line. */
#define TEXT_SHOWN 40

const char task_line_head[] =
    "DUE                      WHEN           ID         CHAT           WHAT\n";
const char message_line_head[] =
    "SINCE                    STATE      ID         CHAT           WHAT\n";

/* A restored state counts on from ids of ten digits; a supergroup has 14. */
#define ID_WIDTH 10
#define CHAT_WIDTH 14

/* Fills the column that began at START of OUT up to WIDTH, and a blank. */
static void
pad(struct buf *out, size_t start, size_t width)
{
	do
		buf_add_char(out, ' ');
	while (out->len < start + width + 1);
}

static void
add_number(struct buf *out, int64_t number, size_t width)
{
	size_t start = out->len;

	buf_printf(out, "%lld", (long long)number);
	pad(out, start, width);
}

/* What a direct message says; borrowed from PARAMS. */
static const char *
said(const json_t *params)
{
	const char *text = json_get_text(params, "text");

	return text ? text : json_get_text(params, "caption");
}

static void
task_add_json(struct buf *out, const struct task *task, const char *text,
    int64_t now)
{
	json_line_add(out,
	    json_pack("{s:i, s:I, s:I, s:o, s:b, s:s, s:o, s:o, s:o,"
		      " s:o, s:o}",
		"schema", 1, "id", (json_int_t)task->id, "chat",
		(json_int_t)task->chat_id, "due_at",
		json_time_or_null(task->due_at), "late", task->due_at <= now,
		"kind", task->kind == TASK_FLOW ? "flow" : "send", "name",
		json_text_or_null(task->name), "method",
		json_text_or_null(task->method), "text",
		json_text_or_null(text), "expire_at",
		json_time_or_null(task->expire_at), "created_at",
		json_time_or_null(task->created_at)));
}

static void
task_add_columns(struct buf *out, const struct task *task, const char *text,
    int64_t now)
{
	size_t start = out->len;

	terminal_add_time(out, task->due_at);
	pad(out, start, 24);
	start = out->len;
	terminal_add_distance(out, task->due_at, now, "late");
	pad(out, start, 14);
	add_number(out, task->id, ID_WIDTH);
	add_number(out, task->chat_id, CHAT_WIDTH);
	if (task->kind == TASK_FLOW)
		terminal_add(out, task->name, TEXT_SHOWN);
	else if (text == NULL)
		buf_add_text(out, task->method);
	terminal_add(out, text, TEXT_SHOWN);
	buf_add_char(out, '\n');
}

void
task_line_add(struct buf *out, const struct task *task, int64_t now, bool json)
{
	json_t *params = task->params ? json_loads(task->params, 0, NULL)
				      : NULL;
	const char *text = said(params);

	if (json)
		task_add_json(out, task, text, now);
	else
		task_add_columns(out, task, text, now);
	json_decref(params);
}

static int64_t
since(const struct history_row *row)
{
	return row->settled_at ? row->settled_at : row->created_at;
}

static void
message_add_columns(struct buf *out, const struct history_row *row,
    int64_t now)
{
	size_t start = out->len;

	terminal_add_time(out, since(row));
	pad(out, start, 24);
	start = out->len;
	buf_add_text(out, row->state);
	pad(out, start, 10);
	add_number(out, row->id, ID_WIDTH);
	add_number(out, row->chat_id, CHAT_WIDTH);
	terminal_add(out, row->text ? row->text : row->method, TEXT_SHOWN);
	buf_add_text(out, "\n    ");
	if (row->mend != NULL) {
		buf_add_text(out, "mend: ");
		terminal_add(out, row->mend, 200);
	} else {
		buf_add_text(out, "is repeated by itself ");
		terminal_add_distance(out, row->not_before, now, "late");
	}
	buf_add_char(out, '\n');
}

void
message_line_add(struct buf *out, const struct history_row *row, int64_t now,
    bool json)
{
	if (!json) {
		message_add_columns(out, row, now);
		return;
	}
	json_line_add(out,
	    json_pack("{s:i, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o,"
		      " s:o}",
		"schema", 1, "id", (json_int_t)row->id, "chat",
		(json_int_t)row->chat_id, "state", row->state, "since",
		json_time_or_null(since(row)), "method",
		json_text_or_null(row->method), "text",
		json_text_or_null(row->text), "reason",
		json_text_or_null(row->reason), "mend",
		json_text_or_null(row->mend), "not_before",
		json_time_or_null(row->not_before)));
}

static void
said_add_columns(struct buf *out, const struct history_row *row)
{
	size_t start = out->len;

	terminal_add_time(out, row->created_at);
	pad(out, start, 24);
	start = out->len;
	buf_add_text(out, row->role);
	pad(out, start, 9);
	terminal_add(out, row->text ? row->text : row->method, SIZE_MAX);
	if (row->maybe_duplicate)
		buf_add_text(out, " (may have arrived twice)");
	buf_add_char(out, '\n');
}

void
said_line_add(struct buf *out, const struct history_row *row, bool json)
{
	if (!json) {
		said_add_columns(out, row);
		return;
	}
	json_line_add(out,
	    json_pack("{s:i, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:b}",
		"schema", 1, "id", (json_int_t)row->id, "chat",
		(json_int_t)row->chat_id, "role", row->role, "text",
		json_text_or_null(row->text), "method",
		json_text_or_null(row->method), "message_id",
		row->message_id ? json_integer(row->message_id) : json_null(),
		"at", json_time_or_null(row->created_at), "settled_at",
		json_time_or_null(row->settled_at), "maybe_duplicate",
		row->maybe_duplicate));
}
