/* SPDX-License-Identifier: MIT */
/*
 * The codec of hiredis with limits that it does not have.
 */
#ifndef LEADPIPE_REDIS_READER_H
#define LEADPIPE_REDIS_READER_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

struct redis_reader;

/* Of at most BYTES between two calls of redis_reader_reset(). */
struct redis_reader *redis_reader_open(size_t bytes);
void redis_reader_close(struct redis_reader *reader);
void redis_reader_reset(struct redis_reader *reader);

/* Takes what came; false when it is too much or nonsense. */
bool redis_reader_feed(struct redis_reader *reader, const char *data,
    size_t len);

/* The next reply, NULL when it is not there yet; false as above. */
bool redis_reader_next(struct redis_reader *reader, struct redisReply **reply);

/* What was wrong, when something was. */
const char *redis_reader_why(const struct redis_reader *reader);

#endif
