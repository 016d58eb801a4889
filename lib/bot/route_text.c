/* SPDX-License-Identifier: MIT */
/*
 * What people write and send: the open question takes it, or `on`, or nothing
 * does.
 */
#include "bot/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "bot/ask.h"
#include "bot/guard.h"
#include "bot/handoff.h"
#include "bot/pattern.h"

static void
run_fallback(struct run *run)
{
	const char *state = run->chat->state;
	const json_t *actions =
	    json_object_get(json_object_get(run->flow->states, state),
		"fallback");

	if (actions == NULL)
		actions = json_object_get(flow_group_of(run->flow, state),
		    "fallback");
	run_actions(run, actions ? actions : run->flow->fallback);
}

/* A press of a reply keyboard is a message with the label of the button. */
static bool
route_label(struct run *run, const char *text)
{
	json_t *uses = json_object_get(run->flow->labels, text), *use;
	const char *id, *state, *sender = NULL, *sent = NULL;
	size_t i;

	json_array_foreach (uses, i, use) {
		if (!guard_holds(run->flow, run->chat, json_array_get(use, 2),
			0))
			continue;
		id = json_string_value(json_array_get(use, 0));
		state = json_string_value(json_array_get(use, 1));
		if (route_on_named(run, run->chat->state, "button", id))
			return true;
		if (state != NULL &&
		    route_last_entry(run, state) >
			(sender ? route_last_entry(run, sender) : 0)) {
			sender = state;
			sent = id;
		}
	}
	return sender != NULL && route_on_named(run, sender, "button", sent);
}

static bool
text_matches(const char *wanted, const char *folded)
{
	char *fold = utf8_fold(wanted);
	bool same = strcmp(fold, folded) == 0;

	free(fold);
	return same;
}

/* What ON has for TEXT; a fixed text comes before a pattern. */
static const json_t *
text_find_on(const json_t *on, const char *text)
{
	const json_t *found = NULL;
	char *folded = utf8_fold(text);
	const char *key;
	json_t *actions;

	json_object_foreach ((json_t *)(uintptr_t)on, key, actions) {
		if (strncmp(key, "text:", 5) == 0 &&
		    text_matches(key + 5, folded)) {
			found = actions;
			break;
		}
		if (strncmp(key, "regex:", 6) == 0 && found == NULL &&
		    pattern_fits(key + 6, text))
			found = actions;
	}
	free(folded);
	return found;
}

/* `on` of the state, then of its group, on KIND or else on TEXT.  Where a
 * question is open, what takes anything would take its wrong answers. */
static bool
run_on(struct run *run, const char *kind, const char *text)
{
	const char *state = run->chat->state;
	const json_t *holders[] = {
		json_object_get(run->flow->states, state),
		flow_group_of(run->flow, state),
	};
	const json_t *actions = NULL;
	size_t i;

	for (i = 0; i < 2 && actions == NULL; i++) {
		const json_t *on = json_object_get(holders[i], "on");

		actions = kind ? json_object_get(on, kind)
			       : text_find_on(on, text);
		if (actions == NULL && !ask_is_here(run))
			actions = json_object_get(on, "any");
	}
	if (actions == NULL)
		return false;
	run->origin = state;
	run_actions(run, actions);
	return true;
}

static void
text_run(struct run *run, const char *text)
{
	if (route_command(run, text))
		return;
	if (step_paused(run->chat, run->now)) {
		handoff_relay(run);
		return;
	}
	/* A command that was mistyped is no answer. */
	if ((!run->input->in_group && !route_is_command(text) &&
		ask_text(run, text, false)) ||
	    route_label(run, text) || run->input->in_group)
		return;
	if (!run_on(run, NULL, text) && !ask_text(run, text, true))
		run_fallback(run);
}

void
route_text(struct run *run)
{
	char *text = utf8_trim(run->input->text);

	text_run(run, text);
	free(text);
}

void
route_contact(struct run *run)
{
	const struct input *input = run->input;
	bool contact = input->kind == INPUT_CONTACT;

	if (input->in_group)
		return;
	if (step_paused(run->chat, run->now)) {
		handoff_relay(run);
		return;
	}
	if (contact ? ask_contact(run) : ask_text(run, input->caption, false))
		return;
	if (!run_on(run, contact ? "contact" : input->text, NULL) &&
	    !ask_text(run, NULL, true))
		run_fallback(run);
}
