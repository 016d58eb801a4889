/* SPDX-License-Identifier: MIT */
#include "ops/alert_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* No clock is that wrong, and no peer may make us wait longer. */
#define DAY_MS INT64_C(86400000)

/* A whole number of a struct, and what it is called in the file. */
struct field {
	const char *name;
	size_t offset;
	bool is_past; /* an instant that cannot be still to come */
};

#define FIELD(type, name, is_past) \
	{ \
#name, offsetof(struct type, name), is_past \
	}

static const struct field trouble_fields[] = {
	FIELD(alert_trouble, since, true),
	FIELD(alert_trouble, seen_at, true),
	FIELD(alert_trouble, up_at, true),
	FIELD(alert_trouble, quiet_at, true),
	FIELD(alert_trouble, down_at, true),
	FIELD(alert_trouble, told_at, true),
	FIELD(alert_trouble, eased, false),
};
static const struct field letter_fields[] = {
	FIELD(alert_letter, at, true),
	FIELD(alert_letter, commanded, false),
};
static const struct field chat_fields[] = {
	FIELD(alert_chat, tries, false),
	FIELD(alert_chat, next_at, false),
	FIELD(alert_chat, lost, false),
};
static const struct field state_fields[] = {
	FIELD(alert_state, saves, false),
	FIELD(alert_state, held_worse, false),
	FIELD(alert_state, held_better, false),
	FIELD(alert_state, held_from, true),
	FIELD(alert_state, wait_until, false),
	FIELD(alert_state, ping_at, true),
};

static void
fields_write(json_t *json, const void *of, const struct field *fields,
    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t value;

		memcpy(&value, (const char *)of + fields[i].offset,
		    sizeof(value));
		if (value != 0)
			json_object_set_new(json, fields[i].name,
			    json_integer(value));
	}
}

static int64_t
in_time(int64_t at, int64_t latest)
{
	return at < 0 ? 0 : at > latest ? latest : at;
}

static void
fields_read(const json_t *json, void *of, const struct field *fields,
    size_t count, int64_t now)
{
	for (size_t i = 0; i < count; i++) {
		int64_t value = json_get_int(json, fields[i].name, 0);

		if (fields[i].is_past)
			value = in_time(value, now);
		memcpy((char *)of + fields[i].offset, &value, sizeof(value));
	}
}

struct alert_trouble *
alert_trouble(struct alert_state *state, const char *key)
{
	for (size_t i = 0; i < state->trouble_count; i++)
		if (strcmp(state->troubles[i].key, key) == 0)
			return &state->troubles[i];
	state->troubles = mem_array(state->troubles, state->trouble_count + 1,
	    sizeof(*state->troubles));
	struct alert_trouble *trouble =
	    &state->troubles[state->trouble_count++];
	*trouble = (struct alert_trouble){ .key = mem_dup(key),
		.text = mem_dup(""),
		.remedy = mem_dup("") };
	return trouble;
}

static void
trouble_release(struct alert_trouble *trouble)
{
	free(trouble->key);
	free(trouble->text);
	free(trouble->remedy);
}

void
alert_trouble_drop(struct alert_state *state, size_t index)
{
	trouble_release(&state->troubles[index]);
	memmove(&state->troubles[index], &state->troubles[index + 1],
	    (--state->trouble_count - index) * sizeof(*state->troubles));
}

struct alert_letter *
alert_letter_add(struct alert_state *state, int64_t now, char *text)
{
	state->letters = mem_array(state->letters, state->letter_count + 1,
	    sizeof(*state->letters));
	struct alert_letter *letter = &state->letters[state->letter_count++];
	*letter = (struct alert_letter){ .at = now, .text = text };
	return letter;
}

static void
letter_release(struct alert_letter *letter)
{
	for (size_t i = 0; i < letter->chat_count; i++)
		free(letter->chats[i].id);
	free(letter->chats);
	free(letter->text);
}

void
alert_letter_drop(struct alert_state *state, size_t index)
{
	letter_release(&state->letters[index]);
	memmove(&state->letters[index], &state->letters[index + 1],
	    (--state->letter_count - index) * sizeof(*state->letters));
}

void
alert_chat_add(struct alert_letter *letter, const char *id, size_t len)
{
	letter->chats = mem_array(letter->chats, letter->chat_count + 1,
	    sizeof(*letter->chats));
	letter->chats[letter->chat_count++] =
	    (struct alert_chat){ .id = mem_dup_n(id, len) };
}

void
alert_chat_drop(struct alert_letter *letter, size_t index)
{
	free(letter->chats[index].id);
	memmove(&letter->chats[index], &letter->chats[index + 1],
	    (--letter->chat_count - index) * sizeof(*letter->chats));
}

static enum check_state
state_read(const json_t *json, const char *name)
{
	int64_t state = json_get_int(json, name, CHECK_OK);

	return state > CHECK_OK && state <= CHECK_CRITICAL
	    ? (enum check_state)state
	    : CHECK_OK;
}

