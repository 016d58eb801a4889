/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a flow, as compilers say it.
 */
#ifndef LEADPIPE_FINDING_LINE_H
#define LEADPIPE_FINDING_LINE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "bot/flow.h"

/* Appends "FILE:LINE:COLUMN: error: WHERE: TEXT" (what is of no line: without),
 * harmless on any terminal; PATH is that of the flow. */
void finding_line_add(struct buf *out, const char *path,
    const struct finding *finding);

/* The same without "error: " and line end, for a table. */
void finding_text_add(struct buf *out, const char *path,
    const struct finding *finding);

/* Whether it is of the file as a whole: its text names the file then. */
bool finding_is_of_file(const struct finding *finding);

/* The same for programs; the caller owns it. */
json_t *finding_json(const char *path, const struct finding *finding);

#endif
