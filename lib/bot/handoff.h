/* SPDX-License-Identifier: MIT */
/*
 * A person instead of the bot.  While chat->handoff_until lies ahead what the
 * person writes goes to the members of a role, whose answers to those messages
 * go back; schedules and timers wait.  chat->memory's "handoff" has the rest.
 */
#ifndef LEADPIPE_HANDOFF_H
#define LEADPIPE_HANDOFF_H

#include "bot/step_run.h"

/* The input is what an operator answered. */
void handoff_operator(struct run *run);

/* Its time may be over. */
void handoff_timer(struct run *run);

/* The person comes before the timer whose time is over, because the bot was
 * away: what that does is done first. */
void handoff_overdue(struct run *run);

/* The person wrote or sent something. */
void handoff_relay(struct run *run);

/* The person wants the bot back. */
void handoff_leave(struct run *run);

#endif
