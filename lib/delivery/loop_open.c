/* SPDX-License-Identifier: MIT */
#include "delivery/loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"

/* People are answered whatever is wrong with where Redis is said to be. */
static enum outcome
open_redis(struct loop *loop, struct fault *fault)
{
	struct fault why;
	enum outcome out =
	    redis_open(&loop->redis, loop->db, loop->config, REDIS_BOT, &why);

	if (out == OUT_NEVER) {
		log_error("going on without Redis: %s", why.text);
		return OUT_OK;
	}
	if (out != OUT_OK)
		*fault = why;
	return out;
}

enum outcome
loop_open(struct loop *loop, const struct worker *worker, int64_t started,
    int64_t for_ms, struct fault *fault)
{
	int64_t now = clock_mono_ms();

	loop->one_pass = for_ms == 0;
	loop->careful = worker->warned;
	loop->end = started + (for_ms > 0 ? for_ms : LOOP_PASS_MS);
	loop->hard_end = (loop->end > now ? loop->end : now) + LOOP_GRACE_MS;
	stop_install();
	stop_hard_at(loop->hard_end);
	enum outcome out =
	    retention_read(loop->config, &loop->retention, fault);
	if (out == OUT_OK)
		out = telegram_open(&loop->telegram, loop->config, fault);
	if (out == OUT_OK)
		out = open_redis(loop, fault);
	if (out == OUT_OK)
		out = turn_open(&loop->turn, loop->db, loop->config, fault);
	if (out == OUT_OK)
		out = delivery_open(&loop->delivery, loop->db, loop->telegram,
		    loop->turn, worker, loop->config, fault);
	if (out == OUT_OK)
		out = handlers_open(&loop->handlers, loop->db, loop->turn,
		    worker, loop->config, fault);
	if (out == OUT_OK)
		out = exchange_open(&loop->exchange, loop->db, loop->redis,
		    loop->turn, loop->config, loop->bot_id, fault);
	if (out == OUT_OK)
		delivery_share(loop->delivery, loop->redis, loop->bot_id);
	return out;
}

void
loop_close(struct loop *loop)
{
	poller_close(loop->poller);
	delivery_close(loop->delivery);
	handlers_close(loop->handlers);
	exchange_close(loop->exchange);
	turn_close(loop->turn);
	redis_close(loop->redis);
	telegram_close(loop->telegram);
}

char *
loop_counts(const struct loop *loop)
{
	const struct delivery_counts *sent = delivery_counts(loop->delivery);
	const struct turn_counts *turns = turn_counts(loop->turn);
	int64_t received = loop->poller ? poller_report(loop->poller)->received
					: 0;

	return mem_printf("{\"received\":%lld,\"stepped\":%lld,"
			  "\"parked\":%lld,\"promoted\":%lld,"
			  "\"expired\":%lld,\"cancelled\":%lld,"
			  "\"handled\":%lld,\"unhandled\":%lld,"
			  "\"held\":%lld,\"sent\":%lld,\"retried\":%lld,"
			  "\"ambiguous\":%lld,\"dead\":%lld}",
	    (long long)received, (long long)turns->stepped,
	    (long long)turns->parked, (long long)turns->promoted,
	    (long long)turns->expired, (long long)turns->cancelled,
	    (long long)turns->handled, (long long)turns->unhandled,
	    (long long)turns->held, (long long)sent->sent,
	    (long long)sent->retried, (long long)sent->ambiguous,
	    (long long)sent->dead);
}

bool
loop_buried(const struct loop *loop)
{
	return delivery_counts(loop->delivery)->dead > 0 ||
	    turn_counts(loop->turn)->parked > 0 ||
	    turn_counts(loop->turn)->buried > 0;
}
