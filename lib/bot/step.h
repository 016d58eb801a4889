/* SPDX-License-Identifier: MIT */
/*
 * The flow engine: one input of one chat becomes a changed chat and a list of
 * effects.  It is pure: no SQL, no network, no clock, no randomness; the same
 * input in the same state at the same instant always has the same effects, so
 * a flow runs alike in a test with a virtual clock and at night.
 *
 * Routing: a text is a command, else the label of a reply button, else what
 * `on` of the chat's state takes, else `fallback` of the state or the flow.  A
 * press goes to `on` of the chat's state, else of the state that sent the
 * button, if the chat ever was there and the button's `when` holds.  An event
 * goes to `on` of the state, else to the flow's events.  In a group only
 * commands and presses are for the bot.
 */
#ifndef LEADPIPE_STEP_H
#define LEADPIPE_STEP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "bot/chat.h"
#include "bot/effect.h"
#include "bot/flow.h"

enum input_kind {
	INPUT_TEXT,	/* text: also commands and reply-keyboard buttons */
	INPUT_BUTTON,	/* text: callback data, not to be trusted */
	INPUT_CONTACT,	/* text: phone; user_id: whose card it is */
	INPUT_MEDIA,	/* text: photo, voice, video, document, location */
	INPUT_EVENT,	/* text: event name; data: its JSON */
	INPUT_SCHEDULE, /* text: pointer of the schedule action that is due;
			   entries: as when it was made */
	INPUT_NOTHING	/* keep the person's data up to date, run nothing */
};

struct input {
	enum input_kind kind;
	const char *text;
	const json_t *data; /* event data, or NULL */
	int64_t user_id;    /* sender, or owner of a contact */
	int64_t entries;
	const char *name; /* INPUT_SCHEDULE: the schedule's name */
	bool in_group;	  /* several people write here */
};

/*
 * Runs INPUT on CHAT (its person's data already brought up to date) at NOW
 * (wall ms).  CHAT is changed and EFFECTS appended to; on any other outcome
 * than OUT_OK both must be thrown away.  OUT_NEVER: the loop guard, or an
 * input that this flow cannot digest.  What a state's vanishing leaves behind
 * (a chat in a state that FLOW does not have) is put in the start state.
 */
enum outcome step(const struct flow *flow, struct chat *chat,
    const struct input *input, int64_t now, struct effects *effects,
    struct fault *fault) must_check;

/*
 * True when the schedule NAME (NULL: whatever it is called) at POINTER must
 * not be sent: its `unless` holds for
 * CHAT now (`been` counts what was entered after ENTRIES).  Asked again in the
 * transaction that sends.
 */
bool step_unless(const struct flow *flow, const struct chat *chat,
    const char *name, const char *pointer, int64_t entries);

/*
 * Renders a send action (an effect's `action`) for CHAT as it is now into
 * MESSAGE (kind EFFECT_MESSAGE, released by effect_release()).
 */
enum outcome step_render(const struct flow *flow, const struct chat *chat,
    const json_t *action, struct effect *message, struct fault *fault)
    must_check;

#endif
