/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean": the nearest of a list of names.
 */
#ifndef LEADPIPE_SUGGEST_H
#define LEADPIPE_SUGGEST_H

#include <stddef.h>

/* The name in NAMES (COUNT of them) within two edits of WORD, or NULL. */
const char *suggest(const char *word, const char *const *names, size_t count);

#endif
