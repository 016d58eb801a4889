/* SPDX-License-Identifier: MIT */
/*
 * The Redis at hand, if there is one: never waited for longer than its budget,
 * never needed (design.md 5, I1 and I8).
 *
 * hiredis is the codec; the socket, every deadline and TLS are ours, as its
 * own timeouts do not hold (a name that does not resolve, a server that drips).
 * What happened last is kept in the database, so that processes and runs learn
 * from each other: while the breaker is open nothing is asked and nothing
 * waits.
 *
 *	redis_add(redis, "HGETALL %s", key);
 *	redis_add(redis, "SET %s %b PX %lld", key, text, len, ttl_ms);
 *	if (redis_run(redis, &fault) == OUT_OK)
 *		... redis_reply(redis, 0), redis_reply(redis, 1)
 */
#ifndef LEADPIPE_REDIS_H
#define LEADPIPE_REDIS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "store/db.h"

struct redis;

/* On whose way it is asked. */
enum redis_way {
	REDIS_BOT, /* of answers: failures may cost 150 ms a process in all */
	REDIS_SYNC /* of nobody: 5 s in all, host names are resolved */
};

/*
 * Reads REDIS_URL (redis://, rediss://, unix://) or REDISHOST, REDISPORT,
 * REDISUSER and REDISPASSWORD.  *REDIS is NULL when none is configured or
 * DEV_MODE is on; every function below takes that as a Redis that is not there.
 * Asks nobody yet.  OUT_NEVER/EXIT_CONFIG: an address that cannot be read.
 */
enum outcome redis_open(struct redis **redis, struct db *db,
    const struct config *config, enum redis_way way, struct fault *fault)
    must_check;
void redis_close(struct redis *redis);

/* Whether a call would be tried now: configured, budget left, breaker closed,
 * address known.  Asks nobody. */
bool redis_usable(struct redis *redis);

/* Adds a command to the next round trip, as redisvFormatCommand() of hiredis
 * reads it (%s, %b with a size_t, %lld ...): arguments may hold anything. */
void redis_add(struct redis *redis, const char *format, ...);

/* The same of COUNT words. */
void redis_add_words(struct redis *redis, int count, const char *const *words,
    const size_t *lengths);

/* The same of what the user may have no right to: a NOPERM concerns that call
 * alone. */
void redis_add_ask(struct redis *redis, int count, const char *const *words);

/* A script, sent by its name and in full when Redis does not know it. */
struct redis_script {
	const char *sha1; /* of text, 40 hex digits in lower case */
	const char *text;
};

/* Adds a call of SCRIPT: the first KEYS of the COUNT words are its keys. */
void redis_add_script(struct redis *redis, const struct redis_script *script,
    int keys, int count, const char *const *words, const size_t *lengths);

/*
 * Sends what was added and takes all replies, in one round trip.  OUT_OK: all
 * came, also error replies that concern one key (redis_trouble()).  OUT_LATER:
 * there is no Redis now, or it cannot serve; the breaker knows it, and whether
 * what was sent was done nobody knows.  OUT_NEVER: the configuration or the
 * server will not do (password, rights, cluster, version).
 */
enum outcome redis_run(struct redis *redis, struct fault *fault) must_check;

/* Reply INDEX of the last good redis_run(), borrowed until the next
 * redis_add(). */
const struct redisReply *redis_reply(const struct redis *redis, int index);

enum redis_trouble {
	REDIS_FINE,
	REDIS_DOWN,   /* cannot serve now: opens the breaker */
	REDIS_CONFIG, /* NOAUTH, WRONGPASS, NOPERM: a person must mend it */
	REDIS_WRONG_TYPE, /* this key is not what it should be */
	REDIS_FOREIGN,	  /* a cluster or a version that we do not speak */
	REDIS_ERROR	  /* anything else: said, and that call has failed */
};

/* What an error reply means; REDIS_FINE for any other. */
enum redis_trouble redis_trouble(const struct redisReply *reply);

/* Where it is, for people: host and port or socket, and the setting that says
 * so; never a password. */
const char *redis_where(const struct redis *redis);

/* Sets the instant (monotonic ms) by which all calls end, for REDIS_SYNC whose
 * caller shares out its time. */
void redis_end_by(struct redis *redis, int64_t deadline);

#endif
