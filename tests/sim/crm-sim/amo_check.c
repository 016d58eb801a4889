/* SPDX-License-Identifier: MIT */
#include "amo_check.h"
#include "amo_handler.h"
#include "call.h"
#include "sim.h"

#include <string.h>

#define NAME_MOST 255

enum type { INT = 1, TEXT = 2, LIST = 4, OBJECT = 8, NOTHING = 16, BOOL = 32 };

struct member {
	const char *name;
	unsigned types;
	bool needed;
};

static const struct member lead_members[] = {
	{ "id", INT, false },
	{ "name", TEXT, false },
	{ "price", INT | NOTHING, false },
	{ "status_id", INT, false },
	{ "pipeline_id", INT, false },
	{ "created_by", INT, false },
	{ "updated_by", INT, false },
	{ "closed_at", INT | NOTHING, false },
	{ "created_at", INT, false },
	{ "updated_at", INT, false },
	{ "loss_reason_id", INT | NOTHING, false },
	{ "responsible_user_id", INT, false },
	{ "custom_fields_values", LIST | NOTHING, false },
	{ "tags_to_add", LIST, false },
	{ "tags_to_delete", LIST, false },
	{ "visitor_uid", TEXT, false },
	{ "request_id", TEXT, false },
	{ "_embedded", OBJECT, false },
	{ NULL, 0, false },
};

static const struct member contact_members[] = {
	{ "id", INT, false },
	{ "name", TEXT, false },
	{ "first_name", TEXT, false },
	{ "last_name", TEXT, false },
	{ "responsible_user_id", INT, false },
	{ "created_by", INT, false },
	{ "updated_by", INT, false },
	{ "created_at", INT, false },
	{ "updated_at", INT, false },
	{ "is_main", BOOL, false },
	{ "custom_fields_values", LIST | NOTHING, false },
	{ "tags_to_add", LIST, false },
	{ "tags_to_delete", LIST, false },
	{ "request_id", TEXT, false },
	{ "_embedded", OBJECT, false },
	{ NULL, 0, false },
};

static const struct member unsorted_members[] = {
	{ "request_id", TEXT, false },
	{ "source_name", TEXT, true },
	{ "source_uid", TEXT, true },
	{ "pipeline_id", INT, false },
	{ "created_at", INT, false },
	{ "metadata", OBJECT, true },
	{ "_embedded", OBJECT, false },
	{ NULL, 0, false },
};

static const struct member metadata_members[] = {
	{ "category", TEXT, false },
	{ "form_id", TEXT, true },
	{ "form_name", TEXT, true },
	{ "form_page", TEXT, true },
	{ "form_sent_at", INT, true },
	{ "ip", TEXT, true },
	{ "referer", TEXT, false },
	{ NULL, 0, false },
};

static const struct member note_members[] = {
	{ "entity_id", INT, false },
	{ "note_type", TEXT, true },
	{ "params", OBJECT, true },
	{ "created_by", INT, false },
	{ "created_at", INT, false },
	{ "responsible_user_id", INT, false },
	{ "is_need_to_trigger_digital_pipeline", BOOL, false },
	{ "request_id", TEXT, false },
	{ NULL, 0, false },
};

static unsigned
type_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_INTEGER:
		return INT;
	case JSON_STRING:
		return TEXT;
	case JSON_ARRAY:
		return LIST;
	case JSON_OBJECT:
		return OBJECT;
	case JSON_NULL:
		return NOTHING;
	case JSON_TRUE:
	case JSON_FALSE:
		return BOOL;
	default:
		return 0;
	}
}

static const char *
type_wanted(unsigned types)
{
	return types & INT ? "This value should be of type int."
	    : types & TEXT ? "This value should be of type string."
	    : types & BOOL ? "This value should be of type bool."
			   : "This value should be of type array.";
}

