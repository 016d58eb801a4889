/* SPDX-License-Identifier: MIT */
/*
 * The few words that stand on an arrow or in a state.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/graph_model.h"
#include "bot/markup.h"
#include "bot/model.h"
#include "bot/person.h"
#include "bot/template.h"
#include "bot/text.h"

#define LABEL_MAX 26

/* TEXT on one line, of at most MAX characters. */
static char *
shorten(const char *text, size_t max)
{
	char *clean = person_clean(text, 4 * max), *cut;
	size_t len = utf8_prefix(clean, max);

	if (clean[len] == '\0')
		return clean;
	cut = mem_printf("%.*s…", (int)utf8_prefix(clean, max - 1), clean);
	free(clean);
	return cut;
}

/* TEXT with each of its slots as an ellipsis. */
static char *
without_slots(const char *text)
{
	struct buf out = BUF_INIT(64U << 10);
	struct template_slot slot;
	struct json_slice literal;
	enum template_part part;

	while (
	    (part = template_next(&text, &literal, &slot)) != TEMPLATE_END) {
		if (part == TEMPLATE_SLOT)
			buf_add_text(&out, "…");
		else
			buf_add(&out, literal.at, literal.len);
		if (part == TEMPLATE_BROKEN)
			break;
	}
	return buf_take(&out);
}

char *
graph_text(const struct flow *flow, const char *key, size_t max)
{
	const char *text = key
	    ? text_find(flow,
		  json_string_value(json_array_get(flow->langs, 0)), key)
	    : NULL;
	char *filled, *plain, *label;

	if (text == NULL)
		return mem_dup(key ? key : "");
	filled = without_slots(text);
	plain = markup_plain(filled);
	label = shorten(plain, max);
	free(plain);
	free(filled);
	return label;
}

/* The text of the button ID somewhere in VALUE, borrowed; NULL: not there. */
static const char *
button_text(const json_t *value, const char *id)
{
	const char *found = NULL, *key, *name = json_get_text(value, "id");
	json_t *child;
	size_t i;

	if (name != NULL && strcmp(name, id) == 0)
		found = json_get_text(value, "text");
	if (json_is_object(value))
		json_object_foreach ((json_t *)(uintptr_t)value, key, child)
			if (found == NULL)
				found = button_text(child, id);
	if (json_is_array(value))
		json_array_foreach (value, i, child)
			if (found == NULL)
				found = button_text(child, id);
	return found;
}

static char *
button_label(const struct flow *flow, const char *state, const char *id)
{
	const char *key = NULL;
	char *text, *label;

	if (state != NULL)
		key = button_text(json_object_get(flow->states, state), id);
	if (key == NULL)
		key = button_text(flow->root, id);
	text = key ? graph_text(flow, key, LABEL_MAX) : shorten(id, LABEL_MAX);
	label = mem_printf("[%s]", text);
	free(text);
	return label;
}

char *
graph_key_label(const struct flow *flow, const char *state, const char *key)
{
	const char *name = strchr(key, ':');
	char *text, *label;

	if (name == NULL)
		return mem_dup(strcmp(key, "any") == 0 ? "anything" : key);
	if (strncmp(key, "button:", 7) == 0)
		return button_label(flow, state, name + 1);
	text = shorten(name + 1, LABEL_MAX);
	if (strncmp(key, "text:", 5) == 0)
		label = mem_printf("“%s”", text);
	else if (strncmp(key, "regex:", 6) == 0)
		label = mem_printf("/%s/", text);
	else
		label = mem_printf("%.*s %s", (int)(name - key), key, text);
	free(text);
	return label;
}

static char *
choices_label(const struct flow *flow, const json_t *choices)
{
	size_t count = json_array_size(choices);
	char *first = graph_text(flow,
	    json_get_text(json_array_get(choices, 0), "text"), LABEL_MAX / 2);
	char *second = graph_text(flow,
	    json_get_text(json_array_get(choices, 1), "text"), LABEL_MAX / 2);
	char *label = count > 2
	    ? mem_printf("[%s] [%s] +%zu", first, second, count - 2)
	    : mem_printf("[%s]%s%s%s", first, count > 1 ? " [" : "", second,
		  count > 1 ? "]" : "");

	free(first);
	free(second);
	return label;
}

char *
graph_ask_label(const struct flow *flow, const json_t *ask)
{
	const json_t *choices = json_object_get(ask, "choices");
	const char *name = json_get_text(ask, "var");

	if (json_array_size(choices) > 0)
		return choices_label(flow, choices);
	return mem_dup(name ? name : "an answer");
}

/* "price < 5", "price set"; what is compared with a list is "price ...". */
static char *
var_label(const json_t *guard, const char *name)
{
	static const char *const signs[][2] = { { "eq", "=" }, { "ne", "≠" },
		{ "lt", "<" }, { "le", "≤" }, { "gt", ">" }, { "ge", "≥" } };

	if (json_object_get(guard, "set") != NULL)
		return mem_printf("%s%s", name,
		    json_get_bool(guard, "set", true) ? " set" : " not set");
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		json_t *value = json_object_get(guard, signs[i][0]);
		char *text, *label;

		if (value == NULL)
			continue;
		text = json_is_string(value)
		    ? shorten(json_string_value(value), LABEL_MAX)
		    : json_dumps(value, JSON_ENCODE_ANY);
		label = mem_printf("%s %s %s", name, signs[i][1], text);
		free(text);
		return label;
	}
	return mem_printf("%s …", name);
}

/* "tag customer", "not been paid"; what has parts is "...". */
char *
graph_guard_label(const json_t *guard)
{
	static const char *const words[] = { "tag", "been", "state", "role" };
	const json_t *negated = json_object_get(guard, "not");
	const char *name = json_get_text(guard, "var");
	char *inner, *label;

	if (negated != NULL) {
		inner = graph_guard_label(negated);
		label = mem_printf("not %s", inner);
		free(inner);
		return label;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (json_get_text(guard, words[i]) != NULL)
			return mem_printf("%s %s", words[i],
			    json_get_text(guard, words[i]));
	return name ? var_label(guard, name) : mem_dup("…");
}

char *
graph_when_label(const json_t *action)
{
	static const char *const keys[] = { "every", "at", "after" };
	const char *offset = json_get_text(action, "offset");

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (json_get_text(action, keys[i]) != NULL)
			return mem_printf("%s %s%s%s", keys[i],
			    json_get_text(action, keys[i]), offset ? " " : "",
			    offset ? offset : "");
	return mem_dup("later");
}
