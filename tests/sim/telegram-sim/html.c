/* SPDX-License-Identifier: MIT */
/* parse_mode HTML. */
#include "entities.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 32

struct tag {
	char name[16];
	char *argument;
	size_t from; /* byte of the plain text */
};

struct reader {
	const char *html;
	size_t at;
	struct text *plain;
	json_t *entities;
	struct text *why;
	struct tag open[DEPTH];
	int depth;
};

static const struct {
	const char *tag;
	const char *type;
} tags[] = {
	{ "a", "text_link" },
	{ "b", "bold" },
	{ "strong", "bold" },
	{ "i", "italic" },
	{ "em", "italic" },
	{ "s", "strikethrough" },
	{ "strike", "strikethrough" },
	{ "del", "strikethrough" },
	{ "u", "underline" },
	{ "ins", "underline" },
	{ "tg-spoiler", "spoiler" },
	{ "span", "spoiler" },
	{ "tg-emoji", "custom_emoji" },
	{ "code", "code" },
	{ "pre", "pre" },
	{ "blockquote", "blockquote" },
	{ "tg-time", "date_time" },
};

size_t
utf16_units(const char *text, size_t len)
{
	size_t units = 0;

	for (; len--; text++) {
		unsigned char c = (unsigned char)*text;

		units += (c & 0xc0) != 0x80;
		units += c >= 0xf0;
	}
	return units;
}

static const char *
tag_type(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (!strcmp(tags[i].tag, name))
			return tags[i].type;
	return NULL;
}

static void
point_add(struct text *out, unsigned long c)
{
	char bytes[4];
	int i, more = c > 0xffff ? 3 : c > 0x7ff ? 2 : c > 0x7f ? 1 : 0;
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };

	bytes[0] = (char)(lead[more] | (c >> (6 * more)));
	for (i = 1; i <= more; i++)
		bytes[i] = (char)(0x80 | ((c >> (6 * (more - i))) & 0x3f));
	text_add(out, bytes, (size_t)more + 1);
}

/* Four names and numbers are decoded; anything else stays as it is. */
static size_t
reference_decode(const char *from, struct text *out)
{
	static const struct {
		const char *name;
		unsigned long c;
	} names[] = { { "lt", '<' }, { "gt", '>' }, { "amp", '&' },
		{ "quot", '"' } };
	unsigned long c = 0;
	char *end = NULL;
	size_t i, len;

	if (from[1] == '#' &&
	    (isdigit((unsigned char)from[2]) || from[2] == 'x')) {
		c = from[2] == 'x' ? strtoul(from + 3, &end, 16)
				   : strtoul(from + 2, &end, 10);
		if (c == 0 || c > 0x10ffff)
			return 0;
		point_add(out, c);
		return (size_t)(end - from) + (*end == ';');
	}
	for (i = 0; i < 4; i++) {
		len = strlen(names[i].name);
		if (strncmp(from + 1, names[i].name, len))
			continue;
		if (isalpha((unsigned char)from[1 + len]))
			continue;
		point_add(out, names[i].c);
		return 1 + len + (from[1 + len] == ';');
	}
	return 0;
}

static void
skip_space(struct reader *reader)
{
	while (isspace((unsigned char)reader->html[reader->at]))
		reader->at++;
}

static bool
refuse(struct reader *reader, const char *what, size_t at)
{
	text_fmt(reader->why, "%s at byte offset %zu", what, at);
	return false;
}

static void
read_value(struct reader *reader, struct text *value)
{
	char quote = reader->html[reader->at++];

	while (reader->html[reader->at] && reader->html[reader->at] != quote) {
		size_t used = reader->html[reader->at] == '&'
		    ? reference_decode(reader->html + reader->at, value)
		    : 0;

		if (!used)
			text_add(value, reader->html + reader->at, used = 1);
		reader->at += used;
	}
	if (reader->html[reader->at])
		reader->at++;
}

static bool
read_token(struct reader *reader, struct text *value)
{
	size_t begin = reader->at;
	char c;

	while (isalnum((unsigned char)(c = reader->html[reader->at])) ||
	    c == '.' || c == '-')
		reader->at++;
	text_add(value, reader->html + begin, reader->at - begin);
	if (c && !isspace((unsigned char)c) && c != '>')
		return refuse(reader, "Unexpected end of name token", begin);
	return true;
}

static bool
read_attribute(struct reader *reader, struct tag *tag, size_t begin)
{
	struct text value = { 0 };
	size_t name = reader->at;
	size_t len = strcspn(reader->html + name, "= \t\r\n>");
	bool good = true;

	reader->at += len;
	if (!len) {
		text_fmt(reader->why,
		    "Empty attribute name in the tag \"%s\""
		    " at byte offset %zu",
		    tag->name, begin);
		return false;
	}
	skip_space(reader);
	if (reader->html[reader->at] != '=') {
		/* <blockquote expandable> is the one that has no value */
		if (!strcmp(tag->name, "blockquote"))
			return true;
		text_fmt(reader->why,
		    "Expected equal sign in declaration of "
		    "an attribute of the tag \"%s\" at byte offset %zu",
		    tag->name, begin);
		return false;
	}
	reader->at++;
	skip_space(reader);
	if (reader->html[reader->at] == '"' ||
	    reader->html[reader->at] == '\'')
		read_value(reader, &value);
	else
		good = read_token(reader, &value);
	if (value.at &&
	    (!strncmp(reader->html + name, "href", len) ||
		!strncmp(reader->html + name, "class", len) ||
		!strncmp(reader->html + name, "emoji-id", len))) {
		free(tag->argument);
		tag->argument = text_copy(value.at);
	}
	text_release(&value);
	return good;
}

