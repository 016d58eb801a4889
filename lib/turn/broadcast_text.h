/* SPDX-License-Identifier: MIT */
/* How a broadcast went, in words. */
#ifndef LEADPIPE_BROADCAST_TEXT_H
#define LEADPIPE_BROADCAST_TEXT_H

#include "base/buf.h"
#include "store/broadcasts.h"

/* Appends the state of BROADCAST and its COUNTS, some lines of plain text. */
void broadcast_text(struct buf *out, const struct broadcast *broadcast,
    const struct broadcast_counts *counts);

/* The same in LANG: Russian for "ru", else English. */
void broadcast_text_in(struct buf *out, const char *lang,
    const struct broadcast *broadcast, const struct broadcast_counts *counts);

#endif
