/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a flow, as compilers say it.
 */
#ifndef LEADPIPE_FINDING_LINE_H
#define LEADPIPE_FINDING_LINE_H

#include <jansson.h>

#include "base/buf.h"
#include "bot/flow.h"

/* Appends "FILE:LINE:COLUMN: error: WHERE: TEXT" (what is of no line: without),
 * harmless on any terminal; PATH is that of the flow. */
void finding_line_add(struct buf *out, const char *path,
    const struct finding *finding);

/* The same for programs; the caller owns it. */
json_t *finding_json(const char *path, const struct finding *finding);

#endif
