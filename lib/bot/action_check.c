/* SPDX-License-Identifier: MIT */
#include "bot/checker.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "bot/model.h"
#include "bot/template.h"
#include "bot/variable.h"

#define ACTION_DEPTH 16

static void
check_new_value(struct check *check, json_t *value)
{
	const char *name = check->key, *text = json_string_value(value);
	const json_t *var = json_object_get(check->flow->vars, name);

	if (var == NULL)
		check_unknown(check, "variable", name, check->flow->vars);
	if (text != NULL)
		template_check(check, text, PLACE_PLAIN);
	if (json_is_object(value) || json_is_array(value))
		check_add(check,
		    "must be a string, a number, true, false or "
		    "null");
	else if (var != NULL && !json_is_null(value) &&
	    (text == NULL || strstr(text, "{{") == NULL) &&
	    !variable_takes(var, value))
		check_add(check, "is not of the type of '%s'", name);
}

static void
check_set(struct check *check, json_t *value)
{
	check_map(check, value, NAME_ANY, check_new_value);
}

void
check_names(struct check *check, json_t *value)
{
	check_list(check, value, check_var_name);
}

static void
check_tag_change(struct check *check, json_t *value)
{
	const char *text = json_string_value(value);

	if (text == NULL || (text[0] != '+' && text[0] != '-') ||
	    !name_fits(text + 1, NAME_ID))
		check_add(check,
		    "must be \"+tag\" or \"-tag\" of a-z, 0-9 "
		    "and _, at most 32");
}

static void
check_tag_changes(struct check *check, json_t *value)
{
	check_list(check, value, check_tag_change);
}

static void
check_cancelled(struct check *check, json_t *value)
{
	const char *name = check_name(check, value, NAME_IDENT);

	if (name != NULL)
		check_note(check, check->cancelled, name);
}

static void
check_cancel(struct check *check, json_t *value)
{
	check_list(check, value, check_cancelled);
}

static void
check_true(struct check *check, json_t *value)
{
	if (!json_is_true(value))
		check_add(check, "must be true");
}

static void
check_cancel_on_one(struct check *check, json_t *value)
{
	const struct flow *flow = check->flow;
	const char *text = json_string_value(value), *name;

	name = text ? strchr(text, ':') : NULL;
	if (name != NULL && strncmp(text, "state:", 6) == 0) {
		if (json_object_get(flow->states, ++name) == NULL)
			check_unknown(check, "state", name, flow->states);
	} else if (name != NULL && strncmp(text, "command:", 8) == 0) {
		if (json_object_get(flow->commands, ++name) == NULL &&
		    strcmp(name, "/start") != 0)
			check_unknown(check, "command", name, flow->commands);
	} else if (name != NULL && strncmp(text, "event:", 6) == 0) {
		if (!name_fits(++name, NAME_IDENT))
			check_add(check, "bad name '%s' of an event", name);
		json_object_set_new(flow->signals, name, json_true());
	} else if (text == NULL || strcmp(text, "reply") != 0) {
		check_add(check,
		    "must be \"state:NAME\", \"event:NAME\", "
		    "\"command:/NAME\" or \"reply\"");
	}
}

static void
check_cancel_on(struct check *check, json_t *value)
{
	check_list(check, value, check_cancel_on_one);
}

static void
check_choice(struct check *check, json_t *value, const char *a, const char *b)
{
	const char *text = json_string_value(value);

	if (text == NULL || (strcmp(text, a) != 0 && strcmp(text, b) != 0))
		check_add(check, "must be \"%s\" or \"%s\"", a, b);
}

static void
check_if_exists(struct check *check, json_t *value)
{
	check_choice(check, value, "keep", "replace");
}

static void
check_keyboard(struct check *check, json_t *value)
{
	if (json_is_array(value))
		check_add(check,
		    "must be \"keep\" or \"remove\"; the rows of a reply "
		    "keyboard are 'reply'");
	else
		check_choice(check, value, "keep", "remove");
}

static void
finish_send(struct check *check, json_t *action)
{
	const char *keyboard = json_get_text(action, "keyboard");
	const char *text = json_get_text(action, "send");
	int markups = json_object_get(action, "buttons") != NULL;

	markups += json_object_get(action, "reply") != NULL;
	markups += keyboard != NULL && strcmp(keyboard, "remove") == 0;
	if (markups > 1)
		check_add(check,
		    "a message carries one of 'buttons', "
		    "'reply' and 'keyboard': \"remove\"; send two");
	if (text != NULL && json_object_get(action, "media") != NULL)
		json_object_set_new(check->captions, text, json_true());
}

