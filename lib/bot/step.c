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
}

static void
run_input(struct run *run)
{
	enum input_kind kind = run->input->kind;

	if (kind != INPUT_EVENT && kind != INPUT_SCHEDULE)
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
	if (!flow_has_state(flow, chat->state))
		run_place(&run, flow_start_state(flow));
	run.origin = chat->state;
	run_input(&run);
	return run.outcome;
}
