/* SPDX-License-Identifier: MIT */
/*
 * The words of a transcript's lines, and what they stand for.
 */
#ifndef LEADPIPE_TRANSCRIPT_LINE_H
#define LEADPIPE_TRANSCRIPT_LINE_H

#include <jansson.h>
#include <stdbool.h>

/* What MESSAGE says as a line of a transcript; the caller frees it. */
char *message_line(const json_t *message);

/* True when PATTERN stands for all of TEXT. */
bool pattern_stands_for(const char *pattern, const char *text);

/* True when the expected line PATTERN is MESSAGE. */
bool pattern_is_message(const char *pattern, const json_t *message);

/*
 * Reads the next word off *AT: KEY=VALUE, KEY="VALUE" (with \" for a quote) or
 * a bare KEY (*VALUE is then NULL).  False at the end.  The caller frees both.
 */
bool word_next(const char **at, char **key, char **value);

#endif