static void
finish_schedule(struct check *check, json_t *action)
{
	struct flow *flow = check->flow;
	const char *name = json_get_text(action, "schedule");
	struct schedule *schedule;

	if (name == NULL)
		return;
	flow->schedules = mem_array(flow->schedules, flow->schedule_count + 1,
	    sizeof(*flow->schedules));
	schedule = &flow->schedules[flow->schedule_count++];
	schedule->name = mem_dup(name);
	schedule->pointer = mem_dup(check->path.data);
	schedule->state = mem_dup(check->state);
	schedule->action = action;
}

static const struct member send_members[] = {
	{ "send", check_text, true },
	{ "media", check_media_name, false },
	{ "buttons", check_buttons, false },
	{ "reply", check_reply, false },
	{ "keyboard", check_keyboard, false },
	{ "silent", check_bool, false },
	{ "preview", check_bool, false },
	{ NULL, NULL, false },
};

static const struct member if_members[] = {
	{ "if", check_guard, true },
	{ "then", check_actions, true },
	{ "else", check_actions, false },
	{ NULL, NULL, false },
};

static const struct member schedule_members[] = {
	{ "schedule", check_ident, true },
	{ "after", check_span, true },
	{ "unless", check_guard, false },
	{ "cancel_on", check_cancel_on, false },
	{ "if_exists", check_if_exists, false },
	{ "expire", check_span, false },
	{ "do", check_actions, true },
	{ "at", NULL, false },
	{ "not_before", NULL, false },
	{ "not_after", NULL, false },
	{ NULL, NULL, false },
};

#define SINGLE(verb, checks) \
	static const struct member verb##_members[] = { \
		{ #verb, checks, true }, \
		{ NULL, NULL, false }, \
	}
SINGLE(goto, check_state);
SINGLE(set, check_set);
SINGLE(clear, check_names);
SINGLE(tag, check_tag_changes);
SINGLE(cancel, check_cancel);
SINGLE(unsubscribe, check_true);

static const struct verb {
	const char *name;
	const struct member *members; /* NULL: not in this version */
	void (*finish)(struct check *, json_t *);
} verbs[] = {
	{ "send", send_members, finish_send },
	{ "goto", goto_members, NULL },
	{ "set", set_members, NULL },
	{ "clear", clear_members, NULL },
	{ "tag", tag_members, NULL },
	{ "if", if_members, NULL },
	{ "schedule", schedule_members, finish_schedule },
	{ "cancel", cancel_members, NULL },
	{ "unsubscribe", unsubscribe_members, NULL },
	{ "ask", NULL, NULL },
	{ "split", NULL, NULL },
	{ "lead", NULL, NULL },
	{ "notify", NULL, NULL },
	{ "exec", NULL, NULL },
	{ "handoff", NULL, NULL },
	{ "report", NULL, NULL },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void
no_verb(struct check *check, json_t *action)
{
	json_t *known = json_object();
	const char *key;
	size_t i;

	for (i = 0; i < VERBS; i++)
		json_object_set_new(known, verbs[i].name, json_true());
	key = json_object_iter_key(json_object_iter(action));
	if (key != NULL)
		check_unknown(check, "action", key, known);
	else
		check_add(check,
		    "an action is an object with one of send, "
		    "goto, set, clear, tag, if, schedule, cancel, "
		    "unsubscribe");
	json_decref(known);
}

static void
check_action(struct check *check, json_t *action)
{
	const struct verb *verb = NULL;
	size_t i;

	for (i = 0; i < VERBS; i++) {
		if (json_object_get(action, verbs[i].name) == NULL)
			continue;
		if (verb != NULL) {
			check_add(check,
			    "'%s' and '%s' in one action: make "
			    "it two",
			    verb->name, verbs[i].name);
			return;
		}
		verb = &verbs[i];
	}
	if (verb == NULL) {
		no_verb(check, action);
	} else if (verb->members == NULL) {
		check_add(check,
		    "'%s' is not supported by this version of "
		    "leadpipe",
		    verb->name);
	} else {
		check_members(check, action, verb->members);
		if (verb->finish != NULL)
			verb->finish(check, action);
	}
}

void
check_actions(struct check *check, json_t *value)
{
	size_t i;
	json_t *action;

	if (check->depth >= ACTION_DEPTH) {
		check_add(check, "more than %d levels deep", ACTION_DEPTH);
		return;
	}
	check->depth++;
	check_list(check, value, check_action);
	check->depth--;
	json_array_foreach (value, i, action)
		if (json_object_get(action, "goto") != NULL &&
		    i + 1 < json_array_size(value)) {
			check_add(check,
			    "what follows a 'goto' is never "
			    "run");
			break;
		}
}
