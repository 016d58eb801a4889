/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "shared/redis_state.h"

/* "$7\r\nEVALSHA\r\n$40\r\n" and 40 digits with their line end. */
#define NAME_BYTES (4 + 9 + 5 + 42)

bool
redis_format(struct buf *buf, int count, const char *const *words,
    const size_t *lengths)
{
	char *text = NULL;
	long long len = redisFormatCommandArgv(&text, count,
	    (const char **)words, lengths);
	bool fits = len > 0 && buf_add(buf, text, (size_t)len);

	redisFreeCommand(text);
	return fits;
}

/* Command INDEX of REDIS with its script in full. */
static void
add_in_full(struct buf *wire, const struct redis *redis, int index)
{
	const struct redis_command *command = &redis->commands[index];
	const char *at = redis->out.data + command->at;
	size_t head = (size_t)((char *)memchr(at, '\n', command->len) - at) +
	    1;
	const char *text = command->script->text;

	buf_add(wire, at, head);
	buf_printf(wire, "$4\r\nEVAL\r\n$%zu\r\n", strlen(text));
	buf_add_text(wire, text);
	buf_add_text(wire, "\r\n");
	buf_add(wire, at + head + NAME_BYTES,
	    command->len - head - NAME_BYTES);
}

static bool
came_before(const struct redis *redis, int index)
{
	for (int i = 0; i < index; i++)
		if (redis->commands[i].script == redis->commands[index].script)
			return true;
	return false;
}

/*
 * A script that others follow goes in full, the first time: when Redis did not
 * know it, what follows would have been done before it.
 */
static bool
goes_in_full(const struct redis *redis, int index)
{
	return redis->commands[index].script && index + 1 < redis->count &&
	    !came_before(redis, index);
}

static bool
is_unknown(const struct redisReply *reply)
{
	return reply && reply->type == REDIS_REPLY_ERROR &&
	    strncmp(reply->str, "NOSCRIPT", 8) == 0;
}

/* Again what Redis has no script for, in full. */
static enum outcome
send_unknown(struct redis *redis, int64_t deadline, struct fault *fault)
{
	struct buf wire = BUF_INIT(REDIS_SENT_MOST);
	struct redis_trip again = { 0 };
	enum outcome out = OUT_OK;

	for (int i = 0; i < redis->count; i++)
		if (redis->commands[i].script &&
		    is_unknown(redis->replies[i])) {
			add_in_full(&wire, redis, i);
			again.count++;
		}
	if (again.count > 0) {
		again.data = wire.data;
		again.len = wire.len;
		again.replies = mem_array(NULL, (size_t)again.count,
		    sizeof(struct redisReply *));
		out = redis_trip(redis, &again, deadline, fault);
		for (int i = 0, j = 0; i < redis->count; i++)
			if (redis->commands[i].script &&
			    is_unknown(redis->replies[i])) {
				freeReplyObject(redis->replies[i]);
				redis->replies[i] = again.replies[j++];
			}
		free(again.replies);
	}
	buf_release(&wire);
	return out;
}

enum outcome
redis_trip_all(struct redis *redis, int64_t deadline, struct fault *fault)
{
	struct buf wire = BUF_INIT(REDIS_SENT_MOST);
	struct redis_trip all = { .replies = redis->replies,
		.count = redis->count };
	enum outcome out;
	int full = 0;

	for (int i = 0; i < redis->count; i++)
		full += goes_in_full(redis, i);
	for (int i = 0; full > 0 && i < redis->count; i++)
		if (goes_in_full(redis, i))
			add_in_full(&wire, redis, i);
		else
			buf_add(&wire, redis->out.data + redis->commands[i].at,
			    redis->commands[i].len);
	all.data = full > 0 ? wire.data : redis->out.data;
	all.len = full > 0 ? wire.len : redis->out.len;
	out = redis_trip(redis, &all, deadline, fault);
	buf_release(&wire);
	return out == OUT_OK ? send_unknown(redis, deadline, fault) : out;
}
