/* SPDX-License-Identifier: MIT */
#include "markup.h"
#include "call.h"

#include <string.h>

#define DATA_BYTES 64
#define BUTTONS_MOST 100

static const char *
member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool
url_good(const char *url)
{
	return !strncmp(url, "tg://", 5) ||
	    ((!strncmp(url, "https://", 8) || !strncmp(url, "http://", 7)) &&
		strchr(url, '.'));
}

static bool
inline_button_good(struct call *call, const json_t *button)
{
	const char *data = member(button, "callback_data");
	const char *url = member(button, "url"), *text;

	text = member(button, "text");
	if (!text) {
		call_fail(call, 400,
		    "can't parse inline keyboard button: "
		    "Can't find field \"text\"");
		return false;
	}
	if (json_object_size(button) < 2) {
		call_fail(call, 400,
		    "can't parse inline keyboard button: "
		    "Text buttons are unallowed in the inline keyboard");
		return false;
	}
	if (data && (!data[0] || strlen(data) > DATA_BYTES)) {
		call_fail(call, 400, "BUTTON_DATA_INVALID");
		return false;
	}
	if (url && !url_good(url)) {
		call_fail(call, 400, "BUTTON_URL_INVALID");
		return false;
	}
	return true;
}

static bool
reply_button_good(struct call *call, const json_t *button, int64_t chat_id)
{
	if (json_is_string(button))
		return true;
	if (!member(button, "text")) {
		call_fail(call, 400,
		    "can't parse keyboard button: Can't "
		    "find field \"text\"");
		return false;
	}
	if (chat_id < 0 &&
	    json_is_true(json_object_get(button, "request_contact"))) {
		call_fail(call, 400,
		    "phone number can be requested in "
		    "private chats only");
		return false;
	}
	return true;
}

static bool
rows_good(struct call *call, const json_t *rows, bool inline_rows,
    int64_t chat_id)
{
	const json_t *row, *button;
	size_t i, j, count = 0;

	if (!json_is_array(rows)) {
		call_fail(call, 400,
		    "can't parse %s: Field \"%s\" must be "
		    "of type Array",
		    inline_rows ? "inline keyboard" : "reply keyboard",
		    inline_rows ? "inline_keyboard" : "keyboard");
		return false;
	}
	json_array_foreach (rows, i, row) {
		if (!json_is_array(row)) {
			call_fail(call, 400,
			    "can't parse %s row: expected "
			    "an Array",
			    inline_rows ? "inline keyboard" : "keyboard");
			return false;
		}
		json_array_foreach (row, j, button) {
			count++;
			if (!(inline_rows ? inline_button_good(call, button)
					  : reply_button_good(call, button,
						chat_id)))
				return false;
		}
	}
	if (count > BUTTONS_MOST) {
		call_fail(call, 400, "reply markup is too long");
		return false;
	}
	return true;
}

bool
markup_take(struct call *call, int64_t chat_id, json_t **markup)
{
	bool bad = false;
	const json_t *rows;

	*markup = param_json(call, "reply_markup", &bad);
	if (bad) {
		call_fail(call, 400,
		    "can't parse reply keyboard markup JSON object");
		return false;
	}
	if (!*markup)
		return true;
	if (!json_is_object(*markup)) {
		call_fail(call, 400, "object expected as reply markup");
		return false;
	}
	rows = json_object_get(*markup, "inline_keyboard");
	if (rows)
		return rows_good(call, rows, true, chat_id);
	rows = json_object_get(*markup, "keyboard");
	return !rows || rows_good(call, rows, false, chat_id);
}

const json_t *
markup_button(const json_t *markup, const char *label, const char *data)
{
	const json_t *rows = json_object_get(markup, "inline_keyboard");
	const json_t *row, *button;
	size_t i, j;

	json_array_foreach (rows, i, row) {
		json_array_foreach (row, j, button) {
			const char *text = member(button, "text");
			const char *carried = member(button, "callback_data");

			if (label && text && !strcmp(text, label))
				return button;
			if (data && carried && !strcmp(carried, data))
				return button;
		}
	}
	return NULL;
}

const json_t *
markup_key(const json_t *markup, const char *label)
{
	const json_t *rows = json_object_get(markup, "keyboard");
	const json_t *row, *button;
	size_t i, j;

	json_array_foreach (rows, i, row) {
		json_array_foreach (row, j, button) {
			const char *text = json_is_string(button)
			    ? json_string_value(button)
			    : member(button, "text");

			if (text && !strcmp(text, label))
				return button;
		}
	}
	return NULL;
}
