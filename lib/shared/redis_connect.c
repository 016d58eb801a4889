/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "shared/redis_breaker.h"
#include "shared/redis_field.h"

/* Replies of a round trip, in bytes: answers do not wait for more. */
#define BOT_BYTES ((size_t)8 << 20)
#define SYNC_BYTES ((size_t)64 << 20)

#define OLDEST_VERSION 5

/* What is asked of a new connection, in this order. */
enum hello {
	HELLO_AUTH,
	HELLO_SELECT,
	HELLO_ROLE,
	HELLO_PING,
	HELLO_WRITE,
	HELLO_INFO,
	HELLO_COUNT
};

struct greeting {
	struct buf text;
	enum hello asked[HELLO_COUNT];
	struct redisReply *replies[HELLO_COUNT];
	int count;
};

static void
ask(struct greeting *greeting, enum hello what, int count,
    const char *const *words)
{
	greeting->asked[greeting->count++] = what;
	redis_format(&greeting->text, count, words, NULL);
}

#define ASK(greeting, what, ...) \
	ask(greeting, what, \
	    sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), \
	    (const char *[]){ __VA_ARGS__ })

static void
greet(struct greeting *greeting, const struct redis *redis, bool with_user)
{
	const struct redis_address *address = &redis->address;
	char number[16];

	snprintf(number, sizeof(number), "%d", address->database);
	if (address->user && with_user)
		ASK(greeting, HELLO_AUTH, "AUTH", address->user,
		    address->password);
	else if (address->password)
		ASK(greeting, HELLO_AUTH, "AUTH", address->password);
	if (address->database != 0)
		ASK(greeting, HELLO_SELECT, "SELECT", number);
	ASK(greeting, HELLO_ROLE, "ROLE");
	if (redis->probing) {
		ASK(greeting, HELLO_PING, "PING");
		ASK(greeting, HELLO_WRITE, "SET", "lp:probe", "1", "PX",
		    "1000");
	}
	if (redis->way == REDIS_SYNC)
		ASK(greeting, HELLO_INFO, "INFO", "server");
}

static void
greeting_release(struct greeting *greeting)
{
	for (int i = 0; i < greeting->count; i++)
		freeReplyObject(greeting->replies[i]);
	buf_release(&greeting->text);
	*greeting = (struct greeting){ .text = BUF_INIT(64 * 1024) };
}

/* Only a master takes what is written. */
static enum outcome
check_role(const struct redis *redis, const struct redisReply *role,
    struct fault *fault)
{
	const char *name = role->type == REDIS_REPLY_ARRAY &&
		role->elements > 0 &&
		role->element[0]->type == REDIS_REPLY_STRING
	    ? role->element[0]->str
	    : "master";

	if (strcmp(name, "slave") == 0)
		return redis_fail(redis, OUT_LATER, fault,
		    "it is a replica: name its master");
	if (strcmp(name, "sentinel") == 0)
		return redis_fail(redis, OUT_NEVER, fault,
		    "it is a Sentinel: name the master it watches");
	return OUT_OK;
}

static enum outcome
check_version(const struct redis *redis, const struct redisReply *info,
    struct fault *fault)
{
	char version[REDIS_FIELD_SIZE], why[REDIS_FIELD_SIZE + 40];

	if (!redis_field(info, "redis_version", version) ||
	    strtol(version, NULL, 10) >= OLDEST_VERSION)
		return OUT_OK;
	snprintf(why, sizeof(why), "version %s is too old: %d or newer",
	    version, OLDEST_VERSION);
	return redis_fail(redis, OUT_NEVER, fault, why);
}

/* Rights for what only looks are not needed. */
static bool
is_idle_refusal(enum hello what, const struct redisReply *reply)
{
	return what >= HELLO_ROLE && redis_lacks_right(reply);
}

