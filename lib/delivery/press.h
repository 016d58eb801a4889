/* SPDX-License-Identifier: MIT */
/*
 * Pressed buttons are answered outside the outbox, as soon as they are
 * stepped: such an answer is of no use a minute later, and lost it costs
 * nothing.
 */
#ifndef LEADPIPE_PRESS_H
#define LEADPIPE_PRESS_H

#include "delivery/loop.h"

/* Starts the answers to what was pressed: with the text of the flow after the
 * step, or empty when that takes longer than a person's patience. */
void press_answer(struct loop *loop);

#endif
