/* SPDX-License-Identifier: MIT */
#include "bot/step_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/checker.h"
#include "bot/effect.h"
#include "bot/guard.h"
#include "bot/keyboard.h"
#include "bot/pattern.h"
#include "bot/person.h"
#include "bot/text.h"
#include "bot/variable.h"

#define NOTICE_MAX 200 /* answerCallbackQuery takes no more */

static const json_t *
state_on(const struct run *run, const char *state)
{
	return state
	    ? json_object_get(json_object_get(run->flow->states, state), "on")
	    : NULL;
}

/* Runs what STATE has on KEY; false when it has nothing. */
static bool
run_on(struct run *run, const char *state, const char *key)
{
	const json_t *actions = json_object_get(state_on(run, state), key);

	if (actions == NULL)
		return false;
	run->origin = state;
	run_actions(run, actions);
	return true;
}

static bool
run_on_named(struct run *run, const char *state, const char *kind,
    const char *name)
{
	char key[80];

	snprintf(key, sizeof(key), "%s:%s", kind, name);
	return run_on(run, state, key);
}

static void
run_fallback(struct run *run)
{
	const json_t *actions =
	    json_object_get(json_object_get(run->flow->states,
				run->chat->state),
		"fallback");

	run_actions(run, actions ? actions : run->flow->fallback);
}

/* Runs ROUTE, a list of actions or an object with its conditions; false when
 * it is not for this person. */
static bool
run_route(struct run *run, const json_t *route,
    void (*take_args)(struct run *, const json_t *args, const void *from),
    const void *from)
{
	const char *role = json_get_text(route, "who");

	if (json_is_array(route)) {
		run_actions(run, route);
		return true;
	}
	if (role != NULL &&
	    !flow_in_role(run->flow, role, run->chat->person.id))
		return false;
	if (!guard_holds(run->flow, run->chat, json_object_get(route, "when"),
		0))
		return false;
	take_args(run, json_object_get(route, "args"), from);
	run_actions(run, json_object_get(route, "do"));
	return true;
}

/* The words behind a command; the last variable takes all that is left. */
static void
take_words(struct run *run, const json_t *args, const void *from)
{
	const char *at = from;
	json_t *name;
	size_t i, len;

	json_array_foreach (args, i, name) {
		char *word, *clean;

		at += strspn(at, " \t\n");
		len = i + 1 < json_array_size(args) ? strcspn(at, " \t\n")
						    : strlen(at);
		word = mem_dup_n(at, len);
		clean = person_clean(word, len);
		at += len;
		json_object_set_new(run->taken, json_string_value(name),
		    json_true());
		if (clean[0] != '\0')
			variable_set_text(run->flow, run->chat,
			    json_string_value(name), clean);
		else
			json_object_del(run->chat->vars,
			    json_string_value(name));
		free(clean);
		free(word);
	}
}

/* The members of an event's data that are called like the variables. */
static void
take_members(struct run *run, const json_t *args, const void *from)
{
	json_t *name;
	size_t i;

	json_array_foreach (args, i, name) {
		variable_set(run->flow, run->chat, json_string_value(name),
		    json_object_get(from, json_string_value(name)));
		json_object_set_new(run->taken, json_string_value(name),
		    json_true());
	}
}

/* Reads "/name@bot rest"; the name goes to COMMAND in lower case. */
static const char *
command_read(const char *text, char command[40])
{
	size_t len = strcspn(text, " \t\n"), name = strcspn(text, "@ \t\n");
	size_t i;

	if (text[0] != '/' || name >= 40)
		return NULL;
	for (i = 0; i < name; i++)
		command[i] = text[i] >= 'A' && text[i] <= 'Z'
		    ? (char)(text[i] - 'A' + 'a')
		    : text[i];
	command[name] = '\0';
	return name_fits(command, NAME_COMMAND)
	    ? text + len + strspn(text + len, " \t\n")
	    : NULL;
}

static void
start_again(struct run *run, const char *payload)
{
	run->chat->unsubscribed = false;
	variable_take(run->flow, run->chat, "start.payload", payload,
	    run->taken);
}

static bool
route_command(struct run *run, const char *text)
{
	char command[40];
	const char *rest = command_read(text, command);
	const json_t *route;
	bool start;

	if (rest == NULL)
		return false;
	start = strcmp(command, "/start") == 0;
	if (start)
		start_again(run, rest);
	run_cancel_on(run, "command", command);
	route = json_object_get(run->flow->commands, command);
	if (route != NULL && run_route(run, route, take_words, rest))
		return true;
	if (!start || route != NULL)
		return false;
	/* every chat with a bot begins with /start */
	run->next = flow_start_state(run->flow);
	run_actions(run, NULL);
	return true;
}

