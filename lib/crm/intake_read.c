/* SPDX-License-Identifier: MIT */
#include "crm/intake.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cp1251.h"
#include "base/json.h"
#include "crm/form.h"

#define FORM_TYPE "application/x-www-form-urlencoded"

static const char *
skip_mark(const char *text, size_t *len)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (*len < 3 || memcmp(text, mark, 3) != 0)
		return text;
	*len -= 3;
	return text + 3;
}

static bool
is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

static bool
is_type(const char *type, const char *name)
{
	size_t len = strlen(name);

	return type != NULL && strncasecmp(type, name, len) == 0 &&
	    (type[len] == '\0' || strchr("; \t", type[len]) != NULL);
}

static enum outcome
read_json(struct intake *intake, const char *text, size_t len,
    struct fault *fault)
{
	json_error_t error;
	bool russian = cp1251_is_likely(text, len);
	char *decoded = russian ? cp1251_decode(text, len) : NULL;
	json_t *json =
	    json_parse((struct json_slice){ decoded ? decoded : text,
			   decoded ? strlen(decoded) : len },
		&error);
	const json_t *object = json;

	free(decoded);
	intake->converted = intake->converted || russian;
	if (json == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "it is no JSON: %.80s, line %d column %d", error.text,
		    error.line, error.column);
	if (json_is_array(json) && json_array_size(json) == 1)
		object = json_array_get(json, 0);
	if (json_is_object(object))
		intake_put_json(intake, object);
	else
		fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    json_is_array(json) ? "it is an array: one lead is an "
					  "object, for many use --ndjson"
					: "it is no JSON object");
	bool good = json_is_object(object);
	json_decref(json);
	return good ? OUT_OK : OUT_NEVER;
}

/* What it seems to be when nobody says; NULL: nothing of ours. */
static const char *
guess_type(const char *text, size_t len)
{
	while (len > 0 && strchr(" \t\r\n", *text) != NULL && *text != '\0')
		text++, len--;
	if (len > 0 && (*text == '{' || *text == '['))
		return "application/json";
	return memchr(text, '=', len) != NULL ? FORM_TYPE : NULL;
}

/* Programs, settings and letters have a '=', too; a form has all of this
 * escaped. */
static bool
has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < ' ' && text[i] != '\t') ||
		    text[i] == 0x7f)
			return true;
	return false;
}

/* Browsers send JSON as text/plain to ask no leave of another host. */
static bool
is_vague(const char *type)
{
	return type == NULL || *type == '\0' || is_type(type, "text/plain") ||
	    is_type(type, "application/octet-stream");
}

static enum outcome
read_as(struct intake *intake, const char *type, const char *text, size_t len,
    struct fault *fault)
{
	enum outcome out = OUT_OK;

	if (is_type(type, "application/json") || is_type(type, "text/json"))
		out = read_json(intake, text, len, fault);
	else if (is_type(type, FORM_TYPE))
		form_read(intake, text, len);
	else if (is_type(type, "multipart/form-data")) {
		if (!form_read_multipart(intake, type, text, len))
			out = fault_set(fault, OUT_NEVER, EXIT_INPUT,
			    "it is no multipart/form-data, or was cut off");
	} else
		out = fault_set(fault, OUT_NEVER, EXIT_USAGE,
		    "'%.80s' is not read: send JSON or a form", type);
	if (out == OUT_OK && !intake->filled && !intake->test)
		out = fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "it holds no lead: no name, phone, e-mail or text");
	return out;
}

/* The second reading, as TYPE, of what came under the wrong name SAID.  There
 * is a '=' in a multipart that was cut off, and in a page: no forms. */
static enum outcome
read_again(struct intake *intake, const char *said, const char *type,
    const char *text, size_t len)
{
	struct fault again;

	if (type == NULL ||
	    (is_type(type, FORM_TYPE) &&
		(is_type(said, "multipart/form-data") ||
		    (len > 0 && strchr("<-\"", *text) != NULL))))
		return OUT_NEVER;
	intake_release(intake);
	intake_init(intake);
	return read_as(intake, type, text, len, &again);
}

/* A form that nobody called one: it is when it has a field of ours. */
static enum outcome
read_guessed(struct intake *intake, const char *text, size_t len,
    struct fault *fault)
{
	if (has_control(text, len))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "it is neither JSON nor a form: a form is one line of "
		    "text, with its line ends escaped");
	enum outcome out = read_as(intake, FORM_TYPE, text, len, fault);
	return out != OUT_OK || intake->named || intake->test
	    ? out
	    : fault_set(fault, OUT_NEVER, EXIT_INPUT,
		  "it holds no lead: no field of it is called name, phone, "
		  "email or comment");
}

enum outcome
intake_read(struct intake *intake, const char *type, const char *text,
    size_t len, struct fault *fault)
{
	struct fault first = { .what = OUT_OK };
	bool guessed = type == NULL;
	const char *seems;
	enum outcome out;

	text = skip_mark(text, &len);
	seems = guess_type(text, len);
	if (is_vague(type))
		type = seems;
	if (type == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "it is neither JSON nor a form");
	while (len > 0 && is_line_end(text[len - 1]))
		len--;
	for (; len > 0 && is_line_end(*text); len--)
		text++;
	if (guessed && is_type(type, FORM_TYPE))
		return read_guessed(intake, text, len, fault);
	/* "curl -d" sends JSON as a form, and JSON with a '=' in it would
	 * fill one: what is JSON is read as that. */
	if (is_type(type, FORM_TYPE) && seems != NULL &&
	    !is_type(seems, FORM_TYPE)) {
		out = read_as(intake, seems, text, len, &first);
		seems = type;
	} else {
		out = read_as(intake, type, text, len, &first);
	}
	if (out != OUT_OK && first.code == EXIT_INPUT &&
	    read_again(intake, type, seems, text, len) == OUT_OK)
		out = OUT_OK;
	if (out != OUT_OK && fault != NULL)
		*fault = first;
	return out;
}
