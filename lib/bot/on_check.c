/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <string.h>

#include "base/utf8.h"
#include "bot/model.h"
#include "bot/pattern.h"

#define TEXT_LETTERS 64
#define REGEX_LETTERS 200

static bool
is_line(const char *text, size_t most)
{
	return text[0] != '\0' && strchr(text, '\n') == NULL &&
	    utf8_length(text) <= most;
}

static void
on_key_check(struct check *check, const char *key)
{
	static const char *const plain[] = { "contact", "photo", "voice",
		"video", "document", "location", "audio", "animation",
		"sticker", "any" };
	const char *name = strchr(key, ':');
	char error[160];
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (strcmp(plain[i], key) == 0)
			return;
	if (name != NULL && strncmp(key, "button:", 7) == 0 &&
	    name_fits(name + 1, NAME_ID))
		return;
	if (name != NULL && strncmp(key, "event:", 6) == 0 &&
	    name_fits(name + 1, NAME_IDENT))
		json_object_set_new(check->flow->signals, name + 1,
		    json_true());
	else if (strncmp(key, "regex:", 6) == 0 &&
	    is_line(name + 1, REGEX_LETTERS)) {
		if (!pattern_check(name + 1, error, sizeof(error)))
			check_add(check, "%s", error);
	} else if (strncmp(key, "text:", 5) != 0 ||
	    !is_line(name + 1, TEXT_LETTERS))
		check_shape(check,
		    "'%s' is none of button:ID, text:..., "
		    "regex:..., event:NAME, contact, photo, voice, video, "
		    "document, location, audio, animation, sticker, any; a "
		    "text is one line of at most 64 characters, a regex of "
		    "200",
		    key);
}

static void
check_taker(struct check *check, json_t *value)
{
	on_key_check(check, check->key);
	check_actions(check, value);
}

void
check_on(struct check *check, json_t *value)
{
	check_map(check, value, NAME_ANY, check_taker);
}
