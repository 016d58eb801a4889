/* SPDX-License-Identifier: MIT */
/*
 * JSON of strangers.  jansson parses; this file does what it cannot: cut an
 * array into its elements without building a tree (an answer of 4 MiB is then
 * handled one update at a time), and mend the escapes that jansson refuses
 * (lone UTF-16 surrogates, NUL) so that one broken character costs no update.
 */
#ifndef LEADPIPE_JSON_H
#define LEADPIPE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A piece of a JSON text; borrowed from it. */
struct json_slice {
	const char *at;
	size_t len;
};

/*
 * Finds the value of top-level member KEY of the object TEXT, without
 * building it.  False when TEXT is not an object or has no such member.  Of
 * several the last counts, as for jansson.  A value that was cut off goes to
 * the end of TEXT, so that the elements that came can still be used.
 */
bool json_member(struct json_slice text, const char *key,
    struct json_slice *value);

/*
 * Steps through the array TEXT: set *POS to 0 first; true with the next
 * element, false at the end.  *BROKEN (may be NULL) tells whether the array
 * ended as an array should.
 */
bool json_element(struct json_slice text, size_t *pos,
    struct json_slice *element, bool *broken);

/* The slice as a whole number; false when it is none or does not fit. */
bool json_int(struct json_slice text, int64_t *value);

/*
 * Parses the slice with jansson.  Lone surrogate and NUL escapes, and broken
 * UTF-8, are replaced by U+FFFD first when a plain parse fails.  NULL with
 * ERROR filled, as json_error_bare() leaves it, when it still is not JSON.  The
 * caller owns the result.
 */
json_t *json_parse(struct json_slice text, json_error_t *error);

/* Takes out of ERROR's text what was read: it may be a name, and it would be
 * logged. */
void json_error_bare(json_error_t *error);

/* Members with a default; wrong type counts as missing.  Strings are
 * borrowed. */
const char *json_get_text(const json_t *object, const char *key);
int64_t json_get_int(const json_t *object, const char *key, int64_t otherwise);
bool json_get_bool(const json_t *object, const char *key, bool otherwise);

/* TEXT as a value of its own; null when it is NULL or no UTF-8. */
json_t *json_text_or_null(const char *text);

/* The time WALL_MS as clock_text() writes it; null when it is 0. */
json_t *json_time_or_null(int64_t wall_ms);

/* Compact, keys in order, ASCII not forced.  The caller frees it. */
char *json_text(const json_t *value);

/* Appends LINE, whose reference is taken, in that form and ends it. */
void json_line_add(struct buf *out, json_t *line);

#endif
