/* SPDX-License-Identifier: MIT */
#include "turn/lead.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "store/leads.h"

/* What the CRM gets besides the columns of its own. */
static json_t *
details(const json_t *data)
{
	static const char *const members[] = { "pipeline", "status", "price",
		"tags", "note", "fields", "utm" };
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		json_t *member = json_object_get(data, members[i]);
		if (member != NULL)
			json_object_set(object, members[i], member);
	}
	return object;
}

enum outcome
lead_write(struct db *db, const struct flow *flow, const struct chat *chat,
    const struct effect *effect, int64_t now, struct fault *fault)
{
	const json_t *data = effect->data;
	const json_t *contact = json_object_get(data, "contact");
	const char *said = json_get_text(data, "key");
	/* A template that became nothing: one lead for each state entered. */
	char *key = said ? mem_dup(said)
			 : mem_printf("%s-%lld-%lld", flow_id(flow),
			       (long long)chat->id, (long long)chat->entries);
	json_auto_t *more = details(data);
	const struct lead_new lead = {
		.key = key,
		.crm = json_get_text(data, "crm"),
		.source = "flow",
		.title = json_get_text(data, "title"),
		.name = json_get_text(contact, "name"),
		.phone = json_get_text(contact, "phone"),
		.email = json_get_text(contact, "email"),
		.chat_id = chat->id,
		.details = more,
	};
	int64_t id = 0;
	bool added;
	enum outcome out = leads_add(db, &lead, now, &id, &added, fault);

	free(key);
	return out;
}
