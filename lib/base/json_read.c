/* SPDX-License-Identifier: MIT */
#include "base/json_read.h"

#include <string.h>

#include "base/utf8.h"

#define DEPTH_MOST 32

struct reader {
	const char *at, *end;
	int depth;
};

static json_t *read_value(struct reader *r);

static void
skip_space(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' ||
				     *r->at == '\n' || *r->at == '\r'))
		r->at++;
}

/* Passes C, and the space around it, if it comes next. */
static bool
take(struct reader *r, char c)
{
	skip_space(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	skip_space(r);
	return true;
}

/* What is between two quotes, when it stands for itself. */
static bool
take_string(struct reader *r, struct json_slice *text)
{
	const char *at = r->at + 1;
	bool ascii = true;

	if (r->at == r->end || *r->at != '"')
		return false;
	text->at = at;
	for (; at < r->end && *at != '"'; at++) {
		unsigned char c = (unsigned char)*at;

		if (c == '\\' || c < 0x20)
			return false;
		ascii = ascii && c < 0x80;
	}
	if (at == r->end)
		return false;
	text->len = (size_t)(at - text->at);
	r->at = at + 1;
	return ascii || utf8_valid(text->at, text->len);
}

static json_t *
read_string(struct reader *r)
{
	struct json_slice text;

	return take_string(r, &text)
	    ? json_stringn_nocheck(text.at, text.len) : NULL;
}

static json_t *
read_object(struct reader *r)
{
	json_t *object = json_object(), *value;
	struct json_slice key;

	r->at++;
	skip_space(r);
	if (take(r, '}'))
		return object;
	do {
		if (!take_string(r, &key) || !take(r, ':') ||
		    (value = read_value(r)) == NULL ||
		    json_object_setn_new_nocheck(object, key.at, key.len,
			value) != 0)
			goto fail;
	} while (take(r, ','));
	if (take(r, '}'))
		return object;
fail:
	json_decref(object);
	return NULL;
}

static json_t *
read_array(struct reader *r)
{
	json_t *array = json_array(), *value;

	r->at++;
	skip_space(r);
	if (take(r, ']'))
		return array;
	do {
		value = read_value(r);
		if (value == NULL || json_array_append_new(array, value) != 0)
			goto fail;
	} while (take(r, ','));
	if (take(r, ']'))
		return array;
fail:
	json_decref(array);
	return NULL;
}

static json_t *
read_word(struct reader *r, const char *word, json_t *value)
{
	size_t len = strlen(word);

	if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
		return NULL;
	r->at += len;
	return value;
}

static json_t *
read_number(struct reader *r)
{
	struct json_slice digits = { r->at, 0 };
	int64_t value;

	while (r->at < r->end &&
	    ((*r->at >= '0' && *r->at <= '9') || *r->at == '-'))
		r->at++;
	digits.len = (size_t)(r->at - digits.at);
	/* A fraction or an exponent would follow here. */
	if (!json_int(digits, &value) ||
	    (r->at < r->end && strchr(".eE", *r->at) != NULL))
		return NULL;
	return json_integer(value);
}

static json_t *
read_value(struct reader *r)
{
	json_t *value = NULL;

	if (r->at == r->end || r->depth == DEPTH_MOST)
		return NULL;
	r->depth++;
	switch (*r->at) {
	case '{':
		value = read_object(r);
		break;
	case '[':
		value = read_array(r);
		break;
	case '"':
		value = read_string(r);
		break;
	case 't':
		value = read_word(r, "true", json_true());
		break;
	case 'f':
		value = read_word(r, "false", json_false());
		break;
	case 'n':
		value = read_word(r, "null", json_null());
		break;
	default:
		value = read_number(r);
	}
	r->depth--;
	return value;
}

json_t *
json_read(struct json_slice text)
{
	struct reader r = { text.at, text.at + text.len, 0 };

	skip_space(&r);
	json_t *value = read_value(&r);
	skip_space(&r);
	if (r.at == r.end)
		return value;
	json_decref(value);
	return NULL;
}
