/* SPDX-License-Identifier: MIT */
#include "shared/redis_breaker.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/host.h"

/* On the way of answers: 150, with what it takes at most (WRITE_MS) to write
 * that down. */
#define BOT_LOSE_MS 130
#define BOT_CONNECT_MS 50
#define BOT_FAR_CONNECT_MS 150
#define BOT_ANSWER_MS 100
#define BOT_FAST_MS 50
#define BOT_NEAR_LEAST_MS 5

#define SYNC_CONNECT_MS 1500

/* How long a password that is refused is not tried again. */
#define REFUSED_MS 60000

/* One who tries whether it is back is through by then, or dead. */
#define TRIAL_MS 5000

/* No breaker of Redis is open for longer: the clock was set back. */
#define OPEN_MOST_MS 75000

/* For a row of its own; whoever holds the database that long is busy. */
#define WRITE_MS 20

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
redis_end_of(const struct redis *redis, int64_t start)
{
	if (redis->way == REDIS_SYNC)
		return redis->deadline;
	return start + BOT_LOSE_MS - redis->lost_ms;
}

static bool
is_near(const struct redis *redis)
{
	return redis->address.path ||
	    (!redis->address.tls && redis->ip && host_ip_private(redis->ip));
}

/* A good call that is cut short would look like a Redis that hangs, and shut
 * it for all. */
static int64_t
least_ms(const struct redis *redis)
{
	return is_near(redis) ? BOT_NEAR_LEAST_MS : BOT_FAST_MS;
}

int64_t
redis_connect_by(const struct redis *redis)
{
	int64_t wait = is_near(redis) ? BOT_CONNECT_MS : BOT_FAR_CONNECT_MS;

	if (redis->way == REDIS_SYNC)
		wait = SYNC_CONNECT_MS;
	return sooner(clock_mono_ms() + wait, redis->until);
}

int64_t
redis_answer_by(const struct redis *redis)
{
	if (redis->way == REDIS_SYNC)
		return redis->until;
	return sooner(clock_mono_ms() + BOT_ANSWER_MS, redis->until);
}

/* What is known is of another address, or password, than now. */
static bool
was_mended(const struct redis *redis, const struct breaker *breaker)
{
	const char *where = redis->address.where;
	size_t len = sizeof(REDIS_AT) - 1;

	if (breaker->since == 0)
		return false;
	if (breaker->kind != BREAKER_FAILING)
		return breaker->credential != redis->credential;
	return strncmp(breaker->reason, REDIS_AT, len) != 0 ||
	    strncmp(breaker->reason + len, where, strlen(where)) != 0;
}

static void
load(struct redis *redis)
{
	redis->breaker = (struct breaker){ 0 };
	if (!redis->db)
		return;
	breaker_load(redis->db, BREAKER_REDIS, &redis->breaker);
	/* A database that cannot be read tells nothing, and not here. */
	if (db_result(redis->db, NULL) != OUT_OK)
		redis->breaker = (struct breaker){ 0 };
}

static bool
is_open(const struct redis *redis)
{
	const struct breaker *breaker = &redis->breaker;
	int64_t now = clock_wall_ms();

	return breaker->open_until > now &&
	    breaker->open_until <= now + OPEN_MOST_MS &&
	    !was_mended(redis, breaker);
}

static bool
refuse(const struct redis *redis, struct fault *fault, const char *why)
{
	if (fault)
		(void)!redis_fail(redis, OUT_LATER, fault, why);
	return false;
}

/* What a breaker says was said of Redis already. */
static bool
refuse_open(const struct breaker *breaker, struct fault *fault)
{
	if (breaker->kind == BREAKER_FAILING)
		(void)fault_set(fault, OUT_LATER, EXIT_LATER, "%s",
		    breaker->reason);
	else
		(void)fault_set(fault, OUT_NEVER, EXIT_CONFIG, "%s",
		    breaker->reason);
	return false;
}

bool
redis_allowed(struct redis *redis, struct fault *fault)
{
	if (redis->way == REDIS_BOT &&
	    redis->lost_ms + least_ms(redis) > BOT_LOSE_MS)
		return refuse(redis, fault,
		    "it cost this run more than 150 ms already");
	if (redis->way == REDIS_SYNC && clock_mono_ms() >= redis->deadline)
		return refuse(redis, fault, "its time is over");
	if (clock_mono_ms() < redis->shut_until)
		return refuse(redis, fault, "it failed a moment ago");
	if (!redis->ip && !redis->address.path && redis->way == REDIS_BOT &&
	    redis_find(redis, 0, fault) != OUT_OK)
		return false;
	load(redis);
	return !is_open(redis) || refuse_open(&redis->breaker, fault);
}

