/* SPDX-License-Identifier: MIT */
/*
 * Asking a person: for a secret, or whether they mean it.
 */
#ifndef LEADPIPE_PROMPT_H
#define LEADPIPE_PROMPT_H

#include <stdbool.h>
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

/* Whether there is a person to be asked: stdin and stderr are a terminal. */
bool prompt_can(void);

/* Reads one line from stdin; true when it is WORD.  False also when a stop
 * signal came, or stdin ended. */
bool prompt_confirm(const char *word);

#endif
