/* SPDX-License-Identifier: MIT */
/*
 * Base64 (RFC 4648): keys and signatures of webhooks, the payload of tokens.
 */
#ifndef LEADPIPE_BASE64_H
#define LEADPIPE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* With padding; the caller frees it. */
char *base64_encode(const void *data, size_t len);

/*
 * Reads TEXT, in the ordinary or the URL-safe alphabet, padded or not, into a
 * fresh *DATA of *LEN bytes and a NUL behind them, which the caller frees.
 * False when TEXT is none.
 */
bool base64_decode(const char *text, size_t text_len, char **data,
    size_t *len);

#endif
