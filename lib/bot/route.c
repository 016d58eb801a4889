/* SPDX-License-Identifier: MIT */
#include "bot/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/ask.h"
#include "bot/checker.h"
#include "bot/effect.h"
#include "bot/guard.h"
#include "bot/handoff.h"
#include "bot/keyboard.h"
#include "bot/person.h"
#include "bot/schedule.h"
#include "bot/text.h"
#include "bot/variable.h"

#define NOTICE_MAX 200 /* answerCallbackQuery takes no more */

static const json_t *
state_on(const struct run *run, const char *state, bool group)
{
	const json_t *holder = group
	    ? flow_group_of(run->flow, state)
	    : json_object_get(run->flow->states, state);

	return json_object_get(holder, "on");
}

static bool
run_on(struct run *run, const char *state, const char *key)
{
	const json_t *actions;

	if (state == NULL)
		return false;
	actions = json_object_get(state_on(run, state, false), key);
	if (actions == NULL)
		actions = json_object_get(state_on(run, state, true), key);
	if (actions == NULL)
		return false;
	run->origin = state;
	run_actions(run, actions);
	return true;
}

bool
route_on_named(struct run *run, const char *state, const char *kind,
    const char *name)
{
	char key[80];

	snprintf(key, sizeof(key), "%s:%s", kind, name);
	return run_on(run, state, key);
}

bool
route_open(const struct run *run, const json_t *route)
{
	const char *role = json_get_text(route, "who");

	return (role == NULL ||
		   flow_in_role(run->flow, role, run->chat->person.id)) &&
	    guard_holds(run->flow, run->chat, json_object_get(route, "when"),
		0);
}

/* Runs ROUTE, a list of actions or an object with its conditions; false when
 * it is not for this person. */
static bool
run_route(struct run *run, const json_t *route,
    void (*take_args)(struct run *, const json_t *args, const void *from),
    const void *from)
{
	if (json_is_array(route)) {
		run_actions(run, route);
		return true;
	}
	if (!route_open(run, route))
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
		const char *text = json_string_value(name);
		const json_t *value = json_object_get(from, text);

		if (value != NULL && !json_is_null(value) &&
		    !variable_takes(run->flow, text, value)) {
			if (run->effects->unfit == NULL)
				run->effects->unfit = json_array();
			json_array_append(run->effects->unfit, name);
		}
		variable_set(run->flow, run->chat, text, value);
		json_object_set_new(run->taken, text, json_true());
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

bool
route_is_command(const char *text)
{
	char command[40];

	return command_read(text, command) != NULL;
}

static void
start_again(struct run *run, const char *payload)
{
	run->chat->unsubscribed = false;
	variable_take_link(run->flow, run->chat, payload, run->taken);
}

bool
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
	schedule_cancel_on(run, "command", command);
	route = json_object_get(run->flow->commands, command);
	if (route == NULL && strcmp(command, "/help") == 0)
		return route_help(run);
	if (route != NULL ? !route_open(run, route) : !start)
		return false;
	/* Who asks for the bot gets it back. */
	if (step_paused(run->chat, run->now))
		handoff_leave(run);
	if (route != NULL)
		return run_route(run, route, take_words, rest);
	/* every chat with a bot begins with /start */
	run->next = flow_start_state(run->flow);
	run_actions(run, NULL);
	return true;
}

static json_int_t
last_entry(const struct chat *chat, const char *state)
{
	return json_integer_value(
	    json_array_get(json_object_get(chat->visits, state), 1));
}

json_int_t
route_last_entry(const struct run *run, const char *state)
{
	return last_entry(run->chat, state);
}

/* True when the chat can have seen what STATE sends; by hand it can have been
 * put in a state that it never entered. */
static bool
was_in(const struct flow *flow, const struct chat *chat, const char *state)
{
	return last_entry(chat, state) > 0 ||
	    strcmp(state, chat->state) == 0 ||
	    strcmp(state, flow_start_state(flow)) == 0;
}

