/* SPDX-License-Identifier: MIT */
#include "crm/form.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cp1251.h"
#include "base/mem.h"
#include "base/utf8.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

size_t
form_decode(char *text, size_t len)
{
	char *to = text;

	for (size_t i = 0; i < len; i++) {
		int high = -1, low = -1;

		if (text[i] == '%' && i + 2 < len) {
			high = hex_value(text[i + 1]);
			low = hex_value(text[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			*to++ = (char)(high * 16 + low);
			i += 2;
		} else {
			*to++ = (char)(text[i] == '+' ? ' ' : text[i]);
		}
	}
	*to = '\0';
	return (size_t)(to - text);
}

/* A name, decoded and cleaned; the caller frees it. */
static char *
name_of(const char *text, size_t len)
{
	char *name = mem_dup_n(text, len), *clean;

	len = form_decode(name, len);
	clean = cp1251_is_likely(name, len) ? cp1251_decode(name, len)
					    : utf8_clean(name, len);
	free(name);
	return clean;
}

void
form_read(struct intake *intake, const char *text, size_t len)
{
	const char *end = text + len, *stop, *equal;
	char *name, *value;

	for (; text < end; text = stop + 1) {
		stop = memchr(text, '&', (size_t)(end - text));
		if (stop == NULL)
			stop = end;
		equal = memchr(text, '=', (size_t)(stop - text));
		if (equal == NULL || equal == text)
			continue;
		name = name_of(text, (size_t)(equal - text));
		len = (size_t)(stop - equal - 1);
		value = mem_alloc(len + 1);
		memcpy(value, equal + 1, len);
		len = form_decode(value, len);
		intake_put(intake, name, value, len);
		free(value);
		free(name);
	}
}

/* The parameter NAME of a header's value, NULL: none.  The caller frees. */
static char *
parameter(const char *header, size_t len, const char *name)
{
	const char *end = header + len, *at = header, *stop;
	size_t name_len = strlen(name);

	while ((at = memchr(at, ';', (size_t)(end - at))) != NULL) {
		for (at++; at < end && (*at == ' ' || *at == '\t'); at++)
			;
		if ((size_t)(end - at) <= name_len ||
		    strncasecmp(at, name, name_len) != 0 ||
		    at[name_len] != '=')
			continue;
		at += name_len + 1;
		if (at < end && *at == '"') {
			at++;
			stop = memchr(at, '"', (size_t)(end - at));
			return stop ? mem_dup_n(at, (size_t)(stop - at))
				    : NULL;
		}
		for (stop = at;
		     stop < end && strchr("; \t\r\n", *stop) == NULL; stop++)
			;
		return mem_dup_n(at, (size_t)(stop - at));
	}
	return NULL;
}

/* The line of HEAD that is Content-Disposition. */
static const char *
disposition(const char *head, const char *end, size_t *len)
{
	static const char name[] = "Content-Disposition:";
	const char *stop;

	for (; head < end; head = stop + 1) {
		stop = memchr(head, '\n', (size_t)(end - head));
		if (stop == NULL)
			stop = end;
		*len = (size_t)(stop - head);
		if (*len > sizeof(name) &&
		    strncasecmp(head, name, sizeof(name) - 1) == 0)
			return head;
	}
	return NULL;
}

/* One part: headers, an empty line, the value. */
static void
put_part(struct intake *intake, const char *at, size_t len)
{
	const char *body = memmem(at, len, "\r\n\r\n", 4), *head;
	char *name, *file, *told;
	size_t head_len, body_len;

	if (body == NULL)
		return;
	head = disposition(at, body, &head_len);
	if (head == NULL)
		return;
	body += 4;
	body_len = len - (size_t)(body - at);
	name = parameter(head, head_len, "name");
	file = parameter(head, head_len, "filename");
	if (name != NULL && file == NULL) {
		told = utf8_clean(name, strlen(name));
		intake_put(intake, told, body, body_len);
		free(told);
	} else if (name != NULL && *file != '\0') {
		told = mem_printf("%.200s (a file of %zu bytes, not kept)",
		    file, body_len);
		intake_put(intake, "file", told, strlen(told));
		free(told);
	}
	free(name);
	free(file);
}

bool
form_read_multipart(struct intake *intake, const char *type, const char *text,
    size_t len)
{
	char *boundary = parameter(type, strlen(type), "boundary"), *mark;
	const char *end = text + len, *at, *next;
	bool closed = false;
	size_t mark_len;

	if (boundary == NULL || *boundary == '\0') {
		free(boundary);
		return false;
	}
	mark = mem_printf("--%s", boundary);
	mark_len = strlen(mark);
	at = memmem(text, len, mark, mark_len);
	while (at != NULL) {
		at += mark_len;
		next = memmem(at, (size_t)(end - at), mark, mark_len);
		if (next == NULL || next - at < 4)
			break;
		/* Line ends after this boundary and before the next one. */
		put_part(intake, at, (size_t)(next - at) - 2);
		at = next;
		closed = true;
	}
	free(mark);
	free(boundary);
	return closed;
}
