/* SPDX-License-Identifier: MIT */
/*
 * Judging what an exec handler wrote before any of it is done.
 */
#ifndef LEADPIPE_HANDLER_CHECK_H
#define LEADPIPE_HANDLER_CHECK_H

#include <jansson.h>
#include <stddef.h>

#include "base/fault.h"
#include "bot/flow.h"

/* What an exec handler may write, and how long it may take: as long as a send,
 * as the command that runs it must end by its hard end. */
#define HANDLER_MAX_BYTES (64U << 10)
#define HANDLER_LONGEST_MS 75000

/*
 * Reads what an exec handler wrote, LEN bytes of TEXT, into *OUTPUT, a new
 * object of `set`, `actions` and `goto`, each where it wrote one; nothing at
 * all is an empty object.  OUT_NEVER, EXIT_INPUT with FINDINGS when FLOW could
 * not run it: checked as the flow itself was, but `exec`, `schedule` and
 * `handoff`, to which one comes back later, have to be in the flow.
 */
enum outcome flow_actions_check(const struct flow *flow, const char *text,
    size_t len, json_t **output, struct findings *findings,
    struct fault *fault) must_check;

#endif
