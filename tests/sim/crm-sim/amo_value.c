/* SPDX-License-Identifier: MIT */
/* Values of custom fields, each by the type of its field. */
#include "amo_check.h"
#include "amo_handler.h"
#include "call.h"
#include "sim.h"

#include <string.h>

#define FIELDS_MOST 40

void
check_wrong(json_t *errors, const char *code, const char *path,
    const char *detail)
{
	json_array_append_new(errors,
	    json_pack("{s:s, s:s, s:s}", "code", code, "path", path, "detail",
		detail));
}

static bool
enum_known(const json_t *field, const char *value, int64_t id)
{
	const json_t *known;
	size_t i;

	json_array_foreach (json_object_get(field, "enums"), i, known) {
		const char *text = member_text(known, "value");

		if (id ? member_int(known, "id", 0) == id
		       : value && text && !strcmp(value, text))
			return true;
	}
	return false;
}

static bool
number_like(const char *text)
{
	return text && *text && strspn(text, "0123456789.-") == strlen(text);
}

static void
check_value(const json_t *field, const json_t *item, const char *path,
    json_t *errors)
{
	const json_t *value = json_object_get(item, "value");
	const char *type = member_text(field, "type");
	const char *code = member_text(item, "enum_code");
	const char *text = json_string_value(value);
	char at[240];

	snprintf(at, sizeof(at), "%s.value", path);
	if (!strcmp(type, "select")) {
		if (!enum_known(field, text, member_int(item, "enum_id", 0)))
			check_wrong(errors, "NotSupportedChoice", at,
			    "The value you selected is not a valid choice.");
		return;
	}
	if (!strcmp(type, "numeric") && !json_is_number(value) &&
	    !number_like(text))
		check_wrong(errors, "InvalidType", at,
		    "This value should be of type numeric.");
	else if (!strcmp(type, "checkbox") && !json_is_boolean(value))
		check_wrong(errors, "InvalidType", at,
		    "This value should be of type bool.");
	else if (!strcmp(type, "date") && !json_is_integer(value) && !text)
		check_wrong(errors, "InvalidType", at,
		    "This value should be of type int.");
	else if (strcmp(type, "numeric") && strcmp(type, "checkbox") &&
	    strcmp(type, "date") && !text)
		check_wrong(errors, "InvalidType", at,
		    "This value should be of type string.");
	snprintf(at, sizeof(at), "%s.enum_code", path);
	if (code && strcmp(type, "multitext"))
		check_wrong(errors, "FieldNotExpected", at,
		    "This field was not expected.");
	else if (code && !enum_known(field, code, 0))
		check_wrong(errors, "NotSupportedChoice", at,
		    "The value you selected is not a valid choice.");
}

void
check_fields(const struct call *call, const char *kind, const json_t *item,
    const char *prefix, json_t *errors)
{
	const json_t *all = json_object_get(item, "custom_fields_values");
	const json_t *value, *one, *field, *values;
	char path[160], at[200];
	size_t i, j;

	if (json_array_size(all) > FIELDS_MOST)
		check_wrong(errors, "TooMany", "custom_fields_values",
		    "This collection should contain 40 elements or less.");
	json_array_foreach (all, i, value) {
		snprintf(path, sizeof(path), "%scustom_fields_values.%zu",
		    prefix, i);
		field = amo_field(&call->sim->amo, kind, value);
		values = json_object_get(value, "values");
		if (!field) {
			snprintf(at, sizeof(at), "%s.%s", path,
			    member_text(value, "field_code") ? "field_code"
							     : "field_id");
			check_wrong(errors, "NotSupportedChoice", at,
			    "The value you selected is not a valid choice.");
			continue;
		}
		if (!json_is_array(values)) {
			snprintf(at, sizeof(at), "%s.values", path);
			check_wrong(errors, "InvalidType", at,
			    "This value should be of type array.");
		}
		json_array_foreach (values, j, one) {
			snprintf(at, sizeof(at), "%s.values.%zu", path, j);
			check_value(field, one, at, errors);
		}
	}
}
