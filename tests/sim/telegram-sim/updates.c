/* SPDX-License-Identifier: MIT */
#include "updates.h"
#include "call.h"
#include "sim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MAX_S 50
#define ANSWER_BYTES ((size_t)1 << 22)
#define UPDATE_BYTES ((size_t)512 * 1024)
#define QUEUE_EVENTS 100000
#define QUEUE_BYTES ((size_t)128 * 1024 * 1024)
#define DAY_MS INT64_C(86400000)

static const struct {
	const char *kind;
	int64_t ms;
} lives[] = {
	{ "callback_query", 150000 },
	{ "shipping_query", 150000 },
	{ "pre_checkout_query", 150000 },
	{ "inline_query", 30000 },
};

static int64_t
kind_life_ms(const char *kind)
{
	size_t i;

	for (i = 0; i < sizeof(lives) / sizeof(lives[0]); i++)
		if (!strcmp(kind, lives[i].kind))
			return lives[i].ms;
	return DAY_MS;
}

/* The first name in the object, also of one that is broken further on. */
static void
kind_of(const char *rest, size_t len, char *kind, size_t room)
{
	const char *from = memchr(rest, '"', len);
	const char *to = from
	    ? memchr(from + 1, '"', len - (size_t)(from + 1 - rest))
	    : NULL;
	size_t size = to ? (size_t)(to - from - 1) : 0;

	if (size >= room)
		size = room - 1;
	if (size)
		memcpy(kind, from + 1, size);
	kind[size] = '\0';
}

static bool
kind_allowed(const struct updates *updates, const char *kind)
{
	const json_t *name;
	size_t i;

	if (!json_array_size(updates->allowed))
		return strcmp(kind, "chat_member") &&
		    strcmp(kind, "message_reaction") &&
		    strcmp(kind, "message_reaction_count");
	json_array_foreach (updates->allowed, i, name)
		if (json_is_string(name) &&
		    !strcmp(json_string_value(name), kind))
			return true;
	return false;
}

static size_t
queue_len(const struct updates *updates)
{
	return updates->tail - updates->head;
}

/* Drops `count` updates from the head. */
static void
queue_drop(struct sim *sim, size_t count, const char *why)
{
	struct updates *updates = &sim->updates;

	record_ids(sim, why, updates->items + updates->head, count);
	while (count-- > 0) {
		struct update *update = &updates->items[updates->head++];

		updates->bytes -= update->len;
		free(update->body);
	}
	if (updates->head == updates->tail)
		updates->head = updates->tail = 0;
}

/* What has outlived its kind is gone, wherever it stands. */
static void
queue_expire(struct sim *sim)
{
	struct updates *updates = &sim->updates;
	int64_t now = sim_now_ms(sim);
	size_t i, kept = updates->head;

	if (now < updates->soonest_ms)
		return;
	updates->soonest_ms = INT64_MAX;
	for (i = updates->head; i < updates->tail; i++) {
		struct update *update = &updates->items[i];

		if (update->expires_ms > now) {
			if (update->expires_ms < updates->soonest_ms)
				updates->soonest_ms = update->expires_ms;
			updates->items[kept++] = *update;
			continue;
		}
		record_ids(sim, "expire", update, 1);
		updates->bytes -= update->len;
		free(update->body);
		updates->expired++;
	}
	updates->tail = kept;
}

static struct update *
queue_add(struct updates *updates)
{
	struct update *more;
	size_t room;

	if (updates->tail < updates->room)
		return &updates->items[updates->tail++];
	room = queue_len(updates) * 2 + 256;
	more = text_alloc(room, sizeof(*more));
	if (queue_len(updates))
		memcpy(more, updates->items + updates->head,
		    queue_len(updates) * sizeof(*more));
	free(updates->items);
	updates->tail -= updates->head;
	updates->head = 0;
	updates->items = more;
	updates->room = room;
	return &updates->items[updates->tail++];
}

static void
updates_write(struct sim *sim, struct call *call, size_t limit)
{
	struct updates *updates = &sim->updates;
	struct text *out = call_ok(call);
	size_t i, left = ANSWER_BYTES;

	text_puts(out, "[");
	for (i = 0; i < limit && i < queue_len(updates); i++) {
		struct update *update = &updates->items[updates->head + i];

		if (i)
			text_puts(out, ",\n");
		text_add(out, update->body, update->len);
		if (left <= update->len + 50)
			break;
		left -= update->len + 50;
	}
	text_puts(out, "]");
	call_ok_end(call);
}

/* The chat that is named first; also in what is broken further on. */
static int64_t
chat_of(const char *rest)
{
	const char *at = strstr(rest, "\"chat\":{\"id\":");

	if (!at)
		at = strstr(rest, "\"from\":{\"id\":");
	return at ? strtoll(strchr(at, '{') + 6, NULL, 10) : 0;
}

int64_t
updates_push(struct sim *sim, const char *rest, size_t len, int64_t date_ms)
{
	struct updates *updates = &sim->updates;
	struct text body = { 0 };
	struct update *update;
	struct call *call;
	int64_t expires_ms;
	char kind[64];

	kind_of(rest, len, kind, sizeof(kind));
	expires_ms = date_ms + kind_life_ms(kind);
	if (!kind_allowed(updates, kind) || len > UPDATE_BYTES ||
	    expires_ms <= sim_now_ms(sim) ||
	    queue_len(updates) >= QUEUE_EVENTS ||
	    updates->bytes + len > QUEUE_BYTES) {
		updates->refused++;
		return 0;
	}
	text_fmt(&body, "{\"update_id\":%" PRId64 ",\n", updates->next_id);
	text_add(&body, rest, len);
	update = queue_add(updates);
	*update = (struct update){ .id = updates->next_id++,
		.expires_ms = expires_ms,
		.body = body.at,
		.len = body.len,
		.chat = chat_of(rest) };
	updates->bytes += body.len;
	if (expires_ms < updates->soonest_ms)
		updates->soonest_ms = expires_ms;
	record_update(sim, update);
	call = updates->waiting;
	if (call) {
		updates->waiting = NULL;
		updates_write(sim, call, (size_t)updates->waiting_limit);
		call_settle(call);
	}
	webhook_wake(sim);
	return updates->next_id - 1;
}

