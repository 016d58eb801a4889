/* SPDX-License-Identifier: MIT */
#include "bot/step_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/effect.h"
#include "bot/guard.h"
#include "bot/template.h"
#include "bot/variable.h"

#define GOTO_MAX 32
#define EXPIRE_MS (7LL * 24 * 3600 * 1000)

static void list_run(struct run *run, const json_t *actions);

static void
do_send(struct run *run, const json_t *action)
{
	struct effect *message =
	    effects_add(run->effects, EFFECT_MESSAGE, run->chat->id);
	const struct schedule *schedule = run->schedule;

	run->outcome = render(run->flow, run->chat, action, run->origin,
	    message, run->fault);
	if (run->outcome != OUT_OK || schedule == NULL)
		return;
	message->urgency = URGENCY_REMINDER;
	message->action = json_copy((json_t *)(uintptr_t)action);
	json_object_set_new(message->action, "state",
	    json_string(run->origin));
	json_object_set_new(message->action, "schedule",
	    json_string(schedule->pointer));
	json_object_set_new(message->action, "entries",
	    json_integer(run->input->entries));
}

static void
do_goto(struct run *run, const json_t *action)
{
	run->next = json_get_text(action, "goto");
}

static void
do_set(struct run *run, const json_t *action)
{
	json_t *value;
	const char *name;

	json_object_foreach (json_object_get(action, "set"), name, value) {
		struct buf out = BUF_INIT(64U << 10);

		if (!json_is_string(value)) {
			variable_set(run->flow, run->chat, name, value);
			continue;
		}
		template_expand(run->flow, run->chat, json_string_value(value),
		    PLACE_PLAIN, &out);
		variable_set_text(run->flow, run->chat, name,
		    out.data ? out.data : "");
		buf_release(&out);
	}
}

static void
do_clear(struct run *run, const json_t *action)
{
	json_t *name;
	size_t i;

	json_array_foreach (json_object_get(action, "clear"), i, name)
		json_object_del(run->chat->vars, json_string_value(name));
}

static void
do_tag(struct run *run, const json_t *action)
{
	json_t *tag;
	size_t i;

	json_array_foreach (json_object_get(action, "tag"), i, tag) {
		const char *name = json_string_value(tag);

		if (name[0] == '+')
			json_object_set_new(run->chat->tags, name + 1,
			    json_true());
		else
			json_object_del(run->chat->tags, name + 1);
	}
}

static void
do_if(struct run *run, const json_t *action)
{
	bool holds = guard_holds(run->flow, run->chat,
	    json_object_get(action, "if"), 0);

	list_run(run, json_object_get(action, holds ? "then" : "else"));
}

static int64_t
span_ms(const json_t *action, const char *key, int64_t otherwise)
{
	const char *text = json_get_text(action, key);
	int64_t ms;

	return text && clock_parse_span(text, &ms) == 0 ? ms : otherwise;
}

static int64_t
life_ms(const json_t *action)
{
	return span_ms(action, "expire", EXPIRE_MS);
}

int64_t
flow_schedule_life(const struct flow *flow, const char *pointer)
{
	const struct schedule *schedule = flow_schedule_at(flow, pointer);

	return life_ms(schedule ? schedule->action : NULL);
}

static void
do_schedule(struct run *run, const json_t *action)
{
	const struct schedule *schedule = flow_schedule_of(run->flow, action);
	const char *exists = json_get_text(action, "if_exists");
	struct effect *task;

	if (schedule == NULL) {
		run->outcome = fault_set(run->fault, OUT_BUG, EXIT_BUG,
		    "a schedule of flow '%s' is not in its table",
		    flow_id(run->flow));
		return;
	}
	task = effects_add(run->effects, EFFECT_TASK, run->chat->id);
	task->text = mem_dup(schedule->name);
	task->pointer = mem_dup(schedule->pointer);
	task->due_at = run->now + span_ms(action, "after", 0);
	task->expire_at = task->due_at + life_ms(action);
	task->entries = run->chat->entries;
	task->replace = exists != NULL && strcmp(exists, "replace") == 0;
}

