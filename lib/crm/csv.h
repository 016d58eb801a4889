/* SPDX-License-Identifier: MIT */
/*
 * Records of a table in text: RFC 4180, and what Excel makes of it.
 */
#ifndef LEADPIPE_CSV_H
#define LEADPIPE_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* The delimiter that parts most in HEADER: ; , or tab. */
char csv_delimiter(const char *header);

/* True when no quote that was opened in RECORD is still open: the record ends
 * at this line. */
bool csv_is_whole(const char *record, char delimiter);

/* Splits RECORD in place into FIELDS, MAX at most, and returns how many there
 * are: a number above MAX means that the rest was left out. */
size_t csv_split(char *record, char delimiter, char **fields, size_t max);

/* Appends TEXT (NULL: nothing) as a field of a record with commas.  What a
 * spreadsheet would run as a formula begins with an apostrophe (OWASP, CSV
 * injection). */
void csv_add(struct buf *out, const char *text);

#endif
