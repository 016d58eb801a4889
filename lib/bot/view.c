/* SPDX-License-Identifier: MIT */
#include "bot/view.h"

#include <string.h>

#include "base/json.h"
#include "bot/model.h"
#include "bot/step.h"
#include "bot/variable.h"

static void
put_var(json_t *list, const struct flow *flow, const struct chat *chat,
    const char *name, bool pii)
{
	const json_t *var = flow ? json_object_get(flow->vars, name) : NULL;
	bool personal = var == NULL || json_get_bool(var, "pii", false);
	json_t *value = var ? variable_get(flow, chat, name, true)
			    : json_incref(json_object_get(chat->vars, name));
	json_t *entry = json_object();

	if (var == NULL)
		json_object_set_new(entry, "unknown", json_true());
	json_object_set_new(entry, "pii", json_boolean(personal));
	json_object_set_new(entry, "set", json_boolean(value != NULL));
	if (value != NULL && (pii || !personal))
		json_object_set(entry, "value", value);
	json_object_set_new(list, name, entry);
	json_decref(value);
}

json_t *
view_vars(const struct flow *flow, const struct chat *chat, bool pii)
{
	json_t *list = json_object(), *value;
	const char *name;

	if (flow != NULL)
		json_object_foreach (flow->vars, name, value)
			put_var(list, flow, chat, name, pii);
	json_object_foreach (chat->vars, name, value)
		if (json_object_get(list, name) == NULL)
			put_var(list, flow, chat, name, pii);
	return list;
}

json_t *
view_schedule(const struct flow *flow, const struct chat *chat,
    const char *name, const char *pointer, int64_t entries)
{
	const struct schedule *schedule =
	    flow_schedule_named(flow, name, pointer);
	json_t *list, *unless, *cancel_on;

	if (schedule == NULL)
		return NULL;
	list = json_object();
	unless = json_object_get(schedule->action, "unless");
	cancel_on = json_object_get(schedule->action, "cancel_on");
	if (unless != NULL) {
		json_object_set(list, "unless", unless);
		json_object_set_new(list, "unless_holds",
		    json_boolean(step_unless(flow, chat, NULL,
			schedule->pointer, entries)));
	}
	if (cancel_on != NULL)
		json_object_set(list, "cancel_on", cancel_on);
	return list;
}

size_t
view_state_count(const struct flow *flow)
{
	return json_object_size(flow->states);
}

const json_t *
view_funnels(const struct flow *flow)
{
	return json_object_get(flow->root, "stats");
}

const json_t *
view_renamed(const struct flow *flow)
{
	return flow->renamed;
}
