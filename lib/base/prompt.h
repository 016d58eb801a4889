/* SPDX-License-Identifier: MIT */
/*
 * Asking a person for a secret.
 */
#ifndef LEADPIPE_PROMPT_H
#define LEADPIPE_PROMPT_H

#include <stddef.h>

#include "base/fault.h"

/*
 * Reads one line of at most MAX bytes from FD into *LINE, which the caller
 * frees; empty ones are passed over.  A terminal does not show what is typed
 * and is as before afterwards, also when a stop signal (base/stop.h) ends the
 * waiting.  EXIT_INPUT when nothing came, EXIT_LATER when it was stopped.
 */
enum outcome prompt_secret(int fd, size_t max, char **line,
    struct fault *fault) must_check;

#endif