static json_t *
trouble_json(const struct alert_trouble *trouble)
{
	json_t *json = json_pack("{s:s, s:i, s:i, s:o, s:o}", "key",
	    trouble->key, "now", trouble->now, "told", trouble->told, "text",
	    json_text_or_null(trouble->text), "remedy",
	    json_text_or_null(trouble->remedy));

	fields_write(json, trouble, trouble_fields, COUNT(trouble_fields));
	return json;
}

static void
trouble_read(struct alert_state *state, const json_t *json, int64_t now)
{
	const char *key = json_get_text(json, "key");
	const char *text = json_get_text(json, "text");
	const char *remedy = json_get_text(json, "remedy");

	if (key == NULL)
		return;
	struct alert_trouble *trouble = alert_trouble(state, key);
	fields_read(json, trouble, trouble_fields, COUNT(trouble_fields), now);
	trouble->now = state_read(json, "now");
	trouble->told = state_read(json, "told");
	free(trouble->text);
	free(trouble->remedy);
	trouble->text = mem_dup(text ? text : "");
	trouble->remedy = mem_dup(remedy ? remedy : "");
}

static json_t *
letter_json(const struct alert_letter *letter)
{
	json_t *chats = json_array();
	json_t *json = json_pack("{s:o, s:b, s:b, s:o}", "text",
	    json_text_or_null(letter->text), "heard", letter->heard, "cried",
	    letter->cried, "chats", chats);

	fields_write(json, letter, letter_fields, COUNT(letter_fields));
	for (size_t i = 0; i < letter->chat_count; i++) {
		const struct alert_chat *chat = &letter->chats[i];
		json_t *one = json_pack("{s:s, s:b}", "id", chat->id,
		    "sending", chat->sending);

		fields_write(one, chat, chat_fields, COUNT(chat_fields));
		json_array_append_new(chats, one);
	}
	return json;
}

static void
letter_read(struct alert_state *state, const json_t *json, int64_t now)
{
	const char *text = json_get_text(json, "text"), *id;
	const json_t *one;
	size_t i;

	if (text == NULL)
		return;
	struct alert_letter *letter =
	    alert_letter_add(state, now, mem_dup(text));
	fields_read(json, letter, letter_fields, COUNT(letter_fields), now);
	letter->heard = json_get_bool(json, "heard", false);
	letter->cried = json_get_bool(json, "cried", false);
	json_array_foreach (json_object_get(json, "chats"), i, one) {
		if ((id = json_get_text(one, "id")) == NULL)
			continue;
		alert_chat_add(letter, id, strlen(id));
		struct alert_chat *chat =
		    &letter->chats[letter->chat_count - 1];
		fields_read(one, chat, chat_fields, COUNT(chat_fields), now);
		chat->sending = json_get_bool(one, "sending", false);
		chat->next_at = in_time(chat->next_at, now + DAY_MS);
	}
}

json_t *
alert_state_json(const struct alert_state *state)
{
	json_t *troubles = json_array(), *letters = json_array();
	json_t *sent = json_array();
	json_t *json = json_pack("{s:i, s:o, s:o, s:o}", "schema", 1,
	    "troubles", troubles, "letters", letters, "sent", sent);

	fields_write(json, state, state_fields, COUNT(state_fields));
	for (size_t i = 0; i < state->trouble_count; i++)
		json_array_append_new(troubles,
		    trouble_json(&state->troubles[i]));
	for (size_t i = 0; i < state->letter_count; i++)
		json_array_append_new(letters,
		    letter_json(&state->letters[i]));
	for (int64_t i = 0; i < state->sent_count; i++)
		json_array_append_new(sent, json_integer(state->sent[i]));
	return json;
}

void
alert_state_read(struct alert_state *state, const json_t *json, int64_t now)
{
	const json_t *one;
	size_t i;

	if (json_get_int(json, "schema", 0) != 1)
		return;
	fields_read(json, state, state_fields, COUNT(state_fields), now);
	state->wait_until = in_time(state->wait_until, now + DAY_MS);
	json_array_foreach (json_object_get(json, "troubles"), i, one)
		trouble_read(state, one, now);
	json_array_foreach (json_object_get(json, "letters"), i, one)
		letter_read(state, one, now);
	json_array_foreach (json_object_get(json, "sent"), i, one)
		if (state->sent_count < ALERTS_AN_HOUR)
			state->sent[state->sent_count++] =
			    in_time(json_integer_value(one), now);
}

void
alert_state_release(struct alert_state *state)
{
	for (size_t i = 0; i < state->trouble_count; i++)
		trouble_release(&state->troubles[i]);
	for (size_t i = 0; i < state->letter_count; i++)
		letter_release(&state->letters[i]);
	free(state->troubles);
	free(state->letters);
	*state = (struct alert_state){ 0 };
}
