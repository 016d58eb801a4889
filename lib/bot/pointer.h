/* SPDX-License-Identifier: MIT */
/*
 * JSON pointers (RFC 6901): the names of places in a flow, by which what was
 * put off is found again.
 */
#ifndef LEADPIPE_POINTER_H
#define LEADPIPE_POINTER_H

#include <jansson.h>

#include "base/buf.h"

/* What is at POINTER of ROOT; borrowed, NULL when there is nothing. */
json_t *pointer_find(const json_t *root, const char *pointer);

/* Where VALUE itself, not its like, is in ROOT; the caller frees it.  NULL when
 * it is not there.  Searches all of ROOT. */
char *pointer_of(const json_t *root, const json_t *value);

/* Appends "/PART", escaped. */
void pointer_add(struct buf *pointer, const char *part);

#endif
