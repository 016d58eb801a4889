/* SPDX-License-Identifier: MIT */
/*
 * Text of strangers on a terminal: a name with escape sequences or a turned
 * reading direction must not act there.
 */
#ifndef LEADPIPE_TERMINAL_H
#define LEADPIPE_TERMINAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* How many characters a line of the terminal FD has; 0: it is none. */
int terminal_width(int fd);

/* Appends TEXT on one line, control characters and direction marks written as
 * escapes, at most MAX characters and then "...".  NULL appends nothing. */
void terminal_add(struct buf *out, const char *text, size_t max);

/* Appends "2026-11-20 23:59:59 UTC". */
void terminal_add_time(struct buf *out, int64_t wall_ms);

/* Appends how far AT lies from NOW: "in 4 min", "12 s ago" where the past is
 * called PAST ("ago", "late"). */
void terminal_add_distance(struct buf *out, int64_t at, int64_t now,
    const char *past);

/* Appends what a line of progress says, from its first column on: AT of SIZE
 * (0: not known) as a bar, then "1200 tasks". */
void terminal_add_progress(struct buf *out, int64_t at, int64_t size,
    int64_t count, const char *what);

#endif
