/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <string.h>

#include "base/json.h"
#include "bot/model.h"
#include "bot/person.h"
#include "bot/type.h"
#include "bot/variable.h"

#define VAR_MAX 4096

static void
check_type(struct check *check, json_t *value)
{
	static const char *const types[] = { "text", "int", "number", "bool",
		"phone", "email", "date", NULL };

	check_word(check, value, types);
}

static void
check_max(struct check *check, json_t *value)
{
	check_whole(check, value, 1, VAR_MAX);
}

static void
check_from(struct check *check, json_t *value)
{
	const char *from = json_string_value(value);

	if (from != NULL && strncmp(from, "start.", 6) == 0 &&
	    name_fits(from + 6, NAME_IDENT))
		return;
	if (from == NULL || strncmp(from, "user.", 5) != 0 ||
	    strcmp(from, "user.tz") == 0 || person_max(from + 5) == 0)
		check_shape(check,
		    "must be start.payload, start.NAME (a key of the "
		    "payload) or one of user.id, user.first_name, "
		    "user.last_name, user.full_name, user.username, "
		    "user.lang");
}

static void
check_scope(struct check *check, json_t *value)
{
	static const char *const scopes[] = { "user", "session", NULL };

	check_word(check, value, scopes);
}

/* What is there from the first is in the form that all else is brought to. */
static void
default_check(struct check *check, const json_t *var, const json_t *given)
{
	json_t *kept;

	if (given == NULL || json_is_null(given))
		return;
	kept = json_is_string(given)
	    ? type_read(var, NULL, json_string_value(given))
	    : NULL;
	if (!variable_fits(var, given) ||
	    (json_is_string(given) && kept == NULL))
		check_add(check, "'default' is not of type '%s'",
		    type_name(var));
	else if (kept != NULL && strcmp(type_name(var), "text") != 0 &&
	    !json_equal(kept, given))
		check_add(check, "'default' is kept as '%s': write it so",
		    json_string_value(kept));
	json_decref(kept);
}

static void
check_var(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "type", check_type, false },
		{ "max", check_max, false },
		{ "default", check_anything, false },
		{ "from", check_from, false },
		{ "pii", check_bool, false },
		{ "scope", check_scope, false },
		{ "note", check_string, false },
		{ NULL, NULL, false },
	};
	size_t before = check->findings->count;

	check_members(check, value, members);
	if (check->findings->count == before)
		default_check(check, value, json_object_get(value, "default"));
}

void
check_vars(struct check *check, json_t *value)
{
	check_map(check, value, NAME_IDENT, check_var);
}
