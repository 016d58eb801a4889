/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Makes room for LEN more bytes and the NUL. */
static bool
buf_reserve(struct buf *buf, size_t len)
{
	size_t need, size;

	if (len > buf->max || buf->len > buf->max - len ||
	    buf->max == SIZE_MAX) {
		buf->overflow = true;
		return false;
	}
	need = buf->len + len + 1;
	if (need <= buf->size)
		return true;
	size = buf->size > 0 ? buf->size : 64;
	while (size < need && size <= SIZE_MAX / 2)
		size *= 2;
	if (size > buf->max + 1 || size < need)
		size = buf->max + 1;
	buf->data = mem_array(buf->data, size, 1);
	buf->size = size;
	return true;
}

bool
buf_add(struct buf *buf, const void *data, size_t len)
{
	if (!buf_reserve(buf, len))
		return false;
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return true;
}

bool
buf_add_text(struct buf *buf, const char *text)
{
	return buf_add(buf, text, strlen(text));
}

bool
buf_add_char(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

bool
buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args, again;
	size_t room;
	int len;

	if (!buf_reserve(buf, 0))
		return false;
	va_start(args, fmt);
	va_copy(again, args);
	room = buf->size - buf->len;
	len = vsnprintf(buf->data + buf->len, room, fmt, args);
	va_end(args);
	/* Nothing of a text that does not fit stays behind. */
	if (len < 0 ||
	    ((size_t)len >= room && !buf_reserve(buf, (size_t)len))) {
		buf->overflow = true;
		buf->data[buf->len] = '\0';
		len = -1;
	} else if ((size_t)len >= room) {
		vsnprintf(buf->data + buf->len, buf->size - buf->len, fmt,
		    again);
	}
	va_end(again);
	if (len < 0)
		return false;
	buf->len += (size_t)len;
	return true;
}

void
buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->overflow = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

char *
buf_take(struct buf *buf)
{
	char *data = buf->data != NULL ? buf->data : mem_dup("");

	buf->data = NULL;
	buf->len = buf->size = 0;
	buf->overflow = false;
	return data;
}

void
buf_release(struct buf *buf)
{
	free(buf->data);
	buf->data = NULL;
	buf->len = buf->size = 0;
	buf->overflow = false;
}
