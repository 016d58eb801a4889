/* SPDX-License-Identifier: MIT */
/*
 * Variables: typed, of limited length, never trusted.  A name is that of a
 * variable of the flow or one of the person's: user.id, user.first_name ...
 */
#ifndef LEADPIPE_VARIABLE_H
#define LEADPIPE_VARIABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "bot/chat.h"
#include "bot/checker.h"
#include "bot/flow.h"

#define VARIABLE_NAME_SIZE 64

/* What the flow's variable NAME holds for CHAT: a new reference, NULL when
 * unset.  With DEFAULTS its default stands in. */
json_t *variable_get(const struct flow *flow, const struct chat *chat,
    const char *name, bool defaults);

/* What NAME, also one of the person's, or its default says as text that the
 * caller frees; NULL when unset. */
char *variable_text(const struct flow *flow, const struct chat *chat,
    const char *name);

/* Sets the flow's variable NAME to VALUE (borrowed), made to its type and cut
 * to its length; what has no such form, and null, unsets it.  A phone number
 * is of the region that a question for it names. */
void variable_set(const struct flow *flow, struct chat *chat, const char *name,
    const json_t *value);
void variable_set_text(const struct flow *flow, struct chat *chat,
    const char *name, const char *text);

/* The same for NAME as an action or a handler sets it, which may also be
 * user.lang or user.tz: what is no language of the flow, or no time zone,
 * unsets it. */
void variable_put(const struct flow *flow, struct chat *chat, const char *name,
    const json_t *value);

/* The most characters that VAR holds. */
int64_t variable_length(const json_t *var);

/* True when VALUE is of the type of VAR, a variable as the flow writes it. */
bool variable_fits(const json_t *var, const json_t *value);
bool variable_is_number(const json_t *var);

/* True when the flow's variable NAME can be set to VALUE: "5" fits a number,
 * "five" does not. */
bool variable_takes(const struct flow *flow, const char *name,
    const json_t *value);

/* Unsets those of session scope, but for the keys of SPARED: what came with
 * the input that begins a session belongs to the new one. */
void variable_end_session(const struct flow *flow, struct chat *chat,
    const json_t *spared);

/* Sets the variables that are from the link that began the chat: the whole
 * PAYLOAD, or a part of it (utm_source-vk__ref-42); adds them to TAKEN. */
void variable_take_link(const struct flow *flow, struct chat *chat,
    const char *payload, json_t *taken);

/* Adds a finding unless NAME can be used in a template. */
void variable_check_name(struct check *check, struct json_slice name);

/* True when NAME is never empty as long as nobody sets it so. */
bool variable_says(const struct flow *flow, struct json_slice name);

/* The most characters that NAME can hold. */
size_t variable_max(const struct flow *flow, struct json_slice name);

#endif
