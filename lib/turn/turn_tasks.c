/* SPDX-License-Identifier: MIT */
#include "turn/turn_tasks.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/recur.h"
#include "store/dead.h"
#include "store/execs.h"
#include "store/task_try.h"
#include "store/updates.h"
#include "telegram/method.h"
#include "turn/turn_private.h"

struct ending {
	enum task_end how;
	const char *reason;
};

/*
 * The version of the flow that has the task's schedule: the current one, or
 * for a name that vanished the one the task was made under.
 */
const struct flow *
turn_flow_for(struct turn *turn, const char *name, const char *pointer,
    const char *hash)
{
	if (turn->flow != NULL &&
	    (step_is_timer(name)
		    ? step_has_timer(turn->flow, name, pointer)
		    : flow_has_schedule(turn->flow, name, pointer)))
		return turn->flow;
	return turn_old_flow(turn, hash);
}

static enum outcome
run_flow(struct turn *turn, const struct task *task, struct turn_chat *open,
    int64_t now, struct ending *end, struct fault *fault)
{
	const struct flow *flow =
	    turn_flow_for(turn, task->name, task->pointer, task->flow);
	const struct effects_origin origin = { .task = task };
	struct effects_result result = { 0 };
	bool timer = step_is_timer(task->name);
	const struct input input = {
		.kind = timer ? INPUT_TIMER : INPUT_SCHEDULE,
		.text = task->pointer,
		.name = task->name,
		.entries = task->entries,
		.due_at = task->due_at,
		.late = task->expire_at < now,
	};

	if (recur_is(task->name) &&
	    (turn->flow == NULL ||
		!recur_holds(turn->flow, &open->chat, task->name))) {
		*end = (struct ending){ TASK_CANCELLED,
			"not this person's any more" };
		return OUT_OK;
	}
	if (flow == NULL && input.late)
		return OUT_OK;
	if (flow == NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "no version of the flow has the schedule '%s'",
		    task->name);
	if (!timer &&
	    step_unless(flow, &open->chat, task->name, task->pointer,
		task->entries)) {
		*end = (struct ending){ TASK_CANCELLED, "unless holds" };
		return OUT_OK;
	}
	/* Ended first: what recurs plans the next one under the same name. */
	enum outcome out = tasks_end(turn->db, task->due_at, task->id,
	    end->how, end->reason, now, fault);
	if (out == OUT_OK)
		out = turn_step(turn, flow, open, &input, &origin, now,
		    &result, fault);
	free(result.notice);
	return out;
}

static enum outcome
send_directly(struct turn *turn, const struct task *task, int64_t now,
    struct fault *fault)
{
	struct message message = {
		.chat_id = task->chat_id,
		.priority = task->priority,
		.policy = method_idempotent(method_find(task->method))
		    ? POLICY_IDEMPOTENT
		    : task->priority == PRIORITY_BROADCAST ? POLICY_ONCE
							   : POLICY_RESEND,
		.method = task->method,
		.params = task->params,
		.task_id = task->id,
		.task_name = task->name,
		.created_at = now,
		.expire_at = task->expire_at,
	};
	json_t *params = json_loads(task->params, 0, NULL);
	const char *text = json_get_text(params, "text");

	message.text = text ? text : json_get_text(params, "caption");
	enum outcome out = messages_add(turn->db, &message, false, fault);
	json_decref(params);
	return out;
}

/* Why the chat's tasks wait for something else than their time; NULL: they do
 * not. */
static const char *
kept_by(struct turn *turn, const struct turn_chat *open, int64_t now)
{
	if (open->chat.blocked)
		return "the chat is blocked";
	if (execs_open(turn->db, open->row.chat_id))
		return "a handler works for the chat";
	if (updates_kept(turn->db, open->row.chat_id))
		return "what came before it is still to be answered";
	if (step_paused(&open->chat, now))
		return "an operator talks with the person";
	return NULL;
}

static enum outcome
promote_open(struct turn *turn, const struct task *task,
    struct turn_chat *open, int64_t now, struct ending *end,
    struct fault *fault)
{
	bool late = task->expire_at < now;
	const char *kept = kept_by(turn, open, now);

