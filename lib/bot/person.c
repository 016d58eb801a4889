/* SPDX-License-Identifier: MIT */
#include "bot/person.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

const char *const person_fields[] = { "id", "first_name", "last_name",
	"full_name", "username", "lang", NULL };

static bool
turns_direction(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Line ends too: a name or a payload is one line. */
static bool
is_blank(uint32_t c)
{
	return c == '\n' || c == '\t' || c == 0x2028 || c == 0x2029;
}

/* Nearly every name: nothing in it that person_clean() takes out.  0xc2 leads
 * the C1 controls, 0xe2 the marks. */
static bool
is_plain(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f || c == 0xc2 || c == 0xe2)
			return false;
	}
	return len > 0 && text[0] != ' ' && text[len - 1] != ' ' &&
	    utf8_valid(text, len);
}

/* TEXT without what turns the direction; with LINES line ends stay. */
static char *
straighten(const char *text, size_t len, bool lines)
{
	struct buf out = BUF_INIT(256U << 10);
	char *clean = utf8_clean(text, len);
	const char *at = clean;
	uint32_t c;

	while ((c = utf8_next(&at)) != 0) {
		char bytes[4];

		if (!turns_direction(c))
			buf_add(&out, bytes,
			    utf8_put(bytes, is_blank(c) && !lines ? ' ' : c));
	}
	free(clean);
	return buf_take(&out);
}

char *
person_clean(const char *text, size_t max)
{
	char *clean, *trimmed, *result;
	size_t len = strlen(text);

	if (is_plain(text, len))
		return mem_dup_n(text,
		    len <= max ? len : utf8_prefix(text, max));
	clean = straighten(text, len, false);
	trimmed = utf8_trim(clean);
	free(clean);
	result = mem_dup_n(trimmed, utf8_prefix(trimmed, max));
	free(trimmed);
	return result;
}

char *
person_clean_lines(const char *text)
{
	return straighten(text, strlen(text), true);
}

static char *
full_name(const struct person *person)
{
	const char *first = person->first_name, *last = person->last_name;
	char *both, *clean;

	if (first == NULL || last == NULL || last[0] == '\0')
		return first || last ? person_clean(first ? first : last, 129)
				     : NULL;
	both = mem_printf("%s %s", first, last);
	clean = person_clean(both, 129);
	free(both);
	return clean;
}

char *
person_text(const struct person *person, const char *field)
{
	const char *text = NULL;

	if (strcmp(field, "id") == 0)
		return mem_printf("%" PRId64, person->id);
	if (strcmp(field, "full_name") == 0)
		return full_name(person);
	if (strcmp(field, "first_name") == 0)
		text = person->first_name;
	else if (strcmp(field, "last_name") == 0)
		text = person->last_name;
	else if (strcmp(field, "username") == 0)
		text = person->username;
	else if (strcmp(field, "lang") == 0)
		text = person->lang;
	return text ? person_clean(text, person_max(field)) : NULL;
}

size_t
person_max(const char *field)
{
	if (strcmp(field, "id") == 0)
		return 20;
	if (strcmp(field, "full_name") == 0)
		return 129;
	if (strcmp(field, "first_name") == 0 ||
	    strcmp(field, "last_name") == 0)
		return 64;
	if (strcmp(field, "username") == 0)
		return 32;
	return strcmp(field, "lang") == 0 ? 35 : 0;
}
