/* SPDX-License-Identifier: MIT */
#include "bot/audience.h"

#include <string.h>

#include "base/json.h"
#include "bot/guard.h"
#include "bot/split.h"
#include "bot/text.h"

/* In the language that it would be read in. */
static bool
reads(const struct flow *flow, const struct chat *chat, const json_t *langs)
{
	const char *lang = text_lang(flow, chat);
	json_t *wanted;
	size_t i;

	json_array_foreach (langs, i, wanted)
		if (strcmp(json_string_value(wanted), lang) == 0)
			return true;
	return langs == NULL;
}

static bool
is_in_part(const struct chat *chat, const json_t *part)
{
	uint32_t place;

	if (part == NULL)
		return true;
	place = split_place(chat, json_get_text(part, "name"),
	    (uint32_t)json_get_int(part, "of", 1));
	return place >= json_get_int(part, "from", 0) &&
	    place < json_get_int(part, "to", 0);
}

bool
audience_has(const struct flow *flow, const struct chat *chat,
    const json_t *audience, int64_t seen_at)
{
	return seen_at >= json_get_int(audience, "seen_after", INT64_MIN) &&
	    seen_at < json_get_int(audience, "seen_before", INT64_MAX) &&
	    is_in_part(chat, json_object_get(audience, "part")) &&
	    reads(flow, chat, json_object_get(audience, "lang")) &&
	    guard_holds(flow, chat, json_object_get(audience, "guard"), 0);
}
