/* SPDX-License-Identifier: MIT */
/*
 * When a command has to end: SIGTERM, SIGINT and SIGHUP ask it to stop, and
 * a hard lifetime ends it whatever it is doing.
 */
#ifndef LEADPIPE_STOP_H
#define LEADPIPE_STOP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Installs the handlers.  A second signal ends the process at once with exit
 * code 75: the next command recovers its rows.  One within 0.1 s of the first
 * counts as the same: timeout(1) sends two.
 * A SIGHUP that is ignored, as nohup(1) has it, stays so.
 * stop_fd() is then readable once a signal came.
 */
void stop_install(void);

/* True once SIGTERM or SIGINT came. */
bool stop_wanted(void);

/* When the signal came (monotonic ms), CLOCK_NEVER before that. */
int64_t stop_since(void);

/* A descriptor that becomes readable with the signal; -1 before
 * stop_install(). */
int stop_fd(void);

/*
 * Ends the process with exit code 75 at DEADLINE (monotonic ms), from a timer
 * signal, even if it hangs in a call that nobody foresaw; locks are freed by
 * the kernel and the next command recovers the rows.
 */
void stop_hard_at(int64_t deadline);

/* What it writes then (LINE with its line end, to FD) and exits with; to be
 * said before stop_hard_at(). */
void stop_hard_say(int fd, const char *line, int code);

#endif
