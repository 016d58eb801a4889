/* SPDX-License-Identifier: MIT */
#include "bot/guard.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "bot/check_part.h"
#include "bot/model.h"
#include "bot/variable.h"

#define GUARD_DEPTH 16

struct question {
	const struct flow *flow;
	const struct chat *chat;
	int64_t since;
};

static bool holds(const struct question *q, const json_t *guard);

/* A deployment moves people into a state's new name some at a time, and a
 * broadcast may ask for one that an older version had. */
static bool
is_there(const struct question *q, const char *state)
{
	const char *now = flow_state_renamed(q->flow, q->chat->state);
	const char *wanted = flow_state_renamed(q->flow, state);

	return now != NULL && wanted != NULL && strcmp(now, wanted) == 0;
}

static bool
state_holds(const struct question *q, const json_t *value)
{
	size_t i;
	json_t *name;

	if (json_is_string(value))
		return is_there(q, json_string_value(value));
	json_array_foreach (value, i, name)
		if (state_holds(q, name))
			return true;
	return false;
}

static bool
been_holds(const struct question *q, const json_t *value)
{
	json_t *visit =
	    json_object_get(q->chat->visits, json_string_value(value));

	return json_integer_value(json_array_get(visit, 1)) > q->since;
}

static bool
tag_holds(const struct question *q, const json_t *value)
{
	return json_object_get(q->chat->tags, json_string_value(value)) !=
	    NULL;
}

static bool
role_holds(const struct question *q, const json_t *value)
{
	return flow_in_role(q->flow, json_string_value(value),
	    q->chat->person.id);
}

static bool
not_holds(const struct question *q, const json_t *value)
{
	return !holds(q, value);
}

static bool
all_hold(const struct question *q, const json_t *value)
{
	size_t i;
	json_t *part;

	json_array_foreach (value, i, part)
		if (!holds(q, part))
			return false;
	return true;
}

static bool
any_holds(const struct question *q, const json_t *value)
{
	size_t i;
	json_t *part;

	json_array_foreach (value, i, part)
		if (holds(q, part))
			return true;
	return false;
}

static bool
same(const json_t *a, const json_t *b)
{
	if (json_is_integer(a) && json_is_integer(b))
		return json_integer_value(a) == json_integer_value(b);
	if (json_is_number(a) && json_is_number(b))
		return !(json_number_value(a) < json_number_value(b)) &&
		    !(json_number_value(a) > json_number_value(b));
	return json_equal(a, b);
}

static bool
one_of(const json_t *value, const json_t *list)
{
	size_t i;
	json_t *entry;

	json_array_foreach (list, i, entry)
		if (same(value, entry))
			return true;
	return false;
}

static bool
compare(const json_t *value, const char *operator, const json_t * with)
{
	double a = json_number_value(value), b = json_number_value(with);

	if (strcmp(operator, "eq") == 0)
		return same(value, with);
	if (strcmp(operator, "ne") == 0)
		return !same(value, with);
	if (strcmp(operator, "in") == 0)
		return one_of(value, with);
	if (!json_is_number(value))
		return false;
	if (operator[1] == 't')
		return operator[0] == 'l' ? a < b : a> b;
	return operator[0] == 'l' ? a <= b : a >= b;
}

static bool
var_holds(const struct question *q, const json_t *guard)
{
	const char *name = json_get_text(guard, "var");
	const json_t *wanted = json_object_get(guard, "set");
	const char *const operators[] = { "eq", "ne", "lt", "le", "gt", "ge",
		"in" };
	bool result = false;
	json_t *value;
	size_t i;

	value = variable_get(q->flow, q->chat, name, wanted == NULL);
	if (wanted != NULL) {
		result = (value != NULL) == json_is_true(wanted);
	} else {
		for (i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
			const json_t *with =
			    json_object_get(guard, operators[i]);

			if (with != NULL)
				result = compare(value ? value : json_null(),
				    operators[i], with);
		}
	}
	json_decref(value);
	return result;
}

