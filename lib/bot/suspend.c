/* SPDX-License-Identifier: MIT */
#include "bot/suspend.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/person.h"
#include "bot/pointer.h"
#include "bot/variable.h"

#define TIMEOUT_MS 10000

static int64_t
span_of(const char *text, int64_t otherwise)
{
	int64_t ms;

	return text && clock_parse_span(text, &ms) == 0 ? ms : otherwise;
}

static json_t *
spans_of(const json_t *list)
{
	json_t *spans = json_array(), *span;
	size_t i;

	json_array_foreach (list, i, span)
		json_array_append_new(spans,
		    json_integer(span_of(json_string_value(span), 0)));
	return spans;
}

static json_t *
input_of(struct run *run, const json_t *wanted)
{
	json_t *input = json_object(), *value;
	const char *name;

	json_object_foreach ((json_t *)(uintptr_t)wanted, name, value) {
		char *text = run_text(run, json_string_value(value));

		json_object_set_new(input, name, json_string(text));
		free(text);
	}
	return input;
}

static json_t *
user_of(const struct person *person)
{
	json_t *user = json_object();
	size_t i;

	for (i = 0; person_fields[i] != NULL; i++) {
		char *text = person_text(person, person_fields[i]);

		if (text != NULL)
			json_object_set_new(user, person_fields[i],
			    json_string(text));
		free(text);
	}
	return user;
}

static json_t *
vars_of(const struct run *run)
{
	json_t *vars = json_object(), *var;
	const char *name;

	json_object_foreach (run->flow->vars, name, var) {
		json_t *value = variable_get(run->flow, run->chat, name, true);

		if (value != NULL)
			json_object_set_new(vars, name, value);
	}
	return vars;
}

static json_t *
request_of(struct run *run, const json_t *exec)
{
	return json_pack("{sO,sI,so,so,ss,so,so,sI,sb}", "run",
	    json_object_get(exec, "run"), "timeout_ms",
	    (json_int_t)span_of(json_get_text(exec, "timeout"), TIMEOUT_MS),
	    "retry_ms", spans_of(json_object_get(exec, "retry")), "input",
	    input_of(run, json_object_get(exec, "input")), "state",
	    run->chat->state, "user", user_of(&run->chat->person), "vars",
	    vars_of(run), "history",
	    (json_int_t)json_get_int(exec, "history", 0), "reminder",
	    run->reminding);
}

/* What a frame that is no list is stored as. */
static const char *const frame_words[] = {
	[FRAME_ASK] = "ask",
	[FRAME_THEN] = "then",
	[FRAME_GO] = "goto",
};

/* Lists that a handler wrote cannot wait for another one, so that all lists
 * have a place in the flow. */
static json_t *
frame_store(const struct run *run, const struct frame *frame)
{
	json_t *stored;
	char *at;

	if (frame->kind != FRAME_LIST)
		return json_pack("{ss}", frame_words[frame->kind],
		    frame->state);
	at = pointer_of(run->flow->root, frame->list);
	stored =
	    json_pack("{ss*,sI}", "at", at, "next", (json_int_t)frame->next);
	free(at);
	return stored;
}

/* Everything of RUN that what remains may ask for. */
static json_t *
run_store(const struct run *run, const char *exec)
{
	json_t *frames = json_array(), *stored;
	size_t i;

	for (i = 0; i < run->depth; i++) {
		const struct frame *frame = &run->frames[i];

		if (frame->kind != FRAME_LIST ||
		    frame->next < json_array_size(frame->list))
			json_array_append_new(frames, frame_store(run, frame));
	}
	stored = json_pack("{ss,ss,ss,so,sO,sI,si,sb,sb,sb}", "flow",
	    flow_hash(run->flow), "exec", exec, "origin", run->origin,
	    "frames", frames, "taken", run->taken, "entries",
	    (json_int_t)run->entries, "gotos", run->gotos, "reminding",
	    run->reminding, "mute", run->mute, "expiring", run->expiring);
	if (run->schedule != NULL)
		json_object_set_new(stored, "schedule",
		    json_string(run->schedule->pointer));
	return stored;
}

