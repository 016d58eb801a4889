/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "shared/dialog_key.h"

/* What is longer is no name: it would be told to people as one. */
#define STATE_MOST 200

void
dialog_release(struct dialog *dialog)
{
	free(dialog->state);
	json_decref(dialog->data);
	json_decref(dialog->whole);
	json_decref(dialog->read);
	dialog->state = NULL;
	dialog->data = dialog->whole = dialog->read = NULL;
}

/* What programs call the member that has the state. */
static const char *
state_member(const json_t *whole)
{
	return json_object_get(whole, "state") == NULL &&
		json_object_get(whole, "step") != NULL
	    ? "step"
	    : "state";
}

static json_t *
object_of(const char *text, size_t len)
{
	json_error_t error;
	json_t *value = json_parse((struct json_slice){ text, len }, &error);

	if (json_is_object(value))
		return value;
	json_decref(value);
	return NULL;
}

/* The member `data` (in a hash a text) as an object; NULL: there is none. */
static json_t *
data_member(const json_t *whole)
{
	const json_t *member = json_object_get(whole, "data");

	if (json_is_object(member))
		return json_deep_copy(member);
	return json_is_string(member)
	    ? object_of(json_string_value(member), json_string_length(member))
	    : NULL;
}

/* The variables: that member, else all the others. */
static json_t *
data_of(const json_t *whole)
{
	json_t *data = data_member(whole);

	if (data == NULL) {
		data = json_copy((json_t *)(uintptr_t)whole);
		json_object_del(data, state_member(whole));
	}
	return data;
}

static void
digest_fill(struct dialog *dialog)
{
	char *data = json_dumps(dialog->data, JSON_COMPACT | JSON_SORT_KEYS);
	char *text = mem_printf("%s\n%s", dialog->state ? dialog->state : "",
	    data ? data : "");
	char hex[ID_DIGEST_SIZE];

	id_digest(text, strlen(text), hex);
	memcpy(dialog->digest, hex, DIALOG_DIGEST_SIZE - 1);
	dialog->digest[DIALOG_DIGEST_SIZE - 1] = '\0';
	free(data);
	free(text);
}

/* State and data out of the whole. */
static void
take_apart(struct dialog *dialog)
{
	const char *state =
	    json_get_text(dialog->whole, state_member(dialog->whole));

	free(dialog->state);
	json_decref(dialog->data);
	dialog->state = state && *state ? mem_dup(state) : NULL;
	dialog->data = data_of(dialog->whole);
}

static bool
is_text(const struct redisReply *reply)
{
	return reply != NULL && reply->type == REDIS_REPLY_STRING;
}

/* A string in which something follows a NUL is none of ours. */
static bool
is_whole(const struct redisReply *text)
{
	return is_text(text) && strlen(text->str) == (size_t)text->len;
}

static json_t *
hash_of(const struct redisReply *fields)
{
	json_t *whole = json_object();

	for (size_t i = 0; i + 1 < fields->elements; i += 2) {
		const struct redisReply *name = fields->element[i];
		const struct redisReply *value = fields->element[i + 1];

		/* Nor is what is no UTF-8: both calls refuse it. */
		if (is_whole(name) && is_whole(value))
			(void)!json_object_set_new(whole, name->str,
			    json_string(value->str));
	}
	return whole;
}

/* Nothing is read of it, and nothing is written there. */
static void
refuse(struct dialog *dialog, const char *why)
{
	dialog_release(dialog);
	dialog->form = DIALOG_STRANGE;
	if (why != NULL)
		snprintf(dialog->strange, sizeof(dialog->strange), "%s", why);
}

static void
parse_hash(struct dialog *dialog, const struct redisReply *value)
{
	dialog->whole = hash_of(value);
	dialog->read = json_copy(dialog->whole);
	take_apart(dialog);
}

static void
parse_name(struct dialog *dialog, const struct redisReply *value)
{
	if (!is_whole(value) || strlen(value->str) > STATE_MOST)
		refuse(dialog, "no name of a state");
	else if (value->len > 0)
		dialog->state = utf8_clean(value->str, value->len);
}

