/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "base/stop.h"
#include "delivery/loop.h"

enum outcome
loop_open(struct loop *loop, const struct worker *worker, int64_t started,
    int64_t for_ms, struct fault *fault)
{
	int64_t now = clock_mono_ms();

	loop->end = for_ms > 0 ? started + for_ms : 0;
	loop->hard_end =
	    (loop->end > now ? loop->end : now) + LOOP_GRACE_MS;
	stop_install();
	stop_hard_at(loop->hard_end);
	enum outcome out =
	    telegram_open(&loop->telegram, loop->config, fault);
	if (out == OUT_OK)
		out = turn_open(&loop->turn, loop->db, loop->config, fault);
	if (out == OUT_OK)
		out = delivery_open(&loop->delivery, loop->db, loop->telegram,
		    loop->turn, worker, loop->config, fault);
	return out;
}

void
loop_close(struct loop *loop)
{
	poller_close(loop->poller);
	delivery_close(loop->delivery);
	turn_close(loop->turn);
	telegram_close(loop->telegram);
}
