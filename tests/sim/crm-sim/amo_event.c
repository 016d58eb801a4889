/* SPDX-License-Identifier: MIT */
/* Changes of stage, as the account's log tells them. */
#include "amo_handler.h"
#include "call.h"
#include "sim.h"

#include <string.h>

static json_t *
stage_view(const json_t *lead)
{
	return json_pack("[{s:{s:O, s:O}}]", "lead_status", "id",
	    json_object_get(lead, "status_id"), "pipeline_id",
	    json_object_get(lead, "pipeline_id"));
}

void
amo_event_add(struct sim *sim, const json_t *before, const json_t *lead)
{
	table_add(&sim->amo.events,
	    json_pack("{s:s, s:O, s:s, s:i, s:I, s:o, s:o, s:i}", "type",
		"lead_status_changed", "entity_id",
		json_object_get(lead, "id"), "entity_type", "lead",
		"created_by", 8375357, "created_at",
		(json_int_t)(span_now_ms(&sim->span) / 1000), "value_after",
		stage_view(lead), "value_before", stage_view(before),
		"account_id", 31415926),
	    0);
}

static json_t *
event_view(const struct call *call, int64_t id)
{
	const struct row *row = table_find(&call->sim->amo.events, id);
	json_t *seen = json_deep_copy(row->data);
	char name[40];

	/* ids of events are words */
	snprintf(name, sizeof(name), "01simulatedevent%010lld", (long long)id);
	json_object_set_new(seen, "id", json_string(name));
	return seen;
}

void
amo_events_get(struct call *call)
{
	const json_t *type = json_object_get(call->query, "filter[type]");
	json_t *ids, *newest = json_array();
	size_t i;

	if (call_query_int(call, "limit", 50) > 100) {
		json_decref(newest);
		amo_problem(call, 422, "Unprocessable Entity",
		    "Limit 100 per page");
		return;
	}
	ids = amo_select(call, &call->sim->amo.events);
	if (type && json_is_string(type) &&
	    !strstr(json_string_value(type), "lead_status_changed"))
		json_array_clear(ids);
	for (i = json_array_size(ids); i-- > 0;)
		json_array_append(newest, json_array_get(ids, i));
	json_decref(ids);
	amo_page(call, "events", newest, event_view);
}
