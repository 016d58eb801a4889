/* SPDX-License-Identifier: MIT */
/*
 * The walk that checks a flow and, as it goes, fills its tables.  Each kind of
 * object is a table of members with the function that checks them.  What the
 * JSON Schema (examples/flow.schema.json) refuses too is said by
 * check_shape(), what only the whole flow shows by check_add().
 */
#ifndef LEADPIPE_CHECKER_H
#define LEADPIPE_CHECKER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/config.h"
#include "bot/flow.h"
#include "bot/name.h"

struct check {
	struct flow *flow;
	const struct config *config;
	struct findings *findings;
	struct buf path;   /* JSON pointer of what is being looked at */
	const char *key;   /* of the entry of the map being looked at */
	const char *state; /* in which that is written, or NULL */
	int depth;
	bool handler;	   /* it is what a handler wrote */
	json_t *plain;	   /* texts used where tags mean nothing */
	json_t *captions;  /* texts used as captions */
	json_t *cancelled; /* [where, name] of schedules named by `cancel` */
	json_t *labels;	   /* texts of buttons */
	json_t *buttons;   /* [where, id, state or null] that want an `on` */
};

typedef void checker(struct check *check, json_t *value);

struct member {
	const char *name;
	checker *check;
	bool required;
};

/* Checks VALUE with CHECKS, from the beginning to what can only be said once
 * all was seen. */
void check_run(struct flow *flow, const struct config *config,
    struct findings *findings, checker *checks, json_t *value);

/* Add a finding at the present path. */
#define CHECK_PRINTF __attribute__((format(printf, 2, 3)))
CHECK_PRINTF void check_add(struct check *check, const char *fmt, ...);
CHECK_PRINTF void check_shape(struct check *check, const char *fmt, ...);
CHECK_PRINTF void check_warn(struct check *check, const char *fmt, ...);

/* The key of KNOWN that WORD was meant to be, or NULL. */
const char *check_nearest(const char *word, json_t *known);

/* "unknown WHAT 'NAME'", with a suggestion out of the keys of KNOWN; WHAT is
 * no part of the format but of this flow. */
void check_unknown(struct check *check, const char *what, const char *name,
    json_t *known);

/* The same of a part of the format. */
void check_stray(struct check *check, const char *what, const char *name,
    json_t *known);

/* Appends ", "-separated keys of KNOWN, five at the most. */
void check_few(struct buf *out, json_t *known);

/* The fault, OUT_NEVER and EXIT_INPUT, of who asks FLOW for a WHAT that it
 * lacks; with a suggestion as above, or all that it has when that is little. */
enum outcome check_lacks(const struct flow *flow, const char *what,
    const char *name, json_t *known, struct fault *fault) must_check;

/* Notes [present path, NAME] in LIST for a question asked after the walk. */
void check_note(struct check *check, json_t *list, const char *name);

/* Steps into KEY and, given the length it returned, back out. */
size_t check_enter(struct check *check, const char *key);
void check_leave(struct check *check, size_t len);

/* Checks the object VALUE by its table, the last row of which has no name. */
void check_members(struct check *check, json_t *value,
    const struct member *members);

/* Checks each element of an array, or each value of an object whose keys
 * are of KIND; ELEMENT finds the key in CHECK. */
void check_list(struct check *check, json_t *value, checker *element);
void check_map(struct check *check, json_t *value, enum name_kind kind,
    checker *element);

/* Says it when VALUE, a list or an object, has less than MIN or more than MAX
 * members. */
void check_count(struct check *check, json_t *value, size_t min, size_t max);

/* Says it when OBJECT has the member NAME without OTHER. */
void check_needs(struct check *check, const json_t *object, const char *name,
    const char *other);

/* VALUE as a string that is a name of KIND; NULL and a finding when not. */
const char *check_name(struct check *check, json_t *value,
    enum name_kind kind);

/* Says it unless VALUE is a whole number from MIN to MAX, or one of WORDS, the
 * last of which is NULL. */
void check_whole(struct check *check, json_t *value, json_int_t min,
    json_int_t max);
void check_word(struct check *check, json_t *value, const char *const *words);

#endif
