/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"

static void
write_escaped(struct buf *out, unsigned char c)
{
	static const char shorts[] = "btn.fr"; /* of 0x08 to 0x0d */

	if (c == '"' || c == '\\') {
		buf_add_char(out, '\\');
		buf_add_char(out, (char)c);
	} else if (c >= 0x08 && c <= 0x0d && c != 0x0b) {
		buf_add_char(out, '\\');
		buf_add_char(out, shorts[c - 0x08]);
	} else {
		buf_printf(out, "\\u%04X", c);
	}
}

static void
write_string(struct buf *out, const char *text, size_t len)
{
	size_t done = 0;

	buf_add_char(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(out, text + done, i - done);
		write_escaped(out, c);
		done = i + 1;
	}
	buf_add(out, text + done, len - done);
	buf_add_char(out, '"');
}

/* Its shortest form that reads back the same is jansson's business. */
static void
write_real(struct buf *out, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY);

	if (text == NULL)
		out->overflow = true;
	else
		buf_add_text(out, text);
	free(text);
}

static void write_value(struct buf *out, const json_t *value);

static void
write_object(struct buf *out, const json_t *value)
{
	json_t *object = (json_t *)(uintptr_t)value;
	char before = '{';

	for (void *at = json_object_iter(object); at != NULL;
	     at = json_object_iter_next(object, at)) {
		buf_add_char(out, before);
		write_string(out, json_object_iter_key(at),
		    json_object_iter_key_len(at));
		buf_add_char(out, ':');
		write_value(out, json_object_iter_value(at));
		before = ',';
	}
	if (before == '{')
		buf_add_char(out, '{');
	buf_add_char(out, '}');
}

static void
write_array(struct buf *out, const json_t *value)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (i > 0)
			buf_add_char(out, ',');
		write_value(out, json_array_get(value, i));
	}
	buf_add_char(out, ']');
}

static void
write_value(struct buf *out, const json_t *value)
{
	char number[24];

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_object(out, value);
		break;
	case JSON_ARRAY:
		write_array(out, value);
		break;
	case JSON_STRING:
		write_string(out, json_string_value(value),
		    json_string_length(value));
		break;
	case JSON_INTEGER:
		snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
		buf_add_text(out, number);
		break;
	case JSON_REAL:
		write_real(out, value);
		break;
	case JSON_TRUE:
		buf_add_text(out, "true");
		break;
	case JSON_FALSE:
		buf_add_text(out, "false");
		break;
	case JSON_NULL:
		buf_add_text(out, "null");
		break;
	}
}

/* json_dumps() looks for loops by way of a hash table and takes its output
 * piece by piece: three times the work. */
char *
json_text(const json_t *value)
{
	struct buf out = BUF_INIT(SIZE_MAX / 2);

	write_value(&out, value);
	/* A tree that exists can be written; only memory can be missing. */
	if (out.overflow) {
		log_error("out of memory");
		_Exit(EXIT_LATER);
	}
	return buf_take(&out);
}
