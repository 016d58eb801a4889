/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "bot/model.h"
#include "bot/variable.h"
#include "bot/when.h"

#define ACTION_DEPTH 16
#define WEIGHT_MAX 1000

static void
check_new_tz(struct check *check, json_t *value)
{
	const char *zone = json_string_value(value);

	if (zone != NULL && strstr(zone, "{{") == NULL)
		zone_check(check, zone);
	else if (zone == NULL && !json_is_null(value))
		check_add(check, "must be the name of a time zone, or null");
}

static void
check_new_lang(struct check *check, json_t *value)
{
	const char *lang = json_string_value(value);
	json_t *known;
	size_t i;

	if (json_is_null(value) ||
	    (lang != NULL && strstr(lang, "{{") != NULL))
		return;
	json_array_foreach (check->flow->langs, i, known)
		if (lang != NULL &&
		    strcmp(json_string_value(known), lang) == 0)
			return;
	check_add(check, "must be a language of the flow, or null");
}

static void
check_new_variable(struct check *check, json_t *value)
{
	const char *name = check->key, *text = json_string_value(value);
	const json_t *var = json_object_get(check->flow->vars, name);

	if (!name_fits(name, NAME_IDENT))
		check_shape(check, "bad name '%s': %s", name,
		    name_rule(NAME_IDENT));
	else if (var == NULL)
		check_unknown(check, "variable", name, check->flow->vars);
	else if (!json_is_null(value) && !json_is_object(value) &&
	    !json_is_array(value) &&
	    (check->handler || text == NULL || strstr(text, "{{") == NULL) &&
	    !variable_takes(check->flow, name, value))
		check_add(check, "is not of the type of '%s'", name);
}

static void
check_new_value(struct check *check, json_t *value)
{
	const char *name = check->key;

	if (json_is_object(value) || json_is_array(value))
		check_shape(check,
		    "must be a string, a number, true, false or null");
	/* What a handler writes is no template: strangers may have a say. */
	else if (json_is_string(value) && !check->handler)
		check_template(check, value);
	if (strcmp(name, "user.tz") == 0)
		check_new_tz(check, value);
	else if (strcmp(name, "user.lang") == 0)
		check_new_lang(check, value);
	else
		check_new_variable(check, value);
}

void
check_set(struct check *check, json_t *value)
{
	check_map(check, value, NAME_ANY, check_new_value);
}

static void
check_tag_change(struct check *check, json_t *value)
{
	const char *text = json_string_value(value);

	if (text == NULL || (text[0] != '+' && text[0] != '-') ||
	    !name_fits(text + 1, NAME_ID))
		check_shape(check,
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
check_weight(struct check *check, json_t *value)
{
	check_whole(check, value, 0, WEIGHT_MAX);
}

static void
check_variant(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "weight", check_weight, true },
		{ "do", check_actions, true },
		{ NULL, NULL, false },
	};

	check_members(check, value, members);
}

static void
check_variants(struct check *check, json_t *value)
{
	const char *name;
	json_t *variant;
	int64_t sum = 0;

	check_map(check, value, NAME_IDENT, check_variant);
	check_count(check, value, 2, SIZE_MAX);
	json_object_foreach (value, name, variant)
		sum += json_get_int(variant, "weight", 1);
	if (json_object_size(value) > 0 && sum == 0)
		check_add(check, "all weights are 0, so nobody gets any");
}

static void
check_report(struct check *check, json_t *value)
{
	static const char *const words[] = { "today", "week", "queue",
		"funnel", "health", NULL };

	check_word(check, value, words);
}

#define NOTE \
	{ \
		"note", check_string, false \
	}
#define END \
	{ \
		NULL, NULL, false \
	}

static const struct member if_members[] = {
	{ "if", check_guard, true },
	{ "then", check_actions, true },
	{ "else", check_actions, false },
	NOTE,
	END,
};

static const struct member split_members[] = {
	{ "split", check_ident, true },
	{ "to", check_variants, true },
	NOTE,
	END,
};

#define SINGLE(verb, checks) \
	static const struct member verb##_members[] = { \
		{ #verb, checks, true }, \
		NOTE, \
		END, \
	}
SINGLE(goto, check_state);
SINGLE(set, check_set);
SINGLE(clear, check_names);
SINGLE(tag, check_tag_changes);
SINGLE(cancel, check_cancel);
SINGLE(unsubscribe, check_true);
SINGLE(lead, check_lead);
SINGLE(exec, check_exec);
SINGLE(handoff, check_handoff);
SINGLE(report, check_report);

static const struct verb {
	const char *name;
	const struct member *members; /* NULL: `whole` has its own */
	checker *whole;		      /* of the action, after its members */
	bool later; /* one comes back to it, so it has to be in the flow */
} verbs[] = {
	{ "send", NULL, check_send, false },
	{ "goto", goto_members, NULL, false },
	{ "set", set_members, NULL, false },
	{ "clear", clear_members, NULL, false },
	{ "tag", tag_members, NULL, false },
	{ "if", if_members, NULL, false },
	{ "split", split_members, NULL, false },
	{ "schedule", NULL, check_schedule, true },
	{ "cancel", cancel_members, NULL, false },
	{ "lead", lead_members, NULL, false },
	{ "notify", NULL, check_notify, false },
	{ "exec", exec_members, NULL, true },
	{ "handoff", handoff_members, NULL, true },
	{ "unsubscribe", unsubscribe_members, NULL, false },
	{ "report", report_members, NULL, false },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* The member that is nearly an action, or else the first: NULL in "{}". */
static const char *
meant_verb(json_t *action, json_t *known)
{
	const char *key;
	json_t *value;

	json_object_foreach (action, key, value)
		if (check_nearest(key, known) != NULL)
			return key;
	return json_object_iter_key(json_object_iter(action));
}

static void
no_verb(struct check *check, json_t *action)
{
	json_t *known = json_object();
	const char *key;
	size_t i;

	for (i = 0; i < VERBS; i++)
		json_object_set_new(known, verbs[i].name, json_true());
	key = meant_verb(action, known);
	if (key != NULL)
		check_stray(check, "action", key, known);
	else
		check_shape(check,
		    "an action is an object with one of send, goto, set, "
		    "clear, tag, if, split, schedule, cancel, lead, notify, "
		    "exec, handoff, unsubscribe, report");
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
			check_shape(check,
			    "'%s' and '%s' in one action: make "
			    "it two",
			    verb->name, verbs[i].name);
			return;
		}
		verb = &verbs[i];
	}
	if (verb == NULL) {
		no_verb(check, action);
		return;
	}
	if (verb->later && check->handler)
		check_add(check,
		    "a handler cannot '%s': go to a state that does",
		    verb->name);
	if (verb->members != NULL)
		check_members(check, action, verb->members);
	if (verb->whole != NULL)
		verb->whole(check, action);
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