static void
do_cancel(struct run *run, const json_t *action)
{
	json_t *name;
	size_t i;

	json_array_foreach (json_object_get(action, "cancel"), i, name)
		effects_add(run->effects, EFFECT_CANCEL, run->chat->id)->text =
		    mem_dup(json_string_value(name));
}

static void
do_unsubscribe(struct run *run, const json_t *action)
{
	(void)action;
	run->chat->unsubscribed = true;
}

static void
action_run(struct run *run, const json_t *action)
{
	static const struct {
		const char *verb;
		void (*run)(struct run *, const json_t *);
	} verbs[] = {
		{ "send", do_send },
		{ "goto", do_goto },
		{ "if", do_if },
		{ "set", do_set },
		{ "clear", do_clear },
		{ "tag", do_tag },
		{ "schedule", do_schedule },
		{ "cancel", do_cancel },
		{ "unsubscribe", do_unsubscribe },
	};
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (json_object_get(action, verbs[i].verb) != NULL) {
			verbs[i].run(run, action);
			return;
		}
}

static void
list_run(struct run *run, const json_t *actions)
{
	json_t *action;
	size_t i;

	json_array_foreach (actions, i, action) {
		if (run->outcome != OUT_OK || run->next != NULL)
			return;
		action_run(run, action);
	}
}

void
run_cancel_on(struct run *run, const char *kind, const char *name)
{
	const struct schedule *schedule;
	size_t i, j, len = strlen(kind);
	json_t *on;

	for (i = 0; i < run->flow->schedule_count; i++) {
		schedule = &run->flow->schedules[i];
		json_array_foreach (json_object_get(schedule->action,
					"cancel_on"),
		    j, on) {
			const char *text = json_string_value(on);
			struct effect *cancel;

			if (strncmp(text, kind, len) != 0 ||
			    (name == NULL ? text[len] != '\0'
					  : text[len] != ':' ||
					strcmp(text + len + 1, name) != 0))
				continue;
			cancel = effects_add(run->effects, EFFECT_CANCEL,
			    run->chat->id);
			cancel->text = mem_dup(schedule->name);
			/* Its tasks may be of a version that had it
			 * elsewhere. */
			if (flow_schedules(run->flow, schedule->name, NULL) >
			    1)
				cancel->pointer = mem_dup(schedule->pointer);
		}
	}
}

void
run_place(struct run *run, const char *state)
{
	free(run->chat->state);
	run->chat->state = mem_dup(state);
}

static void
state_enter(struct run *run, const char *state)
{
	struct chat *chat = run->chat;
	json_t *visit = json_object_get(chat->visits, state);
	json_int_t times = json_integer_value(json_array_get(visit, 0));

	if (strcmp(state, flow_start_state(run->flow)) == 0)
		variable_end_session(run->flow, chat, run->taken);
	run_place(run, state);
	chat->entries++;
	json_object_set_new(chat->visits, state,
	    json_pack("[II]", times + 1, (json_int_t)chat->entries));
	effects_add(run->effects, EFFECT_ENTERED, chat->id)->text = mem_dup(
	    state);
	run_cancel_on(run, "state", state);
	run->origin = state;
	list_run(run,
	    json_object_get(json_object_get(run->flow->states, state),
		"enter"));
}

void
run_actions(struct run *run, const json_t *actions)
{
	list_run(run, actions);
	while (run->outcome == OUT_OK && run->next != NULL) {
		const char *state = run->next;

		run->next = NULL;
		if (++run->gotos > GOTO_MAX) {
			run->outcome = fault_set(run->fault, OUT_NEVER,
			    EXIT_INPUT,
			    "flow '%s' went to more than %d "
			    "states in one turn, the last is '%s'",
			    flow_id(run->flow), GOTO_MAX, state);
			run->effects->looped = true;
			return;
		}
		state_enter(run, state);
	}
}
