/* SPDX-License-Identifier: MIT */
#include "shared/key_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "shared/script.h"

#define KEYS_AT_ONCE "200"
#define KEY_BYTES 1024

static const char *const places[] = { "{user}", "{chat}", "{id}", "{bot}" };
#define PLACES 4
#define PLACE_BOT 3

/* Which place TEMPLATE begins with, PLACES: none. */
static size_t
place_at(const char *template)
{
	size_t i = 0;

	while (
	    i < PLACES && strncmp(template, places[i], strlen(places[i])) != 0)
		i++;
	return i;
}

static char *
pattern_of(const char *template)
{
	struct buf pattern = BUF_INIT(KEY_BYTES);

	while (*template != '\0') {
		size_t place = place_at(template);
		if (place < PLACES) {
			buf_add_char(&pattern, '*');
			template += strlen(places[place]);
			continue;
		}
		if (strchr("*?[]\\^", *template) != NULL)
			buf_add_char(&pattern, '\\');
		buf_add_char(&pattern, *template ++);
	}
	return buf_take(&pattern);
}

static size_t
number_at(const char *key, int64_t *number)
{
	size_t len = (size_t)(key[0] == '-');

	len += strspn(key + len, "0123456789");
	return json_int((struct json_slice){ key, len }, number) ? len : 0;
}

/* Whose KEY is; false when it is not like TEMPLATE. */
static bool
id_of(const char *template, const char *key, int64_t *id)
{
	bool found = false;

	while (*template != '\0') {
		size_t place = place_at(template), len;
		int64_t number;

		if (place == PLACES) {
			if (*template ++ != *key++)
				return false;
			continue;
		}
		len = number_at(key, &number);
		if (len == 0 || (place != PLACE_BOT && found && number != *id))
			return false;
		if (place != PLACE_BOT) {
			*id = number;
			found = true;
		}
		template += strlen(places[place]);
		key += len;
	}
	return found && *key == '\0';
}

void
key_ids_release(struct key_ids *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		free(ids->keys[i]);
	free(ids->keys);
	free(ids->ids);
	*ids = (struct key_ids){ .count = 0 };
}

static void
ids_take(struct key_ids *ids, const char *template,
    const struct redisReply *keys)
{
	ids->keys = mem_array(NULL, keys->elements + 1, sizeof(char *));
	ids->ids = mem_array(NULL, keys->elements + 1, sizeof(int64_t));
	for (size_t i = 0; i < keys->elements; i++)
		if (id_of(template, keys->element[i]->str,
			&ids->ids[ids->count]))
			ids->keys[ids->count++] = mem_dup(
			    keys->element[i]->str);
}

enum outcome
key_scan_step(struct redis *redis, const char *template,
    char cursor[KEY_CURSOR_SIZE], struct key_ids *ids, struct fault *fault)
{
	char *pattern = pattern_of(template);

	*ids = (struct key_ids){ .count = 0 };
	redis_add(redis, "SCAN %s MATCH %s COUNT " KEYS_AT_ONCE, cursor,
	    pattern);
	free(pattern);
	enum outcome out = redis_run(redis, fault);
	if (out != OUT_OK)
		return out;
	const struct redisReply *reply = redis_reply(redis, 0);
	const char *next = script_part_text(reply, 0);
	const struct redisReply *keys = script_part(reply, 1);
	if (next == NULL || strlen(next) >= KEY_CURSOR_SIZE || keys == NULL ||
	    keys->type != REDIS_REPLY_ARRAY)
		return fault_set(fault, OUT_NEVER, EXIT_REFUSED,
		    "redis: SCAN is refused: %s",
		    reply->type == REDIS_REPLY_ERROR ? reply->str
						     : "a strange answer");
	memcpy(cursor, next, strlen(next) + 1);
	ids_take(ids, template, keys);
	return OUT_OK;
}
