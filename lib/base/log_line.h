/* SPDX-License-Identifier: MIT */
/*
 * One line of log, put together without allocating, so that it can also say
 * that memory is out.  Inside lib/base only.
 */
#ifndef LEADPIPE_LOG_LINE_H
#define LEADPIPE_LOG_LINE_H

#include <stddef.h>

struct log_line {
	char text[32768];
	size_t len;
};

/* Appends; what does not fit is dropped. */
void log_line_add(struct log_line *line, const char *text);

/* Appends at most MAX characters of TEXT with control characters, direction
 * marks and broken UTF-8 made harmless; QUOTES and backslashes are escaped
 * too when QUOTED.  Returns what is left of TEXT. */
enum log_quotes { LOG_BARE, LOG_QUOTED };
const char *log_line_escape(struct log_line *line, const char *text,
    size_t max, enum log_quotes quotes);

/* Appends the `key=value` pairs FIELDS as members of a JSON object, each with
 * a comma before it.  FIELDS is cut up on the way. */
void log_line_members(struct log_line *line, char *fields);

/* log_redact() for a text that was cut: an end that may be the beginning of a
 * secret goes too. */
void log_redact_cut(char *text);

#endif
