/* SPDX-License-Identifier: MIT */
#include "bot/finding.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/flow.h"

/* Each is looked up from the beginning of the file: thousands of a file of
 * megabytes would take minutes, in which a poller answers nobody. */
#define LOCATED_MAX 200

struct finding *
findings_add(struct findings *findings, const char *where, const char *fmt,
    ...)
{
	struct finding *finding;
	va_list args;

	if (findings->count == findings->size) {
		findings->size = findings->size ? 2 * findings->size : 8;
		findings->list = mem_array(findings->list, findings->size,
		    sizeof(*findings->list));
	}
	finding = &findings->list[findings->count++];
	memset(finding, 0, sizeof(*finding));
	finding->kind = FINDING_MEANING;
	snprintf(finding->where, sizeof(finding->where), "%s", where);
	finding->where[utf8_prefix_bytes(finding->where,
	    sizeof(finding->where) - 1)] = '\0';
	va_start(args, fmt);
	vsnprintf(finding->text, sizeof(finding->text), fmt, args);
	va_end(args);
	finding->text[utf8_prefix_bytes(finding->text,
	    sizeof(finding->text) - 1)] = '\0';
	return finding;
}

size_t
findings_errors(const struct findings *findings, const struct finding **first)
{
	size_t errors = 0, i;

	if (first != NULL)
		*first = NULL;
	for (i = 0; i < findings->count; i++) {
		if (findings->list[i].kind == FINDING_WARNING)
			continue;
		if (errors++ == 0 && first != NULL)
			*first = &findings->list[i];
	}
	return errors;
}

void
findings_release(struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->count; i++)
		free(findings->list[i].file);
	free(findings->list);
	memset(findings, 0, sizeof(*findings));
}

/* Cuts the first part off the JSON pointer *POINTER (RFC 6901). */
static bool
pointer_part(const char **pointer, char *part, size_t size)
{
	size_t len = 0;
	const char *at = *pointer;

	if (*at++ != '/')
		return false;
	for (; *at != '\0' && *at != '/'; at++) {
		char c = *at;

		if (c == '~' && (at[1] == '0' || at[1] == '1'))
			c = *++at == '0' ? '~' : '/';
		if (len + 1 < size)
			part[len++] = c;
	}
	part[len] = '\0';
	*pointer = at;
	return true;
}

static bool
slice_child(struct json_slice parent, const char *part,
    struct json_slice *child)
{
	size_t pos = 0;
	unsigned long wanted;
	char *end;

	if (json_member(parent, part, child))
		return true;
	wanted = strtoul(part, &end, 10);
	if (end == part || *end != '\0')
		return false;
	while (json_element(parent, &pos, child, NULL))
		if (wanted-- == 0)
			return true;
	return false;
}

/* Where POINTER leads in TEXT, as far as it can be followed. */
static void
place_find(struct finding *finding, const char *pointer,
    struct json_slice text)
{
	struct json_slice place = text, child;
	char part[sizeof(finding->where)];
	const char *at;

	while (pointer_part(&pointer, part, sizeof(part)) &&
	    slice_child(place, part, &child))
		place = child;
	finding->line = 1;
	finding->column = 1;
	at = text.at;
	while (at < place.at ||
	    (at < text.at + text.len && *at != '\0' &&
		strchr(" \t\r\n", *at) != NULL)) {
		if (*at == '\n') {
			finding->line++;
			finding->column = 1;
		} else if (((unsigned char)*at & 0xc0) != 0x80) {
			finding->column++;
		}
		at++;
	}
}

/* The name of the file that /texts/LANG names in the flow's source TEXT; the
 * caller frees it. */
static char *
texts_file(struct json_slice text, const char *lang)
{
	struct json_slice texts, value;
	json_t *name;
	char *file = NULL;

	if (!json_member(text, "texts", &texts) ||
	    !json_member(texts, lang, &value) || value.len == 0 ||
	    value.at[0] != '"')
		return NULL;
	name = json_loadb(value.at, value.len, JSON_DECODE_ANY, NULL);
	if (json_string_length(name) > 0)
		file = mem_dup(json_string_value(name));
	json_decref(name);
	return file;
}

/* What is wrong with a text is in the file of its language; false when that
 * is the flow's own. */
static bool
text_locate(struct finding *finding, struct json_slice source,
    const char *path)
{
	const char *pointer = finding->where;
	char part[sizeof(finding->where)], *name, *file, *data = NULL;
	struct json_slice text;

	if (!pointer_part(&pointer, part, sizeof(part)) ||
	    strcmp(part, "texts") != 0 ||
	    !pointer_part(&pointer, part, sizeof(part)) || *pointer == '\0')
		return false;
	name = texts_file(source, part);
	file = name ? file_beside(path, name) : NULL;
	free(name);
	if (file == NULL ||
	    file_read(file, FLOW_MAX_BYTES, &data, &text.len, NULL) !=
		OUT_OK) {
		free(file);
		return false;
	}
	text.at = data;
	place_find(finding, pointer, text);
	finding->file = file;
	free(data);
	return true;
}

static int
number_order(int a, int b)
{
	return (a > b) - (a < b);
}

/* As they stand in the flow; those of other files come behind. */
static int
finding_order(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	int order = strcmp(a->file ? a->file : "", b->file ? b->file : "");

	if (order == 0)
		order = number_order(a->line == 0, b->line == 0);
	if (order == 0)
		order = number_order(a->line, b->line);
	if (order == 0)
		order = number_order(a->column, b->column);
	return order != 0 ? order : strcmp(a->text, b->text);
}

void
findings_locate(struct findings *findings, const char *path)
{
	struct json_slice text;
	char *data = NULL;
	size_t i;

	if (file_read(path, FLOW_MAX_BYTES, &data, &text.len, NULL) != OUT_OK)
		return;
	text.at = data;
	for (i = 0; i < findings->count; i++) {
		struct finding *finding = &findings->list[i];

		if (i < LOCATED_MAX && finding->line == 0 &&
		    !text_locate(finding, text, path))
			place_find(finding, finding->where, text);
	}
	free(data);
	if (findings->count > 1)
		qsort(findings->list, findings->count, sizeof(*findings->list),
		    finding_order);
}
