/* SPDX-License-Identifier: MIT */
/*
 * A lead as crm.item.add takes it.  originatorId and originId find it again
 * exactly; its note goes into the comments with it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "crm/bitrix24.h"
#include "crm/lookup.h"

static void
contact_add(json_t *list, const char *type, const char *value)
{
	if (value && *value)
		json_array_append_new(list,
		    json_pack("{s:s s:s s:s}", "typeId", type, "valueType",
			"WORK", "value", value));
}

static void
status_add(struct crm *crm, struct crm_lead *lead, json_t *fields)
{
	const char *wanted = crm_lead_detail(lead, "status");
	const json_t *main = lookup_main(
	    json_object_get(crm->lookup, "pipelines"));
	const json_t *statuses = json_object_get(main, "statuses");
	const json_t *status = wanted ? lookup_find(statuses, wanted) : NULL;

	if (!wanted)
		return;
	if (status || json_array_size(statuses) == 0)
		json_object_set_new(fields, "stageId",
		    json_string(
			status ? json_get_text(status, "id") : wanted));
	else
		crm_missed(crm, lead, "status",
		    json_object_get(lead->details, "status"), wanted,
		    statuses);
}

/* What is unknown there is ignored without a word: so it is told by us. */
static void
custom_add(struct crm *crm, struct crm_lead *lead, json_t *fields)
{
	const json_t *known = json_object_get(crm->lookup, "fields");
	const json_t *field, *choice;
	const char *key;
	json_t *value;

	json_object_foreach (json_object_get(lead->details, "fields"), key,
	    value) {
		field = lookup_find(known, key);
		choice = json_is_string(value)
		    ? lookup_find(json_object_get(field, "enums"),
			  json_string_value(value))
		    : NULL;
		if (!field && json_array_size(known) > 0)
			crm_missed(crm, lead, key, value, key, known);
		else if (choice)
			json_object_set(fields, json_get_text(field, "id"),
			    json_object_get(choice, "id"));
		else
			json_object_set(fields,
			    field ? json_get_text(field, "id") : key, value);
	}
}

static void
tracking_add(struct crm_lead *lead, json_t *fields)
{
	static const char *const names[][2] = { { "utm_source", "utmSource" },
		{ "utm_medium", "utmMedium" },
		{ "utm_campaign", "utmCampaign" },
		{ "utm_content", "utmContent" }, { "utm_term", "utmTerm" } };
	const char *key;
	json_t *value;

	json_object_foreach (json_object_get(lead->details, "utm"), key,
	    value) {
		size_t i = 0;

		while (i < 5 && strcmp(names[i][0], key) != 0)
			i++;
		if (i < 5)
			json_object_set(fields, names[i][1], value);
		else
			crm_lead_drop(lead, key, value, "no field for it");
	}
}

json_t *
bitrix24_fields(struct crm *crm, struct crm_lead *lead)
{
	json_t *contacts = json_array(), *fields;
	const json_t *price = json_object_get(lead->details, "price");
	json_int_t person = strtoll(lead->contact_id, NULL, 10);
	char *note;

	contact_add(contacts, "PHONE",
	    lead->phone ? lead->phone : lead->phone_raw);
	contact_add(contacts, "EMAIL", lead->email);
	fields = json_pack("{s:s s:s s:s s:s s:s s:o}", "title",
	    lead->title ? lead->title : crm_lead_person(lead), "name",
	    crm_lead_person(lead), "sourceId", "WEB", "originatorId",
	    BITRIX24_ORIGIN, "originId", lead->marker, "fm", contacts);
	if (json_is_number(price))
		json_object_set(fields, "opportunity", (json_t *)price);
	if (person > 0)
		json_object_set_new(fields, "contactId", json_integer(person));
	status_add(crm, lead, fields);
	custom_add(crm, lead, fields);
	tracking_add(lead, fields);
	note = crm_lead_note(lead);
	if (note)
		json_object_set_new(fields, "comments", json_string(note));
	free(note);
	return fields;
}

static bool
is_needed(const char *key)
{
	static const char *const needed[] = { "title", "name", "sourceId",
		"originatorId", "originId", "fm", "comments" };

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		if (strcmp(needed[i], key) == 0)
			return true;
	return false;
}

/* What is left out is told in the comments, which go with the lead. */
static void
strike_all(struct crm_lead *lead, json_t *fields, const char *why)
{
	json_t *value;
	const char *key;
	char *note;
	void *next;

	json_object_foreach_safe (fields, next, key, value) {
		if (is_needed(key))
			continue;
		crm_lead_drop(lead, key, value, why);
		json_object_del(fields, key);
	}
	note = crm_lead_note(lead);
	if (note)
		json_object_set_new(fields, "comments", json_string(note));
	free(note);
}

void
bitrix24_strike(struct crm_job *job, const struct crm_reply *reply)
{
	size_t at = 0;
	struct crm_lead *lead = crm_asked(job, &at);
	struct crm_work *work = &job->work[at];

	if (json_object_get(work->body, "contactId")) {
		lead->contact_id[0] = '\0';
		json_object_del(work->body, "contactId");
	} else if (work->strikes++ == 0) {
		strike_all(lead, work->body, reply->text);
	} else {
		crm_lead_park(lead, reply->text, reply->remedy);
	}
}