static bool
holds(const struct question *q, const json_t *guard)
{
	static const struct {
		const char *name;
		bool (*holds)(const struct question *, const json_t *);
	} kinds[] = {
		{ "state", state_holds },
		{ "been", been_holds },
		{ "tag", tag_holds },
		{ "role", role_holds },
		{ "not", not_holds },
		{ "all", all_hold },
		{ "any", any_holds },
	};
	const json_t *value;
	size_t i;

	if (json_object_get(guard, "var") != NULL)
		return var_holds(q, guard);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		value = json_object_get(guard, kinds[i].name);
		if (value != NULL)
			return kinds[i].holds(q, value);
	}
	return false;
}

bool
guard_holds(const struct flow *flow, const struct chat *chat,
    const json_t *guard, int64_t since)
{
	struct question question = { flow, chat, since };

	return guard == NULL || holds(&question, guard);
}

static void
check_states(struct check *check, json_t *value)
{
	if (json_is_array(value))
		check_list(check, value, check_state);
	else
		check_state(check, value);
}

static void
check_guards(struct check *check, json_t *value)
{
	if (json_is_array(value) && json_array_size(value) == 0)
		check_shape(check, "must not be empty");
	check_list(check, value, check_guard);
}

static void
check_tag(struct check *check, json_t *value)
{
	(void)check_name(check, value, NAME_ID);
}

static void
check_values(struct check *check, json_t *value)
{
	check_list(check, value, check_anything);
}

static const struct member guard_members[] = {
	{ "state", check_states, false },
	{ "been", check_state, false },
	{ "tag", check_tag, false },
	{ "role", check_role, false },
	{ "var", check_var_name, false },
	{ "not", check_guard, false },
	{ "all", check_guards, false },
	{ "any", check_guards, false },
	{ "eq", check_anything, false },
	{ "ne", check_anything, false },
	{ "lt", check_number, false },
	{ "le", check_number, false },
	{ "gt", check_number, false },
	{ "ge", check_number, false },
	{ "in", check_values, false },
	{ "set", check_bool, false },
	{ NULL, NULL, false },
};

#define QUESTIONS 8 /* so many of them ask; the others are of `var` */

/* One question, or `var` and one operator. */
static bool
is_question(const json_t *guard)
{
	size_t i, asks = 0, compares = 0;
	bool var = json_object_get(guard, "var") != NULL;

	for (i = 0; guard_members[i].name != NULL; i++)
		if (json_object_get(guard, guard_members[i].name) != NULL)
			++*(i < QUESTIONS ? &asks : &compares);
	return asks == 1 && compares == (var ? 1 : 0);
}

static bool
compares_with(const json_t *var, const json_t *value)
{
	return json_is_null(value) || variable_fits(var, value) ||
	    (json_is_number(value) && variable_is_number(var));
}

/* A comparison with what the variable can never hold. */
static void
check_compared(struct check *check, const json_t *guard)
{
	const char *name = json_get_text(guard, "var"), *key;
	json_t *value, *entry;
	size_t i;

	json_object_foreach ((json_t *)(uintptr_t)guard, key, value) {
		const json_t *var = json_object_get(check->flow->vars, name);
		bool fits = true;

		if (strcmp(key, "eq") == 0 || strcmp(key, "ne") == 0)
			fits = compares_with(var, value);
		else if (key[0] == 'l' || key[0] == 'g')
			fits = variable_is_number(var);
		json_array_foreach (value, i, entry)
			fits = fits && compares_with(var, entry);
		if (!fits)
			check_add(check,
			    "'%s' compares '%s' with what is not of its type",
			    key, name);
	}
}

/* Whether all that was found since there were BEFORE findings are names that
 * the flow lacks. */
static bool
is_shaped(const struct check *check, size_t before)
{
	for (; before < check->findings->count; before++)
		if (check->findings->list[before].kind == FINDING_SHAPE)
			return false;
	return true;
}

void
check_guard(struct check *check, json_t *value)
{
	size_t before = check->findings->count;

	if (check->depth >= GUARD_DEPTH) {
		check_add(check, "more than %d levels deep", GUARD_DEPTH);
		return;
	}
	check->depth++;
	check_members(check, value, guard_members);
	check->depth--;
	if (!is_shaped(check, before))
		return;
	if (is_question(value) && json_object_get(value, "var") != NULL &&
	    check->findings->count == before)
		check_compared(check, value);
	else if (!is_question(value))
		check_shape(check,
		    "a guard is one of state, been, tag, role, "
		    "not, all, any, or var with one of eq, ne, lt, le, gt, "
		    "ge, in, set");
}
