/* SPDX-License-Identifier: MIT */
#include "bot/step_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "bot/effect.h"
#include "bot/guard.h"
#include "bot/schedule.h"
#include "bot/split.h"
#include "bot/template.h"
#include "bot/variable.h"

char *
run_text(struct run *run, const char *text)
{
	struct buf out = BUF_INIT(64U << 10);

	if (text == NULL || run->literal)
		return mem_dup(text);
	template_expand(run->flow, run->chat, text, PLACE_PLAIN, &out);
	return buf_take(&out);
}

/* What is to be rendered again when a reminder is really sent. */
static void
remember_action(struct run *run, struct effect *message, const json_t *action)
{
	message->action = json_copy((json_t *)(uintptr_t)action);
	json_object_set_new(message->action, "state",
	    json_string(run->origin));
	json_object_set_new(message->action, "schedule",
	    json_string(run->schedule->pointer));
	json_object_set_new(message->action, "entries",
	    json_integer(run->entries));
}

/* The keyboard of a question that was answered by typing would stay for ever;
 * the next message that can takes it away. */
static void
drop_keyboard(struct run *run, struct effect *message)
{
	const char *of = json_get_text(run->chat->memory, "keyboard");
	const char *asks =
	    json_get_text(json_object_get(run->chat->memory, "ask"), "state");
	json_t *markup = json_object_get(message->params, "reply_markup");

	if (of == NULL || (asks != NULL && strcmp(of, asks) == 0) ||
	    message->media_list != NULL ||
	    json_object_get(markup, "inline_keyboard") != NULL)
		return;
	if (markup == NULL)
		json_object_set_new(message->params, "reply_markup",
		    json_pack("{sb}", "remove_keyboard", 1));
	json_object_del(run->chat->memory, "keyboard");
}

void
run_say(struct run *run, const json_t *action)
{
	struct effect *message;

	if (run->mute)
		return;
	message = effects_add(run->effects, EFFECT_MESSAGE, run->chat->id);
	run->outcome = render(run->flow, run->chat, action, run->origin,
	    message, run->fault);
	if (run->outcome != OUT_OK)
		return;
	if (!run->reminding) {
		drop_keyboard(run, message);
		return;
	}
	message->urgency = URGENCY_REMINDER;
	if (run->schedule != NULL)
		remember_action(run, message, action);
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
		char *text = run_text(run, json_string_value(value));
		json_t *said = text ? json_string(text) : json_incref(value);

		variable_put(run->flow, run->chat, name, said);
		json_object_set_new(run->taken, name, json_true());
		json_decref(said);
		free(text);
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

	run_list(run, json_object_get(action, holds ? "then" : "else"));
}

static uint32_t
weight_of(const json_t *part)
{
	return (uint32_t)json_get_int(part, "weight", 0);
}

/* The variants in order of their names, however the file has them. */
static void
do_split(struct run *run, const json_t *action)
{
	json_t *parts = json_object_get(action, "to"), *part;
	uint32_t total = 0, place;
	const char *name, *last = "", *first;

	json_object_foreach (parts, name, part)
		total += weight_of(part);
	place = split_place(run->chat, json_get_text(action, "split"), total);
	while (total > 0) {
		first = NULL;
		json_object_foreach (parts, name, part)
			if (strcmp(name, last) > 0 &&
			    (first == NULL || strcmp(name, first) < 0))
				first = name;
		if (first == NULL)
			return;
		part = json_object_get(parts, first);
		if (place < weight_of(part)) {
			run_list(run, json_object_get(part, "do"));
			return;
		}
		place -= weight_of(part);
		last = first;
	}
}

static void
do_cancel(struct run *run, const json_t *action)
{
	json_t *name;
	size_t i;

	json_array_foreach (json_object_get(action, "cancel"), i, name)
		schedule_cancel(run, json_string_value(name), NULL);
}

static void
do_report(struct run *run, const json_t *action)
{
	if (!run->mute)
		effects_add(run->effects, EFFECT_REPORT, run->chat->id)->text =
		    mem_dup(json_get_text(action, "report"));
}

static void
do_unsubscribe(struct run *run, const json_t *action)
{
	(void)action;
	run->chat->unsubscribed = true;
}

void
action_run(struct run *run, const json_t *action)
{
	static const struct {
		const char *verb;
		void (*run)(struct run *, const json_t *);
	} verbs[] = {
		{ "send", run_say },
		{ "goto", do_goto },
		{ "if", do_if },
		{ "set", do_set },
		{ "clear", do_clear },
		{ "tag", do_tag },
		{ "split", do_split },
		{ "schedule", do_schedule },
		{ "cancel", do_cancel },
		{ "lead", do_lead },
		{ "notify", do_notify },
		{ "exec", do_exec },
		{ "handoff", do_handoff },
		{ "report", do_report },
		{ "unsubscribe", do_unsubscribe },
	};
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (json_object_get(action, verbs[i].verb) != NULL) {
			verbs[i].run(run, action);
			return;
		}
}
