/* SPDX-License-Identifier: MIT */
#include "telegram/album.h"

#include <stdio.h>

#include "telegram/client.h"

const char *
album_name(size_t index, char name[ALBUM_NAME_SIZE])
{
	snprintf(name, ALBUM_NAME_SIZE, "file%u", (unsigned)index % 100);
	return name;
}

bool
album_uploads(const struct telegram_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!files[i].file_id)
			return true;
	return false;
}

static json_t *
item_of(const struct telegram_file *file, size_t index)
{
	char name[ALBUM_NAME_SIZE], place[ALBUM_NAME_SIZE + 16];

	snprintf(place, sizeof(place), "attach://%s", album_name(index, name));
	return json_pack("{s:s, s:s}", "type", file->kind, "media",
	    file->file_id ? file->file_id : place);
}

/* The member KEY of PARAMS becomes that of ITEM. */
static void
move(json_t *params, const char *key, json_t *item)
{
	json_t *value = json_object_get(params, key);

	if (value)
		json_object_set(item, key, value);
	json_object_del(params, key);
}

void
album_fill(json_t *params, const struct telegram_file *files, size_t count)
{
	json_t *media = json_array();
	json_t *spoilers = json_object_get(params, "has_spoiler");
	size_t i;

	for (i = 0; i < count; i++) {
		json_t *item = item_of(&files[i], i);

		if (i == 0) {
			move(params, "caption", item);
			move(params, "parse_mode", item);
		}
		if (json_is_true(json_array_get(spoilers, i)))
			json_object_set_new(item, "has_spoiler", json_true());
		json_array_append_new(media, item);
	}
	json_object_del(params, "has_spoiler");
	json_object_set_new(params, "media", media);
}