bool
step_press_is_foreign(const struct flow *flow, const struct chat *chat,
    const char *data)
{
	const char *state;

	return keyboard_read(flow, data, &state) != NULL && state != NULL &&
	    !was_in(flow, chat, state);
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
has_button(const json_t *rows, const char *id)
{
	json_t *row, *button;
	size_t i, j;

	json_array_foreach (rows, i, row)
		json_array_foreach (row, j, button) {
			const char *name = json_get_text(button, "id");

			if (name != NULL && strcmp(name, id) == 0)
				return true;
		}
	return false;
}

/* Whether a `notify` in VALUE tells this person of something about others with
 * the button ID: who was told was never in the state that says so. */
static bool
was_told(const struct run *run, const json_t *value, const char *id)
{
	const char *role = json_get_text(value, "notify"), *key;
	bool told = role != NULL &&
	    has_button(json_object_get(value, "buttons"), id) &&
	    flow_in_role(run->flow, role, run->chat->person.id);
	json_t *child;
	size_t i;

	json_object_foreach ((json_t *)(uintptr_t)value, key, child)
		told = told || was_told(run, child, id);
	json_array_foreach (value, i, child)
		told = told || was_told(run, child, id);
	return told;
}

/* Whether the message that was pressed was a broadcast with the button ID of
 * STATE: it goes to people who never were there. */
static bool
was_offered(const struct run *run, const char *state, const char *id)
{
	const char *of = json_get_text(run->input->data, "state");
	const char *now = of ? flow_state_renamed(run->flow, of) : NULL;

	return now != NULL && strcmp(now, state) == 0 &&
	    has_button(json_object_get(run->input->data, "buttons"), id);
}

bool
route_is_chatter(const struct run *run)
{
	char *text;
	bool chatter;

	if (!run->input->in_group || run->input->kind == INPUT_BUTTON)
		return false;
	if (run->input->kind != INPUT_TEXT)
		return true;
	text = utf8_trim(run->input->text);
	chatter = !route_is_command(text) &&
	    json_object_get(run->flow->labels, text) == NULL;
	free(text);
	return chatter;
}

/* The flow's text KEY, or where it has none our own, in its language. */
static void
notice(struct run *run, const char *key, const char *russian,
    const char *english)
{
	const char *lang = text_lang(run->flow, run->chat);
	char *text = text_label(run->flow, run->chat, key);

	if (text == NULL)
		text = mem_dup(
		    strncmp(lang, "ru", 2) == 0 ? russian : english);
	text[utf8_prefix(text, NOTICE_MAX)] = '\0';
	effects_add(run->effects, EFFECT_NOTICE, run->chat->id)->text = text;
}

static void
notice_expired(struct run *run)
{
	notice(run, "button.expired", "Эта кнопка больше не действует",
	    "This button no longer works");
}

/* In a group nobody speaks for the others. */
static bool
unsubscribe(struct run *run)
{
	const char *data = run->input->text;

	if (data == NULL || strcmp(data, KEYBOARD_UNSUBSCRIBE) != 0 ||
	    run->input->in_group)
		return false;
	run->chat->unsubscribed = true;
	notice(run, "button.unsubscribed",
	    "Вы больше не будете получать рассылки. Вернуть их: /start",
	    "You will get no more such messages. To get them again: /start");
	return true;
}

void
route_button(struct run *run)
{
	const char *sender;
	const char *id = keyboard_read(run->flow, run->input->text, &sender);
	const char *state = run->chat->state;
	bool told = false;

	if (unsubscribe(run))
		return;
	/* An operator has the person. */
	if (step_paused(run->chat, run->now))
		return;
	if (sender != NULL && id != NULL &&
	    !was_in(run->flow, run->chat, sender)) {
		told = was_offered(run, sender, id) ||
		    was_told(run, run->flow->root, id);
		sender = told ? sender : NULL;
	}
	if (id != NULL && ask_button(run, sender, id))
		return;
	if (id == NULL || (!told && !was_shown(run, sender, id)) ||
	    ((!was_shown(run, state, id) ||
		 !route_on_named(run, state, "button", id)) &&
		!route_on_named(run, sender, "button", id))) {
		notice_expired(run);
		ask_again(run);
	}
}

void
route_event(struct run *run)
{
	const char *name = run->input->text;
	const json_t *route = json_object_get(run->flow->events, name);

	schedule_cancel_on(run, "event", name);
	if (!route_on_named(run, run->chat->state, "event", name) &&
	    route != NULL)
		(void)run_route(run, route, take_members, run->input->data);
}
