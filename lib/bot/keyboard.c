/* SPDX-License-Identifier: MIT */
#include "bot/keyboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/check_part.h"
#include "bot/guard.h"
#include "bot/model.h"
#include "bot/template.h"
#include "bot/text.h"

/* More is refused or cannot be read on a telephone. */
#define ROWS_MAX 20
#define COLUMNS_MAX 8

/* Longer addresses are refused by browsers and servers, if not by Telegram. */
#define URL_MAX (8U << 10)

/* NULL when the address does not fit. */
static json_t *
inline_button(const struct flow *flow, const struct chat *chat,
    const json_t *button, const char *hash)
{
	const char *id = json_get_text(button, "id");
	const char *url = json_get_text(button, "url");
	struct buf out = BUF_INIT(URL_MAX);
	json_t *result = NULL;

	if (id != NULL)
		buf_printf(&out, "%s|%s", hash, id);
	else if (url != NULL)
		template_expand(flow, chat, url, PLACE_URL, &out);
	else
		buf_add_text(&out, KEYBOARD_UNSUBSCRIBE);
	if (!out.overflow)
		result =
		    json_pack("{ss}", url ? "url" : "callback_data", out.data);
	buf_release(&out);
	return result;
}

/* A question may ask for the person's own card. */
static json_t *
reply_button(const json_t *button)
{
	json_t *built = json_object();

	if (json_get_bool(button, "contact", false))
		json_object_set_new(built, "request_contact", json_true());
	return built;
}

/* Telegram refuses a message with an empty label; the caller frees it. */
static char *
label_of(const struct flow *flow, const struct chat *chat,
    const json_t *button)
{
	char *label = text_label(flow, chat, json_get_text(button, "text"));
	char *trimmed = label ? utf8_trim(label) : NULL;

	free(label);
	if (trimmed != NULL && trimmed[0] != '\0')
		return trimmed;
	free(trimmed);
	return mem_dup("?");
}

/* HASH: of the state for inline buttons, NULL for a reply keyboard.  NULL when
 * a button cannot be made. */
static json_t *
rows_build(const struct flow *flow, const struct chat *chat,
    const json_t *rows, const char *hash)
{
	json_t *result = json_array(), *row, *button, *built, *line;
	size_t i, j;

	json_array_foreach (rows, i, row) {
		line = json_array();
		json_array_foreach (row, j, button) {
			char *label;

			if (!guard_holds(flow, chat,
				json_object_get(button, "when"), 0))
				continue;
			built = hash ? inline_button(flow, chat, button, hash)
				     : reply_button(button);
			if (built == NULL) {
				json_decref(line);
				json_decref(result);
				return NULL;
			}
			label = label_of(flow, chat, button);
			json_object_set_new(built, "text", json_string(label));
			json_array_append_new(line, built);
			free(label);
		}
		if (json_array_size(line) > 0)
			json_array_append(result, line);
		json_decref(line);
	}
	return result;
}

enum outcome
keyboard_markup(const struct flow *flow, const struct chat *chat,
    const json_t *action, const char *state, json_t **markup,
    struct fault *fault)
{
	const json_t *buttons = json_object_get(action, "buttons");
	const json_t *reply = json_object_get(action, "reply");
	const char *keyboard = json_get_text(action, "keyboard");
	char hash[STATE_HASH_SIZE];
	json_t *rows;

	*markup = NULL;
	if (keyboard != NULL && strcmp(keyboard, "remove") == 0)
		*markup = json_pack("{sb}", "remove_keyboard", 1);
	if (*markup != NULL || (buttons == NULL && reply == NULL))
		return OUT_OK;
	state_hash(state, hash);
	rows = rows_build(flow, chat, buttons ? buttons : reply,
	    buttons ? hash : NULL);
	if (rows == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the address of a button of flow '%s' became longer than "
		    "%u bytes",
		    flow_id(flow), URL_MAX);
	if (json_array_size(rows) == 0)
		json_decref(rows);
	else if (buttons != NULL)
		*markup = json_pack("{so}", "inline_keyboard", rows);
	else
		*markup = json_pack("{so,sb}", "keyboard", rows,
		    "resize_keyboard", 1);
	if (*markup != NULL && buttons == NULL &&
	    json_get_bool(action, "once", false))
		json_object_set_new(*markup, "one_time_keyboard", json_true());
	return OUT_OK;
}

const char *
keyboard_read(const struct flow *flow, const char *data, const char **state)
{
	char hash[STATE_HASH_SIZE];
	size_t len = sizeof(hash) - 1;

	*state = NULL;
	if (data == NULL || strspn(data, "0123456789abcdef") < len ||
	    data[len] != '|' ||
	    (!name_fits(data + len + 1, NAME_ID) &&
		strcmp(data + len + 1, KEYBOARD_SKIP) != 0))
		return NULL;
	memcpy(hash, data, len);
	hash[len] = '\0';
	*state = json_string_value(json_object_get(flow->senders, hash));
	return data + len + 1;
}

