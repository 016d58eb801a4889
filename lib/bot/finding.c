/* SPDX-License-Identifier: MIT */
#include "bot/flow.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"

void
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
	snprintf(finding->where, sizeof(finding->where), "%s", where);
	finding->where[utf8_prefix_bytes(finding->where,
	    sizeof(finding->where) - 1)] = '\0';
	va_start(args, fmt);
	vsnprintf(finding->text, sizeof(finding->text), fmt, args);
	va_end(args);
	finding->text[utf8_prefix_bytes(finding->text,
	    sizeof(finding->text) - 1)] = '\0';
}

void
findings_release(struct findings *findings)
{
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

static void
finding_locate(struct finding *finding, struct json_slice text)
{
	const char *pointer = finding->where, *at;
	struct json_slice place = text, child;
	char part[sizeof(finding->where)];

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

void
findings_locate(struct findings *findings, const char *path)
{
	struct json_slice text;
	char *data = NULL;
	size_t i;

	if (file_read(path, FLOW_MAX_BYTES, &data, &text.len, NULL) != OUT_OK)
		return;
	text.at = data;
	for (i = 0; i < findings->count; i++)
		if (findings->list[i].line == 0)
			finding_locate(&findings->list[i], text);
	free(data);
}
