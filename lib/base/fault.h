/* SPDX-License-Identifier: MIT */
/*
 * How an operation ended, and why.  Every operation that can fail returns an
 * `enum outcome`; the reason travels in a `struct fault` that is filled once,
 * where it was seen, and is passed up unchanged.
 */
#ifndef LEADPIPE_FAULT_H
#define LEADPIPE_FAULT_H

#include <stdint.h>

enum outcome {
	OUT_OK,
	OUT_LATER, /* temporary: policy says when to try again */
	OUT_NEVER, /* will not succeed by itself: dead letter or refusal */
	OUT_BUG	   /* a broken invariant of ours: the run stops */
};

/* Exit codes of design.md 3; <sysexits.h> has the same numbers. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_DEAD = 1,	      /* done, but items became dead */
	EXIT_USAGE = 64,      /* wrong command line */
	EXIT_INPUT = 65,      /* bad input or flow */
	EXIT_REFUSED = 69,    /* refused for good */
	EXIT_BUG = 70,	      /* a bug of ours */
	EXIT_CANTCREATE = 73, /* cannot create a file */
	EXIT_IO = 74,	      /* I/O error or disk full */
	EXIT_LATER = 75,      /* temporary, the next run will retry */
	EXIT_PERMISSION = 77, /* permission or rejected token */
	EXIT_CONFIG = 78      /* configuration */
};

struct fault {
	enum outcome what;
	enum exit_code code;
	int64_t retry_ms; /* how long to wait at least; 0: not said */
	char text[320];
};

#define must_check __attribute__((warn_unused_result))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * Fills FAULT (which may be NULL) and returns WHAT, so that a function can end
 * with `return fault_set(...)`.  A text that does not fit is cut at a whole
 * UTF-8 character.
 */
enum outcome fault_set(struct fault *fault, enum outcome what,
    enum exit_code code, const char *fmt, ...) printf_like(4, 5);

#endif