/*
 * An offset far outside the queue is answered from the head and confirms
 * nothing; so a client that clings to an old counter sees the same updates
 * again and again.
 */
static void
queue_confirm(struct sim *sim, int64_t offset)
{
	struct updates *updates = &sim->updates;
	size_t count = 0, len = queue_len(updates);
	int64_t head_id = len ? updates->items[updates->head].id
			      : updates->next_id;

	if (offset < 0) {
		if ((size_t)-offset < len)
			queue_drop(sim, len - (size_t)-offset, "forget");
		return;
	}
	if (!offset || offset > updates->next_id + 10 ||
	    offset < head_id - 100000)
		return;
	while (
	    count < len && updates->items[updates->head + count].id < offset)
		count++;
	if (count) {
		updates->confirmed += (int64_t)count;
		queue_drop(sim, count, "confirm");
	}
}

static void
poll_ended(void *arg)
{
	struct call *call = arg;

	if (call->sim->updates.waiting == call) {
		call->sim->updates.waiting = NULL;
		updates_write(call->sim, call,
		    (size_t)call->sim->updates.waiting_limit);
	}
	call_settle(call);
}

void
updates_conflict(struct sim *sim, const char *why)
{
	struct updates *updates = &sim->updates;
	struct call *call = updates->waiting;
	int64_t now = mono_us();

	if (!call)
		return;
	updates->waiting = NULL;
	call_fail(call, 409, "%s", why);
	/* repeated conflicts are answered slowly */
	if (sim->settings.quirks && now < updates->next_conflict_us) {
		call->timer.fire = poll_ended;
		call->timer.arg = call;
		timer_set(&sim->timers, &call->timer, now + 3000000);
		return;
	}
	updates->next_conflict_us = now + 3000000;
	call_settle(call);
}

void
updates_forget(struct sim *sim, const struct call *call)
{
	if (sim->updates.waiting == call)
		sim->updates.waiting = NULL;
}

void
updates_allow(struct sim *sim, const struct call *call)
{
	bool bad = false;
	json_t *list = param_json(call, "allowed_updates", &bad);

	if (!json_is_array(list)) {
		json_decref(list);
		return;
	}
	json_decref(sim->updates.allowed);
	sim->updates.allowed = list;
}

static int64_t
clamp(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

void
updates_get(struct call *call)
{
	struct sim *sim = call->sim;
	struct updates *updates = &sim->updates;
	int64_t offset = param_int(call, "offset", 0), now = mono_us();
	int64_t limit = clamp(param_int(call, "limit", 100), 1, 100);
	int64_t timeout = clamp(param_int(call, "timeout", 0), 0, POLL_MAX_S);

	if (sim->webhook.url) {
		call_fail(call, 409,
		    "can't use getUpdates method while "
		    "webhook is active; use deleteWebhook to delete the "
		    "webhook first");
		return;
	}
	updates_allow(sim, call);
	if (sim->settings.quirks && offset == updates->last_offset &&
	    updates->last_start_us) {
		if (timeout < 3 && now < updates->last_start_us + 3000000)
			timeout = 3;
		if (now < updates->last_start_us + 500000)
			limit = 1;
	}
	updates->last_offset = offset;
	updates->last_start_us = now;
	queue_expire(sim);
	queue_confirm(sim, offset);
	if (queue_len(updates) || !timeout) {
		updates_write(sim, call, (size_t)limit);
		return;
	}
	updates_conflict(sim,
	    "terminated by other getUpdates request; make "
	    "sure that only one bot instance is running");
	updates->waiting = call;
	updates->waiting_limit = (int)limit;
	call->timer.fire = poll_ended;
	call->timer.arg = call;
	timer_set(&sim->timers, &call->timer, now + timeout * 1000000);
}

struct update *
updates_find(struct sim *sim, int64_t id)
{
	struct updates *updates = &sim->updates;
	size_t i;

	for (i = updates->head; i < updates->tail; i++)
		if (updates->items[i].id == id)
			return &updates->items[i];
	return NULL;
}

void
updates_drop(struct sim *sim, struct update *update)
{
	struct updates *updates = &sim->updates;
	size_t at = (size_t)(update - updates->items);

	record_ids(sim, "confirm", update, 1);
	updates->confirmed++;
	updates->bytes -= update->len;
	free(update->body);
	memmove(update, update + 1,
	    (updates->tail - at - 1) * sizeof(*update));
	updates->tail--;
}

size_t
updates_pending(struct sim *sim)
{
	queue_expire(sim);
	return queue_len(&sim->updates);
}

void
updates_restart(struct sim *sim, int64_t next_id)
{
	queue_drop(sim, queue_len(&sim->updates), "expire");
	sim->updates.next_id = next_id > 0
	    ? next_id
	    : 2000001 + (int64_t)((uint64_t)mono_us() % 997999999);
}

void
updates_release(struct updates *updates)
{
	while (updates->head < updates->tail)
		free(updates->items[updates->head++].body);
	free(updates->items);
	json_decref(updates->allowed);
	*updates = (struct updates){ .next_id = updates->next_id };
}
