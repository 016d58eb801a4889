/* SPDX-License-Identifier: MIT */
/*
 * Rows of media as one text: "3" or "3,4,5".
 */
#ifndef LEADPIPE_MEDIA_LIST_H
#define LEADPIPE_MEDIA_LIST_H

#include <stdint.h>

#include "store/messages.h"

#define MEDIA_LIST_SIZE (MESSAGE_FILES * 21)

/* TEXT with the COUNT ids, or NULL when there are none. */
const char *media_list_text(const int64_t *ids, int count,
    char text[MEDIA_LIST_SIZE]);

/* How many ids TEXT, which may be NULL, has. */
int media_list_read(const char *text, int64_t ids[MESSAGE_FILES]);

#endif
