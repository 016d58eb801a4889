/* SPDX-License-Identifier: MIT */
/*
 * Schedule actions: what a flow plans by name.
 */
#ifndef LEADPIPE_SCHEDULE_H
#define LEADPIPE_SCHEDULE_H

#include "bot/step_run.h"

/* Runs the schedule that the input says is due. */
void schedule_run(struct run *run);

/* Cancels the tasks called NAME; with POINTER only those of the one there. */
void schedule_cancel(struct run *run, const char *name, const char *pointer);

/* Cancels the schedules whose `cancel_on` has KIND, or KIND:NAME. */
void schedule_cancel_on(struct run *run, const char *kind, const char *name);

#endif
