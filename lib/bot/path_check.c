/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "bot/model.h"

/* Which of a state's ways out are looked at. */
enum ways {
	WAYS_ALL,
	WAYS_SURE /* but those of inline buttons: Telegram forgets a press
		     after 150 s, and we may be down for longer */
};

static void
next_add(const json_t *next, json_t *states)
{
	json_t *branch;
	size_t i;

	if (json_is_string(next))
		json_object_set_new(states, json_string_value(next),
		    json_true());
	json_array_foreach (next, i, branch)
		next_add(json_object_get(branch, "to"), states);
}

/* A button that is shown in place of the keyboard too is pressed by text. */
static bool
is_inline(const struct check *check, const char *id)
{
	const char *label;
	json_t *uses, *use;
	size_t i;

	json_object_foreach (check->flow->labels, label, uses)
		json_array_foreach (uses, i, use) {
			json_t *other = json_array_get(use, 0);

			if (json_is_string(other) &&
			    strcmp(json_string_value(other), id) == 0)
				return false;
		}
	return true;
}

static bool
is_sure(const struct check *check, const char *key)
{
	return strncmp(key, "button:", 7) != 0 || !is_inline(check, key + 7);
}

static void
part_add(const struct check *check, const json_t *part, enum ways ways,
    json_t *states)
{
	const char *key;
	json_t *value, *on = json_object_get(part, "on");
	json_t *rest = json_copy((json_t *)(uintptr_t)part);

	json_object_foreach (on, key, value)
		if (ways == WAYS_ALL || is_sure(check, key))
			gotos_add(value, states);
	json_object_del(rest, "on");
	gotos_add(rest, states);
	next_add(json_object_get(rest, "then"), states);
	json_decref(rest);
}

static void
ways_add(const struct check *check, const char *state, enum ways ways,
    json_t *states)
{
	const json_t *group = flow_group_of(check->flow, state);

	part_add(check, json_object_get(check->flow->states, state), ways,
	    states);
	if (group != NULL)
		part_add(check, group, ways, states);
}

/* Adds all states that can be reached from those in REACHED. */
static void
reach(const struct check *check, enum ways ways, json_t *reached)
{
	size_t before = 0;
	const char *name;
	json_t *value;

	while (before != json_object_size(reached)) {
		json_t *more = json_object();

		before = json_object_size(reached);
		json_object_foreach (reached, name, value)
			ways_add(check, name, ways, more);
		(void)json_object_update(reached, more);
		json_decref(more);
	}
}

/* What can be reached by everybody: from the start, by commands, by events. */
static json_t *
reach_all(const struct check *check, enum ways ways)
{
	const struct flow *flow = check->flow;
	const json_t *const roots[] = { flow->commands, flow->events,
		flow->recurring, flow->fallback };
	const char *start = json_get_text(flow->root, "start");
	json_t *reached = json_object();
	size_t i;

	if (start != NULL)
		json_object_set_new(reached, start, json_true());
	for (i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		gotos_add(roots[i], reached);
	reach(check, ways, reached);
	return reached;
}

/* True when the actions in VALUE make a lead, or send a link of this very
 * person: to a payment, most likely. */
static bool
makes_lead(const json_t *value)
{
	const char *key, *url = json_get_text(value, "url");
	json_t *child;
	size_t i;

	if (json_is_object(json_object_get(value, "lead")) ||
	    (url != NULL && strstr(url, "{{") != NULL))
		return true;
	json_object_foreach ((json_t *)(uintptr_t)value, key, child)
		if (makes_lead(child))
			return true;
	json_array_foreach (value, i, child)
		if (makes_lead(child))
			return true;
	return false;
}

/* The first state behind ACTIONS, not in SURE, that makes a lead; "" when they
 * make it themselves, NULL when there is none. */
static const char *
lead_behind(const struct check *check, const json_t *actions,
    const json_t *sure)
{
	json_t *reached = json_object(), *value;
	const char *name, *found = makes_lead(actions) ? "" : NULL;

	gotos_add(actions, reached);
	reach(check, WAYS_ALL, reached);
	json_object_foreach (reached, name, value) {
		json_t *state = json_object_get(check->flow->states, name);

		if (found == NULL && json_object_get(sure, name) == NULL &&
		    makes_lead(state))
			found = json_object_iter_key(
			    json_object_iter_at(check->flow->states, name));
	}
	json_decref(reached);
	return found;
}

static void
buttons_check(struct check *check, const char *state, const json_t *sure)
{
	json_t *on =
	    json_object_get(json_object_get(check->flow->states, state), "on");
	const char *key, *lead;
	json_t *actions;

	json_object_foreach (on, key, actions) {
		size_t len;

		if (is_sure(check, key))
			continue;
		lead = lead_behind(check, actions, sure);
		if (lead == NULL)
			continue;
		len = check_enter(check, key);
		check_warn(check,
		    "the lead or payment %s%s%shangs on an inline button "
		    "alone, whose press Telegram forgets after 150 s: make it "
		    "a 'reply' button, or take a text too",
		    lead[0] ? "of '" : "", lead, lead[0] ? "' " : "");
		check_leave(check, len);
	}
}

static bool
is_answered(const struct check *check, const char *state, const json_t *value)
{
	static const char *const answers[] = { "on", "ask", "fallback",
		"after", "ttl" };
	const json_t *group = flow_group_of(check->flow, state);
	size_t i;

	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (json_object_get(value, answers[i]) != NULL ||
		    json_object_get(group, answers[i]) != NULL)
			return true;
	return json_array_size(check->flow->fallback) > 0;
}

static void
end_check(struct check *check, const char *state, const json_t *value)
{
	json_t *ways = json_object();

	ways_add(check, state, WAYS_ALL, ways);
	if (json_object_size(ways) == 0 && !is_answered(check, state, value) &&
	    !json_get_bool(value, "final", false))
		check_warn(check,
		    "a dead end: whatever is written here is not answered; "
		    "give it 'on' or a 'fallback', or say \"final\": true");
	json_decref(ways);
}

void
check_paths(struct check *check)
{
	json_t *all = reach_all(check, WAYS_ALL);
	json_t *sure = reach_all(check, WAYS_SURE), *value;
	const char *state;
	size_t len = check_enter(check, "states"), inner;

	json_object_foreach (check->flow->states, state, value) {
		inner = check_enter(check, state);
		if (json_object_get(all, state) == NULL)
			check_warn(check,
			    "nothing leads to this state, unless a handler "
			    "does: go there or remove it");
		else
			end_check(check, state, value);
		if (json_object_get(sure, state) != NULL) {
			(void)check_enter(check, "on");
			buttons_check(check, state, sure);
		}
		check_leave(check, inner);
	}
	check_leave(check, len);
	json_decref(all);
	json_decref(sure);
}
