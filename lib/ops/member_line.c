/* SPDX-License-Identifier: MIT */
#include "ops/member_line.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/terminal.h"
#include "base/utf8.h"

/* What of a member is shown in a line. */
#define SHOWN 100

const char member_line_head[] =
    "DUE                      WHEN           TASK\n";

static void
pad(struct buf *out, size_t start, size_t width)
{
	do
		buf_add_char(out, ' ');
	while (out->len < start + width + 1);
}

static void
add_json(struct buf *out, const struct handover_member *member,
    const char *text, int64_t now)
{
	char due[CLOCK_TEXT_SIZE];
	json_t *line = json_pack("{s:i, s:s, s:b, s:I, s:o}", "schema", 1,
	    "due_at", clock_text(member->due_at, due), "late",
	    member->due_at <= now, "size", (json_int_t)member->size, "member",
	    json_text_or_null(text));

	json_line_add(out, line);
}

void
member_line_add(struct buf *out, const struct handover_member *member,
    int64_t now, bool json)
{
	char *text = utf8_clean(member->text, member->len);
	size_t start = out->len;

	if (json) {
		add_json(out, member, text, now);
	} else {
		terminal_add_time(out, member->due_at);
		pad(out, start, 24);
		start = out->len;
		terminal_add_distance(out, member->due_at, now, "late");
		pad(out, start, 14);
		terminal_add(out, text, SHOWN);
		buf_add_char(out, '\n');
	}
	free(text);
}
