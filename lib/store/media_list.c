/* SPDX-License-Identifier: MIT */
#include "store/media_list.h"

#include <stdio.h>
#include <stdlib.h>

const char *
media_list_text(const int64_t *ids, int count, char text[MEDIA_LIST_SIZE])
{
	size_t len = 0;

	for (int i = 0; i < count; i++)
		len += (size_t)sprintf(text + len, "%s%lld", i > 0 ? "," : "",
		    (long long)ids[i]);
	return count > 0 ? text : NULL;
}

int
media_list_read(const char *text, int64_t ids[MESSAGE_FILES])
{
	int count = 0;

	while (text != NULL && *text != '\0' && count < MESSAGE_FILES) {
		char *end;
		ids[count++] = strtoll(text, &end, 10);
		text = *end == ',' ? end + 1 : NULL;
	}
	return count;
}
