/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <string.h>

#include "bot/model.h"
#include "bot/template.h"

void
check_bool(struct check *check, json_t *value)
{
	if (!json_is_boolean(value))
		check_shape(check, "must be true or false");
}

void
check_true(struct check *check, json_t *value)
{
	if (!json_is_true(value))
		check_shape(check, "must be true");
}

void
check_string(struct check *check, json_t *value)
{
	if (!json_is_string(value))
		check_shape(check, "must be a string");
}

void
check_filled(struct check *check, json_t *value)
{
	if (json_string_length(value) == 0)
		check_shape(check, "must be a string that is not empty");
}

void
check_template(struct check *check, json_t *value)
{
	if (json_is_string(value))
		template_check(check, json_string_value(value), PLACE_PLAIN);
	else
		check_string(check, value);
}

void
check_whole(struct check *check, json_t *value, json_int_t min, json_int_t max)
{
	if (!json_is_integer(value) || json_integer_value(value) < min ||
	    json_integer_value(value) > max)
		check_shape(check,
		    "must be a whole number from %" JSON_INTEGER_FORMAT
		    " to %" JSON_INTEGER_FORMAT,
		    min, max);
}

void
check_word(struct check *check, json_t *value, const char *const *words)
{
	const char *text = json_string_value(value);
	struct buf all = BUF_INIT(200);
	size_t i;

	for (i = 0; words[i] != NULL; i++) {
		if (text != NULL && strcmp(words[i], text) == 0)
			break;
		buf_printf(&all, "%s\"%s\"",
		    i == 0		       ? ""
			: words[i + 1] == NULL ? " or "
					       : ", ",
		    words[i]);
	}
	if (words[i] == NULL)
		check_shape(check, "must be %s", all.data);
	buf_release(&all);
}

void
check_number(struct check *check, json_t *value)
{
	if (!json_is_number(value))
		check_shape(check, "must be a number");
}

void
check_anything(struct check *check, json_t *value)
{
	(void)check;
	(void)value;
}

void
check_ident(struct check *check, json_t *value)
{
	(void)check_name(check, value, NAME_IDENT);
}

void
check_id(struct check *check, json_t *value)
{
	(void)check_name(check, value, NAME_ID);
}

void
check_lang(struct check *check, json_t *value)
{
	(void)check_name(check, value, NAME_LANG);
}

void
check_span(struct check *check, json_t *value)
{
	(void)check_name(check, value, NAME_SPAN);
}

static void
check_known(struct check *check, json_t *value, enum name_kind kind,
    const char *what, json_t *known)
{
	const char *name = check_name(check, value, kind);

	if (name != NULL && json_object_get(known, name) == NULL)
		check_unknown(check, what, name, known);
}

void
check_state(struct check *check, json_t *value)
{
	check_known(check, value, NAME_STATE, "state", check->flow->states);
}

void
check_media_name(struct check *check, json_t *value)
{
	check_known(check, value, NAME_IDENT, "media", check->flow->media);
}

void
check_role(struct check *check, json_t *value)
{
	check_known(check, value, NAME_IDENT, "role",
	    json_object_get(check->flow->root, "roles"));
}

void
check_var_name(struct check *check, json_t *value)
{
	check_known(check, value, NAME_IDENT, "variable", check->flow->vars);
}

void
check_names(struct check *check, json_t *value)
{
	check_list(check, value, check_var_name);
}
