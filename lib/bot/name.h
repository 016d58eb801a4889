/* SPDX-License-Identifier: MIT */
/*
 * How the parts of a flow may be called.
 */
#ifndef LEADPIPE_NAME_H
#define LEADPIPE_NAME_H

#include <stdbool.h>

enum name_kind {
	NAME_ANY,
	NAME_IDENT,
	NAME_STATE,
	NAME_TEXT,
	NAME_LANG,
	NAME_ID, /* of a button, a choice, a tag */
	NAME_COMMAND,
	NAME_SETTING, /* $NAME, in the configuration */
	NAME_REGION,
	NAME_SPAN, /* 5m */
	NAME_CLOCK /* 09:30 */
};

bool name_fits(const char *name, enum name_kind kind);

/* The rule for KIND, for people. */
const char *name_rule(enum name_kind kind);

#endif
