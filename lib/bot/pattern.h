/* SPDX-License-Identifier: MIT */
/*
 * The regular expressions of `regex:` keys: POSIX extended ones over letters,
 * not bytes, whatever the locale, that match a whole message.  What a stranger
 * writes cannot make one take much time or memory.
 */
#ifndef LEADPIPE_PATTERN_H
#define LEADPIPE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* True when EXPRESSION can be used; else ERROR says why not. */
bool pattern_check(const char *expression, char *error, size_t size);

/* True when all of TEXT fits; a text of more than 256 characters never does. */
bool pattern_fits(const char *expression, const char *text);

#endif
