/* SPDX-License-Identifier: MIT */
#include "shared/inbox.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "shared/bull.h"
#include "shared/inbox_key.h"

static const struct {
	enum outcome (*take)(struct inbox *inbox, struct redis *redis,
	    int most, struct fault *fault);
	enum outcome (*hold)(struct inbox *inbox, struct redis *redis,
	    struct fault *fault);
	enum outcome (*settle)(struct inbox *inbox, struct redis *redis,
	    struct fault *fault);
} kinds[] = {
	[INBOX_LIST] = { list_take, list_hold, list_settle },
	[INBOX_STREAM] = { stream_take, stream_hold, stream_settle },
	[INBOX_BULL] = { bull_take, bull_hold, bull_settle },
};

struct inbox *
inbox_open(enum inbox_kind kind, const char *name, const char *owner,
    int64_t lease_ms)
{
	struct inbox *inbox = mem_alloc(sizeof(*inbox));

	inbox->kind = kind;
	inbox->name = mem_dup(name);
	inbox->owner = mem_dup(owner);
	inbox->lease_ms = lease_ms;
	return inbox;
}

static void
forget(struct inbox *inbox)
{
	for (int i = 0; i < inbox->count; i++) {
		free(inbox->arrivals[i].key);
		free(inbox->arrivals[i].raw);
		free(inbox->arrivals[i].ticket);
		free(inbox->arrivals[i].job);
	}
	free(inbox->arrivals);
	inbox->arrivals = NULL;
	inbox->count = 0;
}

void
inbox_close(struct inbox *inbox)
{
	if (inbox == NULL)
		return;
	forget(inbox);
	free(inbox->name);
	free(inbox->owner);
	free(inbox);
}

struct arrival *
inbox_add(struct inbox *inbox)
{
	struct arrival *arrival;

	inbox->arrivals = mem_array(inbox->arrivals, (size_t)inbox->count + 1,
	    sizeof(*inbox->arrivals));
	arrival = &inbox->arrivals[inbox->count++];
	*arrival = (struct arrival){ .fate = ARRIVAL_LATER };
	return arrival;
}

struct arrival *
inbox_read(struct inbox *inbox, const char *name,
    const struct redisReply *reply, size_t at)
{
	struct arrival *arrival = inbox_add(inbox);

	arrival->key = mem_printf("%s/%s", inbox->name, name);
	arrival->ticket = mem_dup(script_part_text(reply, at));
	arrival->size = script_part_number(reply, at + 1, 0);
	arrival->tries = script_part_number(reply, at + 2, 0);
	inbox_judge(arrival);
	return arrival;
}

bool
inbox_complain(const struct redisReply *reply, char text[200])
{
	if (script_says(reply, "type"))
		snprintf(text, 200,
		    "'%.60s' in Redis is a %.20s, not a %.20s: rename or "
		    "delete it",
		    script_part_text(reply, 1), script_part_text(reply, 2),
		    script_part_text(reply, 3));
	else if (reply->type == REDIS_REPLY_ERROR)
		snprintf(text, 200, "%.180s", reply->str);
	else
		return false;
	return true;
}

enum outcome
inbox_answer(struct inbox *inbox, struct redis *redis, int index,
    const struct redisReply **reply)
{
	*reply = redis_reply(redis, index);
	return inbox_complain(*reply, inbox->trouble) ? OUT_NEVER : OUT_OK;
}

void
inbox_fates(const struct inbox *inbox, struct script_words *words)
{
	static const char *const fates[] = { [ARRIVAL_LATER] = "later",
		[ARRIVAL_TAKEN] = "taken",
		[ARRIVAL_REFUSED] = "refused" };

	for (int i = 0; i < inbox->count; i++)
		if (inbox->arrivals[i].ticket != NULL) {
			script_text(words, fates[inbox->arrivals[i].fate]);
			script_text(words, inbox->arrivals[i].ticket);
		}
}

void
inbox_lose(struct arrival *arrival)
{
	free(arrival->ticket);
	arrival->ticket = NULL;
}

enum outcome
inbox_held(struct inbox *inbox, struct redis *redis, struct fault *fault)
{
	const struct redisReply *reply;
	enum outcome out = redis_run(redis, fault);

	if (out != OUT_OK)
		return out;
	bool good = inbox_answer(inbox, redis, 0, &reply) == OUT_OK;
	for (int i = 0; i < inbox->count; i++)
		if (!good || script_part_number(reply, (size_t)i, 0) != 1)
			inbox_lose(&inbox->arrivals[i]);
	return OUT_OK;
}

enum outcome
inbox_settled(struct inbox *inbox, struct redis *redis, struct fault *fault)
{
	const struct redisReply *reply;
	enum outcome out = redis_run(redis, fault);

	if (out == OUT_OK)
		(void)!inbox_answer(inbox, redis, 0, &reply);
	return out;
}

void
inbox_judge(struct arrival *arrival)
{
	if (arrival->size > INBOX_BYTES)
		snprintf(arrival->why, sizeof(arrival->why),
		    "it is larger than %d bytes: %lld", INBOX_BYTES,
		    (long long)arrival->size);
	else if (arrival->tries >= INBOX_TRIES)
		snprintf(arrival->why, sizeof(arrival->why),
		    "%lld commands that took it ended before they were done",
		    (long long)arrival->tries);
}

enum outcome
inbox_take(struct inbox *inbox, struct redis *redis, int most,
    struct fault *fault)
{
	forget(inbox);
	inbox->more = false;
	inbox->trouble[0] = inbox->notice[0] = '\0';
	if (!redis_usable(redis))
		return OUT_OK;
	inbox->taken_at = clock_mono_ms();
	return kinds[inbox->kind].take(inbox, redis, most, fault);
}

enum outcome
inbox_hold(struct inbox *inbox, struct redis *redis, struct fault *fault)
{
	if (inbox->count == 0)
		return OUT_OK;
	inbox->taken_at = clock_mono_ms();
	return kinds[inbox->kind].hold(inbox, redis, fault);
}

enum outcome
inbox_settle(struct inbox *inbox, struct redis *redis, struct fault *fault)
{
	if (inbox->count == 0)
		return OUT_OK;
	return kinds[inbox->kind].settle(inbox, redis, fault);
}
