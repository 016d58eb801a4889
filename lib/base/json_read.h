/* SPDX-License-Identifier: MIT */
/*
 * The common case of json_parse(): jansson takes its input byte by byte, which
 * was a tenth of the work of an update.
 */
#ifndef LEADPIPE_JSON_READ_H
#define LEADPIPE_JSON_READ_H

#include "base/json.h"

/*
 * The tree that jansson would make of TEXT when it is well-formed and has no
 * escapes, no fractions and no great depth; else NULL, which says nothing
 * about TEXT: ask jansson.  The caller owns the result.
 */
json_t *json_read(struct json_slice text);

#endif
