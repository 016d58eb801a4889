/* SPDX-License-Identifier: MIT */
#include "amo_check.h"
#include "amo_handler.h"
#include "call.h"
#include "sim.h"

#include <stdlib.h>

/* The row's place among those whom search by words and lists show; a lead of
 * the inbox is in neither until a manager takes it. */
static bool
lead_listed(const struct row *row)
{
	return !json_is_true(json_object_get(row->data, "_hidden"));
}

static json_t *
lead_view(const struct call *call, int64_t id)
{
	const struct row *row = table_find(&call->sim->amo.leads, id);
	json_t *seen = json_deep_copy(row->data);

	json_object_set_new(seen, "custom_fields_values",
	    amo_values_view(&call->sim->amo, "leads",
		json_object_get(row->data, "custom_fields_values")));
	json_object_del(seen, "_hidden");
	json_object_set_new(seen, "_links", amo_links(call, "leads", id));
	return seen;
}

void
amo_leads_get(struct call *call)
{
	const struct table *leads = &call->sim->amo.leads;
	json_t *ids = amo_select(call, leads);
	size_t i = 0;

	while (i < json_array_size(ids)) {
		int64_t id = json_integer_value(json_array_get(ids, i));

		if (lead_listed(table_find(leads, id)))
			i++;
		else
			json_array_remove(ids, i);
	}
	amo_page(call, "leads", ids, lead_view);
}

void
amo_lead_get(struct call *call)
{
	int64_t id = amo_path_id(call);

	if (table_find(&call->sim->amo.leads, id))
		call_json(call, 200, TYPE_HAL, lead_view(call, id));
	else
		call_text(call, 204, NULL, "");
}

static void
lead_index(struct amo *amo, const struct row *row)
{
	const json_t *value, *one;
	size_t i, j;

	table_index(&amo->leads, row, member_text(row->data, "name"));
	json_array_foreach (json_object_get(row->data, "custom_fields_values"),
	    i, value)
		json_array_foreach (json_object_get(value, "values"), j, one)
			table_index(&amo->leads, row,
			    member_text(one, "value"));
}

static json_t *
contacts_of(const json_t *item, int64_t contact)
{
	const json_t *given =
	    json_object_get(json_object_get(item, "_embedded"), "contacts");
	json_t *linked = json_array();
	const json_t *one;
	size_t i;

	if (contact) {
		json_array_append_new(linked,
		    json_pack("{s:I, s:b}", "id", (json_int_t)contact,
			"is_main", 1));
		return linked;
	}
	json_array_foreach (given, i, one)
		json_array_append_new(linked,
		    json_pack("{s:I, s:b}", "id",
			(json_int_t)member_int(one, "id", 0), "is_main",
			i == 0));
	return linked;
}

static json_t *
tags_of(const json_t *item)
{
	json_t *tags = json_deep_copy(
	    json_object_get(json_object_get(item, "_embedded"), "tags"));
	json_t *more = json_object_get(item, "tags_to_add");

	if (!tags)
		tags = json_array();
	if (more)
		json_array_extend(tags, more);
	return tags;
}

static void
lead_default(json_t *data, const json_t *item, const char *name,
    int64_t absent)
{
	json_object_set_new(data, name,
	    json_integer(member_int(item, name, absent)));
}

struct row *
amo_lead_make(struct call *call, const json_t *item, int64_t contact,
    bool listed)
{
	struct sim *sim = call->sim;
	int64_t now = span_now_ms(&sim->span) / 1000;
	int64_t pipeline = member_int(item, "pipeline_id", 0);
	int64_t status = amo_status_first(&sim->amo, &pipeline);
	const char *name = member_text(item, "name");
	json_t *fields = json_object_get(item, "custom_fields_values");
	json_t *data = json_object();
	struct text usual = { 0 };
	struct row *row = table_add(&sim->amo.leads, data, call->seq);

	text_fmt(&usual, "Сделка #%lld", (long long)row->id);
	json_object_set_new(data, "name",
	    json_string(name && *name ? name : usual.at));
	text_release(&usual);
	lead_default(data, item, "price", 0);
	lead_default(data, item, "responsible_user_id", 8375357);
	lead_default(data, item, "created_by", 0);
	lead_default(data, item, "created_at", now);
	json_object_set_new(data, "pipeline_id", json_integer(pipeline));
	lead_default(data, item, "status_id", status);
	json_object_set_new(data, "updated_at", json_integer(now));
	json_object_set_new(data, "is_deleted", json_false());
	json_object_set_new(data, "account_id", json_integer(31415926));
	json_object_set_new(data, "custom_fields_values",
	    fields ? json_deep_copy(fields) : json_null());
	json_object_set_new(data, "_embedded",
	    json_pack("{s:o, s:[], s:o}", "tags", tags_of(item), "companies",
		"contacts", contacts_of(item, contact)));
	if (!listed)
		json_object_set_new(data, "_hidden", json_true());
	row->visible_ms = amo_visible_ms(sim);
	lead_index(&sim->amo, row);
	call_created(call, row->id);
	return row;
}

