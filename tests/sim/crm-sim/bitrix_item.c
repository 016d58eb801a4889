/* SPDX-License-Identifier: MIT */
#include "bitrix.h"
#include "call.h"
#include "sim.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE 50
#define COMM_MOST 20

enum { LEAD = 1, DEAL = 2, CONTACT = 3 };

static const char *const stages[][2] = {
	{ "STATUS", "NEW" },
	{ "STATUS", "IN_PROCESS" },
	{ "STATUS", "PROCESSED" },
	{ "STATUS", "CONVERTED" },
	{ "STATUS", "JUNK" },
	{ "DEAL_STAGE", "NEW" },
	{ "DEAL_STAGE", "PREPARATION" },
	{ "DEAL_STAGE", "WON" },
	{ "DEAL_STAGE", "LOSE" },
	{ "SOURCE", "WEB" },
	{ "SOURCE", "CALL" },
	{ "SOURCE", "OTHER" },
};

static bool
stage_known(const char *entity, const char *stage)
{
	size_t i;

	for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (!strcmp(stages[i][0], entity) &&
		    !strcmp(stages[i][1], stage))
			return true;
	return false;
}

static json_t *
time_now(const struct call *call)
{
	time_t now = (time_t)(span_now_ms(&call->sim->span) / 1000);
	char text[40];
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+00:00", &utc);
	return json_string(text);
}

static bool
fields_good(struct call *call, int64_t type, const json_t *fields)
{
	const char *stage = member_text(fields, "stageId");

	if (type < LEAD || type > CONTACT) {
		bitrix_refuse(call, 400, "NOT_FOUND",
		    "Смарт-процесс не найден");
		return false;
	}
	if (!json_is_object(fields)) {
		bitrix_refuse(call, 400, "100",
		    "Could not find value for parameter {fields}");
		return false;
	}
	if (stage && type != CONTACT &&
	    !stage_known(type == LEAD ? "STATUS" : "DEAL_STAGE", stage)) {
		bitrix_refuse(call, 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID",
		    "Недопустимое значение поля \"Стадия\"");
		return false;
	}
	return true;
}

static void
fields_take(struct call *call, json_t *data, const json_t *fields)
{
	bitrix_fields_copy(data, fields);
	json_object_set_new(data, "updatedTime", time_now(call));
}

void
bitrix_item_add(struct call *call)
{
	int64_t type = member_int(call->json, "entityTypeId", 0);
	const json_t *fields = json_object_get(call->json, "fields");
	struct bitrix *bitrix = &call->sim->bitrix;
	const json_t *comm;
	struct row *row;
	json_t *data;
	size_t i;

	if (!fields_good(call, type, fields))
		return;
	data = json_pack("{s:I, s:s, s:n, s:n, s:o, s:o}", "entityTypeId",
	    (json_int_t)type, "stageId", "NEW", "originatorId", "originId",
	    "createdTime", time_now(call), "movedTime", time_now(call));
	fields_take(call, data, fields);
	row = table_add(&bitrix->items, data, call->seq);
	json_array_foreach (json_object_get(fields, "fm"), i, comm)
		if (member_text(comm, "value"))
			table_index_phone(&bitrix->items, row,
			    member_text(comm, "value"));
	call_created(call, row->id);
	bitrix_answer(call, json_pack("{s:O}", "item", row->data));
}

static struct row *
item_asked(struct call *call)
{
	struct row *row = table_find(&call->sim->bitrix.items,
	    member_int(call->json, "id", 0));

	if (row &&
	    member_int(row->data, "entityTypeId", 0) ==
		member_int(call->json, "entityTypeId", 0))
		return row;
	bitrix_refuse(call, 400, "NOT_FOUND", "Элемент не найден");
	return NULL;
}

void
bitrix_item_get(struct call *call)
{
	const struct row *row = item_asked(call);

	if (row)
		bitrix_answer(call, json_pack("{s:O}", "item", row->data));
}

void
bitrix_item_update(struct call *call)
{
	const json_t *fields = json_object_get(call->json, "fields");
	struct row *row = item_asked(call);

	if (!row ||
	    !fields_good(call, member_int(row->data, "entityTypeId", 0),
		fields))
		return;
	fields_take(call, row->data, fields);
	if (member_text(fields, "stageId"))
		json_object_set_new(row->data, "movedTime", time_now(call));
	bitrix_answer(call, json_pack("{s:O}", "item", row->data));
}

/* A value, or any of an array of them. */
static bool
value_among(const json_t *value, const json_t *wanted)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(wanted))
		return value && json_equal(value, wanted);
	json_array_foreach (wanted, i, one)
		if (value && json_equal(value, one))
			return true;
	return false;
}

/* {"name": equal, ">name": later, ">=name": ...}, times as ISO texts. */
static bool
item_passes(const json_t *item, const json_t *filter)
{
	const char *name;
	json_t *wanted;

	json_object_foreach ((json_t *)(uintptr_t)filter, name, wanted) {
		bool later = name[0] == '>';
		bool equal = !later || name[1] == '=';
		const char *plain = name + strspn(name, ">=");
		const json_t *value = json_object_get(item, plain);
		int order;

		if (!later) {
			if (!value_among(value, wanted))
				return false;
			continue;
		}
		if (json_is_string(value) && json_is_string(wanted))
			order = strcmp(json_string_value(value),
			    json_string_value(wanted));
		else
			order = json_number_value(value) <
				json_number_value(wanted)
			    ? -1
			    : json_number_value(value) >
				json_number_value(wanted);
		if (order < 0 || (order == 0 && !equal))
			return false;
	}
	return true;
}

