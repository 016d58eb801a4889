/* SPDX-License-Identifier: MIT */
/*
 * The flow engine: one input of one chat becomes a changed chat and a list of
 * effects.  It is pure: no SQL, no network, no clock, no randomness; the same
 * input in the same state at the same instant always has the same effects, so
 * a flow runs alike in a test with a virtual clock and at night.
 *
 * Routing (flow.md 2): command, open question, `on` of the state, `on` of its
 * group, for an inline button `on` of the state that sent it, events,
 * fallback.
 */
#ifndef LEADPIPE_STEP_H
#define LEADPIPE_STEP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "bot/chat.h"
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
	const json_t *data;   /* event data, or NULL */
	int64_t user_id;      /* sender, or owner of a contact */
	int64_t entries;
	const char *name;     /* INPUT_SCHEDULE: the schedule's name */
};

enum effect_kind {
	EFFECT_MESSAGE, /* something to send */
	EFFECT_TASK,	/* something to do later */
	EFFECT_CANCEL,	/* a task not to be done any more */
	EFFECT_ENTERED, /* a state was entered: text (statistics, log) */
	EFFECT_SUBSCRIPTION, /* on: subscribed again, off: unsubscribed */
	EFFECT_NOTICE	/* what the button's press is answered with: text */
};

enum effect_urgency { URGENCY_ANSWER, URGENCY_REMINDER };

struct effect {
	enum effect_kind kind;
	int64_t chat_id; /* to whom; differs from the chat for notify */
	char *text;	 /* task, cancel: name; entered: state; notice: text */

	/* message */
	char *method;	 /* sendMessage, sendVideo ... */
	json_t *params;	 /* parameters of the method without chat_id and
			    without the file: text or caption, parse_mode,
			    reply_markup ... */
	char *media;	 /* name of the flow's media, or NULL */
	char *plain;	 /* what was said, for the history */
	json_t *action;	 /* reminders: the send action, to be rendered again
			    when it is really sent; else NULL */
	enum effect_urgency urgency;

	/* task */
	char *pointer;	 /* of the schedule action; cancel: only tasks of this
			    pointer, NULL: any of that name */
	int64_t due_at, expire_at; /* wall ms */
	int64_t entries; /* chat->entries when it was made */
	bool replace;	 /* a task of that name is replaced, not kept */
	bool on;	 /* subscription */
};

struct effects {
	struct effect *list;
	size_t count, size;
};

void effects_release(struct effects *effects);

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
void effect_release(struct effect *effect);

#endif
