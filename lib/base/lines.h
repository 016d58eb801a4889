/* SPDX-License-Identifier: MIT */
/*
 * Lines of a descriptor, of limited length.  Tells when no whole line is there
 * yet, so that what was read can be dealt with before a slow writer is waited
 * for: it may itself be waiting for our answer.
 */
#ifndef LEADPIPE_LINES_H
#define LEADPIPE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lines {
	int fd;
	char *data;
	size_t start, end, size;
	int64_t number; /* of the last line, from 1 */
	int64_t bytes;	/* read so far */
	bool over, skipping;
};

enum lines_next {
	LINES_LINE,	/* *LINE, NUL-terminated, without its end */
	LINES_TOO_LONG, /* a line over the limit was passed over */
	LINES_LATER,	/* none is there at once (only without WAIT) */
	LINES_STOPPED,	/* STOP_FD became readable */
	LINES_END,
	LINES_FAILED /* errno tells */
};

void lines_init(struct lines *lines, int fd, size_t max);
void lines_release(struct lines *lines);

/* The next line; it is borrowed until the next call and may be changed.  With
 * WAIT blocks until there is one or STOP_FD (-1: none) is readable. */
enum lines_next lines_next(struct lines *lines, bool wait, int stop_fd,
    char **line, size_t *len);

#endif
