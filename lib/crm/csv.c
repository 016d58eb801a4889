/* SPDX-License-Identifier: MIT */
#include "crm/csv.h"

#include <string.h>

char
csv_delimiter(const char *header)
{
	static const char delimiters[] = ";,\t";
	size_t best = 0, count;
	char found = ',';

	for (const char *d = delimiters; *d != '\0'; d++) {
		bool quoted = false;

		count = 0;
		for (const char *at = header; *at != '\0'; at++) {
			if (*at == '"')
				quoted = !quoted;
			count += !quoted && *at == *d;
		}
		if (count > best) {
			best = count;
			found = *d;
		}
	}
	return found;
}

/*
 * Moves over the field at AT, without its quotes to TO (NULL: nowhere), and
 * returns what follows it: the delimiter or the end; NULL when its quote is
 * never closed.  A quote counts only where the field begins.
 */
static const char *
field_end(const char *at, char delimiter, char *to)
{
	bool quoted = *at == '"';

	for (at += quoted; *at != '\0'; at++) {
		if (quoted && at[0] == '"' && at[1] == '"')
			at++;
		else if (quoted && *at == '"') {
			quoted = false;
			continue;
		} else if (!quoted && *at == delimiter)
			break;
		if (to != NULL)
			*to++ = *at;
	}
	if (to != NULL && *at == '\0')
		*to = '\0';
	return quoted ? NULL : at;
}

bool
csv_is_whole(const char *record, char delimiter)
{
	while ((record = field_end(record, delimiter, NULL)) != NULL)
		if (*record++ == '\0')
			return true;
	return false;
}

size_t
csv_split(char *record, char delimiter, char **fields, size_t max)
{
	size_t count = 0;
	const char *end;
	char *at = record;

	for (;; at = record + (end - record) + 1, count++) {
		size_t before = strlen(at);
		bool last;

		end = field_end(at, delimiter, NULL);
		last = end == NULL || *end == '\0';
		if (end == NULL)
			end = at + before;
		if (!last)
			record[end - record] = '\0';
		if (count < max) {
			fields[count] = at;
			field_end(at, '\0', at);
		}
		if (last)
			return count + 1;
	}
}

/* Full-width signs count, too: Excel reads them as the others.  A sign behind
 * white space would be found once the field is trimmed. */
static bool
is_formula(const char *text)
{
	static const char *const signs[] = { "=", "+", "-", "@", "\t", "\r",
		"\n", "|", "%", "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
		"\xef\xbc\xa0" };

	text += strspn(text, " ");
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strncmp(text, signs[i], strlen(signs[i])) == 0)
			return true;
	return false;
}

void
csv_add(struct buf *out, const char *text)
{
	bool formula = text != NULL && is_formula(text);
	bool quoted = text != NULL &&
	    (formula || text[strcspn(text, "\",;\r\n\t")] != '\0' ||
		text[0] == ' ');

	if (quoted)
		buf_add_char(out, '"');
	if (formula)
		buf_add_char(out, '\'');
	for (; text != NULL && *text != '\0'; text++) {
		if (*text == '"')
			buf_add_char(out, '"');
		buf_add_char(out, *text);
	}
	if (quoted)
		buf_add_char(out, '"');
}
