/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include "bot/model.h"

static const struct member media_members[] = {
	{ "video", check_filled, false },
	{ "photo", check_filled, false },
	{ "document", check_filled, false },
	{ "voice", check_filled, false },
	{ "animation", check_filled, false },
	{ "audio", check_filled, false },
	{ "spoiler", check_bool, false },
	{ "note", check_string, false },
	/* put in when the bundle is made */
	{ "digest", check_string, false },
	{ "size", check_number, false },
	{ NULL, NULL, false },
};

static void
check_medium(struct check *check, json_t *value)
{
	int kinds = 0, i;

	check_members(check, value, media_members);
	for (i = 0; media_kinds[i] != NULL; i++)
		kinds += json_object_get(value, media_kinds[i]) != NULL;
	if (json_is_object(value) && kinds != 1)
		check_shape(check,
		    "must have one of video, photo, document, voice, "
		    "animation, audio");
}

void
check_media(struct check *check, json_t *value)
{
	check_map(check, value, NAME_IDENT, check_medium);
}
