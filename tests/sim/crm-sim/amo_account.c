/* SPDX-License-Identifier: MIT */
/* What an account consists of: pipelines, fields, users. */
#include "amo_handler.h"
#include "call.h"
#include "sim.h"

#include <string.h>

static const char pipelines[] =
    "[{\"id\":7000001,\"name\":\"Воронка\",\"sort\":1,\"is_main\":true,"
    "\"is_unsorted_on\":true,\"is_archive\":false,\"account_id\":31415926,"
    "\"_embedded\":{\"statuses\":["
    "{\"id\":70000010,\"name\":\"Неразобранное\",\"sort\":10,\"type\":1},"
    "{\"id\":70000011,\"name\":\"Первичный контакт\",\"sort\":20,\"type\":0},"
    "{\"id\":70000012,\"name\":\"Переговоры\",\"sort\":30,\"type\":0},"
    "{\"id\":142,\"name\":\"Успешно реализовано\",\"sort\":10000,"
    "\"type\":0},"
    "{\"id\":143,\"name\":\"Закрыто и не реализовано\",\"sort\":11000,"
    "\"type\":0}]}},"
    "{\"id\":7000002,\"name\":\"Продажи с сайта\",\"sort\":2,"
    "\"is_main\":false,\"is_unsorted_on\":false,\"is_archive\":false,"
    "\"account_id\":31415926,\"_embedded\":{\"statuses\":["
    "{\"id\":70000021,\"name\":\"Новая заявка\",\"sort\":20,\"type\":0},"
    "{\"id\":70000022,\"name\":\"Оплачено\",\"sort\":30,\"type\":0},"
    "{\"id\":142,\"name\":\"Успешно реализовано\",\"sort\":10000,"
    "\"type\":0},"
    "{\"id\":143,\"name\":\"Закрыто и не реализовано\",\"sort\":11000,"
    "\"type\":0}]}}]";

static const char fields[] =
    "{\"leads\":["
    "{\"id\":701101,\"name\":\"Комментарий\",\"type\":\"text\"},"
    "{\"id\":701102,\"name\":\"Город\",\"type\":\"select\",\"enums\":["
    "{\"id\":1,\"value\":\"Москва\",\"sort\":1},"
    "{\"id\":2,\"value\":\"Казань\",\"sort\":2}]},"
    "{\"id\":701103,\"name\":\"Бюджет\",\"type\":\"numeric\"},"
    "{\"id\":701104,\"name\":\"Согласие\",\"type\":\"checkbox\"},"
    "{\"id\":701105,\"name\":\"Дата визита\",\"type\":\"date\"},"
    "{\"id\":701106,\"name\":\"Страница\",\"type\":\"url\"},"
    "{\"id\":701107,\"name\":\"Подробности\",\"type\":\"textarea\"}],"
    "\"contacts\":["
    "{\"id\":702001,\"name\":\"Телефон\",\"code\":\"PHONE\","
    "\"type\":\"multitext\",\"enums\":["
    "{\"id\":11,\"value\":\"WORK\"},{\"id\":12,\"value\":\"WORKDD\"},"
    "{\"id\":13,\"value\":\"MOB\"},{\"id\":14,\"value\":\"FAX\"},"
    "{\"id\":15,\"value\":\"HOME\"},{\"id\":16,\"value\":\"OTHER\"}]},"
    "{\"id\":702002,\"name\":\"Email\",\"code\":\"EMAIL\","
    "\"type\":\"multitext\",\"enums\":["
    "{\"id\":21,\"value\":\"WORK\"},{\"id\":22,\"value\":\"PRIV\"},"
    "{\"id\":23,\"value\":\"OTHER\"}]},"
    "{\"id\":702003,\"name\":\"Должность\",\"code\":\"POSITION\","
    "\"type\":\"text\"},"
    "{\"id\":702004,\"name\":\"Telegram\",\"type\":\"text\"}]}";

static const char *const tracking[] = { "UTM_SOURCE", "UTM_MEDIUM",
	"UTM_CAMPAIGN", "UTM_CONTENT", "UTM_TERM", "UTM_REFERRER", "REFERRER",
	"GCLID", "GCLIENTID", "YCLID", "FBCLID", "ROISTAT", "_YM_UID",
	"_YM_COUNTER", "FROM", "OPENSTAT_SERVICE", "OPENSTAT_CAMPAIGN",
	"OPENSTAT_AD", "OPENSTAT_SOURCE" };

void
amo_account_start(struct amo *amo)
{
	json_t *leads;
	size_t i;

	amo->pipelines = json_loads(pipelines, 0, NULL);
	amo->fields = json_loads(fields, 0, NULL);
	leads = json_object_get(amo->fields, "leads");
	for (i = 0; i < sizeof(tracking) / sizeof(tracking[0]); i++)
		json_array_append_new(leads,
		    json_pack("{s:i, s:s, s:s, s:s}", "id", (int)(701001 + i),
			"name", tracking[i], "code", tracking[i], "type",
			"tracking_data"));
}

void
amo_account_get(struct call *call)
{
	const struct amo *amo = &call->sim->amo;

	call_json(call, 200, TYPE_HAL,
	    json_pack("{s:i, s:s, s:s, s:i, s:s, s:s, s:b, s:i, s:o}", "id",
		31415926, "name", "Simulated", "subdomain", amo->subdomain,
		"current_user_id", 8375357, "country", "RU", "currency", "RUB",
		"is_unsorted_on", 1, "version", 12, "_links",
		amo_links(call, "account", 0)));
}

