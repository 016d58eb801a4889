/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "crm/field.h"
#include "crm/intake.h"

/* Objects in objects that may hold fields of a lead. */
#define GROUPS_DEEP 4

static char *value_text(const json_t *value);

/* Several choices of one question; a stranger may send half a million. */
static char *
list_text(const json_t *list)
{
	struct buf text = BUF_INIT(4 * INTAKE_MAX);
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		char *one = json_is_object(item) || json_is_array(item)
		    ? json_text(item)
		    : value_text(item);

		if (one != NULL && text.data != NULL)
			buf_add_text(&text, ", ");
		if (one != NULL)
			buf_add_text(&text, one);
		free(one);
	}
	return text.data;
}

/* A value as text; NULL for one that says nothing.  The caller frees it. */
static char *
value_text(const json_t *value)
{
	if (json_is_string(value))
		return mem_dup(json_string_value(value));
	if (json_is_null(value))
		return NULL;
	return json_is_array(value) ? list_text(value) : json_text(value);
}

static void put_members(struct intake *intake, const json_t *object,
    int groups);

static void
put_custom(struct intake *intake, const json_t *object)
{
	json_t *fields = json_object_get(intake->details, "fields");

	if (fields == NULL) {
		fields = json_object();
		json_object_set_new(intake->details, "fields", fields);
	}
	json_object_update_missing(fields, (json_t *)object);
	intake->filled = true;
}

/* The raw text is built beside, as it came. */
static void
put_member(struct intake *intake, const char *name, const json_t *value,
    int groups)
{
	enum field field = field_find(name);
	const json_t *item;
	char *text;
	size_t i;

	if (json_is_object(value) && field == FIELD_CUSTOM) {
		put_custom(intake, value);
	} else if (json_is_object(value) && field == FIELD_GROUP &&
	    groups > 0) {
		put_members(intake, value, groups - 1);
	} else if (json_is_array(value) &&
	    (field == FIELD_PHONE || field == FIELD_EMAIL)) {
		json_array_foreach (value, i, item)
			if (json_is_string(item))
				put_member(intake, name, item, 0);
	} else {
		text = value_text(value);
		if (text != NULL)
			intake_put(intake, name, text, strlen(text));
		free(text);
	}
}

static void
put_members(struct intake *intake, const json_t *object, int groups)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)object, name, value)
		put_member(intake, name, value, groups);
}

/* A copy in which secrets are not, at whatever depth: as deep as the parser
 * goes, which is 2048. */
static json_t *
without_secrets(const json_t *value)
{
	json_t *copy, *item;
	const char *name;
	size_t i;

	if (json_is_array(value)) {
		copy = json_array();
		json_array_foreach (value, i, item)
			json_array_append_new(copy, without_secrets(item));
		return copy;
	}
	if (!json_is_object(value))
		return json_incref((json_t *)value);
	copy = json_object();
	json_object_foreach ((json_t *)value, name, item) {
		enum field field = field_find(name);
		bool hidden = field == FIELD_SECRET ||
		    field == FIELD_COOKIES || field == FIELD_TILDA_UTM;

		json_object_set_new(copy, name,
		    hidden ? json_string("(not kept)")
			   : without_secrets(item));
	}
	return copy;
}

void
intake_put_json(struct intake *intake, const json_t *object)
{
	put_members(intake, object, GROUPS_DEEP);
	json_decref(intake->raw);
	intake->raw = without_secrets(object);
}
