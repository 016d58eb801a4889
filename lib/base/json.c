/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"

static const char *
skip_space(const char *at, const char *end)
{
	while (at < end &&
	    (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* Behind the string that begins at AT, NULL when it does not end. */
static const char *
skip_string(const char *at, const char *end)
{
	const char *start = ++at, *back;

	for (; (at = memchr(at, '"', (size_t)(end - at))) != NULL; at++) {
		for (back = at; back > start && back[-1] == '\\'; back--)
			;
		if ((at - back) % 2 == 0)
			return at + 1;
	}
	return NULL;
}

/* Behind an object or array; counts instead of calling itself, so that depth
 * costs nothing.  Which bracket closes which is left to the parser. */
static const char *
skip_nested(const char *at, const char *end)
{
	size_t depth = 0;

	while (at < end) {
		if (*at == '"') {
			at = skip_string(at, end);
			if (at == NULL)
				return NULL;
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		else if ((*at == '}' || *at == ']') && --depth == 0)
			return at + 1;
		at++;
	}
	return NULL;
}

/* Behind the value at AT; NULL when there is none or it does not end. */
static const char *
skip_value(const char *at, const char *end)
{
	const char *start = at;

	if (at == end)
		return NULL;
	if (*at == '"')
		return skip_string(at, end);
	if (*at == '{' || *at == '[')
		return skip_nested(at, end);
	while (at < end && memchr(",:]}[{\" \t\r\n", *at, 11) == NULL)
		at++;
	return at > start ? at : NULL;
}

/* True when the string literal from AT to END means KEY. */
static bool
is_key(const char *at, const char *end, const char *key)
{
	size_t len = (size_t)(end - at);
	json_t *name;
	bool same;

	if (memchr(at, '\\', len) == NULL)
		return len - 2 == strlen(key) &&
		    memcmp(at + 1, key, len - 2) == 0;
	name = json_loadb(at, len, JSON_DECODE_ANY, NULL);
	same = name != NULL && strcmp(json_string_value(name), key) == 0;
	json_decref(name);
	return same;
}

bool
json_member(struct json_slice text, const char *key, struct json_slice *value)
{
	const char *end = text.at + text.len;
	const char *at = skip_space(text.at, end), *name, *name_end;
	bool found = false, mine;

	if (at == end || *at++ != '{')
		return false;
	for (;; at++) {
		name = skip_space(at, end);
		if (name == end || *name != '"')
			return found;
		name_end = skip_string(name, end);
		if (name_end == NULL)
			return found;
		at = skip_space(name_end, end);
		if (at == end || *at != ':')
			return found;
		mine = is_key(name, name_end, key);
		name = skip_space(at + 1, end);
		at = skip_value(name, end);
		if (mine && name < end) {
			value->at = name;
			value->len = (size_t)((at ? at : end) - name);
			found = true;
		}
		if (at == NULL)
			return found;
		at = skip_space(at, end);
		if (at == end || *at != ',')
			return found;
	}
}

bool
json_element(struct json_slice text, size_t *pos, struct json_slice *element,
    bool *broken)
{
	const char *end = text.at + text.len;
	const char *at = skip_space(text.at + *pos, end), *after;
	bool first = *pos == 0, ignored;

	if (broken == NULL)
		broken = &ignored;
	*broken = true;
	if (first && (at == end || *at++ != '['))
		return false;
	at = skip_space(at, end);
	if (at < end && *at == ']') {
		*broken = skip_space(at + 1, end) != end;
		return false;
	}
	if (!first) {
		if (at == end || *at != ',')
			return false;
		at = skip_space(at + 1, end);
	}
	after = skip_value(at, end);
	/* A number that touches the end may have lost digits. */
	if (after == NULL || skip_space(after, end) == end)
		return false;
	element->at = at;
	element->len = (size_t)(after - at);
	*pos = (size_t)(after - text.at);
	*broken = false;
	return true;
}

bool
json_int(struct json_slice text, int64_t *value)
{
	const char *end = text.at + text.len;
	const char *at = skip_space(text.at, end), *start;
	bool negative = at < end && *at == '-';
	int64_t result = 0;

	start = negative ? ++at : at;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(result, 10, &result) ||
		    (negative ? __builtin_sub_overflow(result, *at - '0',
				    &result)
			      : __builtin_add_overflow(result, *at - '0',
				    &result)))
			return false;
	if (at == start || (*start == '0' && at - start > 1) ||
	    skip_space(at, end) != end)
		return false;
	*value = result;
	return true;
}

const char *
json_get_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int64_t
json_get_int(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool
json_get_bool(const json_t *object, const char *key, bool otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_boolean(value) ? json_boolean_value(value) : otherwise;
}

json_t *
json_text_or_null(const char *text)
{
	json_t *value = text != NULL ? json_string(text) : NULL;

	return value != NULL ? value : json_null();
}

json_t *
json_time_or_null(int64_t wall_ms)
{
	char text[CLOCK_TEXT_SIZE];

	return json_text_or_null(
	    wall_ms == 0 ? NULL : clock_text(wall_ms, text));
}

char *
json_text(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	/* A tree that exists can be written; only memory can be missing. */
	if (text == NULL) {
		log_error("out of memory");
		_Exit(EXIT_LATER);
	}
	return text;
}

void
json_line_add(struct buf *out, json_t *line)
{
	char *text = json_text(line);

	buf_add_text(out, text);
	buf_add_char(out, '\n');
	free(text);
	json_decref(line);
}
