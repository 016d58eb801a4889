/* SPDX-License-Identifier: MIT */
#include "bot/split.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"

uint32_t
split_place(const struct chat *chat, const char *name, uint32_t total)
{
	int64_t id = chat->person.id ? chat->person.id : chat->id;
	char *key = mem_printf("%" PRId64 ":%s", id, name);
	uint64_t hash = id_hash(key, strlen(key));

	free(key);
	/* FNV's upper bits hardly depend on the last letters. */
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdULL;
	hash ^= hash >> 33;
	return (uint32_t)((hash >> 32) * total >> 32);
}
