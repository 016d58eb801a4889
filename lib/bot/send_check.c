/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <string.h>

#include "base/json.h"
#include "bot/model.h"

#define ALBUM_MIN 2 /* core.telegram.org/bots/api#sendmediagroup */
#define ALBUM_MAX 10

static void
check_keyboard(struct check *check, json_t *value)
{
	static const char *const words[] = { "keep", "remove", NULL };

	if (json_is_array(value))
		check_shape(check,
		    "must be \"keep\" or \"remove\"; the rows of a reply "
		    "keyboard are 'reply'");
	else
		check_word(check, value, words);
}

/* What Telegram puts together in one album: photos with videos, else only
 * files of one kind, and no voice messages or animations. */
static const char *
album_kind(const struct flow *flow, const char *name)
{
	struct flow_media media;

	if (name == NULL || !flow_media(flow, name, &media))
		return NULL;
	return strcmp(media.kind, "photo") == 0 ? "video" : media.kind;
}

static void
album_check(struct check *check, const json_t *names)
{
	const char *first = NULL;
	json_t *name;
	size_t i;

	json_array_foreach (names, i, name) {
		const char *kind =
		    album_kind(check->flow, json_string_value(name));

		if (kind == NULL)
			continue;
		if (strcmp(kind, "voice") == 0 ||
		    strcmp(kind, "animation") == 0 ||
		    (first != NULL && strcmp(kind, first) != 0)) {
			check_add(check,
			    "an album is of photos and videos, or only of "
			    "documents, or only of audio");
			return;
		}
		first = kind;
	}
}

static void
check_send_media(struct check *check, json_t *value)
{
	if (!json_is_array(value)) {
		check_media_name(check, value);
		return;
	}
	check_list(check, value, check_media_name);
	check_count(check, value, ALBUM_MIN, ALBUM_MAX);
	album_check(check, value);
}

static void
caption_note(struct check *check, const json_t *action, const char *member)
{
	const char *text = json_get_text(action, member);

	if (text != NULL && json_object_get(action, "media") != NULL)
		json_object_set_new(check->captions, text, json_true());
}

void
check_send(struct check *check, json_t *action)
{
	static const struct member members[] = {
		{ "send", check_text, true },
		{ "media", check_send_media, false },
		{ "buttons", check_buttons, false },
		{ "reply", check_reply, false },
		{ "keyboard", check_keyboard, false },
		{ "silent", check_bool, false },
		{ "preview", check_bool, false },
		{ "note", check_string, false },
		{ NULL, NULL, false },
	};
	const char *keyboard = json_get_text(action, "keyboard");
	int markups = json_object_get(action, "buttons") != NULL;

	check_members(check, action, members);
	markups += json_object_get(action, "reply") != NULL;
	markups += keyboard != NULL && strcmp(keyboard, "remove") == 0;
	if (markups > 1)
		check_add(check,
		    "a message carries one of 'buttons', "
		    "'reply' and 'keyboard': \"remove\"; send two");
	if (markups > 0 && json_is_array(json_object_get(action, "media")))
		check_add(check,
		    "an album carries no buttons: send a text with them after "
		    "it");
	caption_note(check, action, "send");
}

void
check_notify(struct check *check, json_t *action)
{
	static const struct member members[] = {
		{ "notify", check_role, true },
		{ "text", check_text, true },
		{ "media", check_media_name, false },
		{ "buttons", check_buttons, false },
		{ "lang", check_lang, false },
		{ "silent", check_bool, false },
		{ "note", check_string, false },
		{ NULL, NULL, false },
	};

	check_members(check, action, members);
	caption_note(check, action, "text");
}
