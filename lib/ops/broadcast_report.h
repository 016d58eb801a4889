/* SPDX-License-Identifier: MIT */
/*
 * Broadcasts in lines: a list of them, and each person of one.
 */
#ifndef LEADPIPE_BROADCAST_REPORT_H
#define LEADPIPE_BROADCAST_REPORT_H

#include "base/buf.h"
#include "store/broadcasts.h"

extern const char broadcast_line_head[];

/* Appends a line, for people or as JSON. */
void broadcast_line_add(struct buf *out, const struct broadcast *broadcast,
    const struct broadcast_counts *counts, int64_t now, bool json);

extern const char broadcast_person_head[];

/* Appends a record of CSV (RFC 4180) that no spreadsheet takes for a formula,
 * or a line of JSON. */
void broadcast_person_add(struct buf *out,
    const struct broadcast_person *person, bool json);

#endif
