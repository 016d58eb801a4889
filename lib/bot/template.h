/* SPDX-License-Identifier: MIT */
/*
 * Templates: text with {{name}}, {{name|filter}} and {{name|filter:"arg"}}.
 * A value is always escaped for the place that it is written to; there is no
 * way to ask for the raw form.
 */
#ifndef LEADPIPE_TEMPLATE_H
#define LEADPIPE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"
#include "bot/chat.h"
#include "bot/checker.h"
#include "bot/flow.h"

enum place {
	PLACE_HTML, /* Telegram's HTML */
	PLACE_URL,  /* what is not yet encoded is percent-encoded */
	PLACE_PLAIN
};

#define TEMPLATE_FILTERS 4

struct template_slot {
	struct json_slice name;
	struct template_filter {
		struct json_slice name, arg;
	} filters[TEMPLATE_FILTERS];
	size_t count;
};

enum template_part {
	TEMPLATE_END,
	TEMPLATE_LITERAL,
	TEMPLATE_SLOT,
	TEMPLATE_BROKEN /* LITERAL is the rest, which is no template */
};

/* Takes the next part off *AT. */
enum template_part template_next(const char **at, struct json_slice *literal,
    struct template_slot *slot);

/* Appends TEXT to OUT with its slots filled in for CHAT. */
void template_expand(const struct flow *flow, const struct chat *chat,
    const char *text, enum place place, struct buf *out);

/* True when LITERAL, which begins in a tag or not, ends inside of one. */
bool template_in_tag(struct json_slice literal, bool in_tag);

/* Checks syntax, names and filters of TEXT. */
void template_check(struct check *check, const char *text, enum place place);

/* True when SLOT always becomes something: it or its variable has a default
 * that is not empty. */
bool template_slot_says(const struct flow *flow,
    const struct template_slot *slot);

/* The most characters that SLOT can become. */
size_t template_slot_max(const struct flow *flow,
    const struct template_slot *slot);

#endif
