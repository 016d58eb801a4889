/* SPDX-License-Identifier: MIT */
#include "store/limits.h"
#include "store/counters.h"
#include "store/statement.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"

#define SECOND_US INT64_C(1000000)
#define CHAT_BURST 3
#define GROUP_BURST 3

/* Three chats with a 429 within this time: it is the bot that is flooding,
 * not a chat. */
#define FLOOD_WINDOW_MS 5000
#define FLOOD_CHATS 3

enum { KIND_BOT, KIND_CHAT, KIND_CRM, KIND_BROADCAST };

static const char *const kind_names[] = { "bot", "chat", "crm", "broadcast" };

struct limit {
	int64_t tat_us, blocked_until;
};

static void
limit_load(struct db *db, int kind, int64_t id, int64_t now,
    struct limit *limit)
{
	/* A 429 that came in the future came before the clock went back: how
	 * long it still holds nobody knows, so it is asked anew. */
	sqlite3_stmt *load = db_use(db,
	    "SELECT tat_us, iif(coalesce(flooded_at, 0) > ?3, 0,"
	    " blocked_until) FROM limits WHERE kind = ?1 AND id = ?2");

	*limit = (struct limit){ 0 };
	db_lend_text(load, 1, kind_names[kind]);
	db_bind_int(load, 2, id);
	db_bind_int(load, 3, now);
	while (db_row(db, load)) {
		limit->tat_us = db_int(load, 0);
		limit->blocked_until = db_int(load, 1);
	}
}

static void
limit_save(struct db *db, int kind, int64_t id, int64_t tat_us)
{
	sqlite3_stmt *save = db_use(db,
	    "INSERT INTO limits(kind, id, tat_us) VALUES(?1, ?2, ?3)"
	    " ON CONFLICT(kind, id) DO UPDATE SET tat_us = excluded.tat_us");

	db_lend_text(save, 1, kind_names[kind]);
	db_bind_int(save, 2, id);
	db_bind_int(save, 3, tat_us);
	db_run(db, save);
}

/* A rate: at most `burst` at once, one per `interval_us` in the long run. */
struct rate {
	int64_t interval_us, burst;
};

/*
 * At most PER in any WINDOW_US: a burst of b and an interval of
 * window / (per - b + 1) let no more than that through, which a burst on top
 * of the plain rate would.
 */
static struct rate
rate_of(int64_t per, int64_t window_us, int64_t burst)
{
	if (per <= 0)
		return (struct rate){ 0, 0 };
	if (burst > per)
		burst = per;
	/* Rounded down, the last one would come within the window. */
	int64_t gaps = per - burst + 1;
	return (struct rate){ (window_us + gaps - 1) / gaps, burst };
}

static struct rate
plain_rate(int64_t per_second)
{
	return rate_of(per_second, SECOND_US, 1 + per_second / 15);
}

static struct rate
chat_rate(const struct limits *limits, int64_t chat_id)
{
	if (chat_id < 0)
		return rate_of(limits->group_per_minute, 60 * SECOND_US,
		    GROUP_BURST);
	if (limits->chat_per_second <= 0)
		return (struct rate){ 0, 0 };
	return (
	    struct rate){ SECOND_US / limits->chat_per_second, CHAT_BURST };
}

static struct rate
bot_rate(const struct limits *limits, int64_t reserve)
{
	const struct allowance *shared = limits->shared;
	int64_t per = limits->per_second;

	if (per > 0 && shared != NULL && !shared->rules)
		per = per * shared->share < 100 ? 1
						: per * shared->share / 100;
	if (per > 0 && reserve > 0)
		per = per > reserve ? per - reserve : 1;
	return plain_rate(per);
}

/*
 * When RATE lets one more through at NOW_US, in microseconds; moves the
 * arrival time on in TAKEN.  A stored time further ahead than the rate can
 * have put it means that the clock went back: it counts for nothing.
 */
static int64_t
rate_ask(struct rate rate, int64_t tat_us, int64_t now_us, int64_t *taken)
{
	int64_t most = now_us + 4 * rate.burst * rate.interval_us;
	int64_t base = tat_us > most ? now_us : tat_us;
	int64_t earliest = base - (rate.burst - 1) * rate.interval_us;

	*taken = (base > now_us ? base : now_us) + rate.interval_us;
	return earliest > now_us ? earliest : 0;
}

void
limits_bot_rate(const struct limits *limits, int64_t *interval_us,
    int64_t *burst)
{
	const struct limits whole = { .per_second = limits->per_second };
	struct rate rate = bot_rate(&whole, 0);

	*interval_us = rate.interval_us;
	*burst = rate.burst;
}

static int64_t
ceil_ms(int64_t us)
{
	return (us + 999) / 1000;
}

/* Takes one of what was granted to this process; false: nothing is left for
 * what is not an answer. */
static bool
allowance_take(struct allowance *shared, bool counted_only, int64_t reserve)
{
	if (shared->left <= (counted_only ? 0 : reserve)) {
		shared->owed += counted_only;
		return counted_only;
	}
	--shared->left;
	return true;
}

