/* SPDX-License-Identifier: MIT */
#include "bot/step.h"

#include <string.h>

#include "base/json.h"
#include "bot/ask.h"
#include "bot/handoff.h"
#include "bot/model.h"
#include "bot/place.h"
#include "bot/route.h"
#include "bot/schedule.h"
#include "bot/step_run.h"
#include "bot/suspend.h"
#include "bot/timer.h"

/*
 * `unless` is asked again when a message leaves, about what others did
 * meanwhile.  Where the schedule's own actions made it true (a tag "reminded",
 * a goto), asking again would silence the reminder that just set it.
 */
static void
forget_unless(struct run *run)
{
	size_t i;

	if (!step_unless(run->flow, run->chat, NULL, run->schedule->pointer,
		run->entries))
		return;
	for (i = 0; i < run->effects->count; i++)
		if (run->effects->list[i].action != NULL)
			json_object_del(run->effects->list[i].action,
			    "schedule");
}

/* A reminder that says goodbye and unsubscribes: what it says is the last
 * answer, not a reminder that the unsubscribed do not get. */
static void
make_answers(struct run *run)
{
	for (size_t i = 0; i < run->effects->count; i++) {
		struct effect *effect = &run->effects->list[i];

		effect->urgency = URGENCY_ANSWER;
		json_decref(effect->action);
		effect->action = NULL;
	}
}

static bool
is_by_person(enum input_kind kind)
{
	return kind == INPUT_TEXT || kind == INPUT_BUTTON ||
	    kind == INPUT_CONTACT || kind == INPUT_MEDIA;
}

static void
run_person(struct run *run)
{
	if (!route_is_chatter(run)) {
		handoff_overdue(run);
		schedule_cancel_on(run, "reply", NULL);
	}
	if (run->outcome != OUT_OK || run->suspended)
		return;
	if (run->input->kind == INPUT_TEXT)
		route_text(run);
	else if (run->input->kind == INPUT_BUTTON)
		route_button(run);
	else
		route_contact(run);
}

static void
run_input(struct run *run)
{
	switch (run->input->kind) {
	case INPUT_TEXT:
	case INPUT_BUTTON:
	case INPUT_CONTACT:
	case INPUT_MEDIA:
		run_person(run);
		break;
	case INPUT_EVENT:
		route_event(run);
		break;
	case INPUT_SCHEDULE:
		schedule_run(run);
		break;
	case INPUT_TIMER:
		timer_run(run);
		break;
	case INPUT_EXEC:
		suspend_resume(run);
		break;
	case INPUT_OPERATOR:
		handoff_operator(run);
		break;
	case INPUT_LOST:
		ask_again(run);
		break;
	case INPUT_PLACE:
		place_run(run);
		break;
	case INPUT_NOTHING:
		break;
	}
}

/* What is remembered of the state OLD is now remembered of the state NAME. */
static void
move_memory(struct chat *chat, const char *old, const char *name)
{
	json_t *ask = json_object_get(chat->memory, "ask");
	json_t *visit = json_object_get(chat->visits, old);
	const char *asked = json_get_text(ask, "state");

	if (asked != NULL && strcmp(asked, old) == 0)
		json_object_set_new(ask, "state", json_string(name));
	if (visit != NULL && json_object_get(chat->visits, name) == NULL)
		json_object_set(chat->visits, name, visit);
}

/* A new version has the state under a new name, or not at all.  What is due
 * may be of an older version, which does not know where the person is now; that
 * is no reason to move them. */
static void
find_place(struct run *run)
{
	enum input_kind kind = run->input->kind;
	bool stays = kind == INPUT_SCHEDULE || kind == INPUT_TIMER ||
	    kind == INPUT_EXEC;
	const char *old = run->chat->state;
	const char *name = flow_state_renamed(run->flow, old);

	if (name != NULL && strcmp(name, old) != 0) {
		move_memory(run->chat, old, name);
		run_place(run, name);
	} else if (name == NULL && !stays) {
		run_place(run, flow_start_state(run->flow));
	}
}

/* What waits for a handler is written after all that was done before. */
static void
put_exec_last(struct effects *effects)
{
	size_t i, last = effects->count - 1;
	struct effect exec;

	for (i = 0; i < last; i++) {
		if (effects->list[i].kind != EFFECT_EXEC)
			continue;
		exec = effects->list[i];
		memmove(&effects->list[i], &effects->list[i + 1],
		    (last - i) * sizeof(exec));
		effects->list[last] = exec;
		break;
	}
}

static void
run_whole(struct run *run)
{
	struct chat *chat = run->chat;
	int64_t entries = chat->entries;
	enum input_kind kind = run->input->kind;

	find_place(run);
	run->origin = chat->state;
	run_input(run);
	if (run->outcome == OUT_OK && run->schedule != NULL)
		forget_unless(run);
	if (run->outcome == OUT_OK && run->reminding && !run->mute &&
	    chat->unsubscribed)
		make_answers(run);
	if (run->outcome == OUT_OK && flow_has_state(run->flow, chat->state))
		timer_settle(run,
		    chat->entries != entries ||
			(is_by_person(kind) && !route_is_chatter(run)));
	if (run->outcome == OUT_OK && kind == INPUT_PLACE)
		place_settle(run);
	if (run->outcome == OUT_OK && run->suspended)
		put_exec_last(run->effects);
}

enum outcome
step(const struct flow *flow, struct chat *chat, const struct input *input,
    int64_t now, struct effects *effects, struct fault *fault)
{
	struct run run = {
		.flow = flow,
		.chat = chat,
		.input = input,
		.now = now,
		.effects = effects,
		.fault = fault,
		.outcome = OUT_OK,
	};

	if (input->kind == INPUT_NOTHING)
		return OUT_OK;
	if (input->text == NULL && input->kind != INPUT_BUTTON &&
	    input->kind != INPUT_CONTACT && input->kind != INPUT_OPERATOR &&
	    input->kind != INPUT_LOST)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "an input without its text");
	run.taken = json_object();
	run_whole(&run);
	json_decref(run.taken);
	json_decref(run.resume);
	return run.outcome;
}
