/* SPDX-License-Identifier: MIT */
/*
 * What a person answers to a question, read as what the question wants.
 */
#ifndef LEADPIPE_ANSWER_H
#define LEADPIPE_ANSWER_H

#include <jansson.h>
#include <stdbool.h>

#include "bot/chat.h"
#include "bot/flow.h"

/* Each returns the value to be kept, a new reference, or NULL for what is no
 * answer to the question ASK: TEXT, a telephone number of a card. */
json_t *answer_text(const struct flow *flow, const struct chat *chat,
    const json_t *ask, const char *text);
json_t *answer_phone(const json_t *ask, const char *phone);

/* True when LABEL is the text KEY in any language of the flow, as a person
 * would type it. */
bool answer_is(const struct flow *flow, const char *key, const char *label);

/* The choice ID of ASK, if CHAT is offered it; else NULL. */
const json_t *answer_choice(const struct flow *flow, const struct chat *chat,
    const json_t *ask, const char *id);

#endif