void
do_exec(struct run *run, const json_t *action)
{
	char *pointer = pointer_of(run->flow->root, action);
	struct effect *effect;

	if (pointer == NULL) {
		run->outcome = fault_set(run->fault, OUT_BUG, EXIT_BUG,
		    "an exec of flow '%s' is not in it", flow_id(run->flow));
	} else if (run_count(run, run->origin)) {
		effect = effects_add(run->effects, EFFECT_EXEC, run->chat->id);
		effect->text = mem_dup(pointer);
		effect->data =
		    request_of(run, json_object_get(action, "exec"));
		effect->resume = run_store(run, pointer);
		if (run->reminding)
			effect->urgency = URGENCY_REMINDER;
		run->suspended = true;
	}
	free(pointer);
}

static bool
frame_load(const struct flow *flow, const json_t *stored, struct frame *frame)
{
	const char *at = json_get_text(stored, "at");
	int64_t next = json_get_int(stored, "next", 0);

	memset(frame, 0, sizeof(*frame));
	if (at != NULL) {
		frame->list = pointer_find(flow->root, at);
		frame->next = next > 0 ? (size_t)next : 0;
		return json_is_array(frame->list);
	}
	for (int kind = FRAME_ASK; kind <= FRAME_GO; kind++) {
		const char *state = json_get_text(stored, frame_words[kind]);

		if (state == NULL)
			continue;
		frame->kind = (enum frame_kind)kind;
		frame->state = state;
	}
	return frame->state != NULL && flow_has_state(flow, frame->state);
}

bool
step_can_resume(const struct flow *flow, const char *resume)
{
	json_t *stored = json_loads(resume, 0, NULL);
	const char *hash = json_get_text(stored, "flow");
	bool can = hash != NULL && strcmp(hash, flow_hash(flow)) == 0;

	json_decref(stored);
	return can;
}

/* False when what was stored has no place in this flow. */
static bool
run_load(struct run *run)
{
	const char *schedule = json_get_text(run->resume, "schedule");
	json_t *taken = json_object_get(run->resume, "taken"), *stored;
	struct frame frame;
	size_t i;

	run->origin = json_get_text(run->resume, "origin");
	run->entries = json_get_int(run->resume, "entries", 0);
	run->gotos = (int)json_get_int(run->resume, "gotos", 0);
	run->reminding = json_get_bool(run->resume, "reminding", false);
	run->mute = json_get_bool(run->resume, "mute", false);
	run->expiring = json_get_bool(run->resume, "expiring", false);
	(void)json_object_update(run->taken, taken);
	if (schedule != NULL)
		run->schedule = flow_schedule_at(run->flow, schedule);
	json_array_foreach (json_object_get(run->resume, "frames"), i,
	    stored) {
		if (!frame_load(run->flow, stored, &frame))
			return false;
		run_push(run, &frame);
	}
	return run->origin != NULL &&
	    (schedule == NULL || run->schedule != NULL);
}

/* What the handler said, to be done before the rest. */
static void
push_said(struct run *run, const json_t *said)
{
	const char *state = json_get_text(said, "goto"), *name;
	const struct frame go = { .kind = FRAME_GO, .state = state };
	const struct frame list = { .kind = FRAME_LIST,
		.literal = true,
		.list = json_object_get(said, "actions") };
	json_t *value;

	json_object_foreach (json_object_get(said, "set"), name, value) {
		variable_put(run->flow, run->chat, name, value);
		json_object_set_new(run->taken, name, json_true());
	}
	if (state != NULL)
		run_push(run, &go);
	if (list.list != NULL)
		run_push(run, &list);
}

void
suspend_resume(struct run *run)
{
	const json_t *action;

	run->resume = json_loads(run->input->text, 0, NULL);
	if (!run_load(run)) {
		run_lacks(run, "place to go on at",
		    run->resume ? json_get_text(run->resume, "exec") : "?");
		return;
	}
	if (json_get_bool(run->input->data, "ok", false)) {
		push_said(run, run->input->data);
	} else {
		action = pointer_find(run->flow->root,
		    json_get_text(run->resume, "exec"));
		run_list(run,
		    json_object_get(json_object_get(action, "exec"),
			"on_error"));
	}
	if (run->outcome == OUT_OK)
		run_actions(run, NULL);
}