static void
batch_answer(struct call *call, json_t *made)
{
	call_json(call, 200, TYPE_HAL,
	    json_pack("{s:o, s:{s:o}}", "_links", amo_links(call, "leads", 0),
		"_embedded", "leads", made));
}

void
amo_leads_post(struct call *call)
{
	const json_t *batch = amo_batch(call, 250), *item;
	json_t *made;
	size_t i;

	if (!batch || !check_batch(call, batch, check_lead))
		return;
	made = json_array();
	json_array_foreach (batch, i, item) {
		const struct row *row = amo_lead_make(call, item, 0, true);

		json_array_append_new(made,
		    json_pack("{s:I, s:o, s:o}", "id", (json_int_t)row->id,
			"request_id", amo_request_id(item, i), "_links",
			amo_links(call, "leads", row->id)));
	}
	batch_answer(call, made);
}

void
amo_lead_move(struct sim *sim, struct row *row, int64_t pipeline,
    int64_t status)
{
	json_t *before = json_deep_copy(row->data);
	int64_t now = span_now_ms(&sim->span) / 1000;

	if (pipeline)
		json_object_set_new(row->data, "pipeline_id",
		    json_integer(pipeline));
	if (status)
		json_object_set_new(row->data, "status_id",
		    json_integer(status));
	json_object_set_new(row->data, "updated_at", json_integer(now));
	if (status == STATUS_WON || status == STATUS_LOST)
		json_object_set_new(row->data, "closed_at", json_integer(now));
	if (member_int(before, "status_id", 0) !=
		member_int(row->data, "status_id", 0) ||
	    member_int(before, "pipeline_id", 0) !=
		member_int(row->data, "pipeline_id", 0))
		amo_event_add(sim, before, row->data);
	json_decref(before);
}

static void
lead_change(struct call *call, struct row *row, const json_t *item)
{
	static const char *const plain[] = { "name", "price",
		"responsible_user_id", "custom_fields_values" };
	json_t *embedded = json_object_get(row->data, "_embedded");
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (json_object_get(item, plain[i]))
			json_object_set(row->data, plain[i],
			    json_object_get(item, plain[i]));
	/* tags given in _embedded take the place of all */
	if (json_object_get(json_object_get(item, "_embedded"), "tags"))
		json_object_set_new(embedded, "tags", tags_of(item));
	else if (json_object_get(item, "tags_to_add"))
		json_array_extend(json_object_get(embedded, "tags"),
		    json_object_get(item, "tags_to_add"));
	lead_index(&call->sim->amo, row);
	amo_lead_move(call->sim, row, member_int(item, "pipeline_id", 0),
	    member_int(item, "status_id", 0));
}

void
amo_leads_patch(struct call *call)
{
	const json_t *batch = amo_batch(call, 250), *item;
	json_t *changed;
	size_t i;

	if (!batch || !check_batch(call, batch, check_lead))
		return;
	changed = json_array();
	json_array_foreach (batch, i, item) {
		struct row *row = table_find(&call->sim->amo.leads,
		    member_int(item, "id", 0));

		if (!row) {
			json_decref(changed);
			amo_problem(call, 404, "Not Found",
			    "Element not found");
			return;
		}
		lead_change(call, row, item);
		json_array_append_new(changed,
		    json_pack("{s:I, s:I, s:o, s:o}", "id",
			(json_int_t)row->id, "updated_at",
			(json_int_t)member_int(row->data, "updated_at", 0),
			"request_id", amo_request_id(item, i), "_links",
			amo_links(call, "leads", row->id)));
	}
	if (amo_path_id(call)) {
		call_json(call, 200, TYPE_HAL,
		    json_incref(json_array_get(changed, 0)));
		json_decref(changed);
		return;
	}
	batch_answer(call, changed);
}
