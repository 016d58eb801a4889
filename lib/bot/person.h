/* SPDX-License-Identifier: MIT */
/*
 * What a flow may read of a person.
 */
#ifndef LEADPIPE_PERSON_H
#define LEADPIPE_PERSON_H

#include <stddef.h>

#include "bot/chat.h"

/* A copy of TEXT without control characters and without the marks that turn
 * the direction of what follows (a name must not garble the text around it),
 * of at most MAX characters.  The caller frees it. */
char *person_clean(const char *text, size_t max);

/* The same for a text of any length that may have several lines. */
char *person_clean_lines(const char *text);

/* The person's FIELD ("first_name"), cleaned; NULL when Telegram did not say
 * it.  The caller frees it. */
char *person_text(const struct person *person, const char *field);

/* The most characters FIELD can have, 0: there is no such field. */
size_t person_max(const char *field);

/* The fields, ended by NULL. */
extern const char *const person_fields[];

#endif
