/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"

/* The four hexadecimal digits of a \u escape at AT, -1 when there is none. */
static int32_t
read_escape(const char *at, const char *end)
{
	int32_t value = 0;

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		value <<= 4;
		if (at[i] >= '0' && at[i] <= '9')
			value += at[i] - '0';
		else if (at[i] >= 'a' && at[i] <= 'f')
			value += at[i] - 'a' + 10;
		else if (at[i] >= 'A' && at[i] <= 'F')
			value += at[i] - 'A' + 10;
		else
			return -1;
	}
	return value;
}

static bool
is_surrogate(int32_t code, int32_t first)
{
	return code >= first && code < first + 0x400;
}

/* Copies the escape at AT, mended, and returns what follows it. */
static const char *
mend_escape(const char *at, const char *end, struct buf *out)
{
	int32_t code = read_escape(at, end);
	size_t len = code >= 0 ? 6 : 2;

	if (is_surrogate(code, 0xd800) &&
	    is_surrogate(read_escape(at + 6, end), 0xdc00))
		len = 12;
	else if (code == 0 || is_surrogate(code, 0xd800) ||
	    is_surrogate(code, 0xdc00)) {
		buf_add_text(out, "\\ufffd");
		return at + 6;
	}
	if (len > (size_t)(end - at))
		len = (size_t)(end - at);
	buf_add(out, at, len);
	return at + len;
}

/* Copies one character of a string, mended, and returns what follows it. */
static const char *
mend_character(const char *at, const char *end, struct buf *out)
{
	size_t len = 1, left = (size_t)(end - at);

	if ((unsigned char)*at < 0x20) {
		buf_printf(out, "\\u%04x",
		    *at != '\0' ? (unsigned)*at : 0xfffdu);
		return at + 1;
	}
	while (
	    len < 4 && len < left && ((unsigned char)at[len] & 0xc0) == 0x80)
		len++;
	while (len > 1 && !utf8_valid(at, len))
		len--;
	if (utf8_valid(at, len))
		buf_add(out, at, len);
	else
		buf_add_text(out, "\xef\xbf\xbd");
	return at + len;
}

static json_t *
parse_mended(struct json_slice text, json_error_t *error)
{
	/* The worst is a control character that becomes an escape. */
	struct buf out = BUF_INIT(text.len * 6);
	const char *at = text.at, *end = text.at + text.len;
	bool inside = false;
	json_t *json;

	while (at < end) {
		if (inside && *at == '\\') {
			at = mend_escape(at, end, &out);
		} else if (inside && *at != '"') {
			at = mend_character(at, end, &out);
		} else {
			if (*at == '"')
				inside = !inside;
			buf_add_char(&out, *at++);
		}
	}
	json = json_loadb(out.data != NULL ? out.data : "", out.len,
	    JSON_DECODE_ANY, error);
	buf_release(&out);
	return json;
}

void
json_error_bare(json_error_t *error)
{
	char *near = strstr(error->text, " near '");

	if (near != NULL)
		*near = '\0';
}

json_t *
json_parse(struct json_slice text, json_error_t *error)
{
	json_t *json = json_loadb(text.at, text.len, JSON_DECODE_ANY, error);

	if (json == NULL)
		json = parse_mended(text, error);
	if (json == NULL)
		json_error_bare(error);
	return json;
}
