/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "shared/redis_state.h"

/* How far one round trip is. */
struct progress {
	size_t sent;
	int count;
	bool deaf; /* it takes nothing more, but may have said why */
};

static enum outcome
lost(struct redis *redis, struct fault *fault, const char *why)
{
	return redis_fail(redis, OUT_LATER, fault, why);
}

/* Sends as much as goes. */
static void
send_some(struct redis *redis, const struct redis_trip *trip,
    struct progress *progress)
{
	while (!progress->deaf && progress->sent < trip->len) {
		ssize_t count = stream_send(redis->stream,
		    trip->data + progress->sent, trip->len - progress->sent);

		if (count == STREAM_WAIT)
			return;
		progress->deaf = count < 0;
		progress->sent += count > 0 ? (size_t)count : 0;
	}
}

/* The replies that are there. */
static bool
take_replies(struct redis *redis, const struct redis_trip *trip,
    struct progress *progress)
{
	struct redisReply *reply;

	while (progress->count < trip->count) {
		if (!redis_reader_next(redis->reader, &reply))
			return false;
		if (!reply)
			return true;
		trip->replies[progress->count++] = reply;
	}
	return true;
}

/* Receives what is there, without going on for ever: a peer may be faster
 * than the deadline. */
static enum outcome
receive_some(struct redis *redis, const struct redis_trip *trip,
    struct progress *progress, int64_t deadline, struct fault *fault)
{
	char data[64 * 1024];

	while (progress->count < trip->count && clock_mono_ms() < deadline) {
		ssize_t count =
		    stream_receive(redis->stream, data, sizeof(data));

		if (count == STREAM_WAIT)
			return OUT_OK;
		if (count == STREAM_END)
			return lost(redis, fault, "it closed the connection");
		if (count < 0)
			return lost(redis, fault, "the connection broke");
		if (!redis_reader_feed(redis->reader, data, (size_t)count) ||
		    !take_replies(redis, trip, progress))
			return lost(redis, fault,
			    redis_reader_why(redis->reader));
	}
	return OUT_OK;
}

enum outcome
redis_trip(struct redis *redis, const struct redis_trip *trip,
    int64_t deadline, struct fault *fault)
{
	struct progress progress = { 0 };
	enum outcome out = OUT_OK;

	for (int i = 0; i < trip->count; i++)
		trip->replies[i] = NULL;
	redis_reader_reset(redis->reader);
	while (out == OUT_OK && progress.count < trip->count) {
		bool sending;

		send_some(redis, trip, &progress);
		out = receive_some(redis, trip, &progress, deadline, fault);
		if (out != OUT_OK || progress.count == trip->count)
			break;
		sending = !progress.deaf && progress.sent < trip->len;
		/* One that never stops talking is always ready. */
		if (clock_mono_ms() >= deadline ||
		    !stream_wait(redis->stream, sending, deadline)) {
			redis->hung = true;
			out = lost(redis, fault, "no answer");
		}
	}
	return out;
}
