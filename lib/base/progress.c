/* SPDX-License-Identifier: MIT */
#include "base/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"

#define PATIENCE_MS 2000
#define WIDTH 40

void
progress_listen(void)
{
	stop_install();
}

static void
show(struct progress *progress, int64_t done, int64_t total)
{
	int filled = (int)(done * WIDTH / total);

	fprintf(stderr, "\r[%.*s%*s] %3d %%", filled,
	    "########################################", WIDTH - filled, "",
	    (int)(done * 100 / total));
	progress->shown = true;
}

static void
say_reading(struct progress *progress)
{
	progress_end(progress);
	fputs("reading it again", stderr);
	progress->shown = progress->reads = true;
}

bool
progress_go_on(void *arg, int64_t done, int64_t total)
{
	struct progress *progress = arg;
	int64_t now = clock_mono_ms();

	if (progress->since == 0)
		progress->since = now;
	if (now - progress->since > PATIENCE_MS && isatty(STDERR_FILENO) &&
	    !progress->shared->quiet) {
		if (total > 0)
			show(progress, done, total);
		else if (!progress->reads)
			say_reading(progress);
	}
	return !stop_wanted();
}

void
progress_end(struct progress *progress)
{
	if (progress->shown)
		fprintf(stderr, "\r%*s\r", WIDTH + 8, "");
	progress->shown = false;
}
