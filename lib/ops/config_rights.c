/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "ops/config_note.h"
#include "shared/redis.h"
#include "shared/redis_field.h"

#define SUBJECT "Redis"

/* What we do there, with the keys that it is done to by default. */
static const char *const uses[] = { "SET lp:probe 1 PX 1",
	"EVALSHA 0 1 scheduler:tasks", "EVAL 0 1 scheduler:tasks",
	"ZADD scheduler:tasks 1 x", "ZREM scheduler:tasks x",
	"ZRANGEBYSCORE scheduler:tasks 0 1", "ZCARD scheduler:tasks",
	"HSET {scheduler:tasks}:lp:owner x x",
	"HDEL {scheduler:tasks}:lp:owner x", "INCR {scheduler:tasks}:lp:gen",
	"SADD scheduler:processing x", "SREM scheduler:processing x",
	"SSCAN scheduler:processing 0", "HGETALL user:state:1",
	"GET user:state:1", "TYPE user:state:1", "PEXPIRE user:state:1 1",
	"DEL user:state:1", "SET fsm:1:1:state x", "SCAN 0", "SET lp:gcra:1 1",
	"HSET lp:chat:1:1 x x", "RPUSH lp:history:1:1 x",
	"LRANGE leadpipe:in 0 1", "LPOP leadpipe:in",
	"XPENDING leadpipe:leads leadpipe",
	"XCLAIM leadpipe:leads leadpipe x 1 1-1",
	"XREADGROUP GROUP leadpipe x STREAMS leadpipe:leads >",
	"XACK leadpipe:leads leadpipe 1-1", "TIME" };
#define USES (sizeof(uses) / sizeof(uses[0]))

struct rights {
	char user[REDIS_FIELD_SIZE]; /* empty: it does not say */
	bool known;
	struct buf refused;
};

/* USE, or whether USER might do it. */
static void
add_use(struct redis *redis, const char *user, const char *use)
{
	const char *words[16] = { "ACL", "DRYRUN", user };
	char copy[128], *at = copy;
	int count = user ? 3 : 0;

	snprintf(copy, sizeof(copy), "%s", use);
	while (at)
		words[count++] = strsep(&at, " ");
	redis_add_ask(redis, count, words);
}

static void
refuse(struct rights *rights, const char *use)
{
	buf_printf(&rights->refused, "%s%s",
	    rights->refused.len > 0 ? ", " : "", use);
}

/* Who we are there; false when it does not tell. */
static bool
ask_user(struct redis *redis, char user[REDIS_FIELD_SIZE])
{
	static const char *const whoami[] = { "ACL", "WHOAMI" };
	const struct redisReply *reply;
	struct fault fault;

	redis_add_ask(redis, 2, whoami);
	if (redis_run(redis, &fault) != OUT_OK)
		return false;
	reply = redis_reply(redis, 0);
	if (reply->type != REDIS_REPLY_STRING)
		return false;
	snprintf(user, REDIS_FIELD_SIZE, "%s", reply->str);
	return true;
}

/* ACL DRYRUN came with Redis 7. */
static void
try_dry(struct redis *redis, struct rights *rights)
{
	struct fault fault;

	if (!ask_user(redis, rights->user))
		return;
	for (size_t i = 0; i < USES; i++)
		add_use(redis, rights->user, uses[i]);
	if (redis_run(redis, &fault) != OUT_OK)
		return;
	for (size_t i = 0; i < USES; i++) {
		const struct redisReply *reply = redis_reply(redis, (int)i);

		if (reply->type != REDIS_REPLY_ERROR)
			rights->known = true;
		if (reply->type == REDIS_REPLY_STRING)
			refuse(rights, uses[i]);
	}
}

/* Whether MULTI holds commands back here: without it they would be done. */
static bool
holds_back(struct redis *redis)
{
	static const char *const multi[] = { "MULTI" };
	static const char *const ping[] = { "PING" };
	static const char *const discard[] = { "DISCARD" };
	const struct redisReply *reply;
	struct fault fault;

	redis_add_ask(redis, 1, multi);
	redis_add_ask(redis, 1, ping);
	redis_add_ask(redis, 1, discard);
	if (redis_run(redis, &fault) != OUT_OK)
		return false;
	reply = redis_reply(redis, 1);
	return reply->type == REDIS_REPLY_STATUS &&
	    strcmp(reply->str, "QUEUED") == 0 &&
	    redis_reply(redis, 2)->type == REDIS_REPLY_STATUS;
}

/* What may not be done is refused before it is held back, and all of it is
 * thrown away. */
static void
try_held(struct redis *redis, struct rights *rights)
{
	struct fault fault;

	if (!holds_back(redis))
		return;
	add_use(redis, NULL, "MULTI");
	for (size_t i = 0; i < USES; i++)
		add_use(redis, NULL, uses[i]);
	add_use(redis, NULL, "DISCARD");
	if (redis_run(redis, &fault) != OUT_OK)
		return;
	rights->known = true;
	for (size_t i = 0; i < USES; i++) {
		const struct redisReply *reply =
		    redis_reply(redis, (int)i + 1);

		if (reply->type == REDIS_REPLY_ERROR &&
		    redis_trouble(reply) == REDIS_CONFIG)
			refuse(rights, uses[i]);
	}
}

void
note_rights(struct redis *redis, struct config_notes *notes)
{
	struct rights rights = { .refused = BUF_INIT(360) };

	try_dry(redis, &rights);
	if (!rights.known)
		try_held(redis, &rights);
	if (!rights.known)
		note_advice(notes, SUBJECT,
		    "whether its user may do there what we do cannot be "
		    "asked: grant '+acl|whoami +acl|dryrun' (Redis 7) or "
		    "'+multi +discard', and look again");
	else if (rights.refused.len > 0)
		note_advice(notes, SUBJECT,
		    "%s%s%s may not do this, and what needs it will not "
		    "work: %s%s",
		    *rights.user ? "the user '" : "its user", rights.user,
		    *rights.user ? "'" : "", rights.refused.data,
		    rights.refused.overflow ? ", ..." : "");
	buf_release(&rights.refused);
}
