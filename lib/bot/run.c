/* SPDX-License-Identifier: MIT */
#include "bot/step_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bot/ask.h"
#include "bot/schedule.h"
#include "bot/timer.h"
#include "bot/variable.h"

#define GOTO_MAX 32

void
run_lacks(struct run *run, const char *what, const char *name)
{
	run->outcome = fault_set(run->fault, OUT_NEVER, EXIT_INPUT,
	    "flow '%s' has no %s '%s' any more", flow_id(run->flow), what,
	    name);
}

bool
run_count(struct run *run, const char *where)
{
	if (++run->gotos <= GOTO_MAX)
		return true;
	run->outcome = fault_set(run->fault, OUT_NEVER, EXIT_INPUT,
	    "flow '%s' went to more than %d states in one turn, the last is "
	    "'%s'",
	    flow_id(run->flow), GOTO_MAX, where);
	run->effects->looped = true;
	return false;
}

void
run_push(struct run *run, const struct frame *frame)
{
	if (run->depth < RUN_DEPTH) {
		run->frames[run->depth++] = *frame;
		return;
	}
	run->outcome = fault_set(run->fault, OUT_NEVER, EXIT_INPUT,
	    "actions of flow '%s' are more than %d levels deep",
	    flow_id(run->flow), RUN_DEPTH);
}

void
run_list(struct run *run, const json_t *actions)
{
	const struct frame frame = { .kind = FRAME_LIST,
		.list = actions,
		.literal = run->literal };

	if (json_array_size(actions) > 0)
		run_push(run, &frame);
}

void
run_place(struct run *run, const char *state)
{
	free(run->chat->state);
	run->chat->state = mem_dup(state);
}

/* How many bytes of STATE name its group, 0: it is in none. */
static size_t
group_length(const char *state)
{
	size_t len = strcspn(state, ".");

	return state[len] == '.' ? len : 0;
}

/* The session has made its lead, and the person goes back to where it was
 * before that: they want another one, which must not have the same key. */
static bool
session_is_over(const struct run *run, const char *state)
{
	const json_t *memory = run->chat->memory;
	const json_t *lead = json_object_get(memory, "lead");
	json_t *visit = json_object_get(run->chat->visits, state);
	json_int_t last = json_integer_value(json_array_get(visit, 1));

	return json_get_int(lead, "session", -1) == run->chat->session &&
	    last > json_get_int(memory, "begun", 0) &&
	    last < json_get_int(lead, "entries", 0);
}

static void
session_begin(struct chat *chat)
{
	chat->session++;
	json_object_set_new(chat->memory, "begun",
	    json_integer(chat->entries));
}

/* A session begins where it all begins, and where a group is entered from
 * outside of it. */
static void
session_enter(struct run *run, const char *state)
{
	size_t len = group_length(state);
	bool same = len == group_length(run->chat->state) &&
	    strncmp(state, run->chat->state, len) == 0;
	bool enters = len > 0 && !same;

	if (enters || (same && session_is_over(run, state)))
		session_begin(run->chat);
	if (enters || strcmp(state, flow_start_state(run->flow)) == 0)
		variable_end_session(run->flow, run->chat, run->taken);
}

void
run_arrive(struct run *run, const char *state)
{
	struct chat *chat = run->chat;
	json_t *visit = json_object_get(chat->visits, state);
	json_int_t times = json_integer_value(json_array_get(visit, 0));

	timer_leave(run, state);
	ask_close(run);
	session_enter(run, state);
	run_place(run, state);
	chat->entries++;
	json_object_set_new(chat->visits, state,
	    json_pack("[II]", times + 1, (json_int_t)chat->entries));
	effects_add(run->effects, EFFECT_ENTERED, chat->id)->text = mem_dup(
	    state);
	schedule_cancel_on(run, "state", state);
	timer_enter(run, state);
}

static void
state_enter(struct run *run, const char *state)
{
	const json_t *entered = json_object_get(run->flow->states, state);
	const struct frame ask = { .kind = FRAME_ASK, .state = state };

	run_arrive(run, state);
	run->origin = state;
	run->literal = false;
	if (json_object_get(entered, "ask") != NULL)
		run_push(run, &ask);
	run_list(run, json_object_get(entered, "enter"));
}

/* What is left of the present list is dropped: a goto ends it. */
static void
next_enter(struct run *run)
{
	const char *state = run->next;

	run->next = NULL;
	run->depth = 0;
	if (run->expiring)
		timer_expired(run);
	if (run_count(run, state))
		state_enter(run, state);
}

static void
frame_step(struct run *run)
{
	struct frame *frame = &run->frames[run->depth - 1];
	const json_t *action;

	if (frame->kind == FRAME_LIST) {
		action = json_array_get(frame->list, frame->next++);
		run->literal = frame->literal;
		if (action == NULL)
			run->depth--;
		else
			action_run(run, action);
		return;
	}
	run->depth--;
	if (frame->kind == FRAME_ASK)
		ask_open(run, frame->state);
	else if (frame->kind == FRAME_THEN)
		run->next = ask_then(run, frame->state);
	else
		run->next = frame->state;
}

void
run_actions(struct run *run, const json_t *actions)
{
	run_list(run, actions);
	while (run->outcome == OUT_OK && !run->suspended) {
		if (run->next != NULL)
			next_enter(run);
		else if (run->depth > 0)
			frame_step(run);
		else
			break;
	}
	if (run->outcome == OUT_OK && !run->suspended && run->expiring) {
		timer_expired(run);
		run_place(run, flow_start_state(run->flow));
	}
}
