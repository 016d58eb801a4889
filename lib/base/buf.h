/* SPDX-License-Identifier: MIT */
/*
 * A growing byte buffer with a limit that is set when it is made, so that no
 * peer can make us eat the machine's memory.  `data` is NUL-terminated and
 * never NULL after the first append.
 */
#ifndef LEADPIPE_BUF_H
#define LEADPIPE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len, size, max;
	bool overflow; /* something did not fit and was dropped */
};

#define BUF_INIT(limit) \
	{ \
		.max = (limit) \
	}

/* Appends; false (and `overflow`) when the limit would be passed. */
bool buf_add(struct buf *buf, const void *data, size_t len);
bool buf_add_text(struct buf *buf, const char *text);
bool buf_add_char(struct buf *buf, char c);
bool buf_printf(struct buf *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Empties the buffer and keeps its memory. */
void buf_clear(struct buf *buf);

/* Hands the text over to the caller (who frees it) and empties the buffer;
 * an empty buffer yields an empty string. */
char *buf_take(struct buf *buf);

void buf_release(struct buf *buf);

#endif
