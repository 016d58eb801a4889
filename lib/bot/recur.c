/* SPDX-License-Identifier: MIT */
#include "bot/recur.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/model.h"
#include "bot/when.h"

#define PREFIX "recurring:"

/* How long it is of use when it says nothing: the next is due after a day. */
#define LIFE_MS (INT64_C(24) * 60 * 60 * 1000)

json_t *
recur_people(const struct flow *flow)
{
	json_t *people = json_object(), *entry;
	const char *name;

	json_object_foreach (flow->recurring, name, entry)
		json_object_update(people,
		    json_object_get(flow->roles,
			json_get_text(entry, "role")));
	return people;
}

static bool
is_for(const struct flow *flow, const struct chat *chat, const json_t *entry)
{
	const char *role = json_get_text(entry, "role");

	return role != NULL &&
	    flow_in_role(flow, role,
		chat->person.id != 0 ? chat->person.id : chat->id);
}

struct effect *
recur_add(const struct flow *flow, const struct chat *chat, const char *name,
    int64_t due_at, struct effects *effects)
{
	const json_t *entry = json_object_get(flow->recurring, name);
	const char *expire = json_get_text(entry, "expire");
	struct effect *task = effects_add(effects, EFFECT_TASK, chat->id);
	int64_t life = LIFE_MS;

	if (expire != NULL)
		(void)clock_parse_span(expire, &life);
	task->text = mem_printf(PREFIX "%s", name);
	task->pointer = mem_printf("/recurring/%s", name);
	task->due_at = due_at;
	task->expire_at = due_at + life;
	task->entries = chat->entries;
	return task;
}

void
recur_plan(const struct flow *flow, const struct chat *chat, int64_t now,
    struct effects *effects)
{
	const char *name;
	json_t *entry;

	json_object_foreach (flow->recurring, name, entry) {
		int64_t due_at = WHEN_NEVER;

		if (is_for(flow, chat, entry))
			due_at = when_due(flow, chat, entry, now);
		if (due_at != WHEN_NEVER)
			(void)recur_add(flow, chat, name, due_at, effects);
	}
}

bool
recur_is(const char *name)
{
	return name != NULL && strncmp(name, PREFIX, strlen(PREFIX)) == 0;
}

bool
recur_holds(const struct flow *flow, const struct chat *chat, const char *name)
{
	return recur_is(name) &&
	    is_for(flow, chat,
		json_object_get(flow->recurring, name + strlen(PREFIX)));
}
