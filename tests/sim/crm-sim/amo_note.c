/* SPDX-License-Identifier: MIT */
#include "amo_check.h"
#include "amo_handler.h"
#include "call.h"
#include "sim.h"

#include <string.h>

static json_t *
note_view(const struct call *call, int64_t id)
{
	return json_deep_copy(table_find(&call->sim->amo.notes, id)->data);
}

void
amo_notes_get(struct call *call)
{
	const struct table *notes = &call->sim->amo.notes;
	int64_t lead = amo_path_id(call);
	json_t *ids = json_array();
	size_t i;

	for (i = 0; i < notes->len; i++)
		if (member_int(notes->rows[i].data, "entity_id", 0) == lead)
			json_array_append_new(ids,
			    json_integer(notes->rows[i].id));
	amo_page(call, "leads/notes", ids, note_view);
}

void
amo_notes_post(struct call *call)
{
	struct amo *amo = &call->sim->amo;
	int64_t lead = amo_path_id(call);
	const json_t *batch, *item;
	json_t *made;
	size_t i;

	batch = amo_batch(call, 250);
	if (!batch || !check_batch(call, batch, check_note))
		return;
	made = json_array();
	json_array_foreach (batch, i, item) {
		int64_t entity = lead ? lead
				      : member_int(item, "entity_id", 0);
		const struct row *row = table_add(&amo->notes,
		    json_pack("{s:I, s:O, s:O, s:I}", "entity_id",
			(json_int_t)entity, "note_type",
			json_object_get(item, "note_type"), "params",
			json_object_get(item, "params"), "created_at",
			(json_int_t)(span_now_ms(&call->sim->span) / 1000)),
		    call->seq);

		json_array_append_new(made,
		    json_pack("{s:I, s:I, s:o, s:o}", "id",
			(json_int_t)row->id, "entity_id", (json_int_t)entity,
			"request_id", amo_request_id(item, i), "_links",
			amo_links(call, "leads/notes", row->id)));
	}
	call_json(call, 200, TYPE_HAL,
	    json_pack("{s:o, s:{s:o}}", "_links",
		amo_links(call, "leads/notes", 0), "_embedded", "notes",
		made));
}

/* Tags come to be by being used. */
void
amo_tags_get(struct call *call)
{
	const struct table *leads = &call->sim->amo.leads;
	const char *query = call_query(call, "query");
	json_t *known = json_object(), *shown = json_array();
	const json_t *tag;
	size_t i, j;

	for (i = 0; i < leads->len; i++)
		json_array_foreach (json_object_get(json_object_get(leads
									->rows
									    [i]
									.data,
							"_embedded"),
					"tags"),
		    j, tag) {
			const char *name = member_text(tag, "name");

			if (!name || json_object_get(known, name) ||
			    (query && !strstr(name, query)))
				continue;
			json_object_set_new(known, name, json_true());
			json_array_append_new(shown,
			    json_pack("{s:I, s:s, s:n}", "id",
				2000 + (json_int_t)json_array_size(shown),
				"name", name, "color"));
		}
	json_decref(known);
	if (!json_array_size(shown)) {
		json_decref(shown);
		call_text(call, 204, NULL, "");
		return;
	}
	call_json(call, 200, TYPE_HAL,
	    json_pack("{s:i, s:o, s:{s:o}}", "_page", 1, "_links",
		amo_links(call, "leads/tags", 0), "_embedded", "tags", shown));
}
