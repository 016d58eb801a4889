/* SPDX-License-Identifier: MIT */
/*
 * Leads on their way to a CRM as lines: columns for people, NDJSON for
 * programs.
 */
#ifndef LEADPIPE_LEAD_LINE_H
#define LEADPIPE_LEAD_LINE_H

#include <stdbool.h>

#include "base/buf.h"
#include "store/lead_list.h"

/* The names of the columns, with a newline. */
extern const char lead_line_head[];

/* Appends a line: schema, id, state, next (create, search, note), crm,
 * created_at_ms, not_before_ms, tries, name, phone, reason. */
void lead_line_add(struct buf *out, const struct lead_brief *lead, bool json);

#endif
