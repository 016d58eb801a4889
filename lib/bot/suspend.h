/* SPDX-License-Identifier: MIT */
/*
 * A handler is the only thing that a step cannot wait for.  What remains is
 * written down (the places of the lists and how far they are) and goes on,
 * minutes or a reboot later, without doing again what was done.
 */
#ifndef LEADPIPE_SUSPEND_H
#define LEADPIPE_SUSPEND_H

#include "bot/step_run.h"

/* Goes on with what the input says was suspended. */
void suspend_resume(struct run *run);

#endif
