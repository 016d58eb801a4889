/* SPDX-License-Identifier: MIT */
#include "shared/redis_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* That of hiredis before 1.0, which newer ones do not have. */
#define DEPTH_MOST 7
#define TOO_DEEP "its reply is nested too deep"

/* A reply of empty arrays needs 16 times its bytes in memory, and the time to
 * make them. */
#define BYTES_PER_ELEMENT 64

#if HIREDIS_MAJOR >= 1
#define COUNT size_t
#else
#define COUNT int
#endif

struct redis_reader {
	redisReader *reader;
	redisReplyObjectFunctions own, all;
	size_t bytes, most;
	size_t elements;
	const char *why;
};

static void *
create_array(const redisReadTask *task, COUNT count)
{
	struct redis_reader *reader = task->privdata;
	int depth = 1;

	for (const redisReadTask *at = task; at->parent; at = at->parent)
		depth++;
	if (count > 0)
		reader->elements += (size_t)count;
	if (depth <= DEPTH_MOST &&
	    reader->elements <= reader->most / BYTES_PER_ELEMENT)
		return reader->all.createArray(task, count);
	reader->why = depth > DEPTH_MOST ? TOO_DEEP
					 : "its reply has too many elements";
	return NULL;
}

struct redis_reader *
redis_reader_open(size_t bytes)
{
	struct redis_reader *reader = mem_alloc(sizeof(*reader));

	reader->most = bytes;
	reader->reader = redisReaderCreate();
	if (reader->reader) {
		reader->all = reader->own = *reader->reader->fn;
		reader->own.createArray = create_array;
		reader->reader->fn = &reader->own;
		reader->reader->privdata = reader;
	}
	return reader;
}

void
redis_reader_close(struct redis_reader *reader)
{
	if (!reader)
		return;
	if (reader->reader)
		redisReaderFree(reader->reader);
	free(reader);
}

void
redis_reader_reset(struct redis_reader *reader)
{
	reader->bytes = reader->elements = 0;
}

bool
redis_reader_feed(struct redis_reader *reader, const char *data, size_t len)
{
	reader->bytes += len;
	if (reader->bytes > reader->most) {
		reader->why = "its reply is too large";
		return false;
	}
	return reader->reader &&
	    redisReaderFeed(reader->reader, data, len) == REDIS_OK;
}

bool
redis_reader_next(struct redis_reader *reader, struct redisReply **reply)
{
	void *next = NULL;
	bool fine = redisReaderGetReply(reader->reader, &next) == REDIS_OK;

	*reply = fine ? next : NULL;
	return fine;
}

const char *
redis_reader_why(const struct redis_reader *reader)
{
	if (reader->why)
		return reader->why;
	if (reader->reader && strstr(reader->reader->errstr, "nested"))
		return TOO_DEEP;
	return reader->reader && reader->reader->err == REDIS_ERR_PROTOCOL
	    ? "it does not speak Redis's protocol: is something else there?"
	    : "no memory for its reply";
}
