/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
text_alloc(size_t count, size_t size)
{
	void *fresh = calloc(count ? count : 1, size ? size : 1);

	if (!fresh) {
		fputs("out of memory\n", stderr);
		exit(75);
	}
	return fresh;
}

char *
text_copy(const char *string)
{
	char *fresh;

	if (!string)
		return NULL;
	fresh = text_alloc(strlen(string) + 1, 1);
	strcpy(fresh, string);
	return fresh;
}

static void
text_grow(struct text *text, size_t more)
{
	size_t need = text->len + more + 1;
	char *fresh;

	if (need <= text->room)
		return;
	if (need < text->room * 2)
		need = text->room * 2;
	if (need < 256)
		need = 256;
	fresh = realloc(text->at, need);
	if (!fresh) {
		fputs("out of memory\n", stderr);
		exit(75);
	}
	text->at = fresh;
	text->room = need;
}

void
text_add(struct text *text, const void *data, size_t len)
{
	text_grow(text, len);
	if (len)
		memcpy(text->at + text->len, data, len);
	text->len += len;
	text->at[text->len] = '\0';
}

void
text_puts(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void
text_fmt(struct text *text, const char *format, ...)
{
	va_list args;
	int need;

	text_grow(text, 128);
	va_start(args, format);
	need = vsnprintf(text->at + text->len, text->room - text->len, format,
	    args);
	va_end(args);
	if (need < 0)
		return;
	if ((size_t)need >= text->room - text->len) {
		text_grow(text, (size_t)need);
		va_start(args, format);
		vsnprintf(text->at + text->len, text->room - text->len, format,
		    args);
		va_end(args);
	}
	text->len += (size_t)need;
}

/* The code point at *from, which is moved past it; a byte that is no UTF-8
 * stands for itself. */
static unsigned long
point_next(const unsigned char **from)
{
	const unsigned char *p = *from;
	unsigned long c = *p++;
	int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

	if (more)
		c &= 0x3fUL >> more;
	while (more-- > 0 && (*p & 0xc0) == 0x80)
		c = c << 6 | (*p++ & 0x3f);
	*from = p;
	return c;
}

static void
point_escape(struct text *text, unsigned long c)
{
	if (c > 0xffff)
		text_fmt(text, "\\u%04lx\\u%04lx",
		    0xd800 + ((c - 0x10000) >> 10),
		    0xdc00 + ((c - 0x10000) & 0x3ff));
	else
		text_fmt(text, "\\u%04lx", c);
}

void
text_json(struct text *text, const char *string)
{
	const unsigned char *p = (const unsigned char *)string;
	unsigned long c;

	text_grow(text, strlen(string) + 2);
	text_add(text, "\"", 1);
	while (*p) {
		const unsigned char *from = p;

		while (*p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
			p++;
		text_add(text, from, (size_t)(p - from));
		if (!*p)
			break;
		c = point_next(&p);
		if (c == '"' || c == '\\')
			text_fmt(text, "\\%c", (int)c);
		else if (c == '\n')
			text_add(text, "\\n", 2);
		else
			point_escape(text, c);
	}
	text_add(text, "\"", 1);
}

void
text_ascii(struct text *text, const char *json)
{
	const unsigned char *p = (const unsigned char *)json;

	while (*p) {
		const unsigned char *from = p;

		while (*p && *p < 0x80)
			p++;
		text_add(text, from, (size_t)(p - from));
		if (*p)
			point_escape(text, point_next(&p));
	}
}

void
text_release(struct text *text)
{
	free(text->at);
	*text = (struct text){ 0 };
}

size_t
text_points(const char *string)
{
	size_t count = 0;

	for (; *string; string++)
		count += (*string & 0xc0) != 0x80;
	return count;
}

uint64_t
text_hash(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		hash = (hash ^ *p++) * UINT64_C(1099511628211);
	return hash;
}
