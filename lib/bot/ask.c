/* SPDX-License-Identifier: MIT */
#include "bot/ask.h"

#include <string.h>

#include "base/json.h"
#include "bot/answer.h"
#include "bot/guard.h"
#include "bot/keyboard.h"
#include "bot/variable.h"

/* How long Telegram keeps a press that nobody fetches. */
#define PRESS_LIFE_MS 150000

static const json_t *
ask_of(const struct run *run, const char *state)
{
	return json_object_get(json_object_get(run->flow->states, state),
	    "ask");
}

bool
ask_is_here(const struct run *run)
{
	return ask_of(run, run->chat->state) != NULL;
}

/* True when the question of the chat's state was asked and not answered. */
static bool
is_open(const struct run *run)
{
	const char *state =
	    json_get_text(json_object_get(run->chat->memory, "ask"), "state");

	return state != NULL && strcmp(state, run->chat->state) == 0;
}

static bool
is_reply(const json_t *ask)
{
	const char *keyboard = json_get_text(ask, "keyboard");

	return json_object_get(ask, "contact_button") != NULL ||
	    (keyboard != NULL && strcmp(keyboard, "reply") == 0);
}

static void
row_add(json_t *rows, json_t *button, size_t columns)
{
	json_t *last = json_array_get(rows, json_array_size(rows) - 1);

	if (json_array_size(rows) == 0 || json_array_size(last) >= columns) {
		last = json_array();
		json_array_append_new(rows, last);
	}
	json_array_append(last, button);
}

/* The buttons of ASK as a send action has them. */
static json_t *
rows_of(const struct run *run, const json_t *ask)
{
	json_t *rows = json_array(), *choice;
	const char *contact = json_get_text(ask, "contact_button");
	const char *skip = json_get_text(ask, "skip");
	size_t i;

	json_array_foreach (json_object_get(ask, "choices"), i, choice)
		if (guard_holds(run->flow, run->chat,
			json_object_get(choice, "when"), 0))
			row_add(rows, choice,
			    (size_t)json_get_int(ask, "columns", 1));
	if (contact != NULL)
		json_array_append_new(rows,
		    json_pack("[{ss,sb}]", "text", contact, "contact", 1));
	if (skip != NULL)
		json_array_append_new(rows,
		    json_pack("[{ss,ss}]", "text", skip, "id", KEYBOARD_SKIP));
	return rows;
}

/* Says KEY with the buttons of ASK. */
static void
say(struct run *run, const json_t *ask, const char *key, bool media)
{
	json_t *action = json_pack("{ss,sb}", "send", key, "once", 1);
	json_t *rows = rows_of(run, ask);
	bool waits = json_array_size(rows) > 0 && !is_reply(ask);

	if (media && json_object_get(ask, "media") != NULL)
		json_object_set(action, "media",
		    json_object_get(ask, "media"));
	if (json_array_size(rows) > 0)
		json_object_set(action, is_reply(ask) ? "reply" : "buttons",
		    rows);
	run_say(run, action);
	run->chat->asked_at = waits ? run->now : 0;
	if (json_object_get(action, "reply") != NULL)
		json_object_set_new(run->chat->memory, "keyboard",
		    json_string(run->origin));
	json_decref(rows);
	json_decref(action);
}

static void
wrong_set(struct run *run, const char *state, int64_t count)
{
	json_object_set_new(run->chat->memory, "ask",
	    json_pack("{ss,sI}", "state", state, "wrong", (json_int_t)count));
}

void
ask_open(struct run *run, const char *state)
{
	const json_t *ask = ask_of(run, state);

	/* Who was not asked answers nothing: they are when they write. */
	if (ask == NULL || run->mute)
		return;
	wrong_set(run, state, 0);
	run->origin = state;
	say(run, ask, json_get_text(ask, "text"), true);
}

void
ask_asked(struct run *run, const char *state)
{
	if (ask_of(run, state) != NULL)
		wrong_set(run, state, 0);
}

void
ask_close(struct run *run)
{
	json_object_del(run->chat->memory, "ask");
	run->chat->asked_at = 0;
}

/* The first of `then` whose guard holds. */
const char *
ask_then(const struct run *run, const char *state)
{
	const json_t *then =
	    json_object_get(json_object_get(run->flow->states, state), "then");
	json_t *way;
	size_t i;

	if (json_is_string(then))
		return json_string_value(then);
	json_array_foreach (then, i, way)
		if (guard_holds(run->flow, run->chat,
			json_object_get(way, "when"), 0))
			return json_get_text(way, "to");
	return NULL;
}

