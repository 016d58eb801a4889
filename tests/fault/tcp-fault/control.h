/* SPDX-License-Identifier: MIT */
/* The Unix socket on which a test says what is to go wrong. */
#ifndef LEADPIPE_FAULT_CONTROL_H
#define LEADPIPE_FAULT_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "fault.h"

/* A listening socket at `path`.  Ends the process on failure. */
int control_listen(const char *path);

/*
 * Obeys one line; `reply` is "ok", "ok ..." or "error: ...".  True if `fault`
 * was filled for the connections that are open now.
 */
bool control_obey(const char *line, char *reply, size_t room,
    struct fault *fault);

/* Set by "clear": open connections go on unhindered. */
extern bool control_cleared;

/* Sends each line and prints the replies: 0 if all were "ok". */
int control_tell(const char *path, char **lines);

#endif
