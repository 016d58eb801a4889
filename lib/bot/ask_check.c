/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "bot/model.h"
#include "bot/pattern.h"
#include "bot/text.h"
#include "bot/variable.h"

#define CHOICES_MAX 50
#define COLUMNS_MAX 8
#define ATTEMPTS_MAX 20
#define REGEX_LETTERS 200
#define ANSWER_MAX 4096 /* of a message, in characters */

static void
check_choice(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "id", check_id, true },
		{ "text", check_label, true },
		{ "when", check_guard, false },
		{ NULL, NULL, false },
	};

	check_members(check, value, members);
}

static void
check_choices(struct check *check, json_t *value)
{
	check_list(check, value, check_choice);
	check_count(check, value, 1, CHOICES_MAX);
}

static void
check_columns(struct check *check, json_t *value)
{
	check_whole(check, value, 1, COLUMNS_MAX);
}

static void
check_keyboard(struct check *check, json_t *value)
{
	static const char *const words[] = { "inline", "reply", NULL };

	check_word(check, value, words);
}

static void
check_bound(struct check *check, json_t *value)
{
	if (!json_is_integer(value))
		check_shape(check, "must be a whole number");
}

static void
check_regex(struct check *check, json_t *value)
{
	const char *regex = json_string_value(value);
	char error[160];

	if (regex == NULL || utf8_length(regex) > REGEX_LETTERS)
		check_shape(check, "must be a string of at most %d characters",
		    REGEX_LETTERS);
	else if (!pattern_check(regex, error, sizeof(error)))
		check_add(check, "%s", error);
}

static void
check_region(struct check *check, json_t *value)
{
	(void)check_name(check, value, NAME_REGION);
}

static void
check_attempts(struct check *check, json_t *value)
{
	check_whole(check, value, 1, ATTEMPTS_MAX);
}

/* What is pressed or typed is compared with the labels, so they must differ
 * and be the same for everybody.  Of those with a `when` one is shown. */
static void
label_check(struct check *check, json_t *seen, const json_t *choice,
    const char *lang)
{
	const char *key = json_get_text(choice, "text");
	const char *label = key ? text_find(check->flow, lang, key) : NULL;
	char *folded;

	if (label == NULL)
		return;
	folded = utf8_fold(label);
	if (strstr(label, "{{") != NULL)
		check_add(check,
		    "'%s' holds a template: a choice must have the same label "
		    "for everybody",
		    key);
	else if (json_object_get(choice, "when") == NULL) {
		if (json_object_get(seen, folded) != NULL)
			check_add(check, "two choices are called '%s' in '%s'",
			    label, lang);
		json_object_set_new(seen, folded, json_true());
	}
	free(folded);
}

static void
labels_check(struct check *check, const json_t *ask)
{
	const json_t *choices = json_object_get(ask, "choices");
	json_t *skip = json_object_get(ask, "skip"), *lang, *choice;
	size_t i, j;

	json_array_foreach (check->flow->langs, i, lang) {
		const char *name = json_string_value(lang);
		json_t *seen = json_object();
		json_t *last = json_pack("{sO?}", "text", skip);

		json_array_foreach (choices, j, choice)
			label_check(check, seen, choice, name);
		label_check(check, seen, last, name);
		json_decref(last);
		json_decref(seen);
	}
}

/* Fills the flow's table of choices by variable. */
static void
ids_check(struct check *check, const json_t *ask, const json_t *var,
    const char *name)
{
	json_t *table = json_object_get(check->flow->choices, name), *choice;
	json_t *seen = json_object();
	size_t i;

	if (table == NULL) {
		table = json_object();
		json_object_set_new(check->flow->choices, name, table);
	}
	json_array_foreach (json_object_get(ask, "choices"), i, choice) {
		json_t *id = json_object_get(choice, "id");
		const char *text = json_string_value(id);

		if (text == NULL)
			continue;
		if (json_object_get(seen, text) != NULL)
			check_add(check, "two choices have the id '%s'", text);
		else if (!variable_takes(check->flow, name, id) ||
		    json_string_length(id) >
			(size_t)json_get_int(var, "max", ANSWER_MAX))
			check_add(check,
			    "'%s' cannot hold the id '%s' of a choice", name,
			    text);
		json_object_set_new(seen, text, json_true());
		json_object_set(table, text, choice);
	}
	json_decref(seen);
}

