/* SPDX-License-Identifier: MIT */
#include "ops/finding_line.h"

#include "base/terminal.h"

static const char *
file_of(const char *path, const struct finding *finding)
{
	return finding->file ? finding->file : path;
}

static const char *
kind_of(const struct finding *finding)
{
	return finding->kind == FINDING_WARNING ? "warning" : "error";
}

bool
finding_is_of_file(const struct finding *finding)
{
	return finding->line == 0 && finding->where[0] == '\0';
}

static void
add_place(struct buf *out, const char *path, const struct finding *finding)
{
	terminal_add(out, file_of(path, finding), 4096);
	if (finding->line > 0)
		buf_printf(out, ":%d:%d", finding->line, finding->column);
	buf_add_text(out, ": ");
}

/* Names in a flow are strangers' text too. */
static void
add_text(struct buf *out, const struct finding *finding)
{
	if (finding->where[0] != '\0') {
		terminal_add(out, finding->where, sizeof(finding->where));
		buf_add_text(out, ": ");
	}
	terminal_add(out, finding->text, sizeof(finding->text));
}

void
finding_line_add(struct buf *out, const char *path,
    const struct finding *finding)
{
	add_place(out, path, finding);
	buf_printf(out, "%s: ", kind_of(finding));
	add_text(out, finding);
	buf_add_char(out, '\n');
}

void
finding_text_add(struct buf *out, const char *path,
    const struct finding *finding)
{
	if (!finding_is_of_file(finding))
		add_place(out, path, finding);
	add_text(out, finding);
}

json_t *
finding_json(const char *path, const struct finding *finding)
{
	return json_pack("{s:s, s:i, s:i, s:s, s:s, s:s}", "file",
	    file_of(path, finding), "line", finding->line, "column",
	    finding->column, "severity", kind_of(finding), "where",
	    finding->where, "text", finding->text);
}
