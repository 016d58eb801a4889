/* SPDX-License-Identifier: MIT */
#include "request.h"
#include "sim.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FORM_BUFFER 65536

/* "/bot<token>/<method>": the method, and what to think of the token. */
static const char *
path_token(struct call *call, const char *url)
{
	const char *token = url + 4, *slash;
	size_t len, digits;

	call->token_status = 404;
	if (strncmp(url, "/bot", 4))
		return url;
	slash = strchr(token, '/');
	if (!slash)
		return url;
	len = (size_t)(slash - token);
	digits = strspn(token, "0123456789");
	if (!digits || token[digits] != ':' || len < digits + 4)
		return slash + 1;
	call->token_status = strlen(call->sim->settings.token) == len &&
		!strncmp(call->sim->settings.token, token, len)
	    ? 0
	    : 401;
	return slash + 1;
}

static struct upload *
upload_open(struct call *call, const char *field, const char *name)
{
	struct upload *upload = call_upload(call, field);

	if (upload)
		return upload;
	upload = text_alloc(1, sizeof(*upload));
	upload->field = text_copy(field);
	upload->name = text_copy(name);
	upload->hash = HASH_START;
	upload->next = call->uploads;
	call->uploads = upload;
	return upload;
}

static enum MHD_Result
form_piece(void *arg, enum MHD_ValueKind kind, const char *field,
    const char *name, const char *type, const char *encoding, const char *data,
    uint64_t offset, size_t len)
{
	struct call *call = arg;
	struct text joined = { 0 };

	(void)kind;
	(void)type;
	(void)encoding;
	if (!field)
		return MHD_YES;
	if (name) {
		struct upload *upload = upload_open(call, field, name);

		upload->size += len;
		upload->hash = text_hash(upload->hash, data, len);
		return MHD_YES;
	}
	if (offset && param_text(call, field))
		text_puts(&joined, param_text(call, field));
	text_add(&joined, data, len);
	json_object_set_new(call->params, field,
	    json_stringn(joined.at, joined.len));
	text_release(&joined);
	return MHD_YES;
}

static enum MHD_Result
query_piece(void *arg, enum MHD_ValueKind kind, const char *name,
    const char *value)
{
	struct call *call = arg;

	(void)kind;
	if (value)
		json_object_set_new(call->params, name, json_string(value));
	return MHD_YES;
}

struct call *
request_open(struct sim *sim, struct MHD_Connection *connection,
    const char *url, const char *method)
{
	struct call *call = text_alloc(1, sizeof(*call));
	const char *type;

	call->sim = sim;
	call->connection = connection;
	call->started_us = mono_us();
	call->post = !strcmp(method, "POST");
	call->admin = !strncmp(url, "/sim/", 5);
	call->path = text_copy(call->admin ? url + 5 : path_token(call, url));
	if (call->admin && strcmp(call->path, "raw") == 0)
		return call;
	type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
	    "Content-Type");
	if (type && !call->admin &&
	    (!strncasecmp(type, "multipart/", 10) ||
		!strncasecmp(type, "application/x-www-form", 22))) {
		call->params = json_object();
		call->form = MHD_create_post_processor(connection, FORM_BUFFER,
		    form_piece, call);
	}
	return call;
}

void
request_feed(struct call *call, const char *data, size_t len)
{
	call->body_len += len;
	if (call->form)
		MHD_post_process(call->form, data, len);
	else
		text_add(&call->body, data, len);
}

bool
request_end(struct call *call)
{
	bool good = true;

	if (call->form)
		MHD_destroy_post_processor(call->form);
	call->form = NULL;
	if (call->body.len && !call->params) {
		call->params =
		    json_loadb(call->body.at, call->body.len, 0, NULL);
		good = json_is_object(call->params);
	}
	if (!json_is_object(call->params)) {
		json_decref(call->params);
		call->params = json_object();
	}
	MHD_get_connection_values(call->connection, MHD_GET_ARGUMENT_KIND,
	    query_piece, call);
	return good;
}

void
request_free(struct call *call)
{
	if (call->form)
		MHD_destroy_post_processor(call->form);
	while (call->uploads) {
		struct upload *upload = call->uploads;

		call->uploads = upload->next;
		free(upload->field);
		free(upload->name);
		free(upload);
	}
	timer_stop(&call->sim->timers, &call->timer);
	updates_forget(call->sim, call);
	text_release(&call->body);
	text_release(&call->reply);
	json_decref(call->params);
	json_decref(call->effects);
	free(call->path);
	free(call);
}
