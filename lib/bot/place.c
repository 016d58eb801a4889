/* SPDX-License-Identifier: MIT */
#include "bot/place.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "bot/answer.h"
#include "bot/ask.h"
#include "bot/checker.h"
#include "bot/handoff.h"
#include "bot/model.h"
#include "bot/timer.h"
#include "bot/variable.h"
#include "bot/view.h"

enum outcome
view_state(const struct flow *flow, const char *name, const char **state,
    struct fault *fault)
{
	*state = flow_state_called(flow, name);
	return *state != NULL
	    ? OUT_OK
	    : check_lacks(flow, "state", name, flow->states, fault);
}

static void
refuse_value(struct run *run, const char *name, const char *type)
{
	run->outcome = fault_set(run->fault, OUT_NEVER, EXIT_INPUT,
	    "the variable '%s' is of type %s, which its value is not", name,
	    type);
}

/* VALUE as VAR called NAME holds it, a new reference: a text as if the person
 * had answered it.  NULL when it has no such form. */
static json_t *
value_read(const struct run *run, const char *name, const char *type,
    json_t *value)
{
	const json_t *var = json_object_get(run->flow->vars, name);
	json_auto_t *ask = json_pack("{s:s}", "var", name);
	bool fits;

	if (json_is_string(value) && strcmp(type, "text") != 0)
		return answer_text(run->flow, run->chat, ask,
		    json_string_value(value));
	fits = strcmp(type, "text") == 0
	    ? variable_takes(run->flow, name, value)
	    : variable_fits(var, value);
	return fits ? json_incref(value) : NULL;
}

/* What a flow does with a value that does not fit, it is cut or dropped, would
 * leave whoever sets it by hand in the belief that it is there. */
static void
set_var(struct run *run, const char *name, json_t *value)
{
	const json_t *var = json_object_get(run->flow->vars, name);
	const char *type = json_get_text(var, "type");
	const char *text = json_string_value(value);
	json_t *read;

	if (type == NULL)
		type = "text";
	if (var == NULL) {
		run->outcome = check_lacks(run->flow, "variable", name,
		    run->flow->vars, run->fault);
	} else if (json_is_null(value)) {
		variable_set(run->flow, run->chat, name, value);
	} else if (text != NULL && strcmp(type, "text") == 0 &&
	    (int64_t)utf8_length(text) > variable_length(var)) {
		run->outcome = fault_set(run->fault, OUT_NEVER, EXIT_INPUT,
		    "the variable '%s' holds %" PRId64 " characters, its "
		    "value has %zu",
		    name, variable_length(var), utf8_length(text));
	} else if ((read = value_read(run, name, type, value)) == NULL) {
		refuse_value(run, name, type);
	} else {
		variable_set(run->flow, run->chat, name, read);
		json_decref(read);
	}
}

static void
set_vars(struct run *run, json_t *vars)
{
	const char *name;
	json_t *value;

	json_object_foreach (vars, name, value) {
		if (run->outcome != OUT_OK)
			return;
		set_var(run, name, value);
		json_object_set_new(run->taken, name, json_true());
	}
}

/* As if nothing had been asked yet; what was planned for later stays so. */
static void
start_over(struct run *run)
{
	ask_close(run);
	if (run->chat->handoff_until != 0)
		handoff_leave(run);
	timer_expired(run);
	run_place(run, flow_start_state(run->flow));
}

void
place_run(struct run *run)
{
	const json_t *data = run->input->data;
	const char *name = run->input->text;
	const char *state = NULL;

	if (name[0] != '\0')
		run->outcome = view_state(run->flow, name, &state, run->fault);
	if (run->outcome == OUT_OK)
		set_vars(run, json_object_get(data, "vars"));
	if (run->outcome != OUT_OK)
		return;
	if (state == NULL) {
		start_over(run);
	} else if (json_get_bool(data, "enter", false)) {
		run->next = state;
		run_actions(run, NULL);
	} else {
		run_arrive(run, state);
		if (json_get_bool(data, "asked", false))
			ask_asked(run, state);
	}
}

void
place_settle(struct run *run)
{
	struct chat *chat = run->chat;
	int64_t ttl_ms = json_get_int(run->input->data, "ttl_ms", 0);

	if (ttl_ms == 0)
		return;
	if (chat->expires_at == 0) {
		run->outcome = fault_set(run->fault, OUT_NEVER, EXIT_INPUT,
		    "the state '%s' has no ttl in the flow, so it never ends "
		    "by itself",
		    chat->state);
		return;
	}
	chat->expires_at = run->now + ttl_ms;
	timer_settle(run, false);
}
