/* SPDX-License-Identifier: MIT */
/*
 * One input being worked on.  What is left to do is a stack of frames, so that
 * a handler can be waited for anywhere and the rest be stored.
 */
#ifndef LEADPIPE_STEP_RUN_H
#define LEADPIPE_STEP_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bot/model.h"
#include "bot/step.h"

enum frame_kind {
	FRAME_LIST, /* actions of LIST, from the one at NEXT on */
	FRAME_ASK,  /* the question of STATE */
	FRAME_THEN, /* on from the question of STATE */
	FRAME_GO    /* to STATE */
};

struct frame {
	enum frame_kind kind;
	bool literal; /* a handler wrote it: its strings are no templates */
	const json_t *list;
	size_t next;
	const char *state;
};

/* 16 levels in the flow, as many again inside of what a handler adds. */
#define RUN_DEPTH 64

struct run {
	const struct flow *flow;
	struct chat *chat;
	const struct input *input;
	int64_t now;
	struct effects *effects;
	struct fault *fault;
	struct frame frames[RUN_DEPTH];
	size_t depth;
	bool literal;	    /* as the frame whose action runs */
	const char *origin; /* state whose actions run: owner of the buttons */
	const char *next;   /* a goto was met: what remains is not run */
	const struct schedule *schedule; /* that is due, or NULL */
	int64_t entries;		 /* when that, or a timer, was made */
	json_t *taken;	/* variables that came with this very input */
	json_t *resume; /* what was suspended, or NULL */
	bool reminding; /* nobody asked for what is said now */
	bool mute;	/* and it is not to be said: unsubscribed */
	bool expiring;	/* the session ends when this ends */
	bool suspended; /* a handler is waited for */
	int gotos;
	enum outcome outcome;
};

/* run.c: runs ACTIONS and the states that they go to, after what was pushed
 * is done. */
void run_actions(struct run *run, const json_t *actions);
void run_push(struct run *run, const struct frame *frame);
void run_list(struct run *run, const json_t *actions);

/* Counts what can go round in circles; false, with the fault, when it does. */
bool run_count(struct run *run, const char *where);

/* The chat leaves the state that it is in and is in STATE, with all that this
 * begins and ends; what STATE does when it is entered is not run. */
void run_arrive(struct run *run, const char *state);

/* Puts the chat in STATE without running anything. */
void run_place(struct run *run, const char *state);

/* The fault of OUT_NEVER when the flow lacks what was to be run. */
void run_lacks(struct run *run, const char *what, const char *name);

/* action.c */
void action_run(struct run *run, const json_t *action);

/* TEXT with its slots filled in, unless a handler wrote it; the caller frees
 * it.  NULL when there is no TEXT. */
char *run_text(struct run *run, const char *text);

/* Says what the send action ACTION, which may be gone afterwards, says. */
void run_say(struct run *run, const json_t *action);

/* What the actions with files of their own do. */
void do_schedule(struct run *run, const json_t *action);
void do_lead(struct run *run, const json_t *action);
void do_exec(struct run *run, const json_t *action);
void do_handoff(struct run *run, const json_t *action);
void do_notify(struct run *run, const json_t *action);

/* render.c: renders the send action ACTION of STATE into MESSAGE. */
enum outcome render(const struct flow *flow, const struct chat *chat,
    const json_t *action, const char *state, struct effect *message,
    struct fault *fault) must_check;

#endif