static json_t *
item_view(const json_t *item, const json_t *select)
{
	json_t *seen;
	const json_t *name;
	size_t i;

	if (!json_array_size(select))
		return json_deep_copy(item);
	seen = json_pack("{s:O}", "id", json_object_get(item, "id"));
	json_array_foreach (select, i, name) {
		const char *text = json_string_value(name);

		if (text && json_object_get(item, text))
			json_object_set(seen, text,
			    json_object_get(item, text));
	}
	return seen;
}

void
bitrix_item_list(struct call *call)
{
	const struct table *items = &call->sim->bitrix.items;
	const json_t *filter = json_object_get(call->json, "filter");
	const json_t *select = json_object_get(call->json, "select");
	int64_t type = member_int(call->json, "entityTypeId", 0);
	int64_t start = member_int(call->json, "start", 0), at = 0;
	json_t *shown = json_array(), *body;
	size_t i;

	for (i = 0; i < items->len; i++) {
		const json_t *item = items->rows[i].data;

		if (member_int(item, "entityTypeId", 0) != type ||
		    !item_passes(item, filter))
			continue;
		if (at >= start && at < (start < 0 ? 0 : start) + PAGE)
			json_array_append_new(shown, item_view(item, select));
		at++;
	}
	bitrix_answer(call, json_pack("{s:o}", "items", shown));
	/* without counting (start -1) there is neither total nor next */
	if (start < 0)
		return;
	body = json_loadb(call->reply.at, call->reply.len, 0, NULL);
	json_object_set_new(body, "total", json_integer(at));
	if (at > start + PAGE)
		json_object_set_new(body, "next", json_integer(start + PAGE));
	call_json(call, 200, TYPE_JSON, body);
}

static bool
comm_same(const char *type, const char *one, const char *other)
{
	if (strcmp(type, "PHONE"))
		return !strcasecmp(one, other);
	for (;;) {
		while (*one && !isdigit((unsigned char)*one))
			one++;
		while (*other && !isdigit((unsigned char)*other))
			other++;
		if (*one != *other)
			return false;
		if (!*one)
			return true;
		one++;
		other++;
	}
}

static bool
comm_among(const json_t *item, const char *type, const json_t *values)
{
	const json_t *comm, *value;
	size_t i, j;

	json_array_foreach (json_object_get(item, "fm"), i, comm) {
		const char *kind = member_text(comm, "typeId");
		const char *known = member_text(comm, "value");

		if (!kind || !known || strcmp(kind, type))
			continue;
		json_array_foreach (values, j, value)
			if (json_is_string(value) &&
			    comm_same(type, known, json_string_value(value)))
				return true;
	}
	return false;
}

void
bitrix_find_comm(struct call *call)
{
	static const char *const names[] = { "", "LEAD", "DEAL", "CONTACT" };
	const struct table *items = &call->sim->bitrix.items;
	const char *only = member_text(call->json, "entity_type");
	const char *type = member_text(call->json, "type");
	const json_t *values = json_object_get(call->json, "values");
	json_t *found = json_object(), *ids;
	size_t i;

	if (!type || json_array_size(values) > COMM_MOST) {
		json_decref(found);
		bitrix_refuse(call, 400, "",
		    "Parameter 'values' is not specified or invalid.");
		return;
	}
	for (i = 0; i < items->len; i++) {
		const json_t *item = items->rows[i].data;
		const char *name = names[member_int(item, "entityTypeId", 0)];

		if ((only && strcmp(only, name)) ||
		    !comm_among(item, type, values))
			continue;
		ids = json_object_get(found, name);
		if (!ids) {
			ids = json_array();
			json_object_set_new(found, name, ids);
		}
		json_array_append_new(ids, json_integer(items->rows[i].id));
	}
	/* PHP: what is empty is a list */
	if (!json_object_size(found)) {
		json_decref(found);
		found = json_array();
	}
	bitrix_answer(call, found);
}

void
bitrix_comment_add(struct call *call)
{
	const json_t *fields = json_object_get(call->json, "fields");
	struct bitrix *bitrix = &call->sim->bitrix;
	const struct row *row;

	if (!member_text(fields, "COMMENT") ||
	    !table_find(&bitrix->items, member_int(fields, "ENTITY_ID", 0))) {
		bitrix_refuse(call, 400, "", "Access denied.");
		return;
	}
	row = table_add(&bitrix->comments, json_deep_copy(fields), call->seq);
	bitrix_answer(call, json_integer(row->id));
}

void
bitrix_comment_list(struct call *call)
{
	const json_t *filter = json_object_get(call->json, "filter");
	const struct table *comments = &call->sim->bitrix.comments;
	json_t *shown = json_array();

	for (size_t i = 0; i < comments->len; i++)
		if (member_int(comments->rows[i].data, "ENTITY_ID", 0) ==
		    member_int(filter, "ENTITY_ID", 0))
			json_array_append_new(shown,
			    json_pack("{s:I, s:O}", "ID",
				(json_int_t)comments->rows[i].id, "COMMENT",
				json_object_get(comments->rows[i].data,
				    "COMMENT")));
	bitrix_answer(call, shown);
}

void
bitrix_status_list(struct call *call)
{
	const char *only =
	    member_text(json_object_get(call->json, "filter"), "ENTITY_ID");
	json_t *shown = json_array();
	size_t i;

	for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (!only || !strcmp(only, stages[i][0]))
			json_array_append_new(shown,
			    json_pack("{s:s, s:s, s:s}", "ENTITY_ID",
				stages[i][0], "STATUS_ID", stages[i][1],
				"NAME", stages[i][1]));
	bitrix_answer(call, shown);
}
