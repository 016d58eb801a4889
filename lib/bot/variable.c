/* SPDX-License-Identifier: MIT */
#include "bot/variable.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "base/zone.h"
#include "bot/model.h"
#include "bot/person.h"
#include "bot/text.h"
#include "bot/type.h"
#include "bot/when.h"

/* The person's field a variable is from, or NULL. */
static const char *
field_of(const json_t *var)
{
	const char *from = json_get_text(var, "from");

	return from && strncmp(from, "user.", 5) == 0 ? from + 5 : NULL;
}

static char *
value_text(const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		return mem_dup(json_string_value(value));
	case JSON_INTEGER:
		return mem_printf("%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	case JSON_REAL:
		return mem_printf("%.15g", json_real_value(value));
	case JSON_TRUE:
		return mem_dup("true");
	case JSON_FALSE:
		return mem_dup("false");
	default:
		return NULL;
	}
}

/* What the chat holds under NAME, cut to what VAR allows now. */
static json_t *
stored(const struct chat *chat, const json_t *var, const char *name)
{
	json_t *value = json_object_get(chat->vars, name);
	const char *text = json_string_value(value);

	if (text != NULL && json_string_length(value) > type_length(var))
		return json_stringn(text, utf8_prefix(text, type_length(var)));
	return json_is_null(value) ? NULL : json_incref(value);
}

/* What Telegram says that VAR is from; NULL when it is from nothing, or that
 * is empty. */
static char *
from_person(const struct chat *chat, const json_t *var)
{
	const char *field = field_of(var);
	char *text = field ? person_text(&chat->person, field) : NULL;

	if (text != NULL && text[0] != '\0') {
		text[utf8_prefix(text, type_length(var))] = '\0';
		return text;
	}
	free(text);
	return NULL;
}

char *
variable_text(const struct flow *flow, const struct chat *chat,
    const char *name)
{
	const json_t *var;
	json_t *value;
	char *text;

	if (strcmp(name, "session.id") == 0)
		/* of this person's, for the keys of leads are everybody's */
		return mem_printf("%" PRId64 "-%" PRId64, chat->id,
		    chat->session);
	if (strcmp(name, "user.tz") == 0)
		return mem_dup(when_zone(flow, chat));
	if (strncmp(name, "user.", 5) == 0)
		return person_text(&chat->person, name + 5);
	var = json_object_get(flow->vars, name);
	value = stored(chat, var, name);
	text = value_text(value);
	json_decref(value);
	if (text == NULL)
		text = from_person(chat, var);
	return text ? text : value_text(json_object_get(var, "default"));
}

json_t *
variable_get(const struct flow *flow, const struct chat *chat,
    const char *name, bool defaults)
{
	const json_t *var = json_object_get(flow->vars, name);
	json_t *value = stored(chat, var, name);
	char *text;

	if (value != NULL)
		return value;
	text = from_person(chat, var);
	if (text != NULL)
		value = json_string(text);
	else if (defaults)
		value = json_incref(json_object_get(var, "default"));
	free(text);
	return value;
}

/* That of the first question for the variable NAME; NULL: none says. */
static const char *
region_of(const struct flow *flow, const char *name)
{
	const char *key;
	json_t *state;

	json_object_foreach (flow->states, key, state) {
		const json_t *ask = json_object_get(state, "ask");
		const char *var = json_get_text(ask, "var");
		const char *region = json_get_text(ask, "region");

		if (var != NULL && region != NULL && strcmp(var, name) == 0)
			return region;
	}
	return NULL;
}

bool
variable_is_number(const json_t *var)
{
	const char *type = type_name(var);

	return strcmp(type, "int") == 0 || strcmp(type, "number") == 0;
}

bool
variable_fits(const json_t *var, const json_t *value)
{
	const char *type = type_name(var);

	if (variable_is_number(var))
		return type[0] == 'i' ? json_is_integer(value)
				      : json_is_number(value);
	if (strcmp(type, "bool") == 0)
		return json_is_boolean(value);
	return json_is_string(value);
}

/* VALUE as the variable NAME keeps it, a new reference; NULL when it has no
 * such form. */
static json_t *
take(const struct flow *flow, const char *name, const json_t *value)
{
	const json_t *var = json_object_get(flow->vars, name);
	char *text = value_text(value);
	json_t *taken = NULL;

	if (var != NULL && text != NULL)
		taken = type_read(var, region_of(flow, name), text);
	free(text);
	return taken;
}

bool
variable_takes(const struct flow *flow, const char *name, const json_t *value)
{
	json_t *taken = take(flow, name, value);
	bool takes = taken != NULL;

	json_decref(taken);
	return takes;
}

/* VALUE is taken. */
static void
keep(struct chat *chat, const char *name, json_t *value)
{
	if (value != NULL)
		json_object_set_new(chat->vars, name, value);
	else
		json_object_del(chat->vars, name);
}