static void
parse_text(struct dialog *dialog, const struct redisReply *value)
{
	dialog->whole = object_of(value->str, value->len);
	if (dialog->whole == NULL) {
		parse_name(dialog, value);
		return;
	}
	dialog->form = DIALOG_OBJECT;
	take_apart(dialog);
}

static void
parse_pair(struct dialog *dialog, const struct redisReply *value,
    const struct redisReply *data)
{
	if (is_text(value))
		parse_name(dialog, value);
	if (!is_text(data) || data->len == 0 || dialog->form == DIALOG_STRANGE)
		return;
	dialog->data = object_of(data->str, data->len);
	if (dialog->data == NULL)
		refuse(dialog, "data that is no JSON object");
}

void
dialog_parse(struct dialog *dialog, enum dialog_form form,
    const struct redisReply *value, const struct redisReply *data)
{
	dialog->form = form;
	if (form == DIALOG_HASH)
		parse_hash(dialog, value);
	else if (form == DIALOG_TEXT)
		parse_text(dialog, value);
	else if (form == DIALOG_PAIR)
		parse_pair(dialog, value, data);
	else if (form == DIALOG_STRANGE)
		refuse(dialog, NULL);
	if (dialog->state != NULL && strlen(dialog->state) > STATE_MOST)
		refuse(dialog, "no name of a state");
	if (dialog->data == NULL)
		dialog->data = json_object();
	digest_fill(dialog);
}

static json_t *
text_of(const json_t *value)
{
	if (json_is_string(value))
		return json_incref((json_t *)(uintptr_t)value);
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	json_t *string = json_string(text);
	free(text);
	return string;
}

/* Where the variables are kept, MERGED: in `data` when there is such a member,
 * else beside the state. */
static void
put_data(struct dialog *dialog, const json_t *vars)
{
	bool hash = dialog->form == DIALOG_HASH;
	bool is_text = json_is_string(json_object_get(dialog->whole, "data"));
	json_auto_t *data = data_member(dialog->whole);
	const char *name;
	json_t *value;

	if (data != NULL) {
		json_object_update(data, (json_t *)(uintptr_t)vars);
		json_object_set_new(dialog->whole, "data",
		    hash || is_text ? text_of(data) : json_incref(data));
		return;
	}
	json_object_foreach ((json_t *)(uintptr_t)vars, name, value)
		json_object_set_new(dialog->whole, name,
		    hash ? text_of(value) : json_incref(value));
}

/* A new key has the form that most programs of this kind write. */
static void
begin(struct dialog *dialog, const struct dialog_options *options)
{
	dialog->form = *options->data_key ? DIALOG_PAIR : DIALOG_HASH;
	if (dialog->form == DIALOG_HASH)
		dialog->whole = json_object();
}

bool
dialog_change(struct dialog *dialog, const struct dialog_options *options,
    const char *state, const json_t *vars)
{
	char before[DIALOG_DIGEST_SIZE];

	memcpy(before, dialog->digest, sizeof(before));
	if (dialog->form == DIALOG_NONE && state != NULL)
		begin(dialog, options);
	if (dialog->whole != NULL) {
		json_object_set_new(dialog->whole, state_member(dialog->whole),
		    json_text_or_null(state));
		put_data(dialog, vars);
		take_apart(dialog);
	} else {
		free(dialog->state);
		dialog->state = mem_dup(state);
		if (dialog->form == DIALOG_PAIR)
			json_object_update(dialog->data,
			    (json_t *)(uintptr_t)vars);
	}
	digest_fill(dialog);
	return strcmp(before, dialog->digest) != 0;
}

char *
dialog_text(const struct dialog *dialog)
{
	if (dialog->form == DIALOG_TEXT)
		return mem_dup(dialog->state);
	return json_text(
	    dialog->form == DIALOG_PAIR ? dialog->data : dialog->whole);
}