	if (late)
		*end =
		    (struct ending){ TASK_EXPIRED, "too late to be of use" };
	if (kept != NULL) {
		/* What recurs is planned again by its flow, once it may be. */
		if (!late || task->kind == TASK_FLOW)
			*end = (struct ending){ TASK_HELD, kept };
		return OUT_OK;
	}
	if (open->chat.unsubscribed && task->priority >= PRIORITY_REMINDER &&
	    (task->kind == TASK_SEND || !step_is_timer(task->name))) {
		*end = (struct ending){ TASK_CANCELLED, "unsubscribed" };
		return OUT_OK;
	}
	if (task->kind == TASK_FLOW)
		return run_flow(turn, task, open, now, end, fault);
	return late ? OUT_OK : send_directly(turn, task, now, fault);
}

static enum outcome
promote(struct turn *turn, const struct task *task, int64_t now,
    struct ending *end, struct fault *fault)
{
	struct turn_chat open = { 0 };
	enum outcome out = turn_chat_open(turn, task->chat_id, &open, fault);

	if (out == OUT_OK)
		out = promote_open(turn, task, &open, now, end, fault);
	turn_chat_close(&open);
	return out;
}

static enum outcome
bury_task(struct turn *turn, const struct task *task, const char *reason,
    int64_t now, struct fault *fault)
{
	const struct dead_letter letter = { .kind = "task",
		.item = task->id,
		.chat_id = task->chat_id,
		.reason = reason,
		.died_at = now };

	log_error("task %lld '%s' of chat %lld is dead: %s",
	    (long long)task->id, task->name ? task->name : "",
	    (long long)task->chat_id, reason);
	return dead_add(turn->db, &letter, fault);
}

static void
count_end(struct turn_counts *counts, enum task_end how)
{
	switch (how) {
	case TASK_PROMOTED:
		++counts->promoted;
		break;
	case TASK_EXPIRED:
		++counts->expired;
		break;
	case TASK_CANCELLED:
		++counts->cancelled;
		break;
	case TASK_HELD:
		++counts->held;
		break;
	case TASK_DEAD:
		++counts->buried;
		break;
	}
}

static enum outcome
promote_marked(struct turn *turn, const struct task *task, int64_t now,
    struct fault *fault)
{
	struct ending end = { TASK_PROMOTED, NULL };
	struct fault why;
	enum outcome out = db_mark(turn->db, fault);

	if (out != OUT_OK)
		return out;
	turn->looped = 0;
	out = promote(turn, task, now, &end, &why);
	if (out == OUT_OK) {
		out = db_unmark(turn->db, fault);
	} else {
		db_return(turn->db);
		if (!turn_blames_item(turn, out)) {
			*fault = why;
			return out;
		}
		end = (struct ending){ TASK_DEAD, why.text };
		out = bury_task(turn, task, why.text, now, fault);
	}
	count_end(&turn->counts, end.how);
	if (out == OUT_OK)
		out = tasks_end(turn->db, task->due_at, task->id, end.how,
		    end.reason, now, fault);
	return out == OUT_OK ? turn_leave_circle(turn, now, fault) : out;
}

enum outcome
turn_tasks(struct turn *turn, int64_t now, int limit, bool *more,
    struct fault *fault)
{
	struct task task;
	int count = 0;

	*more = false;
	while (tasks_due(turn->db, now, &task)) {
		if (count++ == limit) {
			*more = true;
			break;
		}
		enum outcome out = promote_marked(turn, &task, now, fault);
		if (out != OUT_OK)
			return out;
	}
	return db_result(turn->db, fault);
}

static enum outcome
bury_deadly(struct turn *turn, const struct task *task, int64_t now,
    struct fault *fault)
{
	static const char reason[] = "the command died each time it was done";
	enum outcome out = bury_task(turn, task, reason, now, fault);

	count_end(&turn->counts, TASK_DEAD);
	return out == OUT_OK ? tasks_end(turn->db, task->due_at, task->id,
				   TASK_DEAD, reason, now, fault)
			     : out;
}

enum outcome
turn_task_try(struct turn *turn, int64_t now, int64_t *id, struct fault *fault)
{
	int64_t counted = *id;
	struct task task;

	*id = 0;
	if (!tasks_due(turn->db, now, &task))
		return db_result(turn->db, fault);
	*id = task.id;
	if (task.id != counted && tasks_try(turn->db, task.id) > TASKS_TRIES)
		return bury_deadly(turn, &task, now, fault);
	return db_result(turn->db, fault);
}

enum outcome
turn_task_alone(struct turn *turn, int64_t id, int64_t now,
    struct fault *fault)
{
	enum outcome out = OUT_OK;
	struct task task;

	if (tasks_due(turn->db, now, &task) && task.id == id)
		out = promote_marked(turn, &task, now, fault);
	return out == OUT_OK ? tasks_survived(turn->db, id, fault) : out;
}
