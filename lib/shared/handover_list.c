/* SPDX-License-Identifier: MIT */
#include "shared/handover_list.h"

#include "shared/handover_script.h"
#include "shared/script.h"

/* Asks for COUNT members from FROM; 0: only how many there are. */
static enum outcome
ask(struct redis *redis, int64_t from, int count, struct fault *fault)
{
	struct script_words words = { 0 };

	script_text(&words, HANDOVER_TASKS);
	script_number(&words, from);
	script_number(&words, count);
	script_call(&words, redis, &handover_list_script, 1);
	enum outcome out = redis_run(redis, fault);
	if (out != OUT_OK)
		return out;
	const struct redisReply *reply = redis_reply(redis, 0);
	if (reply->type == REDIS_REPLY_ERROR)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG, "%s",
		    reply->str);
	return OUT_OK;
}

enum outcome
handover_size(struct redis *redis, int64_t *all, int64_t *due,
    struct fault *fault)
{
	enum outcome out = ask(redis, 0, 0, fault);

	if (out == OUT_OK) {
		*all = script_part_number(redis_reply(redis, 0), 0, 0);
		*due = script_part_number(redis_reply(redis, 0), 1, 0);
	}
	return out;
}

enum outcome
handover_page(struct redis *redis, const struct handover_page *page,
    int64_t from, int *count, struct fault *fault)
{
	enum outcome out = ask(redis, from, page->limit, fault);

	*count = 0;
	if (out != OUT_OK)
		return out;
	const struct redisReply *reply = redis_reply(redis, 0);
	for (size_t i = 0; i + 2 < reply->elements; i += 3) {
		const struct redisReply *text = script_part(reply, i + 2);
		if (text->type != REDIS_REPLY_STRING)
			continue;
		const struct handover_member member = {
			.due_at = script_part_number(reply, i, 0),
			.size = (size_t)script_part_number(reply, i + 1, 0),
			.text = text->str,
			.len = (size_t)text->len,
		};
		page->visit(&member, page->arg);
		++*count;
	}
	return OUT_OK;
}
