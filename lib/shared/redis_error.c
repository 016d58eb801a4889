/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "shared/redis_state.h"

/* What is a NOPERM elsewhere, for what a script calls: of Redis 6, 7.0, and
 * newer ones. */
#define SCRIPT_MAY_NOT_6 "The user executing the script can't"
#define SCRIPT_MAY_NOT_7 "ERR " SCRIPT_MAY_NOT_6
#define SCRIPT_MAY_NOT "ERR ACL failure in script:"

/* What replies begin with, and what that means. */
static const struct meaning {
	const char *begins;
	enum redis_trouble trouble;
	const char *says;
} meanings[] = {
	{ "LOADING", REDIS_DOWN, "it is loading its data" },
	{ "BUSY", REDIS_DOWN,
	    "it is busy with a script ('redis-cli SCRIPT KILL' ends one)" },
	{ "MASTERDOWN", REDIS_DOWN, "it is a replica without its master" },
	{ "READONLY", REDIS_DOWN,
	    "it is a read-only replica: name its master" },
	{ "NOREPLICAS", REDIS_DOWN,
	    "it takes no writes with so few replicas "
	    "(min-replicas-to-write)" },
	{ "MISCONF", REDIS_DOWN,
	    "it takes no writes as it cannot save to its disk (MISCONF): "
	    "its log says why" },
	{ "OOM", REDIS_DOWN,
	    "it is full (OOM): give it more maxmemory or remove keys" },
	{ "CLUSTERDOWN", REDIS_DOWN, "its cluster is down" },
	{ "ERR max number of clients", REDIS_DOWN,
	    "it has no connection left: raise its maxclients" },
	{ "NOAUTH", REDIS_CONFIG, "it wants a password" },
	{ "WRONGPASS", REDIS_CONFIG, "it refuses the user or the password" },
	{ "ERR invalid password", REDIS_CONFIG, "it refuses the password" },
	{ "ERR Client sent AUTH", REDIS_CONFIG,
	    "it has no password but is given one" },
	{ "ERR AUTH", REDIS_CONFIG, "it has no password but is given one" },
	{ "NOPERM", REDIS_CONFIG, "its user may not do that" },
	{ SCRIPT_MAY_NOT_6, REDIS_CONFIG, "its user may not do that" },
	{ SCRIPT_MAY_NOT_7, REDIS_CONFIG, "its user may not do that" },
	{ SCRIPT_MAY_NOT, REDIS_CONFIG, "its user may not do that" },
	{ "DENIED", REDIS_CONFIG,
	    "it is in protected mode: give it a password or 'protected-mode "
	    "no'" },
	{ "ERR DB index", REDIS_CONFIG, "it has no database of that number" },
	{ "ERR invalid DB index", REDIS_CONFIG,
	    "it has no database of that number" },
	{ "WRONGTYPE", REDIS_WRONG_TYPE, NULL },
	{ "MOVED", REDIS_FOREIGN, "it is a cluster, which is not supported" },
	{ "ASK", REDIS_FOREIGN, "it is a cluster, which is not supported" },
	{ "CROSSSLOT", REDIS_FOREIGN,
	    "it is a cluster, which is not supported" },
	{ "ERR SELECT is not allowed in cluster", REDIS_FOREIGN,
	    "it is a cluster, which is not supported" },
	{ NULL, REDIS_ERROR, NULL },
};

static bool
begins(const char *text, const char *with)
{
	size_t len = strlen(with);

	return strncmp(text, with, len) == 0 &&
	    (text[len] == ' ' || text[len] == '\0');
}

/* Before Redis 7 a script wraps what its calls met: "ERR Error running script
 * (call to f_...): @user_script:1: -READONLY ..." */
static const char *
unwrapped(const char *text)
{
	const char *at = text;

	if (!begins(text, "ERR Error running script"))
		return text;
	while ((at = strstr(at, ": ")) != NULL) {
		at += 2;
		at += *at == '-';
		for (const struct meaning *m = meanings; m->begins; m++)
			if (begins(at, m->begins))
				return at;
	}
	return text;
}

static const struct meaning *
meaning_of(const struct redisReply *reply)
{
	const char *text = unwrapped(reply->str);
	const struct meaning *m = meanings;

	while (m->begins && !begins(text, m->begins))
		m++;
	return m;
}

enum redis_trouble
redis_trouble(const struct redisReply *reply)
{
	return reply && reply->type == REDIS_REPLY_ERROR
	    ? meaning_of(reply)->trouble
	    : REDIS_FINE;
}

bool
redis_lacks_right(const struct redisReply *reply)
{
	const char *text;

	if (reply->type != REDIS_REPLY_ERROR)
		return false;
	text = unwrapped(reply->str);
	return begins(text, "NOPERM") || begins(text, SCRIPT_MAY_NOT_6) ||
	    begins(text, SCRIPT_MAY_NOT_7) || begins(text, SCRIPT_MAY_NOT);
}

enum outcome
redis_fail(const struct redis *redis, enum outcome what, struct fault *fault,
    const char *why)
{
	return fault_set(fault, what,
	    what == OUT_NEVER ? EXIT_CONFIG : EXIT_LATER, REDIS_AT "%s: %s",
	    redis->address.where, why);
}

enum outcome
redis_explain(const struct redis *redis, const struct redisReply *reply,
    struct fault *fault)
{
	enum redis_trouble trouble = redis_trouble(reply);
	const char *text;

	if (trouble != REDIS_DOWN && trouble != REDIS_CONFIG &&
	    trouble != REDIS_FOREIGN)
		return OUT_OK;
	text = unwrapped(reply->str);
	if (!redis_lacks_right(reply))
		return redis_fail(redis,
		    trouble == REDIS_DOWN ? OUT_LATER : OUT_NEVER, fault,
		    meaning_of(reply)->says);
	/* Which command or key is all that helps. */
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG, REDIS_AT "%s: %s: %s",
	    redis->address.where, meaning_of(reply)->says, text);
}
