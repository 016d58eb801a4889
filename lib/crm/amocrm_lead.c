/* SPDX-License-Identifier: MIT */
/*
 * A lead as amoCRM takes it.  One call creates lead and person together; the
 * marker stands in the lead's name, or in a text field LEADPIPE_ID where the
 * account has one, and finds the lead again when a reply is lost.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "crm/amocrm.h"
#include "crm/lookup.h"

#define MARKER_CODE "LEADPIPE_ID"
#define NAME_MAX_BYTES 230

static char *
lead_name(const struct crm_lead *lead, bool with_marker)
{
	const char *title = lead->title ? lead->title : crm_lead_person(lead);
	size_t len = utf8_prefix_bytes(title, NAME_MAX_BYTES);

	return mem_printf("%.*s%s%s", (int)len, title, with_marker ? " " : "",
	    with_marker ? lead->marker : "");
}

static void
marker_add(struct crm *crm, const struct crm_lead *lead, json_t *body)
{
	const json_t *fields = json_object_get(crm->lookup, "fields");
	bool in_field = lookup_find(fields, MARKER_CODE) != NULL;
	char *name = lead_name(lead, !in_field);

	json_object_set_new(body, "name", json_string(name));
	free(name);
	if (in_field)
		json_array_append_new(json_object_get(body,
					  "custom_fields_values"),
		    json_pack("{s:s s:[{s:s}]}", "field_code", MARKER_CODE,
			"values", "value", lead->marker));
}

/* A pipeline or a status. */
struct place_part {
	const char *name, *key, *wanted; /* wanted NULL: any */
	const json_t *entry, *list;	 /* what it means, of all there are */
};

/* An id is taken as it is when nothing is known about the account. */
static void
place_set(struct crm *crm, struct crm_lead *lead, json_t *body,
    const struct place_part *part)
{
	bool known = json_array_size(part->list) > 0;
	const char *id = part->entry ? json_get_text(part->entry, "id")
	    : known		     ? NULL
				     : part->wanted;
	json_auto_t *value = NULL;

	if (!part->wanted || !*part->wanted)
		return;
	if (id && *id && id[strspn(id, "0123456789")] == '\0') {
		json_object_set_new(body, part->key,
		    json_integer(strtoll(id, NULL, 10)));
		return;
	}
	value = json_string(part->wanted);
	crm_missed(crm, lead, part->name, value, part->wanted, part->list);
}

/* A wrong name must not keep the lead from its manager: it goes to the first
 * pipeline, and the note and check-config say so. */
static void
place_add(struct crm *crm, struct crm_lead *lead, json_t *body)
{
	const struct amocrm *amo = crm->own;
	const char *pipeline = crm_lead_detail(lead, "pipeline");
	const char *status = crm_lead_detail(lead, "status");
	const json_t *pipelines = json_object_get(crm->lookup, "pipelines");
	const json_t *main;
	struct lookup_place place;

	/* the configured status belongs to the configured pipeline */
	if (!status && !pipeline)
		status = amo->status;
	if (!pipeline)
		pipeline = amo->pipeline;
	place = lookup_place(crm->lookup, pipeline, status);
	main = place.pipeline ? place.pipeline : lookup_main(pipelines);
	place_set(crm, lead, body,
	    &(struct place_part){ "pipeline", "pipeline_id",
		pipeline || !place.pipeline
		    ? pipeline
		    : json_get_text(place.pipeline, "id"),
		place.pipeline, pipelines });
	place_set(crm, lead, body,
	    &(struct place_part){ "status", "status_id", status, place.status,
		json_object_get(main, "statuses") });
}

static json_t *
value_with_code(const char *code, const char *value)
{
	return json_pack("{s:s s:[{s:s s:s}]}", "field_code", code, "values",
	    "value", value, "enum_code", "WORK");
}

static json_t *
person_body(const struct crm_lead *lead)
{
	int64_t id = strtoll(lead->contact_id, NULL, 10);
	json_t *fields = json_array();
	const char *phone = lead->phone ? lead->phone : lead->phone_raw;

	if (id > 0) {
		json_decref(fields);
		return json_pack("{s:I s:b}", "id", (json_int_t)id, "is_main",
		    1);
	}
	if (phone && *phone)
		json_array_append_new(fields, value_with_code("PHONE", phone));
	if (lead->email && *lead->email)
		json_array_append_new(fields,
		    value_with_code("EMAIL", lead->email));
	if (json_array_size(fields) == 0) {
		json_decref(fields);
		fields = NULL;
	}
	return json_pack("{s:s s:o*}", "first_name", crm_lead_person(lead),
	    "custom_fields_values", fields);
}

void
amocrm_person_set(const struct crm_lead *lead, json_t *body)
{
	json_object_set_new(json_object_get(body, "_embedded"), "contacts",
	    json_pack("[o]", person_body(lead)));
}

static void
tags_add(const struct crm_lead *lead, json_t *embedded)
{
	const json_t *tags = json_object_get(lead->details, "tags"), *tag;
	json_t *list = json_array();
	size_t i;

	json_array_foreach (tags, i, tag)
		if (json_is_string(tag) && json_string_length(tag) > 0)
			json_array_append_new(list,
			    json_pack("{s:O}", "name", tag));
	if (json_array_size(list) > 0)
		json_object_set(embedded, "tags", list);
	json_decref(list);
}

static void
extras_add(const struct crm_lead *lead, json_t *body)
{
	int64_t price = json_get_int(lead->details, "price", -1);

	if (price >= 0)
		json_object_set_new(body, "price", json_integer(price));
	if (lead->created_at > 0)
		json_object_set_new(body, "created_at",
		    json_integer(lead->created_at / 1000));
}

json_t *
amocrm_lead_body(struct crm *crm, struct crm_lead *lead)
{
	json_t *embedded = json_object();
	json_t *body = json_pack("{s:s+ s:[] s:o}", "request_id",
	    AMOCRM_REQUEST, lead->marker, "custom_fields_values", "_embedded",
	    embedded);

	marker_add(crm, lead, body);
	place_add(crm, lead, body);
	extras_add(lead, body);
	amocrm_fields_add(crm, lead, body);
	if (json_array_size(json_object_get(body, "custom_fields_values")) ==
	    0)
		json_object_del(body, "custom_fields_values");
	tags_add(lead, embedded);
	amocrm_person_set(lead, body);
	return body;
}
