/* SPDX-License-Identifier: MIT */
/*
 * What the files bull*.c have in common.
 */
#ifndef LEADPIPE_BULL_KEY_H
#define LEADPIPE_BULL_KEY_H

#include "shared/bull.h"
#include "shared/inbox_key.h"

/* Who processed a job, as BullMQ's boards show it. */
#define BULL_WORKER "leadpipe"

/* As many events as a queue keeps that does not say. */
#define BULL_EVENTS "10000"

/* TEXT says what is wrong with a queue whose meta has VERSION. */
void bull_complain(const char *version, char text[200]);

#endif
