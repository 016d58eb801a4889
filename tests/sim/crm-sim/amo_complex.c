/* SPDX-License-Identifier: MIT */
/* Leads together with their contact: leads/complex and the inbox. */
#include "amo_check.h"
#include "amo_handler.h"
#include "call.h"
#include "sim.h"

#include <string.h>

/* The contact of the item: the one named, or a new one; no search for those
 * that are there already. */
static int64_t
contact_of(struct call *call, const json_t *embedded)
{
	const json_t *contact =
	    json_array_get(json_object_get(embedded, "contacts"), 0);

	if (!contact)
		return 0;
	if (member_int(contact, "id", 0))
		return member_int(contact, "id", 0);
	return amo_contact_make(call, contact)->id;
}

static json_t *
id_or_null(int64_t id)
{
	return id ? json_integer(id) : json_null();
}

void
amo_complex_post(struct call *call)
{
	const json_t *batch = amo_batch(call, 50), *item;
	json_t *made;
	size_t i;

	if (!batch || !check_batch(call, batch, check_complex))
		return;
	made = json_array();
	json_array_foreach (batch, i, item) {
		const json_t *embedded = json_object_get(item, "_embedded");
		int64_t contact = contact_of(call, embedded);
		const struct row *row = amo_lead_make(call, item, contact,
		    !json_object_get(embedded, "metadata"));

		json_array_append_new(made,
		    json_pack("{s:I, s:o, s:n, s:[o], s:b}", "id",
			(json_int_t)row->id, "contact_id", id_or_null(contact),
			"company_id", "request_id", amo_request_id(item, i),
			"merged", 0));
	}
	/* no HAL here: a bare array */
	call_json(call, 200, TYPE_HAL, made);
}

static json_t *
unsorted_view(const struct call *call, int64_t id)
{
	const struct row *row = table_find(&call->sim->amo.unsorted, id);

	return json_deep_copy(row->data);
}

static json_t *
linked(const struct call *call, const char *kind, int64_t id)
{
	if (!id)
		return json_array();
	return json_pack("[{s:I, s:o}]", "id", (json_int_t)id, "_links",
	    amo_links(call, kind, id));
}

static struct row *
unsorted_make(struct call *call, const json_t *item)
{
	struct sim *sim = call->sim;
	const json_t *embedded = json_object_get(item, "_embedded");
	json_t *lead = json_deep_copy(
	    json_array_get(json_object_get(embedded, "leads"), 0));
	int64_t contact = contact_of(call, embedded), pipeline;
	struct row *row;
	char uid[41];

	if (!lead)
		lead = json_object();
	pipeline = member_int(item, "pipeline_id", 0);
	amo_status_first(&sim->amo, &pipeline);
	json_object_set_new(lead, "pipeline_id", json_integer(pipeline));
	chance_word(&sim->chance, uid, 40);
	row = table_add(&sim->amo.unsorted,
	    json_pack("{s:s, s:O, s:O, s:s, s:I, s:I, s:O, s:i, s:{s:o, s:o,"
		      " s:[]}}",
		"uid", uid, "source_uid", json_object_get(item, "source_uid"),
		"source_name", json_object_get(item, "source_name"),
		"category", "forms", "pipeline_id", (json_int_t)pipeline,
		"created_at", (json_int_t)(span_now_ms(&sim->span) / 1000),
		"metadata", json_object_get(item, "metadata"), "account_id",
		31415926, "_embedded", "leads",
		linked(call, "leads",
		    amo_lead_make(call, lead, contact, false)->id),
		"contacts", linked(call, "contacts", contact), "companies"),
	    call->seq);
	json_decref(lead);
	return row;
}

void
amo_unsorted_post(struct call *call)
{
	const json_t *batch = amo_batch(call, 50), *item;
	json_t *made;
	size_t i;

	if (!batch || !check_batch(call, batch, check_unsorted))
		return;
	made = json_array();
	json_array_foreach (batch, i, item) {
		const struct row *row = unsorted_make(call, item);

		json_array_append_new(made,
		    json_pack("{s:O, s:O, s:o, s:o, s:O}", "uid",
			json_object_get(row->data, "uid"), "account_id",
			json_object_get(row->data, "account_id"), "request_id",
			amo_request_id(item, i), "_links",
			amo_links(call, "leads/unsorted", 0), "_embedded",
			json_object_get(row->data, "_embedded")));
	}
	call_json(call, 200, TYPE_HAL,
	    json_pack("{s:I, s:{s:o}}", "_total_items",
		(json_int_t)json_array_size(made), "_embedded", "unsorted",
		made));
}

/* Whatever order is asked for: the newest first. */
void
amo_unsorted_get(struct call *call)
{
	const struct table *table = &call->sim->amo.unsorted;
	const char *uid = call_query(call, "filter[uid]");
	json_t *ids = json_array();
	size_t i;

	for (i = table->len; i-- > 0;) {
		const char *known = member_text(table->rows[i].data, "uid");

		if (!uid || !strcmp(uid, known))
			json_array_append_new(ids,
			    json_integer(table->rows[i].id));
	}
	amo_page(call, "leads/unsorted", ids, unsorted_view);
}
