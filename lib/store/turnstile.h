/* SPDX-License-Identifier: MIT */
/*
 * The writer turnstile: turn.lock is the queue, write.lock the right to write.
 * Who waits for the right keeps the queue, so nobody passes twice while
 * another waits, and a process that is killed gives up both.
 *
 * flock() belongs to the open file: a child made by fork() without exec shares
 * the right of its parent and must not use the database.
 */
#ifndef LEADPIPE_TURNSTILE_H
#define LEADPIPE_TURNSTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct turnstile {
	int turn_fd, write_fd;
	bool inside;
};

#define TURNSTILE_INIT \
	{ \
		.turn_fd = -1, .write_fd = -1 \
	}

/* Opens, and makes if needed, the two files beside the database PATH. */
enum outcome turnstile_open(struct turnstile *turnstile, const char *path,
    struct fault *fault) must_check;
void turnstile_close(struct turnstile *turnstile);

/* Waits until DEADLINE (monotonic ms; 0: not at all); false when it passed. */
bool turnstile_enter(struct turnstile *turnstile, int64_t deadline) must_check;
void turnstile_leave(struct turnstile *turnstile);

#endif
