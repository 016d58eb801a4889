/* SPDX-License-Identifier: MIT */
/*
 * Steps that wait for a handler: how they go on.
 */
#ifndef LEADPIPE_TURN_EXEC_H
#define LEADPIPE_TURN_EXEC_H

#include "store/execs.h"
#include "turn/handler.h"
#include "turn/turn.h"

/*
 * Inside a transaction: WORKER's attempt at the handler EXEC (its id and
 * generation) ended, as RESULT says (NULL: as END says already, whose output
 * is taken).  The step goes on where it was suspended, by the version of the
 * flow that can; what came for the chat meanwhile follows.
 */
enum outcome turn_exec_end(struct turn *turn, const struct exec *exec,
    int64_t worker, const struct child_result *result, struct handler_end *end,
    int64_t now, struct fault *fault) must_check;

#endif
