/* SPDX-License-Identifier: MIT */
#include "record.h"
#include "call.h"
#include "sim.h"

#include <string.h>

bool
record_open(struct record *record, const char *path)
{
	record->file = fopen(path, "ae");
	return record->file != NULL;
}

void
record_close(struct record *record)
{
	if (record->file)
		fclose(record->file);
	record->file = NULL;
}

/* Flushed line by line: a test reads the record while we run. */
static void
line_write(struct record *record, json_t *line)
{
	if (json_dumpf(line, record->file, JSON_COMPACT) == 0)
		fputc('\n', record->file);
	fflush(record->file);
	json_decref(line);
}

static json_t *
line_start(const struct sim *sim, const char *kind)
{
	return json_pack("{s:s, s:I, s:I}", "kind", kind, "at",
	    (json_int_t)span_now_ms(&sim->span), "mono",
	    (json_int_t)(mono_us() / 1000));
}

static json_t *
line_call(const struct call *call, const char *kind)
{
	json_t *line = line_start(call->sim, kind);

	json_object_set_new(line, "seq", json_integer(call->seq));
	json_object_set_new(line, "verb", json_string(call->verb));
	json_object_set_new(line, "path", json_string(call->path));
	if (call->fault.kind)
		json_object_set_new(line, "fault",
		    json_string(fault_name(call->fault.kind)));
	return line;
}

void
record_reset(struct sim *sim)
{
	if (sim->record.file)
		line_write(&sim->record, line_start(sim, "reset"));
}

static enum MHD_Result
header_note(void *arg, enum MHD_ValueKind kind, const char *name,
    const char *value)
{
	(void)kind;
	/* a record may be kept; what opens doors does not belong there */
	json_object_set_new(arg, name,
	    json_string(strcasecmp(name, "Authorization") ? value : "***"));
	return MHD_YES;
}

void
record_request(const struct call *call)
{
	struct record *record = &call->sim->record;
	json_t *line, *headers;

	if (!record->file)
		return;
	line = line_call(call, "request");
	if (json_object_size(call->query))
		json_object_set(line, "query", call->query);
	headers = json_object();
	MHD_get_connection_values(call->connection, MHD_HEADER_KIND,
	    header_note, headers);
	json_object_set_new(line, "headers", headers);
	/* a token request is told apart by its grant alone */
	if (!strncmp(call->path, "/oauth2/", 8))
		json_object_set_new(line, "body",
		    json_pack("{s:s?}", "grant_type",
			member_text(call->json, "grant_type")));
	else if (call->json)
		json_object_set(line, "body", call->json);
	else if (call->body.len)
		json_object_set_new(line, "bytes",
		    json_integer((json_int_t)call->body.len));
	line_write(record, line);
}

void
record_answer(const struct call *call, const char *answer)
{
	struct record *record = &call->sim->record;
	json_t *line;

	if (!record->file)
		return;
	line = line_call(call, "answer");
	json_object_set_new(line, "status", json_integer(call->status));
	json_object_set_new(line, "answer", json_string(answer));
	if (call->created)
		json_object_set(line, "created", call->created);
	if (call->status >= 400)
		json_object_set_new(line, "body",
		    json_stringn(call->reply.at ? call->reply.at : "",
			call->reply.len));
	line_write(record, line);
}

void
record_broken(const struct call *call, const char *how)
{
	struct record *record = &call->sim->record;
	json_t *line;

	if (!record->file)
		return;
	line = line_call(call, "broken");
	json_object_set_new(line, "how", json_string(how));
	line_write(record, line);
}
