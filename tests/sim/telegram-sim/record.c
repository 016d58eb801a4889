/* SPDX-License-Identifier: MIT */
#include "record.h"
#include "call.h"
#include "sim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

bool
record_open(struct record *record, const char *path, int64_t *lines)
{
	int c;

	*lines = 0;
	record->file = fopen(path, "a+e");
	if (!record->file)
		return false;
	while ((c = getc(record->file)) != EOF)
		*lines += c == '\n';
	return true;
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
record_line(struct record *record, json_t *line)
{
	if (json_dumpf(line, record->file, JSON_COMPACT) == 0)
		fputc('\n', record->file);
	fflush(record->file);
	json_decref(line);
}

static int64_t
wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static json_t *
line_start(const char *kind)
{
	return json_pack("{s:s, s:I, s:I}", "kind", kind, "at",
	    (json_int_t)wall_ms(), "mono", (json_int_t)(mono_us() / 1000));
}

void
record_reset(struct sim *sim)
{
	if (sim->record.file)
		record_line(&sim->record, line_start("reset"));
}

static void
line_call(json_t *line, const struct call *call)
{
	json_object_set_new(line, "seq", json_integer(call->seq));
	json_object_set_new(line, "method", json_string(call->path));
	if (call->chat_id)
		json_object_set_new(line, "chat_id",
		    json_integer(call->chat_id));
	if (call->fault.kind)
		json_object_set_new(line, "fault",
		    json_string(fault_name(call->fault.kind)));
}

static json_t *
view_uploads(const struct call *call)
{
	const struct upload *upload;
	json_t *seen = json_array();
	char hash[24];

	for (upload = call->uploads; upload; upload = upload->next) {
		snprintf(hash, sizeof(hash), "%016" PRIx64, upload->hash);
		json_array_append_new(seen,
		    json_pack("{s:s, s:s, s:I, s:s}", "field", upload->field,
			"name", upload->name ? upload->name : "", "size",
			(json_int_t)upload->size, "hash", hash));
	}
	return seen;
}

void
record_request(const struct call *call, json_t *problems)
{
	struct record *record = &call->sim->record;
	json_t *line;

	if (!record->file)
		return;
	line = line_start("request");
	line_call(line, call);
	if (call->params)
		json_object_set(line, "params", call->params);
	if (call->uploads)
		json_object_set_new(line, "uploads", view_uploads(call));
	if (problems)
		json_object_set(line, "problems", problems);
	record_line(record, line);
}

void
record_answer(const struct call *call, const char *answer)
{
	struct record *record = &call->sim->record;
	json_t *line, *body;

	if (!record->file)
		return;
	line = line_start("answer");
	line_call(line, call);
	json_object_set_new(line, "status", json_integer(call->status));
	json_object_set_new(line, "answer", json_string(answer));
	json_object_set_new(line, "effect",
	    call->effect ? json_integer(call->effect) : json_null());
	if (call->effects)
		json_object_set(line, "effects", call->effects);
	if (call->status >= 400) {
		body = json_loadb(call->reply.at ? call->reply.at : "",
		    call->reply.len, 0, NULL);
		json_object_set(line, "description",
		    json_object_get(body, "description"));
		json_decref(body);
	}
	record_line(record, line);
}

void
record_broken(const struct call *call, const char *how)
{
	struct record *record = &call->sim->record;
	json_t *line;

	if (!record->file)
		return;
	line = line_start("broken");
	line_call(line, call);
	json_object_set_new(line, "how", json_string(how));
	json_object_set_new(line, "body_bytes",
	    json_integer((json_int_t)call->body_len));
	record_line(record, line);
}

void
record_update(struct sim *sim, const struct update *update)
{
	json_t *line, *body;
	char hash[24];

	if (!sim->record.file)
		return;
	line = line_start("update");
	json_object_set_new(line, "update_id", json_integer(update->id));
	snprintf(hash, sizeof(hash), "%016" PRIx64,
	    text_hash(HASH_START, update->body, update->len));
	json_object_set_new(line, "hash", json_string(hash));
	/* bytes that are no UTF-8 cannot stand in a record of JSON */
	body = json_stringn(update->body, update->len);
	if (body)
		json_object_set_new(line, "body", body);
	record_line(&sim->record, line);
}

void
record_delivery(struct sim *sim, int64_t update_id, int tries, long status)
{
	json_t *line;

	if (!sim->record.file)
		return;
	line = line_start("deliver");
	json_object_set_new(line, "update_id", json_integer(update_id));
	json_object_set_new(line, "try", json_integer(tries));
	json_object_set_new(line, "status", json_integer(status));
	record_line(&sim->record, line);
}

void
record_ids(struct sim *sim, const char *kind, const struct update *updates,
    size_t count)
{
	json_t *line, *ids;
	size_t i;

	if (!sim->record.file || !count)
		return;
	line = line_start(kind);
	ids = json_array();
	for (i = 0; i < count; i++)
		json_array_append_new(ids, json_integer(updates[i].id));
	json_object_set_new(line, "ids", ids);
	record_line(&sim->record, line);
}
