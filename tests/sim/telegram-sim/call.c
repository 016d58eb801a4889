/* SPDX-License-Identifier: MIT */
#include "call.h"
#include "sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct text *
call_ok(struct call *call)
{
	call->status = 200;
	text_puts(&call->reply, "{\"ok\":true,\"result\":");
	return &call->reply;
}

void
call_ok_end(struct call *call)
{
	text_add(&call->reply, "}", 1);
}

void
call_true(struct call *call)
{
	text_puts(call_ok(call), "true");
	call_ok_end(call);
}

static const char *
status_prefix(unsigned status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 409:
		return "Conflict";
	case 413:
		return "Request Entity Too Large";
	case 429:
		return "Too Many Requests";
	case 502:
		return "Bad Gateway";
	default:
		return "Internal Server Error";
	}
}

void
call_refuse(struct call *call, unsigned status, const char *description,
    int64_t migrate_to)
{
	call->status = status;
	text_fmt(&call->reply,
	    "{\"ok\":false,\"error_code\":%u,"
	    "\"description\":",
	    status);
	text_json(&call->reply, description);
	if (migrate_to)
		text_fmt(&call->reply,
		    ",\"parameters\":{"
		    "\"migrate_to_chat_id\":%" PRId64 "}",
		    migrate_to);
	text_add(&call->reply, "}", 1);
}

void
call_fail(struct call *call, unsigned status, const char *format, ...)
{
	struct text why = { 0 };
	char detail[600];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	text_fmt(&why, "%s%s%s", status_prefix(status), detail[0] ? ": " : "",
	    detail);
	call_refuse(call, status, why.at, 0);
	text_release(&why);
}

void
call_flood(struct call *call, int retry_after)
{
	call->status = 429;
	call->retry_after = retry_after;
	text_fmt(&call->reply,
	    "{\"ok\":false,\"error_code\":429,"
	    "\"description\":\"Too Many Requests: retry after %d\","
	    "\"parameters\":{\"retry_after\":%d}}",
	    retry_after, retry_after);
}

int64_t
param_int(const struct call *call, const char *name, int64_t absent)
{
	const json_t *value = json_object_get(call->params, name);
	const char *text = json_string_value(value);
	long long number;
	char *end;

	if (json_is_integer(value))
		return json_integer_value(value);
	if (!text || !text[0])
		return absent;
	errno = 0;
	number = strtoll(text, &end, 10);
	return *end || errno ? absent : number;
}

const char *
param_text(const struct call *call, const char *name)
{
	return json_string_value(json_object_get(call->params, name));
}

bool
param_true(const struct call *call, const char *name)
{
	const json_t *value = json_object_get(call->params, name);
	const char *text = json_string_value(value);

	return json_is_true(value) ||
	    (text && (!strcasecmp(text, "true") || !strcmp(text, "1")));
}

json_t *
param_json(const struct call *call, const char *name, bool *bad)
{
	json_t *value = json_object_get(call->params, name);

	if (!value || json_is_null(value))
		return NULL;
	if (!json_is_string(value))
		return json_incref(value);
	if (!json_string_length(value))
		return NULL;
	value = json_loads(json_string_value(value), JSON_DECODE_ANY, NULL);
	*bad = value == NULL;
	return value;
}

struct upload *
call_upload(const struct call *call, const char *field)
{
	struct upload *upload;

	for (upload = call->uploads; upload; upload = upload->next)
		if (!strcmp(upload->field, field))
			return upload;
	return NULL;
}
