/* SPDX-License-Identifier: MIT */
#include "spec.h"
#include "call.h"
#include "sim.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_OF "Array of "

struct check {
	struct sim *sim;
	const struct call *call;
	json_t *problems;
};

static bool value_fits(struct check *check, const char *type, json_t *value,
    const char *where);

static void __attribute__((format(printf, 2, 3)))
problem(struct check *check, const char *format, ...)
{
	char line[300];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (!check->problems)
		check->problems = json_array();
	json_array_append_new(check->problems, json_string(line));
}

static bool
number_fits(const json_t *value, bool whole)
{
	const char *text = json_string_value(value);
	char *end;

	if (json_is_integer(value) || (!whole && json_is_real(value)))
		return true;
	if (!text || !text[0])
		return false;
	errno = 0;
	if (whole)
		strtoll(text, &end, 10);
	else
		strtod(text, &end);
	return !*end && !errno;
}

static bool
boolean_fits(const json_t *value)
{
	const char *text = json_string_value(value);

	return json_is_boolean(value) ||
	    (text &&
		(!strcasecmp(text, "true") || !strcasecmp(text, "false")));
}

/* Fields of a method or of a type: unknown, missing, wrong. */
static void
fields_check(struct check *check, const json_t *fields, json_t *object,
    const char *where, bool top)
{
	const char *name;
	json_t *value, *field;
	char path[200];

	json_object_foreach (object, name, value) {
		const json_t *types;
		size_t i;
		bool fits = false;

		snprintf(path, sizeof(path), "%s%s%s", where,
		    *where ? "." : "", name);
		field = json_object_get(fields, name);
		/* a part that an attach:// refers to has a name of its own */
		if (!field && top && call_upload(check->call, name))
			continue;
		if (!field) {
			problem(check, "unknown parameter '%s'", path);
			continue;
		}
		types = json_object_get(field, "types");
		for (i = 0; i < json_array_size(types) && !fits; i++)
			fits = value_fits(check,
			    json_string_value(json_array_get(types, i)), value,
			    path);
		if (!fits)
			problem(check, "wrong type of '%s'", path);
	}
	json_object_foreach ((json_t *)(uintptr_t)fields, name, field) {
		if (!json_is_true(json_object_get(field, "required")) ||
		    json_object_get(object, name) ||
		    (top && call_upload(check->call, name)))
			continue;
		problem(check, "missing required '%s%s%s'", where,
		    *where ? "." : "", name);
	}
}

/* An object fits one of several types when a field of it says so: all its
 * required fields are there. */
static bool
object_like(const json_t *fields, const json_t *object)
{
	const char *name;
	json_t *field;

	json_object_foreach ((json_t *)(uintptr_t)fields, name, field)
		if (json_is_true(json_object_get(field, "required")) &&
		    !json_object_get(object, name))
			return false;
	return true;
}

static bool
object_fits(struct check *check, const char *type, json_t *value,
    const char *where)
{
	const json_t *types = json_object_get(check->sim->spec, "types");
	const json_t *known = json_object_get(types, type);
	const json_t *fields = json_object_get(known, "fields");
	const json_t *subtypes = json_object_get(known, "subtypes");
	size_t i;

	if (!known)
		return json_is_object(value);
	for (i = 0; i < json_array_size(subtypes); i++)
		if (object_fits(check,
			json_string_value(json_array_get(subtypes, i)), value,
			where))
			return true;
	if (subtypes || !json_is_object(value) || !object_like(fields, value))
		return false;
	fields_check(check, fields, value, where, false);
	return true;
}

static bool
array_fits(struct check *check, const char *type, json_t *value,
    const char *where)
{
	char path[200];
	json_t *item;
	size_t i;

	if (!json_is_array(value))
		return false;
	json_array_foreach (value, i, item) {
		snprintf(path, sizeof(path), "%s[%zu]", where, i);
		if (!value_fits(check, type, item, path))
			return false;
	}
	return true;
}

static bool
value_fits(struct check *check, const char *type, json_t *value,
    const char *where)
{
	json_t *parsed = NULL;
	bool fits;

	if (!strcmp(type, "Integer"))
		return number_fits(value, true);
	if (!strcmp(type, "Float"))
		return number_fits(value, false);
	if (!strcmp(type, "String") || !strcmp(type, "InputFile"))
		return json_is_string(value);
	if (!strcmp(type, "Boolean") || !strcmp(type, "True"))
		return boolean_fits(value);
	/* in a form, objects are strings of JSON */
	if (json_is_string(value) && !strchr(where, '.') &&
	    !strchr(where, '['))
		value = parsed = json_loads(json_string_value(value), 0, NULL);
	if (!strncmp(type, ARRAY_OF, strlen(ARRAY_OF)))
		fits =
		    array_fits(check, type + strlen(ARRAY_OF), value, where);
	else
		fits = value && object_fits(check, type, value, where);
	json_decref(parsed);
	return fits;
}

json_t *
spec_check(struct sim *sim, const struct call *call)
{
	struct check check = { sim, call, NULL };
	const json_t *methods = json_object_get(sim->spec, "methods");
	const json_t *method = json_object_get(methods, call->path);

	if (!method)
		problem(&check, "method '%s' is not in the specification",
		    call->path);
	else
		fields_check(&check, json_object_get(method, "fields"),
		    call->params, "", true);
	return check.problems;
}

void
spec_count(struct sim *sim, const json_t *problems)
{
	sim->problems += (int64_t)json_array_size(problems);
}
