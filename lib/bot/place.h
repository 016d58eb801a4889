/* SPDX-License-Identifier: MIT */
/*
 * A chat that somebody moves by hand, or another program does: what begins and
 * ends with a state does so, but nothing is said unless that is wanted.
 */
#ifndef LEADPIPE_PLACE_H
#define LEADPIPE_PLACE_H

#include "bot/step_run.h"

/* Sets the variables and moves the chat as the input says; all of it is
 * checked first. */
void place_run(struct run *run);

/* After all else: the end of the session, if the input says when. */
void place_settle(struct run *run);

#endif
