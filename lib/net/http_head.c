/* SPDX-License-Identifier: MIT */
/*
 * The heads of a request and of its answer.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "net/http_call.h"

static bool
header_add(struct http_call *call, const char *line)
{
	struct curl_slist *longer = curl_slist_append(call->headers, line);

	if (longer)
		call->headers = longer;
	return longer;
}

static bool
headers_set(struct http_call *call, const struct http_request *request)
{
	const char *type = request->content_type;
	bool done;

	if (!type && request->body && request->header_count == 0) {
		curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER,
		    call->http->json_headers);
		return true;
	}
	done = header_add(call, "Expect:");
	if (!request->parts) {
		char *line;

		if (!type)
			type = request->body ? "application/json" : "";
		line = mem_printf("Content-Type:%s%s", *type ? " " : "", type);
		done = header_add(call, line) && done;
		free(line);
	}
	for (size_t i = 0; i < request->header_count; i++)
		done = header_add(call, request->headers[i]) && done;
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
	return done;
}

bool
http_head_set(struct http_call *call, const struct http_request *request)
{
	static const char *const
	    names[] = { [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE" };
	const char *custom = names[request->method];

	/* Handles are used again: the method of the last call must not stay. */
	if (custom != call->custom &&
	    curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, custom) !=
		CURLE_OK)
		return false;
	call->custom = custom;
	return headers_set(call, request);
}

/* Keeps what people may quote to the peer's support. */
static void
request_id_keep(struct http_call *call, const char *value, size_t len)
{
	char *out = call->result.request_id;
	size_t size = sizeof(call->result.request_id), at = 0;

	for (size_t i = 0; i < len && at + 1 < size; i++)
		if (value[i] > ' ' && value[i] < 0x7f && value[i] != '"')
			out[at++] = value[i];
	out[at] = '\0';
}

/* libcurl 7.88 takes a head that breaks off for a whole answer. */
size_t
http_head_line(char *line, size_t size, size_t count, void *to)
{
	static const char id[] = "X-Request-Id:";
	struct http_call *call = to;
	size_t len = size * count, name = sizeof(id) - 1;

	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		call->head_ended = false;
	else if (len <= 2 && (*line == '\r' || *line == '\n'))
		call->head_ended = true;
	else if (len > name && strncasecmp(line, id, name) == 0)
		request_id_keep(call, line + name, len - name);
	return len;
}