static void
check_button_id(struct check *check, json_t *value)
{
	const char *id = check_name(check, value, NAME_ID);

	if (id != NULL)
		json_array_append_new(check->buttons,
		    json_pack("[sss?]", check->path.data, id, check->state));
}

/* Adds USE and the `when` of BUTTON to the list at KEY of TABLE. */
static void
use_add(json_t *table, const char *key, json_t *use, json_t *button)
{
	json_t *list = json_object_get(table, key);
	json_t *when = json_object_get(button, "when");

	if (list == NULL) {
		list = json_array();
		json_object_set_new(table, key, list);
	}
	if (when != NULL)
		json_array_append(use, when);
	json_array_append_new(list, use);
}

static void
press_note(struct check *check, json_t *button)
{
	const char *id = json_get_text(button, "id");

	if (id != NULL)
		use_add(check->flow->presses, id,
		    json_pack("[s?]", check->state), button);
}

static void
check_url(struct check *check, json_t *value)
{
	static const char *const schemes[] = { "https://", "http://",
		"tg://" };
	const char *url = json_string_value(value);
	size_t i;

	for (i = 0; url != NULL && i < 3; i++)
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
			break;
	if (url == NULL || i == 3) {
		check_shape(check,
		    "must be an address that begins with "
		    "https://, http:// or tg://");
		return;
	}
	template_check(check, url, PLACE_URL);
}

static void
check_at_most(struct check *check, json_t *value, size_t max, checker *element)
{
	if (json_array_size(value) > max)
		check_shape(check, "has more than %zu", max);
	check_list(check, value, element);
}

static void
check_inline_button(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "text", check_label, true },
		{ "id", check_button_id, false },
		{ "url", check_url, false },
		{ "unsubscribe", check_true, false },
		{ "when", check_guard, false },
		{ NULL, NULL, false },
	};
	int deeds = json_object_get(value, "id") != NULL;

	check_members(check, value, members);
	deeds += json_object_get(value, "url") != NULL;
	deeds += json_object_get(value, "unsubscribe") != NULL;
	if (deeds != 1)
		check_shape(check,
		    "a button has one of 'id', 'url' and 'unsubscribe'");
	press_note(check, value);
}

static void
check_row(struct check *check, json_t *value)
{
	check_at_most(check, value, COLUMNS_MAX, check_inline_button);
}

void
check_buttons(struct check *check, json_t *value)
{
	check_at_most(check, value, ROWS_MAX, check_row);
}

/* The press of a reply button is a message with its label, in any of the
 * languages: the person may have changed theirs meanwhile. */
static void
label_note(struct check *check, const char *key, const char *id,
    json_t *button)
{
	json_t *lang;
	const char *label;
	char *trimmed;
	size_t i;

	json_array_foreach (check->flow->langs, i, lang) {
		label = text_find(check->flow, json_string_value(lang), key);
		if (label == NULL)
			continue;
		if (strstr(label, "{{") != NULL) {
			check_add(check,
			    "'%s' holds a template: the press of "
			    "this button could not be recognised",
			    key);
			return;
		}
		trimmed = utf8_trim(label);
		use_add(check->flow->labels, trimmed,
		    json_pack("[ss?]", id, check->state), button);
		free(trimmed);
	}
}

static void
check_reply_button(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "text", check_label, true },
		{ "id", check_button_id, true },
		{ "when", check_guard, false },
		{ NULL, NULL, false },
	};
	const char *key = json_get_text(value, "text");
	const char *id = json_get_text(value, "id");

	check_members(check, value, members);
	press_note(check, value);
	if (key != NULL && id != NULL)
		label_note(check, key, id, value);
}

static void
check_reply_row(struct check *check, json_t *value)
{
	check_at_most(check, value, COLUMNS_MAX, check_reply_button);
}

/* Buttons with a `when` may share a label: of those one is shown. */
static void
twins_check(struct check *check, json_t *rows, const char *lang)
{
	json_t *seen = json_object(), *row, *button;
	size_t i, j;

	json_array_foreach (rows, i, row)
		json_array_foreach (row, j, button) {
			const char *key = json_get_text(button, "text");
			const char *label =
			    key ? text_find(check->flow, lang, key) : NULL;

			if (label == NULL ||
			    json_object_get(button, "when") != NULL)
				continue;
			if (json_object_get(seen, label) != NULL)
				check_add(check,
				    "two buttons are called '%s' in '%s': "
				    "their presses could not be told apart",
				    label, lang);
			json_object_set_new(seen, label, json_true());
		}
	json_decref(seen);
}

void
check_reply(struct check *check, json_t *value)
{
	json_t *lang;
	size_t i;

	check_at_most(check, value, ROWS_MAX, check_reply_row);
	json_array_foreach (check->flow->langs, i, lang)
		twins_check(check, value, json_string_value(lang));
}
