/* SPDX-License-Identifier: MIT */
#include "base/lines.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

void
lines_init(struct lines *lines, int fd, size_t max)
{
	*lines = (struct lines){ .fd = fd, .size = max + 2 };
	lines->data = mem_alloc(lines->size);
}

void
lines_release(struct lines *lines)
{
	free(lines->data);
	lines->data = NULL;
}

/* Takes the bytes up to END, which lies behind the line, as a line. */
static enum lines_next
take(struct lines *lines, size_t end, char **line, size_t *len)
{
	size_t from = lines->start;
	bool whole = !lines->skipping;

	lines->start = end + 1 > lines->end ? lines->end : end + 1;
	lines->skipping = false;
	++lines->number;
	if (end > from && lines->data[end - 1] == '\r')
		--end;
	lines->data[end] = '\0';
	*line = lines->data + from;
	*len = end - from;
	return whole ? LINES_LINE : LINES_TOO_LONG;
}

/* Makes room; a line that fills all of it is too long. */
static void
make_room(struct lines *lines)
{
	size_t rest = lines->end - lines->start;

	if (lines->skipping || rest + 1 >= lines->size) {
		lines->skipping = true;
		rest = 0;
	} else if (rest > 0 && lines->start > 0) {
		memmove(lines->data, lines->data + lines->start, rest);
	}
	lines->start = 0;
	lines->end = rest;
}

/* LINES_LINE: something can be read. */
static enum lines_next
await(const struct lines *lines, bool wait, int stop_fd)
{
	struct pollfd fds[2] = { { .fd = lines->fd, .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN } };

	while (poll(fds, 2, wait ? -1 : 0) < 0)
		if (errno != EINTR)
			return LINES_FAILED;
	if (fds[1].revents != 0)
		return LINES_STOPPED;
	return fds[0].revents != 0 ? LINES_LINE : LINES_LATER;
}

enum lines_next
lines_next(struct lines *lines, bool wait, int stop_fd, char **line,
    size_t *len)
{
	for (;;) {
		size_t rest = lines->end - lines->start;
		char *from = lines->data + lines->start;
		char *end = rest > 0 ? memchr(from, '\n', rest) : NULL;
		if (end != NULL)
			return take(lines, (size_t)(end - lines->data), line,
			    len);
		if (lines->over && (rest > 0 || lines->skipping))
			return take(lines, lines->end, line, len);
		if (lines->over)
			return LINES_END;
		make_room(lines);
		enum lines_next ready = await(lines, wait, stop_fd);
		if (ready != LINES_LINE)
			return ready;
		ssize_t got = read(lines->fd, lines->data + lines->end,
		    lines->size - 1 - lines->end);
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return LINES_FAILED;
		lines->over = got == 0;
		if (got > 0) {
			lines->end += (size_t)got;
			lines->bytes += got;
		}
	}
}
