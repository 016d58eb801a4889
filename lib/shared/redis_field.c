/* SPDX-License-Identifier: MIT */
#include "shared/redis_field.h"

#include <stdio.h>
#include <string.h>

/* Lines of "name:value". */
static bool
find_line(const char *text, const char *name, char value[REDIS_FIELD_SIZE])
{
	size_t len = strlen(name);

	while (text) {
		if (strncmp(text, name, len) == 0 && text[len] == ':') {
			text += len + 1;
			snprintf(value, REDIS_FIELD_SIZE, "%.*s",
			    (int)strcspn(text, "\r\n"), text);
			return true;
		}
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return false;
}

bool
redis_field(const struct redisReply *reply, const char *name,
    char value[REDIS_FIELD_SIZE])
{
	value[0] = '\0';
	if (!reply)
		return false;
	if (reply->type == REDIS_REPLY_STRING)
		return find_line(reply->str, name, value);
	if (reply->type != REDIS_REPLY_ARRAY)
		return false;
	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		const struct redisReply *key = reply->element[i];
		const struct redisReply *text = reply->element[i + 1];

		if (key->type != REDIS_REPLY_STRING ||
		    text->type != REDIS_REPLY_STRING ||
		    strcmp(key->str, name) != 0)
			continue;
		snprintf(value, REDIS_FIELD_SIZE, "%s", text->str);
		return true;
	}
	return false;
}
