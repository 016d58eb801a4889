/* SPDX-License-Identifier: MIT */
/*
 * One input being worked on.
 */
#ifndef LEADPIPE_STEP_RUN_H
#define LEADPIPE_STEP_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bot/model.h"
#include "bot/step.h"

struct run {
	const struct flow *flow;
	struct chat *chat;
	const struct input *input;
	int64_t now;
	struct effects *effects;
	struct fault *fault;
	const char *origin; /* state whose actions run: owner of the buttons */
	const char *next;   /* a goto was met: what remains is not run */
	const struct schedule *schedule; /* that is due, or NULL */
	json_t *taken; /* variables that came with this very input */
	int gotos;
	enum outcome outcome;
};

/* Runs ACTIONS and the states that they go to. */
void run_actions(struct run *run, const json_t *actions);

/* Cancels the schedules whose `cancel_on` has KIND, or KIND:NAME. */
void run_cancel_on(struct run *run, const char *kind, const char *name);

/* Puts the chat in STATE without running anything. */
void run_place(struct run *run, const char *state);

/* True for what people in a group say to each other: neither a command nor a
 * press. */
bool route_is_chatter(const struct run *run);

/* Finds what the flow does with the input, and does it. */
void route_text(struct run *run);
void route_button(struct run *run);
void route_contact(struct run *run);
void route_event(struct run *run);

/* Renders the send action ACTION of STATE into MESSAGE. */
enum outcome render(const struct flow *flow, const struct chat *chat,
    const json_t *action, const char *state, struct effect *message,
    struct fault *fault) must_check;

#endif
