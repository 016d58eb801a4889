/* SPDX-License-Identifier: MIT */
#include "call.h"

#include <stdlib.h>
#include <string.h>

const char *
call_header(const struct call *call, const char *name)
{
	return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND,
	    name);
}

const char *
call_query(const struct call *call, const char *name)
{
	const json_t *value = json_object_get(call->query, name);

	return json_string_value(
	    json_is_array(value) ? json_array_get(value, 0) : value);
}

int64_t
call_query_int(const struct call *call, const char *name, int64_t absent)
{
	const char *value = call_query(call, name);

	return value && *value ? strtoll(value, NULL, 10) : absent;
}

void
call_text(struct call *call, unsigned status, const char *type,
    const char *body)
{
	text_release(&call->reply);
	text_puts(&call->reply, body);
	call->status = status;
	call->type = type;
}

void
call_json(struct call *call, unsigned status, const char *type, json_t *body)
{
	char *dump = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);

	call_text(call, status, type, dump ? dump : "");
	free(dump);
	json_decref(body);
}

void
call_created(struct call *call, int64_t id)
{
	if (!call->created)
		call->created = json_array();
	json_array_append_new(call->created, json_integer(id));
}

int64_t
member_int(const json_t *object, const char *name, int64_t absent)
{
	const json_t *value = json_object_get(object, name);

	if (json_is_real(value))
		return (int64_t)json_real_value(value);
	return json_is_integer(value) ? json_integer_value(value) : absent;
}

const char *
member_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}
