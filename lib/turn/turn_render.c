/* SPDX-License-Identifier: MIT */
/*
 * What a reminder says when it is really sent.
 */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "turn/turn_private.h"

/* False when FLOW cannot say ACTION any more by the method that MESSAGE was
 * queued for: a text or a file was taken away or is of another kind. */
static bool
render_by(const struct flow *flow, const struct message *message,
    const struct chat *chat, const json_t *action, struct effect *rendered)
{
	struct fault why;

	if (flow == NULL ||
	    step_render(flow, chat, action, rendered, &why) != OUT_OK)
		return false;
	if (message->method == NULL ||
	    strcmp(rendered->method, message->method) == 0)
		return true;
	effect_release(rendered);
	return false;
}

/* Whose words they are: a broadcast's never change. */
static const struct flow *
flow_of(struct turn *turn, const struct message *message, const char *pointer)
{
	if (message->broadcast != 0)
		return turn_old_flow(turn, message->flow);
	return turn_flow_for(turn, message->task_name, pointer, message->flow);
}

enum outcome
turn_render(struct turn *turn, const struct message *message, bool *cancelled,
    char **params, char **text, struct fault *fault)
{
	struct turn_chat open = { 0 };
	struct effect rendered = { 0 };
	json_t *action = json_loads(message->action, 0, NULL);
	const char *pointer = json_get_text(action, "schedule");
	const struct flow *flow = flow_of(turn, message, pointer);
	enum outcome out =
	    turn_chat_open(turn, message->chat_id, &open, fault);

	*cancelled = false;
	*params = *text = NULL;
	/* What it said when it was queued still stands then. */
	if (out != OUT_OK || flow == NULL || action == NULL)
		goto out;
	if (open.chat.unsubscribed ||
	    (pointer != NULL &&
		step_unless(flow, &open.chat, message->task_name, pointer,
		    json_get_int(action, "entries", 0)))) {
		*cancelled = true;
		goto out;
	}
	if (render_by(flow, message, &open.chat, action, &rendered) ||
	    render_by(turn_old_flow(turn, message->flow), message, &open.chat,
		action, &rendered)) {
		if (message->paid)
			json_object_set_new(rendered.params,
			    "allow_paid_broadcast", json_true());
		*params = json_text(rendered.params);
		*text = mem_dup(rendered.plain);
	}
out:
	if (out == OUT_NEVER && !db_broken(turn->db))
		out = OUT_OK;
	effect_release(&rendered);
	json_decref(action);
	turn_chat_close(&open);
	return out;
}
