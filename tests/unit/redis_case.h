/* SPDX-License-Identifier: MIT */
/*
 * Units that need a real Redis: one server for all tests of a program, which
 * begins and ends as their group does, and a client of it.
 */
#ifndef LEADPIPE_REDIS_CASE_H
#define LEADPIPE_REDIS_CASE_H

#include "redis_server.h"

static struct redis_server server;
static struct redis *redis;

static int
start(void **state)
{
	(void)state;
	redis_server_start(&server, NULL);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	redis_server_remove(&server);
	return 0;
}

/* The client, and nothing in Redis. */
static inline void
redis_afresh(struct db *of)
{
	redis = redis_server_client(&server, of, REDIS_SYNC);
	redis_add(redis, "FLUSHALL");
	redis_run_ok(redis);
}

/* What a command that another program gives answers, as
 * text, until the next one. */
static inline const char *
theirs(const char *format, ...)
{
	static char text[200];
	va_list args;

	va_start(args, format);
	redisContext *other = redisConnectUnix(server.socket);
	redisReply *reply = redisvCommand(other, format, args);
	va_end(args);
	assert_non_null(reply);
	if (reply->type == REDIS_REPLY_INTEGER)
		snprintf(text, sizeof(text), "%lld", reply->integer);
	else
		snprintf(text, sizeof(text), "%s",
		    reply->str ? reply->str : "(nil)");
	freeReplyObject(reply);
	redisFree(other);
	return text;
}

#endif
