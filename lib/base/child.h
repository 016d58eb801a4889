/* SPDX-License-Identifier: MIT */
/*
 * A program of somebody else, run for us: it gets a text on stdin and answers
 * on stdout.  Whatever it does (hangs, floods, crashes, forks without end,
 * leaves its pipes to a grandchild) it costs its own deadline and a fixed
 * amount of memory, and it is gone afterwards, with all of its process group.
 *
 *   spec -> child_start() -> child_work() whenever child_fd() is readable or
 *   child_due() has come -> child_done() -> child_result() -> child_close()
 *
 * SIGPIPE must be ignored (file_sanitize_process()) and SIGCHLD not.
 */
#ifndef LEADPIPE_CHILD_H
#define LEADPIPE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"

struct child;

/* So much on stderr is no complaint any more: to read and drop it until the
 * deadline would cost our time, not the child's. */
#define CHILD_FLOOD (1U << 20)

struct child_spec {
	const char *path;	 /* of the program; no PATH is searched */
	const char *const *argv; /* from argv[0], NULL at the end */
	const char *const *env;	 /* all of it, NULL at the end */
	const char *cwd;	 /* NULL: ours */
	const char *input;	 /* copied; then comes the end of file */
	size_t input_len;
	size_t max_output; /* more on stdout ends it: `overflow` */
	size_t max_errors; /* more on stderr is dropped; a flood ends it */
	int64_t deadline;  /* monotonic ms */
};

/* How it ended. */
struct child_result {
	int status;	/* exit status, -1: none */
	int signal;	/* that ended it, 0: none */
	bool timed_out; /* killed at its deadline */
	bool overflow;	/* killed because it wrote too much on stdout */
	bool flooded;	/* killed because it wrote CHILD_FLOOD on stderr */
	struct buf output, errors; /* the child's; gone with child_close() */
};

/*
 * Starts it in a process group of its own with all signals as they are by
 * default and no descriptor of ours.  OUT_LATER when the system has no room
 * for another process, OUT_NEVER when the program cannot be run; the text of
 * FAULT names its path.
 */
enum outcome child_start(struct child **child, const struct child_spec *spec,
    struct fault *fault) must_check;

/* Readable (poll, epoll) when child_work() has something to do. */
int child_fd(const struct child *child);

/* Monotonic ms at which child_work() must be called anyway. */
int64_t child_due(const struct child *child);

/* Moves it on without blocking; true once it has ended. */
bool child_work(struct child *child);

/* Of a child that has ended; borrowed until child_close(). */
const struct child_result *child_result(const struct child *child);

/* Kills what still runs, waits for it (at most 1 s) and frees CHILD, which may
 * be NULL. */
void child_close(struct child *child);

/*
 * Kills every process of ours whose environment has the line MARK ("KEY=..."):
 * what an earlier life of this program started and could not end.  Returns how
 * many.
 */
int child_kill_marked(const char *mark);

#endif
