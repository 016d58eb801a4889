/* SPDX-License-Identifier: MIT */
#include "amo_check.h"
#include "amo_handler.h"
#include "call.h"
#include "sim.h"

#include <string.h>

/* A value that was sent carries only what names its field. */
json_t *
amo_values_view(const struct amo *amo, const char *kind, const json_t *values)
{
	const json_t *value, *field;
	json_t *seen;
	size_t i;

	if (!json_is_array(values))
		return json_null();
	seen = json_array();
	json_array_foreach (values, i, value) {
		field = amo_field(amo, kind, value);
		/* the field may be gone by now */
		if (!field)
			continue;
		json_array_append_new(seen,
		    json_pack("{s:O, s:O, s:O?, s:O, s:O}", "field_id",
			json_object_get(field, "id"), "field_name",
			json_object_get(field, "name"), "field_code",
			json_object_get(field, "code"), "field_type",
			json_object_get(field, "type"), "values",
			json_object_get(value, "values")));
	}
	return seen;
}

static json_t *
contact_view(const struct call *call, int64_t id)
{
	const struct row *row = table_find(&call->sim->amo.contacts, id);
	const struct table *leads = &call->sim->amo.leads;
	const char *with = call_query(call, "with");
	json_t *seen = json_deep_copy(row->data), *linked = json_array();
	const json_t *contacts;
	size_t i;

	json_object_set_new(seen, "custom_fields_values",
	    amo_values_view(&call->sim->amo, "contacts",
		json_object_get(row->data, "custom_fields_values")));
	for (i = 0; with && strstr(with, "leads") && i < leads->len; i++) {
		contacts = json_object_get(json_object_get(leads->rows[i].data,
					       "_embedded"),
		    "contacts");
		if (member_int(json_array_get(contacts, 0), "id", 0) == id)
			json_array_append_new(linked,
			    json_pack("{s:I}", "id",
				(json_int_t)leads->rows[i].id));
	}
	json_object_set_new(seen, "_embedded",
	    json_pack("{s:[], s:o}", "tags", "leads", linked));
	json_object_set_new(seen, "_links", amo_links(call, "contacts", id));
	return seen;
}

void
amo_contacts_get(struct call *call)
{
	amo_page(call, "contacts", amo_select(call, &call->sim->amo.contacts),
	    contact_view);
}

void
amo_contact_get(struct call *call)
{
	int64_t id = amo_path_id(call);

	if (table_find(&call->sim->amo.contacts, id))
		call_json(call, 200, TYPE_HAL, contact_view(call, id));
	else
		call_text(call, 204, NULL, "");
}

static void
contact_index(struct amo *amo, const struct row *row)
{
	const json_t *value, *one, *field;
	size_t i, j;

	table_index(&amo->contacts, row, member_text(row->data, "name"));
	json_array_foreach (json_object_get(row->data, "custom_fields_values"),
	    i, value) {
		const char *code;

		field = amo_field(amo, "contacts", value);
		code = member_text(field, "code");
		json_array_foreach (json_object_get(value, "values"), j, one) {
			const char *text = member_text(one, "value");

			if (text && code && !strcmp(code, "PHONE"))
				table_index_phone(&amo->contacts, row, text);
			else
				table_index(&amo->contacts, row, text);
		}
	}
}

struct row *
amo_contact_make(struct call *call, const json_t *item)
{
	struct sim *sim = call->sim;
	const char *name = member_text(item, "name");
	const char *first = member_text(item, "first_name");
	const char *last = member_text(item, "last_name");
	json_t *fields = json_object_get(item, "custom_fields_values");
	int64_t now = span_now_ms(&sim->span) / 1000;
	struct text whole = { 0 };
	struct row *row;

	text_fmt(&whole, "%s%s%s", first ? first : "",
	    first && last ? " " : "", last ? last : "");
	row = table_add(&sim->amo.contacts,
	    json_pack("{s:s, s:s, s:s, s:i, s:I, s:I, s:b, s:O?}", "name",
		name ? name : whole.at, "first_name", first ? first : "",
		"last_name", last ? last : "", "responsible_user_id", 8375357,
		"created_at", (json_int_t)now, "updated_at", (json_int_t)now,
		"is_deleted", 0, "custom_fields_values", fields),
	    call->seq);
	text_release(&whole);
	row->visible_ms = amo_visible_ms(sim);
	contact_index(&sim->amo, row);
	return row;
}

static void
batch_answer(struct call *call, json_t *items)
{
	call_json(call, 200, TYPE_HAL,
	    json_pack("{s:o, s:{s:o}}", "_links",
		amo_links(call, "contacts", 0), "_embedded", "contacts",
		items));
}

void
amo_contacts_post(struct call *call)
{
	const json_t *batch = amo_batch(call, 250), *item;
	json_t *made;
	size_t i;

	if (!batch || !check_batch(call, batch, check_contact))
		return;
	made = json_array();
	json_array_foreach (batch, i, item) {
		const struct row *row = amo_contact_make(call, item);

		json_array_append_new(made,
		    json_pack("{s:I, s:b, s:b, s:o, s:o}", "id",
			(json_int_t)row->id, "is_deleted", 0, "is_unsorted", 0,
			"request_id", amo_request_id(item, i), "_links",
			amo_links(call, "contacts", row->id)));
	}
	batch_answer(call, made);
}

void
amo_contacts_patch(struct call *call)
{
	const json_t *batch = amo_batch(call, 250), *item;
	struct table *contacts = &call->sim->amo.contacts;
	json_t *changed;
	size_t i;

	if (!batch || !check_batch(call, batch, check_contact))
		return;
	changed = json_array();
	json_array_foreach (batch, i, item) {
		struct row *row =
		    table_find(contacts, member_int(item, "id", 0));

		if (!row) {
			json_decref(changed);
			amo_problem(call, 404, "Not Found",
			    "Element not found");
			return;
		}
		/* a field that is given takes the place of all its values */
		json_object_update(row->data, (json_t *)(uintptr_t)item);
		contact_index(&call->sim->amo, row);
		json_array_append_new(changed,
		    json_pack("{s:I, s:I}", "id", (json_int_t)row->id,
			"updated_at",
			(json_int_t)(span_now_ms(&call->sim->span) / 1000)));
	}
	batch_answer(call, changed);
}
