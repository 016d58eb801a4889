/* SPDX-License-Identifier: MIT */
#include "bot/pointer.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define POINTER_MAX 4096U
#define POINTER_DEPTH 256

/* Takes the next part, up to a '/', off *AT; the caller frees it. */
static char *
part_take(const char **at)
{
	size_t len = strcspn(*at, "/"), i, put = 0;
	char *part = mem_dup_n(*at, len);

	for (i = 0; i < len; i++, put++) {
		part[put] = part[i];
		if (part[i] != '~' || (part[i + 1] & ~1) != '0')
			continue;
		part[put] = part[++i] == '0' ? '~' : '/';
	}
	part[put] = '\0';
	*at += len;
	return part;
}

static json_t *
child_of(const json_t *value, const char *part)
{
	size_t index;
	char *end;

	if (!json_is_array(value))
		return json_object_get(value, part);
	if (part[0] < '0' || part[0] > '9')
		return NULL;
	index = strtoul(part, &end, 10);
	return *end == '\0' ? json_array_get(value, index) : NULL;
}

json_t *
pointer_find(const json_t *root, const char *pointer)
{
	json_t *value = (json_t *)(uintptr_t)root;

	while (value != NULL && *pointer == '/') {
		char *part;

		pointer++;
		part = part_take(&pointer);
		value = child_of(value, part);
		free(part);
	}
	return *pointer == '\0' ? value : NULL;
}

void
pointer_add(struct buf *pointer, const char *part)
{
	buf_add_char(pointer, '/');
	for (; *part != '\0'; part++) {
		if (*part == '~')
			buf_add_text(pointer, "~0");
		else if (*part == '/')
			buf_add_text(pointer, "~1");
		else
			buf_add_char(pointer, *part);
	}
}

/* PATH leads to VALUE when it was found, else it is as it was. */
static bool
search(struct buf *path, const json_t *from, const json_t *value, int depth)
{
	size_t len = path->len, i;
	char index[24];
	const char *key;
	json_t *child;

	if (from == value)
		return true;
	if (depth == 0)
		return false;
	json_object_foreach ((json_t *)(uintptr_t)from, key, child) {
		pointer_add(path, key);
		if (search(path, child, value, depth - 1))
			return true;
		path->len = len;
	}
	json_array_foreach (from, i, child) {
		snprintf(index, sizeof(index), "%zu", i);
		pointer_add(path, index);
		if (search(path, child, value, depth - 1))
			return true;
		path->len = len;
	}
	return false;
}

char *
pointer_of(const json_t *root, const json_t *value)
{
	struct buf path = BUF_INIT(POINTER_MAX);

	if (value != NULL && search(&path, root, value, POINTER_DEPTH))
		return buf_take(&path);
	buf_release(&path);
	return NULL;
}
