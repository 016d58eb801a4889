/* SPDX-License-Identifier: MIT */
/*
 * Types of variables: the form in which each keeps a value, whoever set it.
 */
#ifndef LEADPIPE_TYPE_H
#define LEADPIPE_TYPE_H

#include <jansson.h>
#include <stddef.h>

/* The type of VAR, a variable as the flow writes it; "text" when it has
 * none. */
const char *type_name(const json_t *var);

/* The most characters that VAR holds. */
size_t type_length(const json_t *var);

/* The most that a value of VAR is long when it is shown. */
size_t type_width(const json_t *var);

/*
 * TEXT, which a program or the flow wrote, as VAR keeps it, a new reference:
 * 2026-12-24, +79123456789; a text is cut to its length.  NULL when it has no
 * such form.  REGION is that of a phone number (NULL: RU).
 */
json_t *type_read(const json_t *var, const char *region, const char *text);

/* The same for what people write as a phone number, an e-mail address or a
 * date; NULL for every other type too. */
json_t *type_read_said(const json_t *var, const char *region,
    const char *text);

#endif