/* When STATE was entered last, as a number that grows. */
static json_int_t
last_entry(const struct run *run, const char *state)
{
	return json_integer_value(
	    json_array_get(json_object_get(run->chat->visits, state), 1));
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
		if (run_on_named(run, run->chat->state, "button", id))
			return true;
		if (state != NULL &&
		    last_entry(run, state) >
			(sender ? last_entry(run, sender) : 0)) {
			sender = state;
			sent = id;
		}
	}
	return sender != NULL && run_on_named(run, sender, "button", sent);
}

/* True when the chat can have seen what STATE sends. */
static bool
was_in(const struct run *run, const char *state)
{
	return last_entry(run, state) > 0 ||
	    strcmp(state, flow_start_state(run->flow)) == 0;
}

/*
 * Whether the button ID that STATE (NULL: any) sends was there for this
 * person: `when` hides a button, but anybody can make up the data of a press.
 * A button that the flow no longer sends is taken as it was.
 */
static bool
was_shown(const struct run *run, const char *state, const char *id)
{
	json_t *uses = json_object_get(run->flow->presses, id), *use;
	bool sent = false;
	size_t i;

	json_array_foreach (uses, i, use) {
		const char *by = json_string_value(json_array_get(use, 0));

		if (state != NULL && by != NULL && strcmp(by, state) != 0)
			continue;
		sent = true;
		if (guard_holds(run->flow, run->chat, json_array_get(use, 1),
			0))
			return true;
	}
	if (sent || json_array_size(uses) == 0)
		return !sent;
	return was_shown(run, NULL, id);
}

static bool
text_matches(const char *wanted, const char *folded)
{
	char *fold = utf8_fold(wanted);
	bool same = strcmp(fold, folded) == 0;

	free(fold);
	return same;
}

/* The key of `on` that takes TEXT; a fixed text comes before a pattern. */
static const char *
key_find(const struct run *run, const char *text)
{
	json_t *on = (json_t *)(uintptr_t)state_on(run, run->chat->state);
	const char *key, *found = "any";
	char *folded = utf8_fold(text);
	json_t *actions;

	json_object_foreach (on, key, actions) {
		if (strncmp(key, "text:", 5) == 0 &&
		    text_matches(key + 5, folded)) {
			found = key;
			break;
		}
		if (strncmp(key, "regex:", 6) == 0 && found[0] == 'a' &&
		    pattern_fits(key + 6, text))
			found = key;
	}
	free(folded);
	return found;
}

static void
text_run(struct run *run, const char *text)
{
	if (route_command(run, text) || route_label(run, text) ||
	    run->input->in_group)
		return;
	if (!run_on(run, run->chat->state, key_find(run, text)))
		run_fallback(run);
}

bool
route_is_chatter(const struct run *run)
{
	char *text, command[40];
	bool chatter;

	if (!run->input->in_group || run->input->kind == INPUT_BUTTON)
		return false;
	if (run->input->kind != INPUT_TEXT)
		return true;
	text = utf8_trim(run->input->text);
	chatter = command_read(text, command) == NULL &&
	    json_object_get(run->flow->labels, text) == NULL;
	free(text);
	return chatter;
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
	const char *key = run->input->kind == INPUT_CONTACT ? "contact"
							    : run->input->text;

	if (run->input->in_group)
		return;
	if (!run_on(run, run->chat->state, key) &&
	    !run_on(run, run->chat->state, "any"))
		run_fallback(run);
}

static void
notice_expired(struct run *run)
{
	static const char key[] = "button.expired";
	const char *lang = text_lang(run->flow, run->chat);
	char *text = text_label(run->flow, run->chat, key);

	if (text == NULL)
		text = mem_dup(strncmp(lang, "ru", 2) == 0
			? "Эта кнопка больше не действует"
			: "This button no longer works");
	text[utf8_prefix(text, NOTICE_MAX)] = '\0';
	effects_add(run->effects, EFFECT_NOTICE, run->chat->id)->text = text;
}

void
route_button(struct run *run)
{
	const char *sender;
	const char *id = keyboard_read(run->flow, run->input->text, &sender);
	const char *state = run->chat->state;

	if (sender != NULL && !was_in(run, sender))
		sender = NULL;
	if (id == NULL || !was_shown(run, sender, id) ||
	    ((!was_shown(run, state, id) ||
		 !run_on_named(run, state, "button", id)) &&
		!run_on_named(run, sender, "button", id)))
		notice_expired(run);
}

void
route_event(struct run *run)
{
	const char *name = run->input->text;
	const json_t *route = json_object_get(run->flow->events, name);

	run_cancel_on(run, "event", name);
	if (!run_on_named(run, run->chat->state, "event", name) &&
	    route != NULL)
		(void)run_route(run, route, take_members, run->input->data);
}
