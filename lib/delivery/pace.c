/* SPDX-License-Identifier: MIT */
/*
 * How fast: what may leave now, and when something else may.
 */
#include "base/clock.h"
#include "delivery/slot.h"

/* Broadcasts leave this many messages a second to everything else. */
#define BROADCAST_RESERVE 5

/* Each gets a time of its own, so that it is looked at once and not again and
 * again. */
static enum outcome
postpone_turn(struct delivery *d, const struct message *m, int64_t at,
    int64_t interval_us, struct fault *fault)
{
	return messages_postpone(d->db, m->chat_id,
	    at + d->postponed++ * interval_us / 1000, 0, fault);
}

/* The bot's limit says no.  What a broadcast pays for is only looked for behind
 * what is passed over. */
static enum outcome
wait_for_bot(struct delivery *d, const struct message *m, int64_t until,
    enum choice *choice, struct fault *fault)
{
	int64_t interval_us, burst;

	*choice = CHOICE_BOT_WAITS;
	d->bot_waits_until = until;
	/* Told to wait are those who pay, too. */
	if (m->paid)
		d->paid_waits_until = until;
	if (m->paid || m->urgency < PRIORITY_BROADCAST || !turn_pays(d->turn))
		return OUT_OK;
	*choice = CHOICE_PASS;
	limits_bot_rate(&d->limits, &interval_us, &burst);
	return postpone_turn(d, m, until, interval_us, fault);
}

enum outcome
pace_turn(struct delivery *d, const struct message *m, int64_t rate,
    int64_t now, enum choice *choice, struct fault *fault)
{
	int64_t at, interval_us;

	if (m->urgency < PRIORITY_BROADCAST)
		return OUT_OK;
	at =
	    limits_ask_broadcast(d->db, m->broadcast, rate, now, &interval_us);
	if (at == 0)
		return db_result(d->db, fault);
	*choice = CHOICE_PASS;
	d->rate_waits_until = at;
	return postpone_turn(d, m, at, interval_us, fault);
}

enum outcome
pace_check(struct delivery *d, const struct message *m, int64_t rate,
    int64_t now, enum choice *choice, struct fault *fault)
{
	int64_t wait_until;
	bool bot_wide, bulk = m->urgency >= PRIORITY_BROADCAST;
	struct limits limits = d->limits;
	enum outcome out;

	if (m->paid) {
		limits.per_second = 0;
		limits.shared = NULL;
	}
	out = limits_take(d->db, &limits, m->chat_id,
	    m->urgency < PRIORITY_REMINDER, bulk ? BROADCAST_RESERVE : 0, now,
	    &wait_until, &bot_wide, fault);
	if (out == OUT_OK && wait_until == 0)
		limits_count_broadcast(d->db, m->broadcast, rate, now);
	if (out != OUT_OK || wait_until == 0)
		return out;
	++d->counts.limited;
	if (bot_wide)
		return wait_for_bot(d, m, wait_until, choice, fault);
	*choice = CHOICE_PASS;
	return messages_postpone(d->db, m->chat_id, wait_until, 0, fault);
}

/* While the bot is at its limit only answers leave, and what is paid for. */
bool
pace_next(struct delivery *d, int64_t now, int bulk, struct lane_place *place,
    struct message *m)
{
	bool waits = d->bot_waits_until > now;
	bool pays = turn_pays(d->turn) && d->paid_waits_until <= now;

	if (bulk >= d->bulk_most || (waits && !pays))
		return messages_ready(d->db, now, PRIORITY_ALERT, place, m);
	if (waits && place->priority < PRIORITY_BROADCAST) {
		if (messages_ready(d->db, now, PRIORITY_ALERT, place, m))
			return true;
		*place = (struct lane_place){ PRIORITY_BROADCAST, INT64_MIN,
			INT64_MIN };
	}
	return messages_ready(d->db, now, PRIORITY_BROADCAST, place, m);
}

bool
delivery_throttled(struct delivery *d, int64_t now)
{
	int64_t at = d->bot_waits_until;

	/* Each message of a broadcast has a time of its own. */
	if (at <= now && d->rate_waits_until != 0)
		at = messages_next_of(d->db, PRIORITY_BROADCAST);
	return at > now && at <= now + 1000;
}

struct turn_pace
delivery_pace(const struct delivery *d)
{
	int64_t per = d->limits.per_second;

	if (per > 0)
		per = per > BROADCAST_RESERVE ? per - BROADCAST_RESERVE : 1;
	return (struct turn_pace){ .slots = d->bulk_most, .per_second = per };
}

/* What a broadcast pays for does not wait for the bot. */
static int64_t
after_bot(struct delivery *d, int64_t lane)
{
	int64_t paid = CLOCK_NEVER;

	if (turn_pays(d->turn) && d->bulk_in_flight < d->bulk_most)
		paid = messages_next_of(d->db, PRIORITY_BROADCAST);
	if (paid < d->paid_waits_until)
		paid = d->paid_waits_until;
	if (lane < d->bot_waits_until)
		lane = d->bot_waits_until;
	return paid < lane ? paid : lane;
}

int64_t
delivery_next(struct delivery *d)
{
	if (d->is_stopped)
		return CLOCK_NEVER;
	int64_t task = tasks_next_due(d->db);
	/* With every slot taken that it may have a ready lane changes
	 * nothing. */
	int most = d->bulk_in_flight >= d->bulk_most ? PRIORITY_ALERT
						     : PRIORITY_BROADCAST;
	int64_t lane = slot_find(d) == NULL || d->clears_way
	    ? CLOCK_NEVER
	    : messages_next_ready(d->db, most);
	if (lane != CLOCK_NEVER)
		lane = after_bot(d, lane);
	return task < lane ? task : lane;
}
