/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 that comes from strangers.
 */
#ifndef LEADPIPE_UTF8_H
#define LEADPIPE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when the LEN bytes are well-formed UTF-8 (RFC 3629: no surrogates, no
 * overlong forms). */
bool utf8_valid(const char *text, size_t len);

/* Reads one code point and moves *TEXT on; a broken byte yields U+FFFD and
 * moves one byte.  Returns 0 at the NUL. */
uint32_t utf8_next(const char **text);

/* Writes CODE_POINT into OUT (4 bytes are enough), returns the length. */
size_t utf8_put(char out[4], uint32_t code_point);

/* Number of code points; Telegram's limits (4096, 1024) count these. */
size_t utf8_length(const char *text);

/* Bytes of the longest prefix of at most MAX code points. */
size_t utf8_prefix(const char *text, size_t max);

/* Bytes of the longest prefix of at most MAX bytes that ends at a whole
 * character. */
size_t utf8_prefix_bytes(const char *text, size_t max);

/* A copy in which broken bytes became U+FFFD and control characters other
 * than \n and \t were dropped.  The caller frees it. */
char *utf8_clean(const char *text, size_t len);

/* A lower-case copy for comparing (Latin, Latin-1, Greek, Cyrillic; Ё folds to
 * ё), the same in every locale.  The caller frees it. */
char *utf8_fold(const char *text);

/* A copy without leading and trailing white space (also U+00A0).  The caller
 * frees it. */
char *utf8_trim(const char *text);

#endif