static bool
tag_begin(struct reader *reader)
{
	size_t i, begin = reader->at++, len;
	const char *name = reader->html + reader->at;
	struct tag *tag = &reader->open[reader->depth];

	for (len = 0; name[len] && name[len] != '>' &&
	     !isspace((unsigned char)name[len]);
	     len++)
		;
	reader->at += len;
	if (!reader->html[reader->at])
		return refuse(reader, "Unclosed start tag", begin);
	snprintf(tag->name, sizeof(tag->name), "%.*s",
	    (int)(len < 16 ? len : 15), name);
	for (i = 0; tag->name[i]; i++)
		tag->name[i] = (char)tolower((unsigned char)tag->name[i]);
	tag->argument = NULL;
	tag->from = reader->plain->len;
	if (len > 15 || !tag_type(tag->name) || reader->depth == DEPTH - 1) {
		text_fmt(reader->why,
		    "Unsupported start tag \"%.*s\" at "
		    "byte offset %zu",
		    (int)len, name, begin);
		return false;
	}
	reader->depth++;
	for (;;) {
		skip_space(reader);
		if (!reader->html[reader->at])
			return refuse(reader, "Unclosed start tag", begin);
		if (reader->html[reader->at] == '>')
			break;
		if (!read_attribute(reader, tag, begin))
			return false;
	}
	reader->at++;
	if (!strcmp(tag->name, "span") &&
	    (!tag->argument || strcmp(tag->argument, "tg-spoiler")))
		return refuse(reader,
		    "Tag \"span\" must have class "
		    "\"tg-spoiler\"",
		    begin);
	return true;
}

static void
tag_close(struct reader *reader)
{
	struct tag *tag = &reader->open[--reader->depth];
	const char *type = tag_type(tag->name);
	size_t len = reader->plain->len - tag->from;
	json_t *entity;

	if (len) {
		entity = json_pack("{s:I, s:I, s:s}", "offset",
		    (json_int_t)utf16_units(reader->plain->at, tag->from),
		    "length",
		    (json_int_t)utf16_units(reader->plain->at + tag->from,
			len),
		    "type", type);
		if (!strcmp(type, "text_link"))
			json_object_set_new(entity, "url",
			    json_string(tag->argument ? tag->argument : ""));
		json_array_append_new(reader->entities, entity);
	}
	free(tag->argument);
	tag->argument = NULL;
}

static bool
tag_end(struct reader *reader)
{
	size_t begin = reader->at, len = 0;
	const char *name, *expected;

	if (!reader->depth)
		return refuse(reader, "Unexpected end tag", begin);
	reader->at += 2;
	name = reader->html + reader->at;
	while (name[len] && name[len] != '>' &&
	    !isspace((unsigned char)name[len]))
		len++;
	reader->at += len;
	skip_space(reader);
	if (reader->html[reader->at] != '>')
		return refuse(reader, "Unclosed end tag", begin);
	reader->at++;
	expected = reader->open[reader->depth - 1].name;
	if (len &&
	    (len != strlen(expected) || strncasecmp(name, expected, len))) {
		text_fmt(reader->why,
		    "Unmatched end tag at byte offset %zu, "
		    "expected \"</%s>\", found \"</%.*s>\"",
		    begin, expected, (int)len, name);
		return false;
	}
	tag_close(reader);
	return true;
}

static bool
read_piece(struct reader *reader)
{
	const char *at = reader->html + reader->at;
	size_t used;

	if (*at == '<')
		return at[1] == '/' ? tag_end(reader) : tag_begin(reader);
	used = *at == '&' ? reference_decode(at, reader->plain) : 0;
	if (!used)
		text_add(reader->plain, at, used = 1);
	reader->at += used;
	return true;
}

bool
html_parse(const char *html, struct text *plain, json_t *entities,
    struct text *why)
{
	struct reader reader = { .html = html,
		.plain = plain,
		.entities = entities,
		.why = why };
	bool good = true;

	text_add(plain, "", 0);
	while (good && html[reader.at])
		good = read_piece(&reader);
	if (good && reader.depth) {
		text_fmt(why,
		    "Can't find end tag corresponding to start tag "
		    "\"%s\"",
		    reader.open[reader.depth - 1].name);
		good = false;
	}
	while (reader.depth > 0)
		free(reader.open[--reader.depth].argument);
	return good;
}
