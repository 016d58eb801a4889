/* SPDX-License-Identifier: MIT */
/*
 * The account's pipelines, statuses and fields, kept for a day: people
 * configure names, amoCRM takes ids.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "crm/amocrm.h"

enum { PAGES_MAX = 20, PAGE = 250 };

enum { PART_ACCOUNT, PART_PIPELINES, PART_FIELDS, PART_END };

enum crm_next
amocrm_lookup(struct crm_job *job, struct crm_request *request)
{
	static const char *const paths[] = {
		[PART_ACCOUNT] = "/api/v4/account",
		[PART_PIPELINES] = "/api/v4/leads/pipelines",
		[PART_FIELDS] = "/api/v4/leads/custom_fields",
	};
	struct crm_looking *looking = crm_looking(job);
	char *path;

	if (looking->part == PART_END)
		return CRM_DONE;
	path = looking->part == PART_FIELDS
	    ? mem_printf("%s?limit=%d&page=%d", paths[PART_FIELDS], PAGE,
		  looking->page)
	    : mem_dup(paths[looking->part]);
	return amocrm_ask(job, request, HTTP_GET, path, NULL) ? CRM_ASK
							      : CRM_DONE;
}

static json_t *
id_text(const json_t *item)
{
	char *text = json_text(json_object_get(item, "id"));
	json_t *id = json_string(text);

	free(text);
	return id;
}

/* {"id","name"} of each; NAME is the member that holds the name. */
static json_t *
names_of(const json_t *list, const char *name)
{
	json_t *names = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		json_array_append_new(names,
		    json_pack("{s:o s:O*}", "id", id_text(item), "name",
			json_object_get(item, name)));
	return names;
}

static void
pipelines_take(const json_t *body, json_t *lookup)
{
	const json_t *list = amocrm_embedded(body, "pipelines"), *item;
	json_t *pipelines = json_object_get(lookup, "pipelines");
	size_t i;

	json_array_foreach (list, i, item)
		json_array_append_new(pipelines,
		    json_pack("{s:o s:O* s:b s:o}", "id", id_text(item),
			"name", json_object_get(item, "name"), "main",
			json_get_bool(item, "is_main", false), "statuses",
			names_of(amocrm_embedded(item, "statuses"), "name")));
}

static void
fields_take(const json_t *body, json_t *lookup)
{
	const json_t *list = amocrm_embedded(body, "custom_fields"), *item;
	json_t *fields = json_object_get(lookup, "fields");
	size_t i;

	json_array_foreach (list, i, item)
		json_array_append_new(fields,
		    json_pack("{s:o s:O* s:O* s:O* s:o}", "id", id_text(item),
			"code", json_object_get(item, "code"), "name",
			json_object_get(item, "name"), "type",
			json_object_get(item, "type"), "enums",
			names_of(json_object_get(item, "enums"), "value")));
}

/* BODY is NULL also for a part that we may not see. */
bool
amocrm_looked_up(struct crm_job *job, const json_t *body)
{
	struct crm_looking *looking = crm_looking(job);
	const json_t *fields = amocrm_embedded(body, "custom_fields");

	if (looking->part == PART_ACCOUNT && body)
		json_object_set(looking->lookup, "account",
		    json_object_get(body, "name"));
	if (looking->part == PART_PIPELINES)
		pipelines_take(body, looking->lookup);
	if (looking->part == PART_FIELDS)
		fields_take(body, looking->lookup);
	if (looking->part == PART_FIELDS && json_array_size(fields) == PAGE &&
	    looking->page < PAGES_MAX) {
		looking->page++;
		return true;
	}
	if (++looking->part == PART_END)
		crm_looking_end(job);
	return true;
}
