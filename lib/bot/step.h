/* SPDX-License-Identifier: MIT */
/*
 * The flow engine: one input of one chat becomes a changed chat and a list of
 * effects.  It is pure: no SQL, no network, no clock, no randomness; the same
 * input in the same state at the same instant always has the same effects, so
 * a flow runs alike in a test with a virtual clock and at night.
 *
 * Routing: a command always wins; then the open question, if it can take the
 * input; then `on` of the chat's state, of its group, of the state that sent
 * the button; then the flow's events; then `fallback` of state, group, flow.
 * In a group of people only commands and presses are for the bot.
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
	INPUT_BUTTON,	/* text: callback data, not to be trusted; data: what
			   the broadcast sent that had it, NULL: none had */
	INPUT_CONTACT,	/* text: phone; user_id: whose card it is */
	INPUT_MEDIA,	/* text: photo, voice, video, document, location */
	INPUT_EVENT,	/* text: event name; data: its JSON */
	INPUT_SCHEDULE, /* text: pointer of the schedule action that is due;
			   entries: as when it was made */
	INPUT_TIMER,	/* the same for a task whose name has a ':' */
	INPUT_EXEC,	/* text: EFFECT_EXEC's resume; data: {"ok": true} and
			   what the handler said, or {"ok": false} */
	INPUT_OPERATOR, /* a member of a role answers: text, NULL for what is
			   none; from_chat, message_id */
	INPUT_LOST,	/* presses may have been lost: an open question with
			   inline buttons is asked again */
	INPUT_PLACE,	/* somebody puts the chat in the state text, "": where
			   it all begins; data: {"vars", "ttl_ms", "enter"} */
	INPUT_NOTHING	/* keep the person's data up to date, run nothing */
};

struct input {
	enum input_kind kind;
	const char *text;
	const json_t *data; /* event data, or NULL */
	int64_t user_id;    /* sender, or owner of a contact */
	int64_t entries;
	const char *name;    /* INPUT_SCHEDULE, _TIMER: the task's name */
	bool in_group;	     /* several people write here */
	bool late;	     /* INPUT_SCHEDULE, _TIMER: too late to be of use:
			     only what recurs is planned again */
	int64_t due_at;	     /* INPUT_SCHEDULE, _TIMER: when it was due */
	int64_t message_id;  /* of what was written, 0: not known */
	const char *caption; /* INPUT_MEDIA: what was written with it */
	int64_t from_chat;   /* INPUT_OPERATOR: the operator's chat */
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

/* True when the callback data DATA is of a state in which CHAT never was: only
 * with the broadcast that had the button it is believed. */
bool step_press_is_foreign(const struct flow *flow, const struct chat *chat,
    const char *data);

/* True for the name of a timer: a task that the engine made by itself, for
 * `after`, `ttl`, `recurring` and the end of a hand-off.  Timers run also for
 * those who unsubscribed: what they say is then left out. */
bool step_is_timer(const char *name);

/* True when FLOW has the timer NAME made at POINTER: else the version that it
 * was made under has to run it. */
bool step_has_timer(const struct flow *flow, const char *name,
    const char *pointer);

/* True while an operator speaks with the person at NOW: schedules and timers
 * wait until chat->handoff_until, when the hand-off's own timer is due. */
bool step_paused(const struct chat *chat, int64_t now);

/* True when FLOW can go on at RESUME (EFFECT_EXEC's) and run what was meant:
 * else it needs the version that was suspended. */
bool step_can_resume(const struct flow *flow, const char *resume);

/* True when the schedule NAME (NULL: any) at POINTER must not be sent: its
 * `unless` holds for CHAT now (`been` counts what was entered after ENTRIES).
 * Asked again in the transaction that sends. */
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
