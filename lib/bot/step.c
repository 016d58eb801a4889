/* SPDX-License-Identifier: MIT */
#include "bot/step.h"

#include <string.h>

#include "base/json.h"
#include "bot/guard.h"
#include "bot/model.h"
#include "bot/step_run.h"

bool
step_unless(const struct flow *flow, const struct chat *chat, const char *name,
    const char *pointer, int64_t entries)
{
	const struct schedule *schedule =
	    flow_schedule_named(flow, name, pointer);
	const json_t *unless =
	    schedule ? json_object_get(schedule->action, "unless") : NULL;

	return unless != NULL && guard_holds(flow, chat, unless, entries);
}

/*
 * `unless` is asked again when a message leaves, about what others did
 * meanwhile.  Where the schedule's own actions made it true (a tag "reminded",
 * a goto), asking again would silence the reminder that just set it.
 */
static void
forget_unless(struct run *run, size_t first)
{
	size_t i;

	if (!step_unless(run->flow, run->chat, NULL, run->schedule->pointer,
		run->input->entries))
		return;
	for (i = first; i < run->effects->count; i++)
		if (run->effects->list[i].action != NULL)
			json_object_del(run->effects->list[i].action,
			    "schedule");
}

/* A schedule that says goodbye and unsubscribes: what it says is the last
 * answer, not a reminder that the unsubscribed do not get. */
static void
make_answers(struct run *run, size_t first)
{
	for (size_t i = first; i < run->effects->count; i++) {
		struct effect *effect = &run->effects->list[i];

		effect->urgency = URGENCY_ANSWER;
		json_decref(effect->action);
		effect->action = NULL;
	}
}

static void
run_schedule(struct run *run)
{
	size_t first = run->effects->count;

	run->schedule =
	    flow_schedule_named(run->flow, run->input->name, run->input->text);
	if (run->schedule == NULL) {
		run->outcome = fault_set(run->fault, OUT_NEVER, EXIT_INPUT,
		    "flow '%s' has no schedule '%s' any more",
		    flow_id(run->flow),
		    run->input->name ? run->input->name : run->input->text);
		return;
	}
	if (run->chat->unsubscribed ||
	    step_unless(run->flow, run->chat, NULL, run->schedule->pointer,
		run->input->entries))
		return;
	if (run->schedule->state != NULL)
		run->origin = run->schedule->state;
	run_actions(run, json_object_get(run->schedule->action, "do"));
	if (run->outcome == OUT_OK)
		forget_unless(run, first);
	if (run->outcome == OUT_OK && run->chat->unsubscribed)
		make_answers(run, first);
}

static void
run_input(struct run *run)
{
	enum input_kind kind = run->input->kind;

	if (kind != INPUT_EVENT && kind != INPUT_SCHEDULE &&
	    !route_is_chatter(run))
		run_cancel_on(run, "reply", NULL);
	switch (kind) {
	case INPUT_TEXT:
		route_text(run);
		break;
	case INPUT_BUTTON:
		route_button(run);
		break;
	case INPUT_CONTACT:
	case INPUT_MEDIA:
		route_contact(run);
		break;
	case INPUT_EVENT:
		route_event(run);
		break;
	case INPUT_SCHEDULE:
		run_schedule(run);
		break;
	case INPUT_NOTHING:
		break;
	}
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
	    input->kind != INPUT_CONTACT)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "an input without its text");
	/* A reminder may be of an older version, which does not know where the
	 * person is now; that is no reason to move them. */
	if (input->kind != INPUT_SCHEDULE &&
	    !flow_has_state(flow, chat->state))
		run_place(&run, flow_start_state(flow));
	run.taken = json_object();
	run.origin = chat->state;
	run_input(&run);
	json_decref(run.taken);
	return run.outcome;
}