static void
check_members(const struct member *members, const json_t *item,
    const char *prefix, json_t *errors)
{
	const struct member *member;
	const json_t *value;
	char path[200];
	const char *name;

	json_object_foreach ((json_t *)(uintptr_t)item, name, value) {
		snprintf(path, sizeof(path), "%s%s", prefix, name);
		for (member = members; member->name; member++)
			if (!strcmp(member->name, name))
				break;
		if (!member->name)
			check_wrong(errors, "FieldNotExpected", path,
			    "This field was not expected.");
		else if (!(type_of(value) & member->types))
			check_wrong(errors, "InvalidType", path,
			    type_wanted(member->types));
	}
	for (member = members; member->name; member++) {
		if (!member->needed || json_object_get(item, member->name))
			continue;
		snprintf(path, sizeof(path), "%s%s", prefix, member->name);
		check_wrong(errors, "FieldMissing", path,
		    "This field is missing.");
	}
}

static void
check_user(const json_t *item, const char *name, const char *prefix,
    json_t *errors)
{
	int64_t id = member_int(item, name, 0);
	char path[80];

	snprintf(path, sizeof(path), "%s%s", prefix, name);
	if (id && id != 8375357)
		check_wrong(errors, "NotSupportedChoice", path,
		    "The value you selected is not a valid choice.");
}

static void
check_stage(const struct call *call, const json_t *item, const char *prefix,
    json_t *errors)
{
	const struct amo *amo = &call->sim->amo;
	int64_t pipeline = member_int(item, "pipeline_id", 0);
	int64_t status = member_int(item, "status_id", 0);
	char path[80];

	snprintf(path, sizeof(path), "%s%s", prefix,
	    amo_status_known(amo, pipeline, 0) ? "status_id" : "pipeline_id");
	if (!amo_status_known(amo, pipeline, status))
		check_wrong(errors, "NotSupportedChoice", path,
		    "The value you selected is not a valid choice.");
}

static void
check_name(const json_t *item, const char *name, const char *prefix,
    json_t *errors)
{
	const char *text = member_text(item, name);
	char path[80];

	snprintf(path, sizeof(path), "%s%s", prefix, name);
	if (text && text_points(text) > NAME_MOST)
		check_wrong(errors, "TooLong", path,
		    "This value is too long. It should have 255 characters "
		    "or less.");
}

static void
check_tags(const json_t *tags, const char *prefix, json_t *errors)
{
	const json_t *tag;
	char path[120];
	size_t i;

	json_array_foreach (tags, i, tag) {
		snprintf(path, sizeof(path), "%s.%zu.name", prefix, i);
		if (!member_text(tag, "name") && !member_int(tag, "id", 0))
			check_wrong(errors, "FieldMissing", path,
			    "This field is missing.");
	}
}

static void
check_lead_at(const struct call *call, const json_t *item, const char *prefix,
    json_t *errors)
{
	char path[80];

	check_members(lead_members, item, prefix, errors);
	check_name(item, "name", prefix, errors);
	check_user(item, "responsible_user_id", prefix, errors);
	check_user(item, "created_by", prefix, errors);
	check_user(item, "updated_by", prefix, errors);
	check_stage(call, item, prefix, errors);
	check_fields(call, "leads", item, prefix, errors);
	snprintf(path, sizeof(path), "%s_embedded.tags", prefix);
	check_tags(json_object_get(json_object_get(item, "_embedded"), "tags"),
	    path, errors);
	check_tags(json_object_get(item, "tags_to_add"), "tags_to_add",
	    errors);
}

void
check_lead(const struct call *call, const json_t *item, json_t *errors)
{
	const json_t *linked =
	    json_object_get(json_object_get(item, "_embedded"), "contacts");
	const json_t *contact;
	char path[80];
	size_t i;

	check_lead_at(call, item, "", errors);
	json_array_foreach (linked, i, contact) {
		snprintf(path, sizeof(path), "_embedded.contacts.%zu.id", i);
		if (!table_find(&call->sim->amo.contacts,
			member_int(contact, "id", 0)))
			check_wrong(errors, "NotSupportedChoice", path,
			    "The value you selected is not a valid choice.");
	}
}

static void
check_contact_at(const struct call *call, const json_t *item,
    const char *prefix, json_t *errors)
{
	check_members(contact_members, item, prefix, errors);
	check_name(item, "name", prefix, errors);
	check_name(item, "first_name", prefix, errors);
	check_name(item, "last_name", prefix, errors);
	check_fields(call, "contacts", item, prefix, errors);
}

