/* SPDX-License-Identifier: MIT */
/*
 * The walk that checks a flow and, as it goes, fills its tables.  Each kind of
 * object is a table of members with the function that checks them; a member
 * without one belongs to the format but is not run by this version.
 */
#ifndef LEADPIPE_CHECKER_H
#define LEADPIPE_CHECKER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/config.h"
#include "bot/flow.h"

struct check {
	struct flow *flow;
	const struct config *config;
	struct findings *findings;
	struct buf path;   /* JSON pointer of what is being looked at */
	const char *key;   /* of the entry of the map being looked at */
	const char *state; /* in which that is written, or NULL */
	int depth;
	json_t *plain;	   /* texts used where tags mean nothing */
	json_t *captions;  /* texts used as captions */
	json_t *cancelled; /* [where, name] of schedules named by `cancel` */
	json_t *labels;	   /* texts of buttons */
	json_t *buttons;   /* [where, id, state or null] that want an `on` */
};

typedef void checker(struct check *check, json_t *value);

struct member {
	const char *name;
	checker *check; /* NULL: not supported by this version */
	bool required;
};

/* Adds a finding at the present path. */
void check_add(struct check *check, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Steps into KEY and, given the length it returned, back out. */
size_t check_enter(struct check *check, const char *key);
void check_leave(struct check *check, size_t len);

/* Checks the object VALUE by its table, the last row of which has no name. */
void check_members(struct check *check, json_t *value,
    const struct member *members);

/* Checks each element of an array, or each value of an object whose keys
 * are of KIND; ELEMENT finds the key in CHECK. */
void check_list(struct check *check, json_t *value, checker *element);
enum name_kind {
	NAME_ANY,
	NAME_IDENT,
	NAME_STATE,
	NAME_TEXT,
	NAME_LANG,
	NAME_ID, /* of a button */
	NAME_COMMAND
};
void check_map(struct check *check, json_t *value, enum name_kind kind,
    checker *element);

/* "unknown WHAT 'NAME'", with a suggestion out of the keys of KNOWN. */
void check_unknown(struct check *check, const char *what, const char *name,
    json_t *known);

/* VALUE as a string that is a name of KIND; NULL and a finding when not. */
const char *check_name(struct check *check, json_t *value,
    enum name_kind kind);
bool name_fits(const char *name, enum name_kind kind);

/* Notes [present path, NAME] in LIST for a question asked after the walk. */
void check_note(struct check *check, json_t *list, const char *name);

/* Checks of values. */
checker check_bool, check_string, check_ident, check_span, check_state,
    check_media_name, check_role, check_lang, check_number, check_anything;

/* Checks of parts, each beside the code that runs the part. */
checker check_text, check_text_plain, check_label;
checker check_flow, check_var_name, check_names, check_guard, check_actions,
    check_buttons, check_reply, check_roles, check_texts, check_on;

/* What can only be said of all states together: buttons that nothing takes,
 * circles that never end. */
void check_reach(struct check *check);

#endif
