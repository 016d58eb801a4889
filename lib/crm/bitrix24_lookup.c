/* SPDX-License-Identifier: MIT */
/*
 * The portal's statuses and fields of leads, kept for a day.
 */
#include "base/json.h"
#include "crm/bitrix24.h"

enum { PART_STATUSES, PART_FIELDS, PART_END };

enum crm_next
bitrix24_lookup(struct crm_job *job, struct crm_request *request)
{
	struct crm_looking *looking = crm_looking(job);

	if (looking->part == PART_STATUSES)
		return bitrix24_ask(job, request, "crm.status.list",
		    json_pack("{s:{s:s}}", "filter", "ENTITY_ID", "STATUS"));
	if (looking->part == PART_FIELDS)
		return bitrix24_ask(job, request, "crm.item.fields",
		    json_pack("{s:i}", "entityTypeId", BITRIX24_LEAD));
	return CRM_DONE;
}

/* {"id","name"} of each, from the members ID and NAME. */
static json_t *
names_of(const json_t *list, const char *id, const char *name)
{
	json_t *names = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		json_array_append_new(names,
		    json_pack("{s:O* s:O*}", "id", json_object_get(item, id),
			"name", json_object_get(item, name)));
	return names;
}

static void
fields_take(const json_t *result, json_t *list)
{
	const char *key;
	json_t *field;

	json_object_foreach (json_object_get(result, "fields"), key, field)
		json_array_append_new(list,
		    json_pack("{s:s s:O* s:O* s:O* s:o}", "id", key, "code",
			json_object_get(field, "upperName"), "name",
			json_object_get(field, "title"), "type",
			json_object_get(field, "type"), "enums",
			names_of(json_object_get(field, "items"), "ID",
			    "VALUE")));
}

/* RESULT is NULL for a part that we may not see. */
bool
bitrix24_looked_up(struct crm_job *job, const json_t *result)
{
	struct crm_looking *looking = crm_looking(job);
	json_t *lookup = looking->lookup;

	if (looking->part == PART_STATUSES)
		json_array_append_new(json_object_get(lookup, "pipelines"),
		    json_pack("{s:s s:s s:b s:o}", "id", "0", "name", "leads",
			"main", 1, "statuses",
			names_of(result, "STATUS_ID", "NAME")));
	if (looking->part == PART_FIELDS)
		fields_take(result, json_object_get(lookup, "fields"));
	if (++looking->part == PART_END)
		crm_looking_end(job);
	return true;
}
