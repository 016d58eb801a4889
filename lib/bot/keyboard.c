/* SPDX-License-Identifier: MIT */
#include "bot/keyboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "bot/checker.h"
#include "bot/guard.h"
#include "bot/model.h"
#include "bot/template.h"
#include "bot/text.h"

/* More is refused or cannot be read on a telephone. */
#define ROWS_MAX 20
#define COLUMNS_MAX 8

static json_t *
inline_button(const struct flow *flow, const struct chat *chat,
    const json_t *button, const char *hash)
{
	const char *id = json_get_text(button, "id");
	struct buf out = BUF_INIT(16U << 10);
	json_t *result = json_object();

	if (id != NULL)
		buf_printf(&out, "%s|%s", hash, id);
	else
		template_expand(flow, chat, json_get_text(button, "url"),
		    PLACE_URL, &out);
	json_object_set_new(result, id ? "callback_data" : "url",
	    json_string(out.data));
	buf_release(&out);
	return result;
}

/* HASH: of the state for inline buttons, NULL for a reply keyboard. */
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
			label = text_label(flow, chat,
			    json_get_text(button, "text"));
			built = hash ? inline_button(flow, chat, button, hash)
				     : json_object();
			json_object_set_new(built, "text",
			    json_string(label ? label : "?"));
			json_array_append_new(line, built);
			free(label);
		}
		if (json_array_size(line) > 0)
			json_array_append(result, line);
		json_decref(line);
	}
	return result;
}

json_t *
keyboard_markup(const struct flow *flow, const struct chat *chat,
    const json_t *action, const char *state)
{
	const json_t *buttons = json_object_get(action, "buttons");
	const json_t *reply = json_object_get(action, "reply");
	const char *keyboard = json_get_text(action, "keyboard");
	char hash[STATE_HASH_SIZE];
	json_t *rows;

	if (keyboard != NULL && strcmp(keyboard, "remove") == 0)
		return json_pack("{sb}", "remove_keyboard", 1);
	if (buttons == NULL && reply == NULL)
		return NULL;
	state_hash(state, hash);
	rows = rows_build(flow, chat, buttons ? buttons : reply,
	    buttons ? hash : NULL);
	if (json_array_size(rows) == 0) {
		json_decref(rows);
		return NULL;
	}
	if (buttons != NULL)
		return json_pack("{so}", "inline_keyboard", rows);
	return json_pack("{so,sb}", "keyboard", rows, "resize_keyboard", 1);
}

const char *
keyboard_read(const struct flow *flow, const char *data, const char **state)
{
	char hash[STATE_HASH_SIZE];
	size_t len = sizeof(hash) - 1;

	*state = NULL;
	if (data == NULL || strspn(data, "0123456789abcdef") < len ||
	    data[len] != '|' || !name_fits(data + len + 1, NAME_ID))
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
		check_note(check, check->buttons, id);
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
		check_add(check,
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
		check_add(check, "has more than %zu", max);
	check_list(check, value, element);
}

static void
check_inline_button(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "text", check_text_plain, true },
		{ "id", check_button_id, false },
		{ "url", check_url, false },
		{ "when", check_guard, false },
		{ NULL, NULL, false },
	};

	check_members(check, value, members);
	if ((json_object_get(value, "id") != NULL) ==
	    (json_object_get(value, "url") != NULL))
		check_add(check, "a button has either an 'id' or a 'url'");
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
label_note(struct check *check, const char *key, const char *id)
{
	json_t *list, *lang;
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
		list = json_object_get(check->flow->labels, trimmed);
		if (list == NULL) {
			list = json_array();
			json_object_set_new(check->flow->labels, trimmed,
			    list);
		}
		free(trimmed);
		json_array_append_new(list,
		    json_pack("[ss?]", id, check->state));
	}
}

static void
check_reply_button(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "text", check_text_plain, true },
		{ "id", check_button_id, true },
		{ "when", check_guard, false },
		{ NULL, NULL, false },
	};
	const char *key = json_get_text(value, "text");
	const char *id = json_get_text(value, "id");

	check_members(check, value, members);
	if (key != NULL && id != NULL)
		label_note(check, key, id);
}

static void
check_reply_row(struct check *check, json_t *value)
{
	check_at_most(check, value, COLUMNS_MAX, check_reply_button);
}

void
check_reply(struct check *check, json_t *value)
{
	check_at_most(check, value, ROWS_MAX, check_reply_row);
}
