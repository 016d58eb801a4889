/* SPDX-License-Identifier: MIT */
/*
 * What a lead says to the CRM: plain texts, nothing that is empty.
 */
#include "bot/step_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/variable.h"

/* What TEXT comes to, NULL when that is nothing; the caller frees it. */
static char *
value_of(struct run *run, const char *text)
{
	char *full = run_text(run, text);
	char *trimmed = full ? utf8_trim(full) : NULL;

	free(full);
	if (trimmed != NULL && trimmed[0] != '\0')
		return trimmed;
	free(trimmed);
	return NULL;
}

/* Sets NAME of OBJECT to what TEXT comes to. */
static void
put(struct run *run, json_t *object, const char *name, const char *text)
{
	char *value = value_of(run, text);

	if (value != NULL)
		json_object_set_new(object, name, json_string(value));
	free(value);
}

/* Where the lead goes: "$NAME" is what the configuration says. */
static void
put_place(struct run *run, json_t *object, const char *name, const char *text)
{
	const char *found;

	if (text == NULL || text[0] != '$')
		put(run, object, name, text);
	else if ((found = flow_setting(run->flow, text)) != NULL)
		json_object_set_new(object, name, json_string(found));
}

static void
put_part(json_t *data, const char *name, json_t *part)
{
	if (json_object_size(part) + json_array_size(part) > 0)
		json_object_set(data, name, part);
	json_decref(part);
}

/* "15 000.50" is 15000: a CRM takes whole numbers.  "1,500" is read in two
 * ways, and none is better than a wrong one. */
static void
put_price(struct run *run, json_t *data, const char *text)
{
	char *value = value_of(run, text), *at, *end;
	struct buf digits = BUF_INIT(64);
	long long price;

	for (at = value; at != NULL && *at != '\0'; at++)
		if (strchr("0123456789-+.,", *at) != NULL)
			buf_add_char(&digits, *at);
		else if (strncmp(at, "\xc2\xa0", 2) == 0)
			at++;
		else if (*at != ' ')
			break;
	if (at != NULL && *at == '\0' && digits.len > 0 && !digits.overflow) {
		errno = 0;
		price = strtoll(digits.data, &end, 10);
		if (end != digits.data && errno == 0 &&
		    (*end == '\0' ||
			((*end == '.' || (*end == ',' && strlen(end) != 4)) &&
			    end[1 + strspn(end + 1, "0123456789")] == '\0')))
			json_object_set_new(data, "price",
			    json_integer(price));
	}
	buf_release(&digits);
	free(value);
}

static json_t *
contact_of(struct run *run, const json_t *contact)
{
	static const char *const names[] = { "name", "phone", "email" };
	json_t *result = json_object();
	size_t i;

	for (i = 0; i < 3; i++)
		put(run, result, names[i], json_get_text(contact, names[i]));
	return result;
}

static json_t *
fields_of(struct run *run, const json_t *fields)
{
	json_t *result = json_object(), *value;
	const char *name, *key;

	json_object_foreach ((json_t *)(uintptr_t)fields, name, value) {
		key = name[0] == '$' ? flow_setting(run->flow, name) : name;
		if (key != NULL)
			put(run, result, key, json_string_value(value));
	}
	return result;
}

static json_t *
tags_of(struct run *run, const json_t *tags)
{
	json_t *result = json_array(), *tag;
	size_t i;

	json_array_foreach (tags, i, tag) {
		char *text = value_of(run, json_string_value(tag));

		if (text != NULL)
			json_array_append_new(result, json_string(text));
		free(text);
	}
	return result;
}

/* Where the person came from: the variables that the link filled. */
static json_t *
utm_of(const struct run *run)
{
	json_t *result = json_object(), *var;
	const char *name, *from;

	json_object_foreach (run->flow->vars, name, var) {
		char *text;

		from = json_get_text(var, "from");
		if (from == NULL || strncmp(from, "start.utm_", 10) != 0)
			continue;
		text = variable_text(run->flow, run->chat, name);
		if (text != NULL && text[0] != '\0')
			json_object_set_new(result, from + 6,
			    json_string(text));
		free(text);
	}
	return result;
}

/* A lead without a key would be the same as any other without. */
static void
put_key(struct run *run, json_t *data, const char *text)
{
	char *key = value_of(run, text);

	if (key == NULL)
		key = mem_printf("%" PRId64 "-%" PRId64, run->chat->id,
		    run->chat->entries);
	json_object_set_new(data, "key", json_string(key));
	free(key);
}

void
do_lead(struct run *run, const json_t *action)
{
	static const char *const places[] = { "crm", "pipeline", "status" };
	const json_t *lead = json_object_get(action, "lead");
	json_t *data = json_object();
	size_t i;

	put_key(run, data, json_get_text(lead, "key"));
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		put_place(run, data, places[i],
		    json_get_text(lead, places[i]));
	put(run, data, "title", json_get_text(lead, "name"));
	put(run, data, "note", json_get_text(lead, "note"));
	put_price(run, data, json_get_text(lead, "price"));
	put_part(data, "contact",
	    contact_of(run, json_object_get(lead, "contact")));
	put_part(data, "fields",
	    fields_of(run, json_object_get(lead, "fields")));
	put_part(data, "tags", tags_of(run, json_object_get(lead, "tags")));
	put_part(data, "utm", utm_of(run));
	effects_add(run->effects, EFFECT_LEAD, run->chat->id)->data = data;
	json_object_set_new(run->chat->memory, "lead",
	    json_pack("{sI,sI}", "session", (json_int_t)run->chat->session,
		"entries", (json_int_t)run->chat->entries));
}