static void
contact_check(struct check *check, const json_t *ask, const char *type)
{
	const char *keyboard = json_get_text(ask, "keyboard");
	bool phone = type != NULL && strcmp(type, "phone") == 0;

	if (json_object_get(ask, "contact_button") == NULL) {
		if (!phone && json_object_get(ask, "region") != NULL)
			check_warn(check,
			    "'region' is of use for a variable of type phone "
			    "only");
		return;
	}
	if (!phone)
		check_add(check,
		    "'contact_button' asks for a number: the variable must be "
		    "of type phone");
	if (json_object_get(ask, "choices") != NULL &&
	    (keyboard == NULL || strcmp(keyboard, "reply") != 0))
		check_add(check,
		    "'contact_button' replaces the person's keyboard: give "
		    "the choices \"keyboard\": \"reply\" too");
}

static void
bounds_check(struct check *check, const json_t *ask, const json_t *var)
{
	int64_t min = json_get_int(ask, "min", 0);
	int64_t max = json_get_int(ask, "max", INT64_MAX);
	int64_t holds = json_get_int(var, "max", 0);

	if (min > max)
		check_add(check, "'min' is more than 'max'");
	if (variable_is_number(var))
		return;
	if (min < 0 || min > ANSWER_MAX || max < 1 ||
	    (max > ANSWER_MAX && max != INT64_MAX))
		check_add(check,
		    "'min' and 'max' count characters, of which a message has "
		    "at most %d",
		    ANSWER_MAX);
	else if (holds > 0 && max != INT64_MAX && holds < max)
		check_warn(check,
		    "takes %" JSON_INTEGER_FORMAT
		    " characters, but the variable keeps %" JSON_INTEGER_FORMAT
		    ": the rest is cut off",
		    (json_int_t)max, (json_int_t)holds);
}

/* Captions are shorter than texts. */
static void
captions_note(struct check *check, const json_t *ask)
{
	const char *text = json_get_text(ask, "text");

	if (text != NULL && json_object_get(ask, "media") != NULL)
		json_object_set_new(check->captions, text, json_true());
}

static void
ask_check(struct check *check, const json_t *ask)
{
	const char *name = json_get_text(ask, "var");
	const json_t *var = name ? json_object_get(check->flow->vars, name)
				 : NULL;

	check_needs(check, ask, "attempts", "on_fail");
	check_needs(check, ask, "columns", "choices");
	check_needs(check, ask, "keyboard", "choices");
	check_needs(check, ask, "free_text", "choices");
	if (json_object_get(ask, "on_fail") != NULL &&
	    json_object_get(ask, "attempts") == NULL)
		check_warn(check, "'on_fail' is never run without 'attempts'");
	labels_check(check, ask);
	captions_note(check, ask);
	if (var == NULL)
		return;
	ids_check(check, ask, var, name);
	contact_check(check, ask, json_get_text(var, "type"));
	bounds_check(check, ask, var);
}

void
check_ask(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "text", check_text, true },
		{ "var", check_var_name, true },
		{ "media", check_media_name, false },
		{ "choices", check_choices, false },
		{ "columns", check_columns, false },
		{ "keyboard", check_keyboard, false },
		{ "free_text", check_bool, false },
		{ "contact_button", check_label, false },
		{ "own_contact", check_bool, false },
		{ "trim", check_bool, false },
		{ "min", check_bound, false },
		{ "max", check_bound, false },
		{ "regex", check_regex, false },
		{ "region", check_region, false },
		{ "retry", check_text, false },
		{ "attempts", check_attempts, false },
		{ "on_fail", check_actions, false },
		{ "skip", check_label, false },
		{ "note", check_string, false },
		{ NULL, NULL, false },
	};

	check_members(check, value, members);
	if (json_is_object(value))
		ask_check(check, value);
}

static void
check_branch(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "when", check_guard, false },
		{ "to", check_state, true },
		{ NULL, NULL, false },
	};

	check_members(check, value, members);
}

void
check_next(struct check *check, json_t *value)
{
	size_t count = json_array_size(value), i;
	json_t *branch;

	if (!json_is_array(value)) {
		check_state(check, value);
		return;
	}
	check_list(check, value, check_branch);
	check_count(check, value, 1, SIZE_MAX);
	json_array_foreach (value, i, branch) {
		bool asks = json_object_get(branch, "when") != NULL;

		if (asks && i + 1 == count)
			check_add(check,
			    "an answer for which no 'when' holds leads "
			    "nowhere: end with a 'to' without 'when'");
		else if (!asks && i + 1 < count && json_is_object(branch)) {
			check_add(check,
			    "what follows a 'to' without 'when' is never "
			    "taken");
			break;
		}
	}
}
