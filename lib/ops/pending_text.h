/* SPDX-License-Identifier: MIT */
/*
 * What waits for a human, as text for people and for programs.
 */
#ifndef LEADPIPE_PENDING_TEXT_H
#define LEADPIPE_PENDING_TEXT_H

#include "base/buf.h"
#include "store/pending.h"

/* An item as it is written: "message:17"; a bare number is a message. */
struct item_name {
	const char *kind; /* a constant */
	int64_t id;
};

/* False when TEXT names none. */
bool item_parse(const char *text, struct item_name *item);

/* The constant that is the kind called TEXT, or NULL. */
const char *item_kind(const char *text);

/* Appends two lines of a table that is WIDTH characters wide (0: as wide as it
 * gets): what it is and why, and what mends it, which is never cut: it is to
 * be copied. */
void pending_row(struct buf *out, const struct pending *row, int width);
void pending_head(struct buf *out, int width);

/* Appends all of it, a member a line. */
void pending_page(struct buf *out, const struct pending *row);

/* Appends one JSON object and a line end. */
void pending_json(struct buf *out, const struct pending *row);

#endif
