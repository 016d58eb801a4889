/* SPDX-License-Identifier: MIT */
#include "bot/markup.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define MARKUP_DEPTH 32
#define MARKUP_MAX_BYTES (64U << 10)

static const char *const tags[] = { "b", "strong", "i", "em", "u", "ins", "s",
	"strike", "del", "span", "tg-spoiler", "a", "code", "pre",
	"blockquote", "tg-emoji", "tg-time" };

/* The only names that Telegram decodes; any other stays as it is written. */
static const struct {
	const char *name;
	char c;
} entities[] = {
	{ "&lt;", '<' },
	{ "&gt;", '>' },
	{ "&amp;", '&' },
	{ "&quot;", '"' },
};

void
markup_escape(const char *text, struct buf *out)
{
	size_t len, i;

	while (*text != '\0') {
		len = strcspn(text, "&<>\"");
		buf_add(out, text, len);
		text += len;
		if (*text == '\0')
			break;
		for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
			if (entities[i].c == *text)
				buf_add_text(out, entities[i].name);
		text++;
	}
}

static bool
number_entity(const char **at, struct buf *out)
{
	const char *digits = *at + 2;
	int base = *digits == 'x' || *digits == 'X' ? 16 : 10;
	char *end, bytes[4];
	unsigned long number;

	digits += base == 16;
	if (!isxdigit((unsigned char)*digits))
		return false;
	number = strtoul(digits, &end, base);
	if (end == digits || *end != ';' || number == 0 || number > 0x10ffff ||
	    (number >= 0xd800 && number < 0xe000))
		return false;
	buf_add(out, bytes, utf8_put(bytes, (uint32_t)number));
	*at = end + 1;
	return true;
}

static void
take_entity(const char **at, struct buf *out)
{
	size_t i;

	if ((*at)[1] == '#' && number_entity(at, out))
		return;
	for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		size_t len = strlen(entities[i].name);

		if (strncmp(*at, entities[i].name, len) == 0) {
			buf_add_char(out, entities[i].c);
			*at += len;
			return;
		}
	}
	buf_add_char(out, *(*at)++);
}

char *
markup_plain(const char *html)
{
	struct buf out = BUF_INIT(MARKUP_MAX_BYTES);
	size_t len;

	while (*html != '\0') {
		len = strcspn(html, "<&");
		buf_add(&out, html, len);
		html += len;
		if (*html == '<') {
			html += strcspn(html, ">");
			html += *html == '>';
		} else if (*html == '&') {
			take_entity(&html, &out);
		}
	}
	return buf_take(&out);
}

struct open_tags {
	const char *list[MARKUP_DEPTH];
	size_t count;
};

static const char *
tag_find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strlen(tags[i]) == len &&
		    strncasecmp(tags[i], name, len) == 0)
			return tags[i];
	return NULL;
}

/* AT stands behind the '<'. */
static bool
tag_valid(const char *at, struct open_tags *open, char *error, size_t size)
{
	bool closes = *at == '/';
	size_t len = strspn(at + closes,
	    "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
	const char *tag = tag_find(at + closes, len);

	if (strchr(at, '>') == NULL || len == 0) {
		snprintf(error, size, "a lone '<': write &lt;");
	} else if (tag == NULL) {
		snprintf(error, size, "Telegram has no tag <%.*s>", (int)len,
		    at + closes);
	} else if (!closes) {
		if (open->count < MARKUP_DEPTH) {
			open->list[open->count++] = tag;
			return true;
		}
		snprintf(error, size, "more than %d tags inside each other",
		    MARKUP_DEPTH);
	} else if (open->count == 0) {
		snprintf(error, size, "</%s> closes nothing", tag);
	} else if (open->list[open->count - 1] != tag) {
		snprintf(error, size, "</%s> where <%s> is open", tag,
		    open->list[open->count - 1]);
	} else {
		open->count--;
		return true;
	}
	return false;
}

bool
markup_valid(const char *html, char *error, size_t size)
{
	struct open_tags open = { .count = 0 };
	const char *at = html;

	while ((at = strchr(at, '<')) != NULL) {
		if (!tag_valid(at + 1, &open, error, size))
			return false;
		at += strcspn(at, ">");
	}
	if (open.count == 0)
		return true;
	snprintf(error, size, "<%s> is never closed",
	    open.list[open.count - 1]);
	return false;
}
