/* SPDX-License-Identifier: MIT */
/*
 * What others want of a chat: events, and schedules of its flow.
 */
#include <stdlib.h>

#include "store/chats.h"
#include "store/execs.h"
#include "store/updates.h"
#include "turn/turn_private.h"

enum outcome
turn_chat_known(struct turn *turn, int64_t chat_id, struct turn_chat *open,
    struct fault *fault)
{
	enum outcome out = turn_chat_open(turn, chat_id, open, fault);

	if (out == OUT_OK && !open->row.exists)
		return chats_known(turn->db, chat_id, fault);
	if (out == OUT_OK && turn->flow == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "there is no flow yet; deploy one with 'leadpipe "
		    "deploy-flow FILE' or set FLOW_FILE");
	return out;
}

enum outcome
turn_event_step(struct turn *turn, int64_t chat_id, const char *event,
    const json_t *data, int64_t now, struct fault *fault)
{
	const struct effects_origin origin = { 0 };
	struct effects_result result = { 0 };
	struct turn_chat open = { 0 };
	const struct input input = { .kind = INPUT_EVENT,
		.text = event,
		.data = data };
	enum outcome out = turn_chat_known(turn, chat_id, &open, fault);

	if (out == OUT_OK && !flow_has_event(turn->flow, event))
		out = fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the flow '%s' has no event '%s'", flow_id(turn->flow),
		    event);
	if (out == OUT_OK)
		out = turn_step(turn, turn->flow, &open, &input, &origin, now,
		    &result, fault);
	free(result.notice);
	turn_chat_close(&open);
	return out;
}

enum outcome
turn_event(struct turn *turn, int64_t chat_id, const char *event,
    const json_t *data, int64_t now, struct fault *fault)
{
	bool works = execs_open(turn->db, chat_id);

	json_decref(turn->unfit);
	turn->unfit = NULL;
	if ((!works && !updates_kept(turn->db, chat_id)) ||
	    turn->flow == NULL || !flow_has_event(turn->flow, event))
		return turn_event_step(turn, chat_id, event, data, now, fault);
	char *text = data ? json_dumps(data, JSON_ENCODE_ANY) : NULL;
	enum outcome out = updates_add_event(turn->db, chat_id, event,
	    text ? text : "null", now, fault);
	free(text);
	/* The handler has ended, but what waited for it is not stepped yet. */
	if (out == OUT_OK && !works)
		out = updates_release(turn->db, chat_id, fault);
	return out;
}

const json_t *
turn_unfit(const struct turn *turn)
{
	return turn->unfit;
}

enum outcome
turn_schedule(struct turn *turn, int64_t chat_id, const char *name,
    int64_t *due_at, int64_t now, int64_t *id, bool *added,
    struct fault *fault)
{
	struct turn_chat open = { 0 };
	const char *pointer = NULL;
	enum outcome out = turn_chat_known(turn, chat_id, &open, fault);

	if (out == OUT_OK) {
		size_t count = flow_schedules(turn->flow, name, &pointer);
		if (count != 1)
			out = fault_set(fault, OUT_NEVER, EXIT_INPUT,
			    "the flow '%s' has %s schedule called '%s'",
			    flow_id(turn->flow),
			    count == 0 ? "no" : "more than one", name);
	}
	if (out == OUT_OK) {
		struct task task = {
			.kind = TASK_FLOW,
			.priority = PRIORITY_REMINDER,
			.chat_id = chat_id,
			.name = name,
			.due_at = *due_at,
			.expire_at = (*due_at > now ? *due_at : now) +
			    flow_schedule_life(turn->flow, pointer),
			.created_at = now,
			.entries = open.chat.entries,
			.flow = flow_hash(turn->flow),
			.pointer = pointer,
		};
		out = tasks_add(turn->db, &task, false, added, fault);
		*id = task.id;
		*due_at = task.due_at;
	}
	turn_chat_close(&open);
	return out;
}
