/* SPDX-License-Identifier: MIT */
#include "bot/checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "bot/model.h"

void
check_add(struct check *check, const char *fmt, ...)
{
	char text[sizeof(((struct finding *)0)->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	findings_add(check->findings, check->path.data ? check->path.data : "",
	    "%s", text);
}

size_t
check_enter(struct check *check, const char *key)
{
	size_t len = check->path.len;

	buf_add_char(&check->path, '/');
	for (; *key != '\0'; key++) {
		if (*key == '~')
			buf_add_text(&check->path, "~0");
		else if (*key == '/')
			buf_add_text(&check->path, "~1");
		else
			buf_add_char(&check->path, *key);
	}
	return len;
}

void
check_leave(struct check *check, size_t len)
{
	check->path.len = len;
	check->path.overflow = false;
	check->path.data[len] = '\0';
}

static const char *
nearest(const char *word, json_t *known)
{
	size_t count = 0;
	const char **names =
	    mem_array(NULL, json_object_size(known) + 1, sizeof(*names));
	const char *key, *found;
	json_t *value;

	json_object_foreach (known, key, value)
		names[count++] = key;
	found = suggest(word, names, count);
	free(names);
	return found;
}

void
check_unknown(struct check *check, const char *what, const char *name,
    json_t *known)
{
	const char *near = nearest(name, known);

	if (near != NULL)
		check_add(check, "unknown %s '%s'; did you mean '%s'?", what,
		    name, near);
	else
		check_add(check, "unknown %s '%s'", what, name);
}

static void
unknown_member(struct check *check, const char *name,
    const struct member *members)
{
	json_t *known = json_object();

	for (; members->name != NULL; members++)
		json_object_set_new(known, members->name, json_true());
	check_unknown(check, "member", name, known);
	json_decref(known);
}

static const struct member *
member_find(const struct member *members, const char *name)
{
	for (; members->name != NULL; members++)
		if (strcmp(members->name, name) == 0)
			return members;
	return NULL;
}

void
check_members(struct check *check, json_t *value, const struct member *members)
{
	const struct member *member;
	const char *key;
	json_t *child;

	if (!json_is_object(value)) {
		check_add(check, "must be an object");
		return;
	}
	json_object_foreach (value, key, child) {
		size_t len = check_enter(check, key);

		member = member_find(members, key);
		if (member == NULL)
			unknown_member(check, key, members);
		else if (member->check == NULL)
			check_add(check,
			    "'%s' is not supported by this "
			    "version of leadpipe",
			    key);
		else
			member->check(check, child);
		check_leave(check, len);
	}
	for (member = members; member->name != NULL; member++)
		if (member->required &&
		    json_object_get(value, member->name) == NULL)
			check_add(check, "'%s' is missing", member->name);
}

void
check_list(struct check *check, json_t *value, checker *element)
{
	char index[24];
	size_t i;
	json_t *child;

	if (!json_is_array(value)) {
		check_add(check, "must be a list");
		return;
	}
	json_array_foreach (value, i, child) {
		size_t len;

		snprintf(index, sizeof(index), "%zu", i);
		len = check_enter(check, index);
		element(check, child);
		check_leave(check, len);
	}
}

static const char *
name_rule(enum name_kind kind)
{
	switch (kind) {
	case NAME_ANY:
		return "any name";
	case NAME_IDENT:
		return "a-z, 0-9 and _, beginning with a letter, at most 32";
	case NAME_STATE:
		return "a name, or group.name, of a-z, 0-9 and _, at most 32 "
		       "each";
	case NAME_TEXT:
		return "a-z, 0-9, _ and ., beginning with a letter, at most "
		       "64";
	case NAME_LANG:
		return "a language such as ru or pt-BR";
	case NAME_ID:
		return "a-z, 0-9 and _, at most 32, to fit into the 64 bytes "
		       "that Telegram keeps with a button";
	case NAME_COMMAND:
		return "/ and a-z, 0-9 and _, at most 32";
	}
	return "";
}

static size_t
span_of(const char *text, const char *accept, size_t max)
{
	size_t len = strspn(text, accept);

	return len >= 1 && len <= max ? len : 0;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define IDENT LOWER "0123456789_"

static size_t
ident_length(const char *text)
{
	return strchr("0123456789_", text[0]) ? 0 : span_of(text, IDENT, 32);
}

bool
name_fits(const char *name, enum name_kind kind)
{
	size_t len = 0, more;

	switch (kind) {
	case NAME_ANY:
		return true;
	case NAME_IDENT:
		len = ident_length(name);
		break;
	case NAME_STATE:
		len = ident_length(name);
		if (len > 0 && name[len] == '.') {
			more = ident_length(name + len + 1);
			len = more > 0 ? len + 1 + more : 0;
		}
		break;
	case NAME_TEXT:
		if (name[0] != '\0' && strchr(LOWER, name[0]))
			len = span_of(name, IDENT ".", 64);
		break;
	case NAME_LANG:
		len = span_of(name, LOWER, 3);
		if (len == 1)
			len = 0;
		if (len > 0 && name[len] == '-')
			len = strspn(name + len + 1, UPPER) == 2 ? len + 3 : 0;
		break;
	case NAME_ID:
		len = span_of(name, IDENT, 32);
		break;
	case NAME_COMMAND:
		len = name[0] == '/' ? span_of(name + 1, IDENT, 32) : 0;
		len += len > 0;
		break;
	}
	return len > 0 && name[len] == '\0';
}

void
check_map(struct check *check, json_t *value, enum name_kind kind,
    checker *element)
{
	const char *key;
	json_t *child;

	if (!json_is_object(value)) {
		check_add(check, "must be an object");
		return;
	}
	json_object_foreach (value, key, child) {
		size_t len = check_enter(check, key);

		if (!name_fits(key, kind))
			check_add(check, "bad name '%s': %s", key,
			    name_rule(kind));
		check->key = key;
		element(check, child);
		check_leave(check, len);
	}
}

const char *
check_name(struct check *check, json_t *value, enum name_kind kind)
{
	const char *name = json_string_value(value);

	if (name == NULL)
		check_add(check, "must be a string: %s", name_rule(kind));
	else if (!name_fits(name, kind))
		check_add(check, "bad name '%s': %s", name, name_rule(kind));
	else
		return name;
	return NULL;
}

void
check_note(struct check *check, json_t *list, const char *name)
{
	json_array_append_new(list, json_pack("[ss]", check->path.data, name));
}

void
check_bool(struct check *check, json_t *value)
{
	if (!json_is_boolean(value))
		check_add(check, "must be true or false");
}

void
check_string(struct check *check, json_t *value)
{
	if (!json_is_string(value))
		check_add(check, "must be a string");
}

void
check_number(struct check *check, json_t *value)
{
	if (!json_is_number(value))
		check_add(check, "must be a number");
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
check_lang(struct check *check, json_t *value)
{
	(void)check_name(check, value, NAME_LANG);
}

void
check_span(struct check *check, json_t *value)
{
	const char *text = json_string_value(value);
	size_t digits = text ? strspn(text, "0123456789") : 0;
	int64_t ms;

	if (digits < 1 || digits > 6 || text[0] == '0' ||
	    strchr("smhdw", text[digits]) == NULL || text[digits] == '\0' ||
	    text[digits + 1] != '\0' || clock_parse_span(text, &ms) != 0)
		check_add(check,
		    "must be a span such as \"90s\", \"5m\", "
		    "\"2h\", \"1d\" or \"1w\"");
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
