/* SPDX-License-Identifier: MIT */
/*
 * Where handlers run: what the files of the handlers share.
 */
#ifndef LEADPIPE_BENCH_H
#define LEADPIPE_BENCH_H

#include "base/child.h"
#include "delivery/handlers.h"
#include "turn/handler.h"
#include "turn/turn_exec.h"

/*
 *   FREE -> CLAIMED -> RUNNING -> ENDED -> SETTLED -> FREE
 *
 * CLAIMED and SETTLED are of the open transaction and go back one step when it
 * fails.
 */
enum bench_phase {
	BENCH_FREE,
	BENCH_CLAIMED,
	BENCH_RUNNING,
	BENCH_ENDED,
	BENCH_SETTLED
};

struct bench {
	enum bench_phase phase;
	struct exec exec; /* without texts */
	struct handler handler;
	struct child *child;
	struct handler_end end; /* without a child: how it ended */
	bool logged;
	bool tried; /* as a suspect, by handlers_try() */
};

struct handlers {
	struct db *db;
	struct turn *turn;
	int64_t worker;
	int epoll;
	struct bench *benches;
	int count;
};

#endif