static enum outcome
check_greeting(const struct redis *redis, const struct greeting *greeting,
    struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (int i = 0; out == OUT_OK && i < greeting->count; i++) {
		const struct redisReply *reply = greeting->replies[i];
		enum hello what = greeting->asked[i];

		if (!reply || is_idle_refusal(what, reply))
			continue;
		out = redis_explain(redis, reply, fault);
		if (out != OUT_OK)
			break;
		if (what == HELLO_ROLE)
			out = check_role(redis, reply, fault);
		else if (what == HELLO_INFO)
			out = check_version(redis, reply, fault);
		else if (what <= HELLO_SELECT &&
		    reply->type == REDIS_REPLY_ERROR)
			out = redis_fail(redis, OUT_NEVER, fault,
			    what == HELLO_AUTH ? "it refuses AUTH"
					       : "it refuses SELECT");
	}
	return out;
}

/* Redis 5 knows passwords but no users. */
static bool
knows_no_users(const struct redis *redis, const struct greeting *greeting)
{
	const struct redisReply *reply = greeting->replies[0];

	return redis->address.user && reply &&
	    reply->type == REDIS_REPLY_ERROR &&
	    strncmp(reply->str, "ERR wrong number of arg", 23) == 0;
}

static enum outcome
exchange_greeting(struct redis *redis, struct greeting *greeting,
    int64_t deadline, struct fault *fault)
{
	struct redis_trip all = { .data = greeting->text.data,
		.len = greeting->text.len,
		.replies = greeting->replies,
		.count = greeting->count };

	return redis_trip(redis, &all, deadline, fault);
}

static enum outcome
say_hello(struct redis *redis, int64_t deadline, struct fault *fault)
{
	struct greeting greeting = { .text = BUF_INIT(64 * 1024) };
	enum outcome out, said;

	greet(&greeting, redis, true);
	out = exchange_greeting(redis, &greeting, deadline, fault);
	if (out == OUT_OK && knows_no_users(redis, &greeting)) {
		greeting_release(&greeting);
		greet(&greeting, redis, false);
		out = exchange_greeting(redis, &greeting, deadline, fault);
	}
	/* What it says before it hangs up explains more. */
	said = check_greeting(redis, &greeting, fault);
	greeting_release(&greeting);
	return said != OUT_OK ? said : out;
}

/* A server that went away, or speaks unasked, while nobody looked. */
static bool
is_stale(struct redis *redis)
{
	char unasked[1];

	return stream_receive(redis->stream, unasked, 1) != STREAM_WAIT;
}

static enum outcome
connect_stream(struct redis *redis, int64_t deadline, struct fault *fault)
{
	const struct redis_address *address = &redis->address;
	const struct stream_peer peer = { .path = address->path,
		.ip = redis->ip,
		.port = address->port,
		.tls_name = address->tls ? address->host : NULL };
	struct fault why = { 0 };
	enum outcome out = stream_open(&redis->stream, &peer, deadline, &why);

	if (out == OUT_OK)
		return OUT_OK;
	redis->hung = clock_mono_ms() >= deadline;
	return redis_fail(redis, out, fault, why.text);
}

enum outcome
redis_connect(struct redis *redis, int64_t deadline, struct fault *fault)
{
	enum outcome out;

	if (redis->stream && is_stale(redis))
		redis_disconnect(redis);
	if (redis->stream)
		return OUT_OK;
	out = redis_find(redis, deadline, fault);
	if (out == OUT_OK)
		out = connect_stream(redis, deadline, fault);
	if (out != OUT_OK)
		return out;
	redis->reader = redis_reader_open(
	    redis->way == REDIS_BOT ? BOT_BYTES : SYNC_BYTES);
	return say_hello(redis, redis_answer_by(redis), fault);
}

void
redis_disconnect(struct redis *redis)
{
	stream_close(redis->stream);
	redis_reader_close(redis->reader);
	redis->stream = NULL;
	redis->reader = NULL;
}
