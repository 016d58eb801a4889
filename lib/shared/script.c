/* SPDX-License-Identifier: MIT */
#include "shared/script.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

static void
take(struct script_words *words, char *word)
{
	if (words->count == words->size) {
		words->size = words->size ? 2 * words->size : 32;
		words->at = mem_array(words->at, (size_t)words->size,
		    sizeof(*words->at));
	}
	words->at[words->count++] = word;
}

void
script_text(struct script_words *words, const char *text)
{
	take(words, mem_dup(text));
}

void
script_number(struct script_words *words, int64_t number)
{
	take(words, mem_printf("%lld", (long long)number));
}

void
script_key(struct script_words *words, const char *prefix, const char *name)
{
	take(words, mem_printf("%s%s", prefix, name));
}

void
script_call(struct script_words *words, struct redis *redis,
    const struct redis_script *script, int keys)
{
	redis_add_script(redis, script, keys, words->count,
	    (const char *const *)words->at, NULL);
	script_drop(words);
}

void
script_drop(struct script_words *words)
{
	for (int i = 0; i < words->count; i++)
		free(words->at[i]);
	free(words->at);
	*words = (struct script_words){ .count = 0 };
}

const struct redisReply *
script_part(const struct redisReply *reply, size_t index)
{
	if (reply->type != REDIS_REPLY_ARRAY || index >= reply->elements)
		return NULL;
	return reply->element[index];
}

const char *
script_part_text(const struct redisReply *reply, size_t index)
{
	const struct redisReply *part = script_part(reply, index);

	return part != NULL && part->type == REDIS_REPLY_STRING ? part->str
								: NULL;
}

int64_t
script_part_number(const struct redisReply *reply, size_t index,
    int64_t otherwise)
{
	const struct redisReply *part = script_part(reply, index);
	int64_t number;

	if (part != NULL && part->type == REDIS_REPLY_INTEGER)
		return part->integer;
	if (part != NULL && part->type == REDIS_REPLY_STRING &&
	    json_int((struct json_slice){ part->str, (size_t)part->len },
		&number))
		return number;
	return otherwise;
}

bool
script_says(const struct redisReply *reply, const char *word)
{
	const char *first = script_part_text(reply, 0);

	return first != NULL && strcmp(first, word) == 0;
}
