/* SPDX-License-Identifier: MIT */
#include "delivery/exchange.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "shared/handover.h"
#include "store/shared_claims.h"
#include "turn/dialog_sync.h"
#include "turn/turn_shared.h"

/* Tasks that others put into the set are looked for this often. */
#define LOOK_MS 500

/* Of a kind, in a round: a round trip that long is still a short one. */
#define ROUND 100
#define TAKE 100

struct exchange {
	struct redis *redis;
	struct turn *turn;
	struct handover *handover; /* NULL: nothing is shared */
	struct dialog_sync *dialogs;
	int64_t next_at; /* monotonic: of the next look */
	bool more, telling;
};

enum outcome
exchange_open(struct exchange **exchange, struct db *db, struct redis *redis,
    struct turn *turn, const struct config *config, int64_t bot,
    struct fault *fault)
{
	struct exchange *x = mem_alloc(sizeof(*x));
	enum outcome out = OUT_OK;

	x->redis = redis;
	x->turn = turn;
	if (redis != NULL || shared_tasks_wait(db, clock_wall_ms()))
		out = handover_open(&x->handover, db, config, fault);
	if (out == OUT_OK && redis != NULL)
		out = dialog_sync_open(&x->dialogs, turn, config, bot, fault);
	*exchange = x;
	return out;
}

void
exchange_close(struct exchange *exchange)
{
	if (exchange == NULL)
		return;
	handover_close(exchange->handover);
	dialog_sync_close(exchange->dialogs);
	free(exchange);
}

void
exchange_ask(struct exchange *exchange)
{
	dialog_sync_ask(exchange->dialogs, exchange->redis);
}

enum outcome
exchange_take(struct exchange *exchange, int64_t now, bool *more,
    struct fault *fault)
{
	*more = false;
	if (exchange->handover == NULL)
		return OUT_OK;
	return turn_shared(exchange->turn, now, TAKE, more, fault);
}

void
exchange_committed(struct exchange *exchange)
{
	exchange->telling = exchange->dialogs != NULL ||
	    (exchange->handover != NULL && handover_waits(exchange->handover));
}

bool
exchange_is_due(const struct exchange *exchange)
{
	if (exchange->more || exchange->telling)
		return true;
	return exchange->handover != NULL &&
	    clock_mono_ms() >= exchange->next_at;
}

/* What the database keeps from being done now is done in the next round. */
static void
note_failure(enum outcome out, const struct fault *fault)
{
	if (out != OUT_OK)
		log_event(LOG_INFO, "exchange_put_off", "text=%s",
		    log_quote(fault->text));
}

bool
exchange_round(struct exchange *x)
{
	struct fault fault;
	bool more = false;
	int64_t owned = 0;

	x->more = x->telling = false;
	if (x->dialogs != NULL)
		note_failure(dialog_sync_tell(x->dialogs, x->redis, ROUND,
				 &x->telling, &fault),
		    &fault);
	if (x->handover != NULL) {
		owned = handover_counts(x->handover)->owned;
		note_failure(handover_round(x->handover, x->redis, ROUND, TAKE,
				 &more, &fault),
		    &fault);
		owned = handover_counts(x->handover)->owned - owned;
	}
	x->more = more;
	x->next_at = clock_mono_ms() + LOOK_MS;
	return owned > 0 || more || x->telling;
}
