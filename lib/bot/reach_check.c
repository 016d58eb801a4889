/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "bot/model.h"

static bool
takes(const struct check *check, const char *state, const char *key)
{
	const json_t *on =
	    json_object_get(json_object_get(check->flow->states, state), "on");

	return json_object_get(on, key) != NULL;
}

void
gotos_add(const json_t *value, json_t *states)
{
	const char *target = json_get_text(value, "goto"), *key;
	json_t *child;
	size_t i;

	if (target != NULL)
		json_object_set_new(states, target, json_true());
	json_object_foreach ((json_t *)(uintptr_t)value, key, child)
		gotos_add(child, states);
	json_array_foreach (value, i, child)
		gotos_add(child, states);
}

/* Whether the press of what STATE sends is taken: there, or where the person
 * may have gone from there. */
static bool
is_taken(const struct check *check, const char *state, const char *key)
{
	json_t *reached = json_object(), *value;
	size_t before = 0;
	const char *name;
	bool taken = false;

	json_object_set_new(reached, state, json_true());
	while (before != json_object_size(reached)) {
		json_t *more = json_object();

		before = json_object_size(reached);
		json_object_foreach (reached, name, value) {
			taken = taken || takes(check, name, key);
			gotos_add(json_object_get(check->flow->states, name),
			    more);
		}
		(void)json_object_update(reached, more);
		json_decref(more);
	}
	json_decref(reached);
	return taken;
}

/* A button that no state sends (a command does) may be pressed in any. */
static bool
is_taken_anywhere(const struct check *check, const char *key)
{
	const char *name;
	json_t *state;

	json_object_foreach (check->flow->states, name, state)
		if (takes(check, name, key))
			return true;
	return false;
}

static void
check_button(struct check *check, const json_t *note)
{
	const char *where = json_string_value(json_array_get(note, 0));
	const char *id = json_string_value(json_array_get(note, 1));
	const char *state = json_string_value(json_array_get(note, 2));
	char key[80];

	snprintf(key, sizeof(key), "button:%s", id);
	if (!is_taken_anywhere(check, key))
		findings_add(check->findings, where,
		    "no state has '%s' in its 'on', so this button does "
		    "nothing",
		    key);
	else if (state != NULL && !is_taken(check, state, key))
		findings_add(check->findings, where,
		    "neither '%s' nor a state that it leads to has '%s' in "
		    "its 'on', so this button does nothing",
		    state, key);
}

/* The state that STATE always goes on to, or NULL. */
static const char *
always_next(const struct check *check, const char *state)
{
	json_t *enter =
	    json_object_get(json_object_get(check->flow->states, state),
		"enter");
	const char *target = NULL;
	json_t *action;
	size_t i;

	json_array_foreach (enter, i, action) {
		json_t *inside = json_object();
		bool leaves;

		target = json_get_text(action, "goto");
		if (json_object_get(action, "if") != NULL)
			gotos_add(action, inside);
		leaves = json_object_size(inside) > 0;
		json_decref(inside);
		if (target != NULL || leaves)
			break;
	}
	return target;
}

/* Said once for each circle, of its first state by name. */
static void
check_circle(struct check *check, const char *state)
{
	const char *next = always_next(check, state), *first = next;
	size_t left = json_object_size(check->flow->states), len;

	while (next != NULL && strcmp(next, state) != 0 && left-- > 0) {
		if (strcmp(next, state) < 0)
			return;
		next = always_next(check, next);
	}
	if (next == NULL || strcmp(next, state) != 0)
		return;
	len = check_enter(check, "states");
	(void)check_enter(check, state);
	(void)check_enter(check, "enter");
	check_add(check,
	    "goes to '%s' and from there always back here, without end: put "
	    "a 'goto' of the circle into an 'if'",
	    first);
	check_leave(check, len);
}

void
check_reach(struct check *check)
{
	const char *state;
	json_t *value;
	size_t i;

	json_array_foreach (check->buttons, i, value)
		check_button(check, value);
	json_object_foreach (check->flow->states, state, value)
		check_circle(check, state);
}
