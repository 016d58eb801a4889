/* SPDX-License-Identifier: MIT */
#include "bot/checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/suggest.h"
#include "bot/pointer.h"

/* A list of all members that is longer helps nobody. */
#define MEMBERS_MAX_BYTES 120

/* More names than these nobody reads in a message. */
#define LIST_MAX 5
#define HINT_MAX_BYTES 1000

void
check_run(struct flow *flow, const struct config *config,
    struct findings *findings, checker *checks, json_t *value)
{
	struct check check = {
		.flow = flow,
		.config = config,
		.findings = findings,
		.path = BUF_INIT(64U << 10),
		.plain = json_object(),
		.captions = json_object(),
		.cancelled = json_array(),
		.labels = json_object(),
		.buttons = json_array(),
	};

	buf_add_text(&check.path, "");
	checks(&check, value);
	buf_release(&check.path);
	json_decref(check.plain);
	json_decref(check.captions);
	json_decref(check.cancelled);
	json_decref(check.labels);
	json_decref(check.buttons);
}

static void
add(struct check *check, enum finding_kind kind, const char *fmt, va_list args)
{
	char text[sizeof(((struct finding *)0)->text)];

	vsnprintf(text, sizeof(text), fmt, args);
	findings_add(check->findings, check->path.data ? check->path.data : "",
	    "%s", text)
	    ->kind = kind;
}

void
check_add(struct check *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(check, FINDING_MEANING, fmt, args);
	va_end(args);
}

void
check_shape(struct check *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(check, FINDING_SHAPE, fmt, args);
	va_end(args);
}

void
check_warn(struct check *check, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(check, FINDING_WARNING, fmt, args);
	va_end(args);
}

size_t
check_enter(struct check *check, const char *key)
{
	size_t len = check->path.len;

	pointer_add(&check->path, key);
	return len;
}

void
check_leave(struct check *check, size_t len)
{
	check->path.len = len;
	check->path.overflow = false;
	check->path.data[len] = '\0';
}

const char *
check_nearest(const char *word, json_t *known)
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

static void
unknown_add(struct check *check, enum finding_kind kind, const char *what,
    const char *name, json_t *known)
{
	const char *near = check_nearest(name, known);

	if (near != NULL)
		check_shape(check, "unknown %s '%s'; did you mean '%s'?", what,
		    name, near);
	else
		check_shape(check, "unknown %s '%s'", what, name);
	check->findings->list[check->findings->count - 1].kind = kind;
}

void
check_unknown(struct check *check, const char *what, const char *name,
    json_t *known)
{
	unknown_add(check, FINDING_MEANING, what, name, known);
}

void
check_stray(struct check *check, const char *what, const char *name,
    json_t *known)
{
	unknown_add(check, FINDING_SHAPE, what, name, known);
}

void
check_few(struct buf *out, json_t *known)
{
	const char *key, *before = "";
	json_t *value;
	int listed = 0;

	json_object_foreach (known, key, value) {
		if (++listed > LIST_MAX) {
			buf_add_text(out, ", ...");
			break;
		}
		buf_printf(out, "%s%s", before, key);
		before = ", ";
	}
}

enum outcome
check_lacks(const struct flow *flow, const char *what, const char *name,
    json_t *known, struct fault *fault)
{
	const char *near = check_nearest(name, known);
	struct buf hint = BUF_INIT(HINT_MAX_BYTES);

	if (near != NULL)
		buf_printf(&hint, "; did you mean '%s'?", near);
	else if (json_object_size(known) > 0 &&
	    json_object_size(known) <= LIST_MAX) {
		buf_add_text(&hint, "; it has: ");
		check_few(&hint, known);
	}
	fault_set(fault, OUT_NEVER, EXIT_INPUT,
	    "the flow '%s' has no %s '%.64s'%s", flow_id(flow), what, name,
	    hint.len > 0 ? hint.data : "");
	buf_release(&hint);
	return OUT_NEVER;
}

static void
unknown_member(struct check *check, const char *name,
    const struct member *members)
{
	json_t *known = json_object();
	struct buf all = BUF_INIT(MEMBERS_MAX_BYTES);

	for (; members->name != NULL; members++) {
		json_object_set_new(known, members->name, json_true());
		buf_printf(&all, "%s%s", all.len > 0 ? ", " : "",
		    members->name);
	}
	if (check_nearest(name, known) != NULL || all.overflow)
		check_stray(check, "member", name, known);
	else
		check_shape(check, "unknown member '%s'; there are %s", name,
		    all.data);
	buf_release(&all);
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
		check_shape(check, "must be an object");
		return;
	}
	json_object_foreach (value, key, child) {
		size_t len = check_enter(check, key);

		member = member_find(members, key);
		if (member == NULL)
			unknown_member(check, key, members);
		else
			member->check(check, child);
		check_leave(check, len);
	}
	for (member = members; member->name != NULL; member++)
		if (member->required &&
		    json_object_get(value, member->name) == NULL)
			check_shape(check, "'%s' is missing", member->name);
}

void
check_list(struct check *check, json_t *value, checker *element)
{
	char index[24];
	size_t i;
	json_t *child;

	if (!json_is_array(value)) {
		check_shape(check, "must be a list");
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

void
check_map(struct check *check, json_t *value, enum name_kind kind,
    checker *element)
{
	const char *key;
	json_t *child;

	if (!json_is_object(value)) {
		check_shape(check, "must be an object");
		return;
	}
	json_object_foreach (value, key, child) {
		size_t len = check_enter(check, key);

		if (!name_fits(key, kind))
			check_shape(check, "bad name '%s': %s", key,
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
		check_shape(check, "must be a string: %s", name_rule(kind));
	else if (!name_fits(name, kind))
		check_shape(check, "bad name '%s': %s", name, name_rule(kind));
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
check_count(struct check *check, json_t *value, size_t min, size_t max)
{
	size_t count = json_is_object(value) ? json_object_size(value)
					     : json_array_size(value);

	/* What is neither is said where its members are checked. */
	if (!json_is_object(value) && !json_is_array(value))
		return;
	if (count < min && count == 0)
		check_shape(check, "must not be empty");
	else if (count < min)
		check_shape(check, "must have at least %zu", min);
	else if (count > max)
		check_shape(check, "has more than %zu", max);
}

void
check_needs(struct check *check, const json_t *object, const char *name,
    const char *other)
{
	if (json_object_get(object, name) != NULL &&
	    json_object_get(object, other) == NULL)
		check_shape(check, "'%s' needs '%s'", name, other);
}
