/* SPDX-License-Identifier: MIT */
/*
 * Growing the list of effects.
 */
#ifndef LEADPIPE_BOT_EFFECT_H
#define LEADPIPE_BOT_EFFECT_H

#include "bot/step.h"

/* A new effect for CHAT_ID at the end of EFFECTS, to be filled in; valid until
 * the next call. */
struct effect *effects_add(struct effects *effects, enum effect_kind kind,
    int64_t chat_id);

#endif
