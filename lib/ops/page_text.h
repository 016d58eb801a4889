/* SPDX-License-Identifier: MIT */
/*
 * Text on the status page: whatever comes from data is escaped here.
 */
#ifndef LEADPIPE_PAGE_TEXT_H
#define LEADPIPE_PAGE_TEXT_H

#include "base/buf.h"
#include "ops/status.h"

/* Appends TEXT, escaped, without what status_clean() takes out. */
void page_add_text(struct buf *out, const char *text);

/* The same; what stands between single quotes is a command. */
void page_add_remedy(struct buf *out, const char *text);

/* Appends AT as the reader's clock shows it: "21 Nov, 14:02"; on the day of
 * NOW without the day. */
void page_add_time(struct buf *out, const struct status *status, int64_t at);

/* "14:02", or with SECONDS "14:02:07". */
void page_add_clock(struct buf *out, const struct status *status, int64_t at,
    bool seconds);

/* "21 Nov" of the day with that NUMBER. */
void page_add_day(struct buf *out, int64_t number);

/* Appends a span: "340 ms", "3 s", "2 h 10 min". */
void page_add_span(struct buf *out, double ms);

/* Appends a whole number in groups of three: "12,345". */
void page_add_number(struct buf *out, int64_t number);

/* What a state is called in classes ("ok", "warn") and for people. */
const char *page_state_class(enum check_state state);
const char *page_state_word(enum check_state state);

/* A mark for STATE whose shape says as much as its colour. */
void page_add_mark(struct buf *out, enum check_state state);

/* What a component is called for people; KEY may go on behind its name. */
const char *page_component(const char *key);

#endif
