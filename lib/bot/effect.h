/* SPDX-License-Identifier: MIT */
/*
 * What the engine wants to happen.  It only says so: who writes, sends and
 * waits is not its business.
 */
#ifndef LEADPIPE_EFFECT_H
#define LEADPIPE_EFFECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum effect_kind {
	EFFECT_MESSAGE, /* something to send */
	EFFECT_TASK,	/* something to do later */
	EFFECT_CANCEL,	/* a task not to be done any more */
	EFFECT_ENTERED, /* a state was entered: text (statistics, log) */
	EFFECT_NOTICE,	/* what the button's press is answered with: text */
	EFFECT_LEAD,	/* a lead for the CRM: data */
	EFFECT_REPORT,	/* numbers to be written to chat_id: text (today) */
	EFFECT_EXEC /* a handler to be run: data, resume; always the last */
};

enum effect_urgency { URGENCY_ANSWER, URGENCY_REMINDER };

struct effect {
	enum effect_kind kind;
	int64_t chat_id; /* to whom; differs from the chat for notify */
	char *text;	 /* task, cancel: name; entered: state; notice: text;
			    report: which; exec: its place in the flow */

	/* message */
	char *method;	    /* sendMessage, sendVideo ... */
	json_t *params;	    /* parameters of the method without chat_id and
			       without the file: text or caption, parse_mode,
			       reply_markup ... */
	char *media;	    /* name of the flow's media, or NULL */
	json_t *media_list; /* sendMediaGroup: names of the flow's media, the
			       caption is that of the first; else NULL */
	char *plain;	    /* what was said, for the history */
	json_t *action;	    /* reminders: the send action, to be rendered again
			       when it is really sent; else NULL */
	enum effect_urgency urgency;
	bool by_operator; /* a person speaks through the bot */
	int64_t about;	  /* to an operator: chat that it is about, to which an
			     answer to this message goes; else 0 */

	/* task: a name with a ':' is a timer (INPUT_TIMER), any other a
	 * schedule (INPUT_SCHEDULE) */
	char *pointer; /* of the schedule or timer; cancel: only tasks of this
			    pointer, NULL: any of that name */
	int64_t due_at, expire_at; /* wall ms */
	int64_t entries;	   /* chat->entries when it was made */
	bool replace; /* a task of that name is replaced, not kept */
	bool again;   /* it follows the task that runs now, which is over */

	/*
	 * lead: {crm, key, title, contact: {name, phone, email}, pipeline,
	 * status, price (integer), tags, note, fields, utm}; what is empty is
	 * left out.
	 * exec: {run: [argv], timeout_ms, retry_ms: [...], input, state, user,
	 * vars, history (how many messages), reminder}.
	 */
	json_t *data;
	json_t *resume; /* exec: to be given back as INPUT_EXEC's text */
};

struct effects {
	struct effect *list;
	size_t count, size;
	bool looped;   /* the loop guard ended the step */
	json_t *unfit; /* names in an event's data whose values are not of the
			  variables' types, so that these are unset; or NULL */
};

void effects_release(struct effects *effects);
void effect_release(struct effect *effect);

/* A new effect for CHAT_ID at the end of EFFECTS, to be filled in; valid until
 * the next call. */
struct effect *effects_add(struct effects *effects, enum effect_kind kind,
    int64_t chat_id);

#endif
