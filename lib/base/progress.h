/* SPDX-License-Identifier: MIT */
/*
 * A bar on a terminal for what takes over two seconds, and the wish to stop.
 */
#ifndef LEADPIPE_PROGRESS_H
#define LEADPIPE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"

struct progress {
	const struct opt_shared *shared;
	int64_t since; /* monotonic ms, 0: not begun */
	bool shown, reads;
};

#define PROGRESS_INIT(options) \
	{ \
		.shared = (options) \
	}

/* SIGTERM and SIGINT are wishes from now on; the process was prepared before:
 * what this opens must not become a descriptor 0 to 2. */
void progress_listen(void);

/* As backup_watch.go_on, with a struct progress: false when a signal came. */
bool progress_go_on(void *progress, int64_t done, int64_t total);

/* Removes the bar. */
void progress_end(struct progress *progress);

#endif
