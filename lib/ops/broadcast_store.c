/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/broadcast_bundle.h"
#include "ops/broadcast_draft.h"
#include "store/chats.h"
#include "store/flows.h"
#include "store/media.h"
#include "turn/chat_io.h"
#include "turn/effects.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* With "seen within 30 days" as a span: the days themselves move on. */
static json_t *
audience_by_spans(const json_t *audience, int64_t start_at)
{
	static const char *const times[] = { "seen_after", "seen_before" };
	json_t *copy = json_copy((json_t *)(uintptr_t)audience);

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (json_object_get(copy, times[i]) != NULL)
			json_object_set_new(copy, times[i],
			    json_integer(
				start_at - json_get_int(copy, times[i], 0)));
	return copy;
}

static bool
is_same(struct db *db, const struct broadcast *other,
    const struct broadcast_draft *draft)
{
	json_auto_t *stored = json_loads(other->audience, 0, NULL);
	json_auto_t *theirs = audience_by_spans(stored, other->start_at);
	json_auto_t *ours =
	    audience_by_spans(draft->audience, draft->start_at);
	char *bundle = flows_bundle(db, other->flow);
	bool same = bundle != NULL && json_equal(theirs, ours) &&
	    broadcast_same(bundle, draft->bundle);

	free(bundle);
	return same;
}

/* Somebody clicked twice, or does not know that a colleague did. */
static enum outcome
check_twice(struct run *run, const struct broadcast_draft *draft, int64_t now)
{
	struct broadcast_counts counts;
	struct broadcast other = { 0 };
	char at[CLOCK_TEXT_SIZE];

	while (broadcasts_next(run->db, other.id, &other)) {
		enum outcome out;

		if (other.created_at < now - DAY_MS ||
		    !is_same(run->db, &other, draft))
			continue;
		out =
		    broadcasts_count(run->db, other.id, &counts, &run->fault);
		if (out != OUT_OK)
			return out;
		if (other.state == BROADCAST_CANCELLED &&
		    counts.sent + counts.unknown == 0)
			continue;
		return fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "the same went to the same people as broadcast %lld "
		    "('%.64s') at %s: --again sends it once more",
		    (long long)other.id, other.name,
		    clock_text(other.created_at, at));
	}
	return db_result(run->db, &run->fault);
}

/* "2026-11-21-1405", and if that is taken "2026-11-21-1405-2". */
static char *
name_by_time(struct db *db, int64_t now)
{
	char text[CLOCK_TEXT_SIZE], *name;
	struct broadcast other;

	clock_text(now, text);
	name = mem_printf("%.10s-%.2s%.2s", text, text + 11, text + 14);
	for (int i = 2; broadcasts_find(db, name, &other); i++) {
		free(name);
		name = mem_printf("%.10s-%.2s%.2s-%d", text, text + 11,
		    text + 14, i);
	}
	return name;
}

static enum outcome
add_files(struct run *run, const struct broadcast_draft *draft,
    struct broadcast *broadcast)
{
	const json_t *media = json_object_get(draft->action, "media"), *name;
	json_auto_t *names = json_is_array(media)
	    ? json_incref((json_t *)(uintptr_t)media)
	    : json_pack("[O*]", media);
	enum outcome out = OUT_OK;
	struct flow_media file;
	size_t i;

	json_array_foreach (names, i, name) {
		if (out != OUT_OK || broadcast->media_count == MESSAGE_FILES ||
		    !flow_media(draft->flow, json_string_value(name), &file))
			continue;
		out = media_add(run->db, file.digest, file.kind, file.path,
		    &broadcast->media[broadcast->media_count++], &run->fault);
	}
	return out;
}

static enum outcome
add(struct run *run, const struct broadcast_draft *draft, const char *method,
    int64_t now, int64_t *id)
{
	char *action = json_text(draft->action);
	char *audience = json_text(draft->audience);
	char *name = draft->name ? mem_dup(draft->name)
				 : name_by_time(run->db, now);
	struct broadcast broadcast = { .name = name,
		.state = BROADCAST_SCHEDULED,
		.flow = flow_hash(draft->flow),
		.action = action,
		.audience = audience,
		.method = method,
		.rate = draft->rate,
		.paid = draft->paid,
		.created_at = now,
		.start_at = draft->start_at };
	enum outcome out = flows_store(run->db, flow_hash(draft->flow),
	    flow_id(draft->flow), NULL, draft->bundle, now, &run->fault);

	if (out == OUT_OK)
		out = add_files(run, draft, &broadcast);
	if (out == OUT_OK)
		out = broadcasts_add(run->db, &broadcast, &run->fault);
	*id = broadcast.id;
	free(name);
	free(action);
	free(audience);
	return out;
}

enum outcome
broadcast_draft_store(struct run *run, const struct broadcast_draft *draft,
    bool again, int64_t now, int64_t *id)
{
	struct effect message = { 0 };
	struct chat nobody;
	enum outcome out = again ? OUT_OK : check_twice(run, draft, now);

	chat_init(&nobody, 0);
	if (out == OUT_OK)
		out = broadcast_draft_render(draft, &nobody, &message,
		    &run->fault);
	if (out == OUT_OK)
		out = add(run, draft, message.method, now, id);
	effect_release(&message);
	chat_release(&nobody);
	return out;
}
