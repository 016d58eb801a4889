/* SPDX-License-Identifier: MIT */
/* parse_mode MarkdownV2, without quotations. */
#include "entities.h"

#include <string.h>

#define DEPTH 16

static const struct mark {
	const char *sign;
	const char *type;
} marks[] = {
	{ "```", "pre" },
	{ "||", "spoiler" },
	{ "__", "underline" },
	{ "*", "bold" },
	{ "_", "italic" },
	{ "~", "strikethrough" },
	{ "`", "code" },
	{ "[", "text_link" },
};

struct span {
	const struct mark *mark;
	size_t begin; /* byte of the source */
	size_t from;  /* byte of the plain text */
};

struct source {
	const char *at;
	size_t pos;
	struct text *plain;
	json_t *entities;
	struct text *why;
	struct span open[DEPTH];
	int depth;
};

static const struct mark *
mark_at(const char *at)
{
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (!strncmp(at, marks[i].sign, strlen(marks[i].sign)))
			return &marks[i];
	return NULL;
}

static void
span_close(struct source *source, const char *url, size_t url_len)
{
	const struct span *span = &source->open[--source->depth];
	size_t len = source->plain->len - span->from;
	json_t *entity;

	if (!len)
		return;
	entity = json_pack("{s:I, s:I, s:s}", "offset",
	    (json_int_t)utf16_units(source->plain->at, span->from), "length",
	    (json_int_t)utf16_units(source->plain->at + span->from, len),
	    "type", span->mark->type);
	if (url)
		json_object_set_new(entity, "url", json_stringn(url, url_len));
	json_array_append_new(source->entities, entity);
}

static bool
reserved(struct source *source, char c)
{
	text_fmt(source->why,
	    "Character '%c' is reserved and must be escaped "
	    "with the preceding '\\'",
	    c);
	return false;
}

static bool
link_close(struct source *source)
{
	const char *at = source->at + source->pos + 1;
	size_t len;

	if (*at != '(') {
		source->pos++;
		span_close(source, NULL, 0);
		return true;
	}
	len = strcspn(++at, ")");
	if (!at[len]) {
		text_fmt(source->why,
		    "Can't find end of a URL at byte offset "
		    "%zu",
		    source->pos + 1);
		return false;
	}
	span_close(source, at, len);
	source->pos += len + 3;
	return true;
}

static bool
piece_read(struct source *source)
{
	const char *at = source->at + source->pos;
	const struct span *top =
	    source->depth ? &source->open[source->depth - 1] : NULL;
	bool verbatim = top && top->mark->sign[0] == '`';
	const struct mark *mark = mark_at(at);

	if (*at == '\\' && at[1] > 0 && at[1] < 127) {
		text_add(source->plain, at + 1, 1);
		source->pos += 2;
		return true;
	}
	if (top && *at == ']' && top->mark->sign[0] == '[')
		return link_close(source);
	if (top && mark == top->mark && *at != '[') {
		source->pos += strlen(mark->sign);
		span_close(source, NULL, 0);
		return true;
	}
	if (!verbatim && mark) {
		if (source->depth == DEPTH)
			return reserved(source, *at);
		source->open[source->depth++] =
		    (struct span){ mark, source->pos, source->plain->len };
		source->pos += strlen(mark->sign);
		return true;
	}
	if (!verbatim && strchr("_*[]()~`>#+-=|{}.!", *at))
		return reserved(source, *at);
	text_add(source->plain, at, 1);
	source->pos++;
	return true;
}

bool
markdown_parse(const char *text, struct text *plain, json_t *entities,
    struct text *why)
{
	struct source source = { .at = text,
		.plain = plain,
		.entities = entities,
		.why = why };
	bool good = true;

	text_add(plain, "", 0);
	while (good && text[source.pos])
		good = piece_read(&source);
	if (good && source.depth) {
		text_fmt(why,
		    "Can't find end of %s entity at byte offset "
		    "%zu",
		    source.open[source.depth - 1].mark->type,
		    source.open[source.depth - 1].begin);
		good = false;
	}
	return good;
}
