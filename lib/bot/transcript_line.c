/* SPDX-License-Identifier: MIT */
#include "bot/transcript_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

static char *
quoted_read(const char **at)
{
	struct buf out = BUF_INIT(8192);
	const char *from = *at + 1;

	for (; *from != '\0' && *from != '"'; from++) {
		if (*from == '\\' && from[1] == '"')
			from++;
		buf_add_char(&out, *from);
	}
	*at = from + (*from == '"');
	return buf_take(&out);
}

bool
word_next(const char **at, char **key, char **value)
{
	const char *from = *at + strspn(*at, " \t");
	size_t len = strcspn(from, "= \t");

	*key = *value = NULL;
	if (*from == '\0')
		return false;
	*key = mem_dup_n(from, len);
	from += len;
	if (*from == '=') {
		from++;
		len = strcspn(from, " \t");
		if (*from == '"') {
			*value = quoted_read(&from);
		} else {
			*value = mem_dup_n(from, len);
			from += len;
		}
	}
	*at = from;
	return true;
}

/* The character of PATTERN at *AT, with what a backslash makes of it; *ANY:
 * it stands for anything. */
static char
pattern_char(const char **at, bool *any)
{
	char c = *(*at)++;

	*any = c == '*';
	if (c != '\\' || **at == '\0')
		return c;
	c = *(*at)++;
	return c == 'n' ? '\n' : c;
}

bool
pattern_stands_for(const char *pattern, const char *text)
{
	const char *star = NULL, *kept = text, *before;
	bool any;

	/* Back to the last * only: that is enough, and takes no longer than
	 * the product of both lengths. */
	while (*text != '\0') {
		before = pattern;
		if (*pattern != '\0') {
			char c = pattern_char(&pattern, &any);

			if (any) {
				star = pattern;
				kept = text;
				continue;
			}
			if (c == *text) {
				text++;
				continue;
			}
		}
		pattern = before;
		if (star == NULL)
			return false;
		pattern = star;
		text = ++kept;
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* The [label] at the end of PATTERN, of LEN bytes: where it begins; LEN when
 * there is none. */
static size_t
label_begin(const char *pattern, size_t len)
{
	size_t i = len;

	if (len < 2 || pattern[len - 1] != ']' || pattern[len - 2] == '\\')
		return len;
	while (i-- > 0)
		if (pattern[i] == '[' && (i == 0 || pattern[i - 1] == ' '))
			return i;
	return len;
}

/* Cuts the buttons off the end of PATTERN and compares them. */
static bool
buttons_match(char *pattern, const json_t *buttons)
{
	size_t len = strlen(pattern), left = json_array_size(buttons), begin;
	bool same = true, some = false;

	while ((begin = label_begin(pattern, len)) < len) {
		const char *label = NULL;

		pattern[len - 1] = '\0';
		if (left > 0)
			label = json_get_text(json_array_get(buttons, --left),
			    "text");
		else
			same = false;
		if (label != NULL &&
		    !pattern_stands_for(pattern + begin + 1, label))
			same = false;
		some = true;
		while (begin > 0 && pattern[begin - 1] == ' ')
			begin--;
		pattern[len = begin] = '\0';
	}
	return same && (!some || left == 0);
}

/* Passes over "(video traps) "; false when it is not WHAT. */
static bool
what_matches(const char **pattern, const char *what)
{
	size_t len = strcspn(*pattern, ")");
	const char *wanted = *pattern + 1;

	if (**pattern != '(' || (*pattern)[len] != ')')
		return true;
	if (strncmp(what, wanted, len - 1) != 0 ||
	    (what[len - 1] != '\0' && what[len - 1] != ' '))
		return false;
	*pattern += len + 1;
	*pattern += strspn(*pattern, " ");
	return true;
}

bool
pattern_is_message(const char *pattern, const json_t *message)
{
	char *copy = mem_dup(pattern);
	const char *rest = copy, *html = json_get_text(message, "html");
	bool same = buttons_match(copy, json_object_get(message, "buttons")) &&
	    what_matches(&rest, json_get_text(message, "what")) &&
	    (pattern_stands_for(rest, json_get_text(message, "text")) ||
		pattern_stands_for(rest, html));

	free(copy);
	return same;
}

/* Writes TEXT so that it stands for itself. */
static void
add_literal(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			buf_add_text(out, "\\n");
			continue;
		}
		if (*text == '*' || *text == '[' || *text == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, *text);
	}
}

char *
message_line(const json_t *message)
{
	const char *what = json_get_text(message, "what");
	const char *text = json_get_text(message, "text");
	struct buf out = BUF_INIT(64U << 10);
	json_t *button;
	size_t i;

	if (what[0] != '\0')
		buf_printf(&out, "(%s)%s", what, text[0] != '\0' ? " " : "");
	else if (text[0] == '(')
		buf_add_char(&out, '\\');
	add_literal(&out, text);
	json_array_foreach (json_object_get(message, "buttons"), i, button) {
		buf_add_text(&out, out.len > 0 ? " [" : "[");
		add_literal(&out, json_get_text(button, "text"));
		buf_add_char(&out, ']');
	}
	return buf_take(&out);
}