/* VALUE (taken, NULL: skipped) is the answer. */
static void
answer_take(struct run *run, json_t *value)
{
	const json_t *ask = ask_of(run, run->chat->state);
	const char *name = json_get_text(ask, "var");

	variable_put(run->flow, run->chat, name, value ? value : json_null());
	json_object_set_new(run->taken, name, json_true());
	json_decref(value);
	run->origin = run->chat->state;
	run->next = ask_then(run, run->chat->state);
	run_actions(run, NULL);
}

/* Gives up: what `on_fail` does, and on from there, which may hang on what it
 * did. */
static void
answer_fail(struct run *run, const json_t *ask)
{
	const struct frame then = { .kind = FRAME_THEN,
		.state = run->chat->state };

	ask_close(run);
	run->origin = run->chat->state;
	run_push(run, &then);
	run_actions(run, json_object_get(ask, "on_fail"));
}

static void
answer_wrong(struct run *run, const json_t *ask)
{
	int64_t wrong = 1 +
	    json_get_int(json_object_get(run->chat->memory, "ask"), "wrong",
		0);
	const char *retry = json_get_text(ask, "retry");

	if (wrong >= json_get_int(ask, "attempts", INT64_MAX)) {
		answer_fail(run, ask);
		return;
	}
	wrong_set(run, run->chat->state, wrong);
	run->origin = run->chat->state;
	say(run, ask, retry ? retry : json_get_text(ask, "text"),
	    retry == NULL);
}

/* Where somebody put the chat into the state by hand, or the question is new:
 * it was never asked. */
static bool
ask_late(struct run *run, bool finally)
{
	if (!finally)
		return false;
	ask_open(run, run->chat->state);
	return true;
}

bool
ask_text(struct run *run, const char *text, bool finally)
{
	const json_t *ask = ask_of(run, run->chat->state);
	const char *skip = json_get_text(ask, "skip");
	json_t *value = NULL;

	if (ask == NULL)
		return false;
	if (!is_open(run))
		return ask_late(run, finally);
	if (finally) {
		answer_wrong(run, ask);
		return true;
	}
	if (text == NULL)
		return false;
	if (skip == NULL || !answer_is(run->flow, skip, text)) {
		value = answer_text(run->flow, run->chat, ask, text);
		if (value == NULL)
			return false;
	}
	answer_take(run, value);
	return true;
}

static bool
wants_phone(const struct run *run, const json_t *ask)
{
	const char *type = json_get_text(json_object_get(run->flow->vars,
					     json_get_text(ask, "var")),
	    "type");

	return json_object_get(ask, "contact_button") != NULL ||
	    (type != NULL && strcmp(type, "phone") == 0);
}

/* A card can say who somebody is, so a stranger's is not taken for the
 * person's own unless the flow wants it so. */
bool
ask_contact(struct run *run)
{
	const json_t *ask = ask_of(run, run->chat->state);
	const char *phone = run->input->text;
	json_t *value = NULL;

	if (ask == NULL || phone == NULL || !is_open(run) ||
	    !wants_phone(run, ask))
		return false;
	if (!json_get_bool(ask, "own_contact", true) ||
	    run->input->user_id == run->chat->person.id)
		value = answer_phone(ask, phone);
	if (value == NULL)
		return false;
	answer_take(run, value);
	return true;
}

bool
ask_button(struct run *run, const char *sender, const char *id)
{
	const json_t *ask = ask_of(run, run->chat->state);
	const json_t *choice;

	if (ask == NULL || !is_open(run) || sender == NULL ||
	    strcmp(sender, run->chat->state) != 0)
		return false;
	if (strcmp(id, KEYBOARD_SKIP) == 0) {
		if (json_object_get(ask, "skip") == NULL)
			return false;
		answer_take(run, NULL);
		return true;
	}
	choice = answer_choice(run->flow, run->chat, ask, id);
	if (choice == NULL)
		return false;
	answer_take(run, json_incref(json_object_get(choice, "id")));
	return true;
}

void
ask_again(struct run *run)
{
	const json_t *ask = ask_of(run, run->chat->state);

	if (ask == NULL || !is_open(run) || run->chat->asked_at == 0 ||
	    step_paused(run->chat, run->now) ||
	    (run->input->kind == INPUT_LOST && run->chat->unsubscribed) ||
	    run->now - run->chat->asked_at < PRESS_LIFE_MS)
		return;
	run->origin = run->chat->state;
	say(run, ask, json_get_text(ask, "text"), true);
}