void
amo_users_get(struct call *call)
{
	call_json(call, 200, TYPE_HAL,
	    json_pack("{s:i, s:i, s:i, s:o, s:{s:[{s:i, s:s, s:s, s:s}]}}",
		"_total_items", 1, "_page", 1, "_page_count", 1, "_links",
		amo_links(call, "users", 0), "_embedded", "users", "id",
		8375357, "name", "Менеджер", "email", "manager@example.org",
		"lang", "ru"));
}

void
amo_pipelines_get(struct call *call)
{
	const struct amo *amo = &call->sim->amo;
	int64_t id = amo_path_id(call);
	json_t *pipeline;
	size_t i;

	json_array_foreach (amo->pipelines, i, pipeline) {
		if (!id || member_int(pipeline, "id", 0) != id)
			continue;
		call_json(call, 200, TYPE_HAL, json_incref(pipeline));
		return;
	}
	if (id) {
		amo_problem(call, 404, "Not Found", "Pipeline not found");
		return;
	}
	call_json(call, 200, TYPE_HAL,
	    json_pack("{s:I, s:o, s:{s:O}}", "_total_items",
		(json_int_t)json_array_size(amo->pipelines), "_links",
		amo_links(call, "leads/pipelines", 0), "_embedded",
		"pipelines", amo->pipelines));
}

static const char *
fields_kind(const struct call *call)
{
	return strstr(call->path, "/contacts/") ? "contacts" : "leads";
}

void
amo_fields_get(struct call *call)
{
	const char *kind = fields_kind(call);
	json_t *all = json_object_get(call->sim->amo.fields, kind), *field;
	int64_t limit = call_query_int(call, "limit", 50);
	int64_t page = call_query_int(call, "page", 1), i;
	json_t *shown = json_array();
	char path[32];

	snprintf(path, sizeof(path), "%s/custom_fields", kind);
	for (i = (page - 1) * limit; i >= 0 && i < page * limit; i++) {
		field = json_array_get(all, (size_t)i);
		if (field)
			json_array_append(shown, field);
	}
	if (!json_array_size(shown)) {
		json_decref(shown);
		call_text(call, 204, NULL, "");
		return;
	}
	call_json(call, 200, TYPE_HAL,
	    json_pack("{s:I, s:I, s:I, s:o, s:{s:o}}", "_total_items",
		(json_int_t)json_array_size(all), "_page", (json_int_t)page,
		"_page_count",
		(json_int_t)(((int64_t)json_array_size(all) + limit - 1) /
		    limit),
		"_links", amo_links(call, path, 0), "_embedded",
		"custom_fields", shown));
}

void
amo_fields_post(struct call *call)
{
	json_t *all = json_object_get(call->sim->amo.fields, "leads");
	json_t *made = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach (call->json, i, item) {
		const char *type = member_text(item, "type");
		const char *name = member_text(item, "name");

		json_t *field = json_pack("{s:I, s:s, s:s, s:s*}", "id",
		    701200 + (json_int_t)json_array_size(all), "name",
		    name ? name : "", "type", type ? type : "text", "code",
		    member_text(item, "code"));

		json_array_append(all, field);
		json_array_append_new(made, field);
	}
	if (!json_array_size(made)) {
		json_decref(made);
		amo_problem(call, 400, "Bad Request",
		    "Request data can not be empty");
		return;
	}
	call_json(call, 200, TYPE_HAL,
	    json_pack("{s:I, s:o, s:{s:o}}", "_total_items",
		(json_int_t)json_array_size(made), "_links",
		amo_links(call, "leads/custom_fields", 0), "_embedded",
		"custom_fields", made));
}

/* The field that a value names by id or code. */
const json_t *
amo_field(const struct amo *amo, const char *kind, const json_t *value)
{
	const char *code = member_text(value, "field_code");
	int64_t id = member_int(value, "field_id", 0);
	const json_t *field;
	size_t i;

	json_array_foreach (json_object_get(amo->fields, kind), i, field) {
		const char *known = member_text(field, "code");

		if (id ? member_int(field, "id", 0) == id
		       : code && known && !strcmp(code, known))
			return field;
	}
	return NULL;
}

static const json_t *
statuses_of(const struct amo *amo, int64_t pipeline)
{
	const json_t *known;
	size_t i;

	json_array_foreach (amo->pipelines, i, known)
		if (!pipeline || member_int(known, "id", 0) == pipeline)
			return json_object_get(json_object_get(known,
						   "_embedded"),
			    "statuses");
	return NULL;
}

bool
amo_status_known(const struct amo *amo, int64_t pipeline, int64_t status)
{
	const json_t *known;
	size_t i;

	if (!status)
		return statuses_of(amo, pipeline) != NULL;
	json_array_foreach (statuses_of(amo, pipeline), i, known)
		if (member_int(known, "id", 0) == status &&
		    !member_int(known, "type", 0))
			return true;
	return false;
}

int64_t
amo_status_first(const struct amo *amo, int64_t *pipeline)
{
	const json_t *known;
	size_t i;

	if (!*pipeline)
		*pipeline =
		    member_int(json_array_get(amo->pipelines, 0), "id", 0);
	json_array_foreach (statuses_of(amo, *pipeline), i, known)
		if (!member_int(known, "type", 0))
			return member_int(known, "id", 0);
	return 0;
}
