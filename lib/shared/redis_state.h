/* SPDX-License-Identifier: MIT */
/*
 * What a Redis is made of, for the files redis*.c alone.
 */
#ifndef LEADPIPE_REDIS_STATE_H
#define LEADPIPE_REDIS_STATE_H

#include "base/buf.h"
#include "net/stream.h"
#include "shared/redis.h"
#include "shared/redis_address.h"
#include "shared/redis_reader.h"
#include "store/breaker.h"

/* Of bytes, in one round trip. */
#define REDIS_SENT_MOST ((size_t)128 << 20)

/* A command that waits in `out`. */
struct redis_command {
	size_t at, len;
	const struct redis_script *script; /* NULL: none */
	bool asks;			   /* a NOPERM is its own */
};

struct redis {
	struct db *db; /* NULL: nothing is kept */
	enum redis_way way;
	struct redis_address address;
	char *ip; /* of its host; NULL: not known yet, or a socket */

	struct stream *stream; /* NULL: not connected */
	struct redis_reader *reader;
	enum { TOLD_NOTHING, TOLD_HERE, TOLD_AWAY } told;

	struct buf out;
	struct redis_command *commands;
	int count;
	struct redisReply **replies;
	int reply_count;

	int64_t deadline; /* of everything */
	int64_t until;	  /* of the call at hand */
	int64_t lost_ms;  /* by failures, on the way of answers */
	int64_t credential;
	struct breaker breaker; /* as it was before the call at hand */
	bool probing;		/* whether it is back */
	bool hung;		/* the call at hand took all of its time */
	int failures;	    /* in a row, that the database does not know of */
	int64_t shut_until; /* monotonic ms, for the same reason */
};

/* Connects when it is not, and says hello, by DEADLINE. */
enum outcome redis_connect(struct redis *redis, int64_t deadline,
    struct fault *fault) must_check;
void redis_disconnect(struct redis *redis);

/*
 * Sends DATA and takes COUNT replies into REPLIES (which is filled with NULL
 * first) by DEADLINE.  On failure some may have come: an error may explain it.
 */
struct redis_trip {
	const char *data;
	size_t len;
	struct redisReply **replies;
	int count;
};
enum outcome redis_trip(struct redis *redis, const struct redis_trip *trip,
    int64_t deadline, struct fault *fault) must_check;

/* Appends COUNT words as one command to BUF. */
bool redis_format(struct buf *buf, int count, const char *const *words,
    const size_t *lengths);

/* The commands of REDIS as one round trip, and what Redis did not know of
 * their scripts in a second. */
enum outcome redis_trip_all(struct redis *redis, int64_t deadline,
    struct fault *fault) must_check;

/* Fills FAULT with what the error REPLY means for all of REDIS; OUT_OK when
 * it concerns its call alone. */
enum outcome redis_explain(const struct redis *redis,
    const struct redisReply *reply, struct fault *fault) must_check;

/* True for a NOPERM. */
bool redis_lacks_right(const struct redisReply *reply);

/* Fills FAULT: where it is, after these words, then WHY. */
#define REDIS_AT "redis at "
enum outcome redis_fail(const struct redis *redis, enum outcome what,
    struct fault *fault, const char *why) must_check;

/* Finds out `ip`; only REDIS_SYNC looks names up, until DEADLINE. */
enum outcome redis_find(struct redis *redis, int64_t deadline,
    struct fault *fault) must_check;

#endif
