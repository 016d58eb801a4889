/* SPDX-License-Identifier: MIT */
#include "shared/webhook_limit.h"

#include <stdio.h>

#include "base/log.h"
#include "store/window.h"

#define KEY_SIZE 48

static void
ask(struct redis *redis, const char *key, const char *word)
{
	const char *words[] = { word, key };

	redis_add_ask(redis, 2, words);
}

/*
 * The first SET opens the minute, as EXPIRE behind the first INCR does with
 * other programs, but cannot be torn from it.  Not by a script: a user of Redis
 * who has no right to the key is then told of this alone, and not for all that
 * we do there.
 */
static void
add_count(struct redis *redis, const char *key)
{
	char life[24];
	const char *open[] = { "SET", key, "0", "PX", life, "NX" };

	snprintf(life, sizeof(life), "%lld", (long long)WINDOW_MS);
	redis_add_ask(redis, 6, open);
	ask(redis, key, "INCR");
	ask(redis, key, "PTTL");
}

/* A counter without an end is one whose owner died between INCR and EXPIRE, and
 * would refuse everything for ever. */
static void
end_in_a_minute(struct redis *redis, const char *key)
{
	char life[24];
	const char *words[] = { "PEXPIRE", key, life };
	struct fault fault;

	snprintf(life, sizeof(life), "%lld", (long long)WINDOW_MS);
	redis_add_ask(redis, 3, words);
	(void)!redis_run(redis, &fault);
}

static int64_t
number_of(const struct redisReply *reply)
{
	return reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
}

bool
webhook_limit_take(struct redis *redis, int64_t bot, int64_t most,
    int64_t *wait_ms)
{
	char key[KEY_SIZE];
	struct fault fault;

	*wait_ms = 0;
	if (!redis_usable(redis))
		return false;
	snprintf(key, sizeof(key), "ratelimit:webhook:%lld", (long long)bot);
	add_count(redis, key);
	if (redis_run(redis, &fault) != OUT_OK)
		return false;
	const struct redisReply *reply = redis_reply(redis, 1);
	int64_t count = number_of(reply);
	int64_t left = number_of(redis_reply(redis, 2));
	if (count < 0) {
		log_warning("redis: '%s' does not count: %s", key,
		    reply->type == REDIS_REPLY_ERROR ? reply->str
						     : "a strange answer");
		return false;
	}
	if (left < 0) {
		left = WINDOW_MS;
		end_in_a_minute(redis, key);
	}
	if (count > most)
		*wait_ms = left;
	return true;
}