bool
redis_claim(struct redis *redis, struct fault *fault)
{
	int64_t now = clock_wall_ms();
	int64_t open_until = redis->breaker.open_until;
	struct fault unsaid = { 0 };
	bool mine = true;

	redis->probing = open_until != 0 || redis->shut_until != 0;
	if (open_until == 0)
		return true;
	/* It may be open and yet not count: a clock or a password was set. */
	if (open_until > now)
		now = open_until;
	if (db_begin(redis->db, clock_mono_ms() + WRITE_MS, &unsaid) != OUT_OK)
		return true;
	if (breaker_claim(redis->db, BREAKER_REDIS, now,
		clock_wall_ms() + TRIAL_MS, &mine, &unsaid) != OUT_OK ||
	    db_commit(redis->db, &unsaid) != OUT_OK)
		mine = true;
	db_rollback(redis->db);
	return mine || refuse(redis, fault, "somebody else tries it now");
}

/* Inside a transaction. */
static enum outcome
write_outcome(struct redis *redis, enum outcome out, const struct fault *fault)
{
	int64_t now = clock_wall_ms();
	struct fault unsaid;
	bool recovered;

	if (out == OUT_OK)
		return breaker_answered(redis->db, BREAKER_REDIS, now,
		    &recovered, &unsaid);
	if (out == OUT_NEVER)
		return breaker_shut(redis->db, BREAKER_REDIS, BREAKER_DENIED,
		    REFUSED_MS, redis->credential, fault->text, now, &unsaid);
	if (redis->hung)
		return breaker_hung(redis->db, BREAKER_REDIS, fault->text, now,
		    &unsaid);
	return breaker_failed(redis->db, BREAKER_REDIS, fault->text, now,
	    &unsaid);
}

/* Writes down what became of it, if the database can. */
static enum outcome
write_down(struct redis *redis, enum outcome out, const struct fault *fault)
{
	struct fault unsaid = { 0 };
	enum outcome wrote;

	if (!redis->db)
		return OUT_LATER;
	wrote = db_begin(redis->db, clock_mono_ms() + WRITE_MS, &unsaid);
	if (wrote != OUT_OK)
		return wrote;
	if (was_mended(redis, &redis->breaker))
		wrote = breaker_reset(redis->db, BREAKER_REDIS, &unsaid);
	if (wrote == OUT_OK)
		wrote = write_outcome(redis, out, fault);
	if (wrote == OUT_OK)
		wrote = db_commit(redis->db, &unsaid);
	db_rollback(redis->db);
	return wrote;
}

/* As the database does it, for this process alone. */
static void
remember(struct redis *redis, enum outcome out)
{
	int64_t wait = 5000;

	redis->failures++;
	if (out == OUT_NEVER)
		wait = REFUSED_MS;
	else if (!redis->hung && redis->failures < 2)
		return;
	for (int i = 2; i < redis->failures && wait < 60000; i++)
		wait *= 2;
	redis->shut_until = clock_mono_ms() + sooner(wait, 60000);
}

void
redis_tell(struct redis *redis, const struct fault *fault)
{
	const char *why = fault ? fault->text : "";
	char text[sizeof(fault->text) + 40];

	log_service("redis", !fault, "text=%s", log_quote(why));
	if (redis->told == (fault ? TOLD_AWAY : TOLD_HERE))
		return;
	redis->told = fault ? TOLD_AWAY : TOLD_HERE;
	if (!fault)
		log_event(LOG_INFO, "redis_connected", "via=%s",
		    redis->address.setting);
	if (strncmp(why, REDIS_AT, sizeof(REDIS_AT) - 1) == 0)
		why += sizeof(REDIS_AT) - 1;
	snprintf(text, sizeof(text), "redis: %s%s",
	    fault ? "not reachable: " : "connected via ",
	    fault ? why : redis->address.setting);
	log_event(LOG_INFO, "redis", "text=%s", log_quote(text));
}

void
redis_settle(struct redis *redis, int64_t start, enum outcome out,
    const struct fault *fault)
{
	int64_t took = clock_mono_ms() - start;

	redis_tell(redis, out == OUT_OK ? NULL : fault);
	if (out != OUT_OK) {
		if (write_down(redis, out, fault) != OUT_OK)
			remember(redis, out);
		redis->lost_ms += clock_mono_ms() - start;
		return;
	}
	if (took > BOT_FAST_MS)
		redis->lost_ms += took;
	redis->failures = 0;
	redis->shut_until = 0;
	if (redis->breaker.since != 0 || redis->breaker.open_until != 0)
		(void)!write_down(redis, out, fault);
}
