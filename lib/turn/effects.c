/* SPDX-License-Identifier: MIT */
#include "turn/effects.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/funnel.h"
#include "store/media.h"
#include "store/messages.h"
#include "store/task_cancel.h"
#include "telegram/method.h"
#include "turn/handler.h"
#include "turn/lead.h"
#include "turn/turn.h"

static enum outcome
add_media(struct db *db, const struct flow *flow, const char *name,
    struct message *message, struct fault *fault)
{
	struct flow_media media;

	if (name == NULL || !flow_media(flow, name, &media))
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the flow has no media '%s'", name ? name : "");
	if (message->media_count == MESSAGE_FILES)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "an album has more than %d files", MESSAGE_FILES);
	return media_add(db, media.digest, media.kind, media.path,
	    &message->media[message->media_count++], fault);
}

/* The files that EFFECT sends, if any. */
static enum outcome
media_of(struct db *db, const struct flow *flow, const struct effect *effect,
    struct message *message, struct fault *fault)
{
	enum outcome out = OUT_OK;
	const json_t *name;
	size_t i;

	if (effect->media != NULL)
		out = add_media(db, flow, effect->media, message, fault);
	json_array_foreach (effect->media_list, i, name)
		if (out == OUT_OK)
			out = add_media(db, flow, json_string_value(name),
			    message, fault);
	return out;
}

static enum outcome
write_message(struct db *db, const struct flow *flow, const struct chat *chat,
    const struct effect *effect, const struct effects_origin *origin,
    int64_t now, struct fault *fault)
{
	bool reminder = effect->urgency == URGENCY_REMINDER;
	const struct task *task = origin->task;
	char *params = json_text(effect->params);
	char *action = effect->action ? json_text(effect->action) : NULL;
	struct message message = {
		.chat_id = effect->chat_id,
		.priority = reminder ? PRIORITY_REMINDER : PRIORITY_ANSWER,
		.policy = method_idempotent(method_find(effect->method))
		    ? POLICY_IDEMPOTENT
		    : POLICY_RESEND,
		.method = effect->method,
		.params = params,
		.text = effect->plain,
		.flow = action ? flow_hash(flow) : NULL,
		.action = action,
		.update_row = origin->update_row,
		.task_id = task ? task->id : 0,
		.task_name = task ? task->name : NULL,
		.by_operator = effect->by_operator,
		.about = effect->about,
		.subject = effect->chat_id != chat->id ? chat->id : 0,
		.created_at = now,
		.expire_at = now + TURN_ANSWER_LIFE_MS,
	};
	/* Something the engine does by itself (a TTL) lives as an answer. */
	if (task != NULL && !step_is_timer(task->name))
		message.expire_at = task->expire_at;
	enum outcome out = media_of(db, flow, effect, &message, fault);
	bool held = chat->blocked && effect->chat_id == chat->id;
	if (out == OUT_OK)
		out = messages_add(db, &message, held, fault);
	free(params);
	free(action);
	return out;
}

/* A message whose words are found when it is to be sent: turn_is_report(). */
static enum outcome
write_report(struct db *db, const struct flow *flow, const struct chat *chat,
    const struct effect *effect, const struct effects_origin *origin,
    int64_t now, struct fault *fault)
{
	struct effect message = { .kind = EFFECT_MESSAGE,
		.chat_id = effect->chat_id,
		.method = mem_dup("sendMessage"),
		.params = json_object(),
		.plain = mem_dup(effect->text),
		.action = json_pack("{s:s}", "report", effect->text) };
	enum outcome out =
	    write_message(db, flow, chat, &message, origin, now, fault);

	effect_release(&message);
	return out;
}

static enum outcome
write_task(struct db *db, const struct flow *flow, const struct effect *effect,
    int64_t now, struct fault *fault)
{
	bool added;
	struct task task = {
		.kind = TASK_FLOW,
		.priority = PRIORITY_REMINDER,
		.chat_id = effect->chat_id,
		.name = effect->text,
		.due_at = effect->due_at,
		.expire_at = effect->expire_at,
		.created_at = now,
		.entries = effect->entries,
		.flow = flow_hash(flow),
		.pointer = effect->pointer,
	};

	return tasks_add(db, &task, effect->replace, &added, fault);
}

static enum outcome
write_one(struct db *db, const struct flow *flow, const struct chat *chat,
    const struct effect *effect, const struct effects_origin *origin,
    int64_t now, struct effects_result *result, struct fault *fault)
{
	int count = 0;
	enum outcome out = OUT_OK;

	switch (effect->kind) {
	case EFFECT_MESSAGE:
		return write_message(db, flow, chat, effect, origin, now,
		    fault);
	case EFFECT_TASK:
		return write_task(db, flow, effect, now, fault);
	case EFFECT_CANCEL:
		out = tasks_cancel(db, effect->chat_id, effect->text,
		    effect->pointer, now, &count, fault);
		result->cancelled += count;
		return out;
	case EFFECT_NOTICE:
		free(result->notice);
		result->notice = mem_dup(effect->text);
		return OUT_OK;
	case EFFECT_ENTERED:
		/* It is in the chat's row, which the caller saves, and an
		 * arrival. */
		return OUT_OK;
	case EFFECT_LEAD:
		return lead_write(db, flow, chat, effect, now, fault);
	case EFFECT_REPORT:
		return write_report(db, flow, chat, effect, origin, now,
		    fault);
	case EFFECT_EXEC:
		return handler_add(db, flow, effect, origin->task, now, fault);
	}
	return fault_set(fault, OUT_BUG, EXIT_BUG, "unknown effect %d",
	    (int)effect->kind);
}

enum outcome
effects_write(struct db *db, const struct flow *flow, const struct chat *chat,
    const struct effects *effects, const struct effects_origin *origin,
    int64_t now, struct effects_result *result, struct fault *fault)
{
	const char *from = origin->state ? origin->state : "";
	enum outcome out = OUT_OK;

	for (size_t i = 0; i < effects->count && out == OUT_OK; i++) {
		const struct effect *effect = &effects->list[i];

		out = write_one(db, flow, chat, effect, origin, now, result,
		    fault);
		if (out != OUT_OK || effect->kind != EFFECT_ENTERED)
			continue;
		out = funnel_arrived(db, chat->id, from, effect->text, now,
		    fault);
		from = effect->text;
	}
	return out;
}