enum outcome
limits_take(struct db *db, const struct limits *limits, int64_t chat_id,
    bool counted_only, int64_t reserve, int64_t now, int64_t *wait_until,
    bool *bot_wide, struct fault *fault)
{
	struct limit bot, chat;
	struct rate by_bot = bot_rate(limits, reserve);
	struct rate by_chat = chat_rate(limits, chat_id);
	int64_t bot_tat = 0, chat_tat = 0, at = 0;

	*wait_until = 0;
	*bot_wide = false;
	limit_load(db, KIND_BOT, 0, now, &bot);
	limit_load(db, KIND_CHAT, chat_id, now, &chat);
	if (bot.blocked_until > now) {
		*wait_until = bot.blocked_until;
		*bot_wide = true;
		return db_result(db, fault);
	}
	if (chat.blocked_until > now) {
		*wait_until = chat.blocked_until;
		return db_result(db, fault);
	}
	if (by_chat.interval_us > 0)
		at = rate_ask(by_chat, chat.tat_us, now * 1000, &chat_tat);
	if (at > 0 && !counted_only) {
		*wait_until = ceil_ms(at);
		return db_result(db, fault);
	}
	at = 0;
	if (limits->shared != NULL && limits->shared->rules &&
	    by_bot.interval_us > 0) {
		by_bot.interval_us = 0;
		if (!allowance_take(limits->shared, counted_only, reserve)) {
			*wait_until = limits->shared->wait_until > now
			    ? limits->shared->wait_until
			    : now + 1;
			*bot_wide = true;
			return db_result(db, fault);
		}
	}
	if (by_bot.interval_us > 0)
		at = rate_ask(by_bot, bot.tat_us, now * 1000, &bot_tat);
	if (at > 0 && !counted_only) {
		*wait_until = ceil_ms(at);
		*bot_wide = true;
		return db_result(db, fault);
	}
	if (by_chat.interval_us > 0)
		limit_save(db, KIND_CHAT, chat_id, chat_tat);
	if (by_bot.interval_us > 0)
		limit_save(db, KIND_BOT, 0, bot_tat);
	return db_result(db, fault);
}

static void
limit_block(struct db *db, int kind, int64_t id, int64_t until,
    int64_t flooded_at)
{
	sqlite3_stmt *block = db_use(db,
	    "INSERT INTO limits(kind, id, blocked_until, flooded_at)"
	    " VALUES(?1, ?2, ?3, ?4) ON CONFLICT(kind, id) DO UPDATE SET"
	    " blocked_until = iif(coalesce(flooded_at, 0) > ?4,"
	    "  excluded.blocked_until,"
	    "  max(blocked_until, excluded.blocked_until)),"
	    " flooded_at = excluded.flooded_at");

	db_bind_text(block, 1, kind_names[kind]);
	db_bind_int(block, 2, id);
	db_bind_int(block, 3, until);
	db_bind_int(block, 4, flooded_at);
	db_run(db, block);
}

enum outcome
limits_flooded(struct db *db, int64_t chat_id, int64_t retry_ms, int64_t now,
    int64_t *until, struct fault *fault)
{
	int64_t chats = 0;

	*until = now + retry_ms;
	counter_add(db, COUNT_FLOODED, "", 1);
	limit_block(db, KIND_CHAT, chat_id, *until, now);
	sqlite3_stmt *count = db_use(db,
	    "SELECT count(*) FROM limits WHERE flooded_at IS NOT NULL"
	    " AND kind = 'chat' AND flooded_at BETWEEN ?1 AND ?2");
	db_bind_int(count, 1, now - FLOOD_WINDOW_MS);
	db_bind_int(count, 2, now);
	while (db_row(db, count))
		chats = db_int(count, 0);
	if (chats >= FLOOD_CHATS)
		limit_block(db, KIND_BOT, 0, *until, now);
	return db_result(db, fault);
}

int64_t
limits_blocked_until(struct db *db, int64_t now)
{
	struct limit bot;

	limit_load(db, KIND_BOT, 0, now, &bot);
	return bot.blocked_until > now ? bot.blocked_until : 0;
}

int64_t
limits_ask_broadcast(struct db *db, int64_t id, int64_t per_second,
    int64_t now, int64_t *interval_us)
{
	struct rate rate = plain_rate(per_second);
	struct limit limit;
	int64_t taken;

	*interval_us = rate.interval_us;
	if (rate.interval_us == 0)
		return 0;
	limit_load(db, KIND_BROADCAST, id, now, &limit);
	return ceil_ms(rate_ask(rate, limit.tat_us, now * 1000, &taken));
}

void
limits_count_broadcast(struct db *db, int64_t id, int64_t per_second,
    int64_t now)
{
	struct rate rate = plain_rate(per_second);
	struct limit limit;
	int64_t taken;

	if (rate.interval_us == 0)
		return;
	limit_load(db, KIND_BROADCAST, id, now, &limit);
	rate_ask(rate, limit.tat_us, now * 1000, &taken);
	limit_save(db, KIND_BROADCAST, id, taken);
}

/* Limits have numbers; a CRM is known by its name. */
static int64_t
crm_id(const char *name)
{
	return (int64_t)(id_hash(name, strlen(name)) & INT64_MAX);
}

enum outcome
limits_take_crm(struct db *db, const char *name, int64_t per_second,
    int64_t burst, int64_t now, int64_t *wait_until, struct fault *fault)
{
	struct rate rate = rate_of(per_second, SECOND_US, burst);
	struct limit limit;
	int64_t tat = 0, at = 0;

	/* A leaky bucket may hold more than a second's worth. */
	if (per_second > 0 && burst > per_second)
		rate = (struct rate){ SECOND_US / per_second, burst };
	limit_load(db, KIND_CRM, crm_id(name), now, &limit);
	*wait_until = limit.blocked_until > now ? limit.blocked_until : 0;
	if (*wait_until != 0 || rate.interval_us == 0)
		return db_result(db, fault);
	at = rate_ask(rate, limit.tat_us, now * 1000, &tat);
	if (at > 0)
		*wait_until = ceil_ms(at);
	else
		limit_save(db, KIND_CRM, crm_id(name), tat);
	return db_result(db, fault);
}

enum outcome
limits_block_crm(struct db *db, const char *name, int64_t until, int64_t now,
    struct fault *fault)
{
	limit_block(db, KIND_CRM, crm_id(name), until, now);
	return db_result(db, fault);
}
