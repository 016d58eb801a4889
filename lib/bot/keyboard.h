/* SPDX-License-Identifier: MIT */
/*
 * Buttons under a message (inline) and in place of the keyboard (reply).
 */
#ifndef LEADPIPE_KEYBOARD_H
#define LEADPIPE_KEYBOARD_H

#include <jansson.h>

#include "bot/chat.h"
#include "bot/flow.h"

/* The id of the button that leaves a question unanswered; no button of the flow
 * is called so. */
#define KEYBOARD_SKIP "-"

/* The callback data of the button that unsubscribes, the same in all flows:
 * messages that are years old have it. */
#define KEYBOARD_UNSUBSCRIBE "unsubscribe"

/*
 * *MARKUP is the reply_markup of the send action ACTION for CHAT, a new
 * reference, or NULL when it has none.  STATE is the one that sends: its
 * inline buttons are handled there, wherever the person went meanwhile.
 * OUT_NEVER when an address becomes too long: half of one leads astray.
 */
enum outcome keyboard_markup(const struct flow *flow, const struct chat *chat,
    const json_t *action, const char *state, json_t **markup,
    struct fault *fault) must_check;

/* Splits callback data: returns the id (borrowed) and the name of the state
 * that sent the button, NULL when the flow has none such.  NULL: the data is
 * not ours. */
const char *keyboard_read(const struct flow *flow, const char *data,
    const char **state);

#endif
