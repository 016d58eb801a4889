/* SPDX-License-Identifier: MIT */
/*
 * Windows-1251, in which old programs still write Russian.
 */
#ifndef LEADPIPE_CP1251_H
#define LEADPIPE_CP1251_H

#include <stdbool.h>
#include <stddef.h>

/* True when the LEN bytes are no UTF-8 and read as Russian text in 1251: all
 * bytes above ASCII are letters or signs that such texts hold. */
bool cp1251_is_likely(const char *text, size_t len);

/* The same text in UTF-8.  The caller frees it. */
char *cp1251_decode(const char *text, size_t len);

#endif
