/* SPDX-License-Identifier: MIT */
#include "shared/key_type.h"

#include <string.h>

void
key_type_explain(struct redis *redis, const char *key, const char *type,
    struct fault *fault)
{
	const char *const words[] = { "TYPE", key };
	const struct redisReply *reply;
	struct fault ignored;

	redis_add_ask(redis, 2, words);
	if (redis_run(redis, &ignored) != OUT_OK)
		return;
	reply = redis_reply(redis, 0);
	if (reply->type != REDIS_REPLY_STATUS ||
	    strcmp(reply->str, "none") == 0 || strcmp(reply->str, type) == 0)
		return;
	(void)!fault_set(fault, OUT_NEVER, EXIT_REFUSED,
	    "redis: %s is a %s of another program, not a %s: rename or delete "
	    "it, and the next sync-redis writes it",
	    key, reply->str, type);
}