void
variable_set_text(const struct flow *flow, struct chat *chat, const char *name,
    const char *text)
{
	const json_t *var = json_object_get(flow->vars, name);

	if (var != NULL)
		keep(chat, name, type_read(var, region_of(flow, name), text));
}

void
variable_set(const struct flow *flow, struct chat *chat, const char *name,
    const json_t *value)
{
	keep(chat, name, take(flow, name, value));
}

static void
replace_text(char **place, const char *text)
{
	free(*place);
	*place = mem_dup(text);
}

void
variable_put(const struct flow *flow, struct chat *chat, const char *name,
    const json_t *value)
{
	const char *text = json_string_value(value);

	if (strcmp(name, "user.lang") == 0)
		replace_text(&chat->lang, text_lang_find(flow, text));
	else if (strcmp(name, "user.tz") == 0)
		replace_text(&chat->tz,
		    text && zone_find(text) != NULL ? text : NULL);
	else
		variable_set(flow, chat, name, value);
}

int64_t
variable_length(const json_t *var)
{
	return (int64_t)type_length(var);
}

void
variable_end_session(const struct flow *flow, struct chat *chat,
    const json_t *spared)
{
	const char *name, *scope;
	json_t *var;

	json_object_foreach (flow->vars, name, var) {
		scope = json_get_text(var, "scope");
		if (scope != NULL && strcmp(scope, "session") == 0 &&
		    json_object_get(spared, name) == NULL)
			json_object_del(chat->vars, name);
	}
}

/* The value of KEY in "key-value__key-value"; the caller frees it. */
static char *
link_part(const char *payload, const char *key)
{
	size_t len = strlen(key);

	while (payload != NULL) {
		const char *end = strstr(payload, "__");
		size_t part = end ? (size_t)(end - payload) : strlen(payload);

		if (part > len && strncmp(payload, key, len) == 0 &&
		    payload[len] == '-')
			return mem_dup_n(payload + len + 1, part - len - 1);
		payload = end ? end + 2 : NULL;
	}
	return NULL;
}

void
variable_take_link(const struct flow *flow, struct chat *chat,
    const char *payload, json_t *taken)
{
	const char *name, *from;
	json_t *var;

	json_object_foreach (flow->vars, name, var) {
		char *part, *clean;

		from = json_get_text(var, "from");
		if (from == NULL || strncmp(from, "start.", 6) != 0)
			continue;
		part = strcmp(from, "start.payload") == 0
		    ? mem_dup(payload)
		    : link_part(payload, from + 6);
		if (part == NULL)
			continue;
		clean = person_clean(part, type_length(var));
		if (clean[0] != '\0') {
			variable_set_text(flow, chat, name, clean);
			json_object_set_new(taken, name, json_true());
		}
		free(clean);
		free(part);
	}
}

void
variable_check_name(struct check *check, struct json_slice name)
{
	char *text = mem_dup_n(name.at, name.len);
	json_t *known;
	size_t i;

	if (strncmp(text, "event.", 6) == 0)
		check_add(check,
		    "unknown variable '%s': what comes with an event goes "
		    "into variables of its names; have '%s' in 'vars' and in "
		    "the event's 'args', and write {{%s}}",
		    text, text + 6, text + 6);
	else if (strcmp(text, "session.id") != 0 &&
	    strcmp(text, "user.tz") != 0 &&
	    (strncmp(text, "user.", 5) != 0 || person_max(text + 5) == 0)) {
		if (json_object_get(check->flow->vars, text) == NULL) {
			known = json_object();
			(void)json_object_update(known, check->flow->vars);
			for (i = 0; person_fields[i] != NULL; i++) {
				char *full =
				    mem_printf("user.%s", person_fields[i]);

				json_object_set_new(known, full, json_true());
				free(full);
			}
			check_unknown(check, "variable", text, known);
			json_decref(known);
		}
	}
	free(text);
}

size_t
variable_max(const struct flow *flow, struct json_slice name)
{
	char *text = mem_dup_n(name.at, name.len);
	const json_t *var = json_object_get(flow->vars, text);
	const char *given;
	size_t max;

	given = json_get_text(var, "default");
	if (strcmp(text, "session.id") == 0 || strcmp(text, "user.tz") == 0)
		max = 41;
	else if (strncmp(text, "user.", 5) == 0)
		max = person_max(text + 5);
	else
		max = type_width(var);
	if (given != NULL && utf8_length(given) > max)
		max = utf8_length(given);
	free(text);
	return max;
}

bool
variable_says(const struct flow *flow, struct json_slice name)
{
	char *text = mem_dup_n(name.at, name.len), *given;
	bool says = strcmp(text, "user.id") == 0 ||
	    strcmp(text, "user.tz") == 0 || strcmp(text, "session.id") == 0;

	given = value_text(
	    json_object_get(json_object_get(flow->vars, text), "default"));
	says = says || (given != NULL && given[0] != '\0');
	free(given);
	free(text);
	return says;
}
