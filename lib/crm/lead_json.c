/* SPDX-License-Identifier: MIT */
#include "crm/lead_json.h"

#include "base/clock.h"
#include "base/json.h"

json_t *
crm_lead_json(const struct crm_lead *lead)
{
	char created[CLOCK_TEXT_SIZE];
	json_t *json =
	    json_pack("{s:i s:I s:s s:s* s:s* s:s* s:s* s:s* s:s* s:s}",
		"schema", 1, "lead", (json_int_t)lead->id, "marker",
		lead->marker, "source", lead->source, "title", lead->title,
		"name", lead->name, "phone", lead->phone, "phone_raw",
		lead->phone_raw, "email", lead->email, "created_at",
		clock_text(lead->created_at, created));

	if (lead->chat_id)
		json_object_set_new(json, "chat_id",
		    json_integer(lead->chat_id));
	/* what we know by itself is not overwritten */
	if (lead->details)
		json_object_update_missing(json, (json_t *)lead->details);
	/* one by one, as "update" */
	json_object_del(json, "updates");
	return json;
}