void
check_contact(const struct call *call, const json_t *item, json_t *errors)
{
	check_contact_at(call, item, "", errors);
}

/* A lead with at most one contact and one company in it. */
static void
check_whole(const struct call *call, const json_t *embedded, json_t *errors)
{
	const json_t *contacts = json_object_get(embedded, "contacts");
	const json_t *contact = json_array_get(contacts, 0);

	if (json_array_size(contacts) > 1)
		check_wrong(errors, "TooMany", "_embedded.contacts",
		    "This collection should contain 1 element or less.");
	if (json_array_size(json_object_get(embedded, "companies")) > 1)
		check_wrong(errors, "TooMany", "_embedded.companies",
		    "This collection should contain 1 element or less.");
	if (!contact)
		return;
	check_contact_at(call, contact, "_embedded.contacts.0.", errors);
	if (json_object_get(contact, "id") &&
	    !table_find(&call->sim->amo.contacts,
		member_int(contact, "id", 0)))
		check_wrong(errors, "NotSupportedChoice",
		    "_embedded.contacts.0.id",
		    "The value you selected is not a valid choice.");
}

void
check_complex(const struct call *call, const json_t *item, json_t *errors)
{
	const json_t *embedded = json_object_get(item, "_embedded");
	const json_t *metadata = json_object_get(embedded, "metadata");

	check_lead_at(call, item, "", errors);
	check_whole(call, embedded, errors);
	if (metadata)
		check_members(metadata_members, metadata,
		    "_embedded.metadata.", errors);
}

void
check_unsorted(const struct call *call, const json_t *item, json_t *errors)
{
	const json_t *embedded = json_object_get(item, "_embedded");
	const json_t *metadata = json_object_get(item, "metadata");
	const json_t *lead =
	    json_array_get(json_object_get(embedded, "leads"), 0);
	int64_t pipeline = member_int(item, "pipeline_id", 0);

	check_members(unsorted_members, item, "", errors);
	if (metadata)
		check_members(metadata_members, metadata, "metadata.", errors);
	if (!amo_status_known(&call->sim->amo, pipeline, 0))
		check_wrong(errors, "NotSupportedChoice", "pipeline_id",
		    "The value you selected is not a valid choice.");
	if (lead)
		check_lead_at(call, lead, "_embedded.leads.0.", errors);
	check_whole(call, embedded, errors);
}

void
check_note(const struct call *call, const json_t *item, json_t *errors)
{
	const char *type = member_text(item, "note_type");
	const json_t *params = json_object_get(item, "params");
	int64_t lead = amo_path_id(call);

	check_members(note_members, item, "", errors);
	if (type && strcmp(type, "common") &&
	    strcmp(type, "extended_service_message"))
		check_wrong(errors, "NotSupportedChoice", "note_type",
		    "The value you selected is not a valid choice.");
	if (params && !member_text(params, "text"))
		check_wrong(errors, "FieldMissing", "params.text",
		    "This field is missing.");
	if (!table_find(&call->sim->amo.leads,
		lead ? lead : member_int(item, "entity_id", 0)))
		check_wrong(errors, "NotSupportedChoice", "entity_id",
		    "The value you selected is not a valid choice.");
}

bool
check_batch(struct call *call, const json_t *batch,
    void (*check)(const struct call *, const json_t *, json_t *))
{
	json_t *all = json_array(), *errors;
	const json_t *item;
	size_t i;

	json_array_foreach (batch, i, item) {
		errors = json_array();
		if (json_is_object(item))
			check(call, item, errors);
		else
			check_wrong(errors, "InvalidType", "",
			    "This value should be of type array.");
		if (json_array_size(errors))
			json_array_append_new(all,
			    json_pack("{s:o, s:O}", "request_id",
				amo_request_id(item, i), "errors", errors));
		json_decref(errors);
	}
	if (!json_array_size(all)) {
		json_decref(all);
		return true;
	}
	call_json(call, 400, TYPE_PROBLEM,
	    json_pack("{s:o, s:s, s:s, s:i, s:s}", "validation-errors", all,
		"title", "Bad Request", "type", "https://httpstatus.es/400",
		"status", 400, "detail", "Request validation failed"));
	return false;
}
