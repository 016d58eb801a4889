/* SPDX-License-Identifier: MIT */
/*
 * A key of ours that another program keeps something else in: a WRONGTYPE says
 * neither which nor what.
 */
#ifndef LEADPIPE_KEY_TYPE_H
#define LEADPIPE_KEY_TYPE_H

#include "shared/redis.h"

/* When KEY is there and not of TYPE ("hash", "list"), says so in FAULT, and
 * what to do (OUT_NEVER/EXIT_REFUSED).  Else, or when Redis does not answer,
 * FAULT stays as it is. */
void key_type_explain(struct redis *redis, const char *key, const char *type,
    struct fault *fault);

#endif
