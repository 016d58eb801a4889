/* SPDX-License-Identifier: MIT */
/*
 * Which verdicts people must hear of.  What is bad for a moment is nothing,
 * what comes and goes is one trouble, and what follows from another trouble is
 * told with that one.  Pure: verdicts and time in, changes out.
 */
#ifndef LEADPIPE_ALERT_JUDGE_H
#define LEADPIPE_ALERT_JUDGE_H

#include "ops/alert_state.h"

/* The component of units of systemd that failed (alert_unit()): it is there
 * when one failed just now, and well again when none did for a while. */
#define ALERT_UNITS "units"

/*
 * Takes in CHECKS, as health_take() made them, at CHECKS->now.  Troubles of
 * which people have to be told anew are `changed` afterwards, `was` says from
 * which state.  Returns whether a reminder of the others is due.
 */
bool alert_judge(struct alert_state *state, const struct checks *checks);

/* Forgets what has been well for long. */
void alert_forget(struct alert_state *state, int64_t now);

#endif
