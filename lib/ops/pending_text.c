/* SPDX-License-Identifier: MIT */
#include "ops/pending_text.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/terminal.h"
#include "base/utf8.h"

/* Characters of foreign text in a line of a table. */
#define WHY_MAX 200
#define WHO_MAX 60

static const char *const kinds[] = { "message", "update", "task", "lead",
	"exec", "refusal", "shared" };

const char *
item_kind(const char *text)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i], text) == 0)
			return kinds[i];
	return NULL;
}

bool
item_parse(const char *text, struct item_name *item)
{
	const char *number = strchr(text, ':');
	char kind[16] = "message", *end;
	size_t len = number ? (size_t)(number - text) : 0;

	if (number != NULL && len < sizeof(kind)) {
		memcpy(kind, text, len);
		kind[len] = '\0';
	}
	number = number != NULL ? number + 1 : text;
	item->kind = len < sizeof(kind) ? item_kind(kind) : NULL;
	errno = 0;
	item->id = strtoll(number, &end, 10);
	return item->kind != NULL && errno == 0 && *end == '\0' &&
	    *number >= '0' && *number <= '9' && item->id > 0;
}

/* Foreign text on one line: cut, line ends as blanks, and nothing in it that
 * acts on a terminal. */
static void
add_line(struct buf *out, const char *text, size_t most)
{
	char *line = mem_dup(text);

	for (char *at = line; (at = strpbrk(at, "\n\t")) != NULL;)
		*at = ' ';
	terminal_add(out, line, most);
	free(line);
}

/* The second, for people. */
static char *
when(int64_t ms, char text[CLOCK_TEXT_SIZE])
{
	clock_text(ms, text);
	text[10] = ' ';
	text[19] = '\0';
	return text;
}

static const char *
name_of(const struct pending *row, char name[40])
{
	snprintf(name, 40, "%s:%lld", row->kind, (long long)row->item);
	return name;
}

/* Who it is, for who knows them: lists are read over shoulders, and mailed. */
static void
add_person(struct buf *out, const char *text)
{
	char *at = mem_dup(text);
	size_t len = utf8_prefix(at, WHO_MAX), digits = 0;

	for (size_t i = 0; i < len; i++)
		digits += at[i] >= '0' && at[i] <= '9';
	for (size_t i = 0, seen = 0; i < len; i++) {
		bool digit = at[i] >= '0' && at[i] <= '9';
		bool hidden = digit && seen >= 4 && seen + 2 < digits;

		seen += digit;
		/* of an e-mail address the first letter and the domain */
		hidden = hidden ||
		    (i > 0 && at[i] != ' ' && at[i] != '@' &&
			at[i - 1] != ' ' && strchr(at + i, '@') != NULL &&
			strcspn(at + i, " @") < strcspn(at + i, " "));
		if (hidden)
			at[i] = '*';
	}
	at[len] = '\0';
	buf_add_text(out, " (");
	add_line(out, at, WHO_MAX);
	buf_add_char(out, ')');
	free(at);
}

/* On a narrow terminal the reason needs the room more than the year. */
#define NARROW 110
/* A restored state counts on from ids of ten digits: "message:2000000017". */
#define WIDE_ROW "%-18s %-9s %-19s  %-14s "
#define NARROW_ROW "%-18s %-9s %-11.11s  %-14s "

/* Even when the lines of a tiny terminal wrap then. */
#define WHY_LEAST 20

static bool
is_narrow(int width)
{
	return width > 0 && width < NARROW;
}

/* What is left of WIDTH behind TAKEN characters. */
static size_t
why_width(int width, size_t taken)
{
	if (width == 0)
		return SIZE_MAX;
	return (size_t)width > taken + WHY_LEAST ? (size_t)width - taken
						 : WHY_LEAST;
}

static void
add_columns(struct buf *out, int width, const char *id, const char *state,
    const char *since, const char *chat)
{
	if (is_narrow(width))
		buf_printf(out, NARROW_ROW, id, state, since + 5, chat);
	else
		buf_printf(out, WIDE_ROW, id, state, since, chat);
}

void
pending_head(struct buf *out, int width)
{
	add_columns(out, width, "ID", "STATE",
	    is_narrow(width) ? "     SINCE (UTC)" : "SINCE (UTC)", "CHAT");
	buf_add_text(out, "WHY\n");
}

static void
add_why(struct buf *out, const struct pending *row, size_t most)
{
	struct buf why = BUF_INIT((size_t)8 * WHY_MAX);

	add_line(&why, row->reason ? row->reason : "", WHY_MAX);
	if (row->answer != NULL) {
		buf_add_text(&why, ": ");
		add_line(&why, row->answer, WHY_MAX);
	}
	if (row->text != NULL && strcmp(row->kind, "lead") == 0)
		add_person(&why, row->text);
	if (why.len > 0 && utf8_length(why.data) > most) {
		buf_add(out, why.data, utf8_prefix(why.data, most - 3));
		buf_add_text(out, "...");
	} else {
		buf_add(out, why.data ? why.data : "", why.len);
	}
	buf_release(&why);
}

void
pending_row(struct buf *out, const struct pending *row, int width)
{
	char name[40], since[CLOCK_TEXT_SIZE], chat[24];
	size_t from = out->len;

	snprintf(chat, sizeof(chat), "%lld", (long long)row->chat_id);
	add_columns(out, width, name_of(row, name), row->state,
	    when(row->since, since), chat);
	add_why(out, row, why_width(width, out->len - from));
	buf_printf(out, "\n%16s mend: %s\n", "", row->mend);
}

static void
add_member(struct buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(out, "%-8s ", name);
	add_line(out, value, SIZE_MAX);
	buf_add_char(out, '\n');
}

void
pending_page(struct buf *out, const struct pending *row)
{
	char name[40], since[CLOCK_TEXT_SIZE];

	add_member(out, "id", name_of(row, name));
	add_member(out, "state", row->state);
	add_member(out, "since", when(row->since, since));
	buf_printf(out, "%-8s %lld\n", "chat", (long long)row->chat_id);
	add_member(out, "reason", row->reason);
	add_member(out, "answer", row->answer);
	add_member(out, "text", row->text);
	add_member(out, "detail", row->detail);
	add_member(out, "mend", row->mend);
}

static void
set_text(json_t *object, const char *key, const char *text)
{
	if (text == NULL)
		return;
	char *clean = utf8_clean(text, strlen(text));
	json_object_set_new(object, key, json_string(clean));
	free(clean);
}

void
pending_json(struct buf *out, const struct pending *row)
{
	char name[40];
	json_t *object = json_pack("{s:i s:s s:s s:I s:s s:I s:o}", "schema",
	    1, "id", name_of(row, name), "kind", row->kind, "item",
	    (json_int_t)row->item, "state", row->state, "chat",
	    (json_int_t)row->chat_id, "since", json_time_or_null(row->since));

	set_text(object, "reason", row->reason);
	set_text(object, "answer", row->answer);
	set_text(object, "text", row->text);
	set_text(object, "mend", row->mend);
	if (row->detail != NULL)
		json_object_set_new(object, "detail",
		    json_loads(row->detail, 0, NULL));
	json_line_add(out, object);
}
