/* SPDX-License-Identifier: MIT */
/*
 * What the engine plans by itself: `after` of a state, the end of a session,
 * what recurs for a role.  A timer that is left over (its state was left, its
 * session went on) does nothing.
 */
#ifndef LEADPIPE_TIMER_H
#define LEADPIPE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "bot/step_run.h"

/* The timer NAME that runs what is at POINTER; it replaces one of that name, and
 * is valid until the next effect. */
struct effect *timer_plan(struct run *run, const char *name,
    const char *pointer, int64_t due_at);

/* Runs the timer that the input says is due. */
void timer_run(struct run *run);

/* What begins with being in STATE, and what ends when NEXT is entered. */
void timer_enter(struct run *run, const char *state);
void timer_leave(struct run *run, const char *next);

/* Ends the session, wherever the last action of `on_expire` led. */
void timer_expired(struct run *run);

/* After all else: plans the session's end as the chat's state has it; SLIDES
 * moves it on from now. */
void timer_settle(struct run *run, bool slides);

#endif
