/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <stdint.h>
#include <string.h>

#include "bot/model.h"
#include "bot/when.h"

#define ARGS_MAX 8

static void
check_format(struct check *check, json_t *value)
{
	if (!json_is_integer(value) || json_integer_value(value) != 1)
		check_shape(check, "this version of leadpipe reads format 1");
}

static void
check_zone(struct check *check, json_t *value)
{
	const char *zone = json_string_value(value);

	if (zone == NULL)
		check_string(check, value);
	else
		zone_check(check, zone);
}

static void
check_lang_list(struct check *check, json_t *value)
{
	json_t *seen = json_object(), *lang;
	size_t i;

	check_list(check, value, check_lang);
	json_array_foreach (value, i, lang) {
		const char *name = json_string_value(lang);

		if (name != NULL && json_object_get(seen, name) != NULL)
			check_shape(check, "'%s' is there twice", name);
		if (name != NULL)
			json_object_set_new(seen, name, json_true());
	}
	json_decref(seen);
}

static void
check_langs(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "default", check_lang, false },
		{ "available", check_lang_list, false },
		{ NULL, NULL, false },
	};

	check_members(check, value, members);
}

static void
check_args(struct check *check, json_t *value)
{
	check_names(check, value);
	check_count(check, value, 0, ARGS_MAX);
}

static void
check_route(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "who", check_role, false },
		{ "when", check_guard, false },
		{ "help", check_text_plain, false },
		{ "args", check_args, false },
		{ "do", check_actions, true },
		{ "note", check_string, false },
		{ NULL, NULL, false },
	};

	if (json_is_array(value))
		check_actions(check, value);
	else
		check_members(check, value, members);
}

static void
check_commands(struct check *check, json_t *value)
{
	check_map(check, value, NAME_COMMAND, check_route);
}

/* What sync-crm --pull fires, and what it tells with it. */
static bool
is_of_crm(const char *event)
{
	static const char *const events[] = { "crm_status", "crm_won",
		"crm_lost" };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strcmp(events[i], event) == 0)
			return true;
	return false;
}

static void
check_crm_args(struct check *check, const json_t *args)
{
	static const char *const told[] = { "lead", "crm", "remote_id",
		"status", "status_id", "pipeline_id", "won", "lost" };
	json_t *known = json_object(), *arg;
	size_t i, len;

	for (i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		json_object_set_new(known, told[i], json_true());
	json_array_foreach (args, i, arg) {
		const char *name = json_string_value(arg), *near;

		if (name == NULL || json_object_get(known, name) != NULL)
			continue;
		near = check_nearest(name, known);
		len = check_enter(check, "args");
		check_warn(check,
		    "sync-crm does not tell '%s', so it is unset%s%s%s: it "
		    "tells lead, crm, remote_id, status, status_id, "
		    "pipeline_id, won, lost",
		    name, near ? " (did you mean '" : "", near ? near : "",
		    near ? "'?)" : "");
		check_leave(check, len);
	}
	json_decref(known);
}

static void
check_event(struct check *check, json_t *value)
{
	const char *event = check->key;

	check_route(check, value);
	json_object_set_new(check->flow->signals, event, json_true());
	if (is_of_crm(event))
		check_crm_args(check, json_object_get(value, "args"));
}

static void
check_events(struct check *check, json_t *value)
{
	check_map(check, value, NAME_IDENT, check_event);
}

static void
check_stat(struct check *check, json_t *value)
{
	check_list(check, value, check_state);
	check_count(check, value, 2, SIZE_MAX);
}

static void
check_stats(struct check *check, json_t *value)
{
	check_map(check, value, NAME_IDENT, check_stat);
}

static const struct member flow_members[] = {
	{ "leadpipe", check_format, true },
	{ "id", check_ident, true },
	{ "start", check_state, true },
	{ "states", check_all_states, true },
	{ "texts", check_anything, true }, /* last, when their use is known */
	{ "$schema", check_string, false },
	{ "note", check_string, false },
	{ "tz", check_zone, false },
	{ "lang", check_langs, false },
	{ "roles", check_roles, false },
	{ "vars", check_vars, false },
	{ "media", check_media, false },
	{ "commands", check_commands, false },
	{ "events", check_events, false },
	{ "fallback", check_actions, false },
	{ "stats", check_stats, false },
	{ "quiet", check_quiet, false },
	{ "groups", check_groups, false },
	{ "recurring", check_recurring, false },
	{ "renamed", check_renamed, false },
	{ "handlers", check_string, false }, /* put in by the bundle */
	{ NULL, NULL, false },
};

void
check_flow(struct check *check, json_t *value)
{
	size_t len;

	check_members(check, value, flow_members);
	json_object_set_new(check->plain, "button.expired", json_true());
	json_object_set_new(check->plain, "button.unsubscribed", json_true());
	len = check_enter(check, "texts");
	check_texts(check, json_object_get(value, "texts"));
	check_leave(check, len);
	check_cancels(check);
	check_reach(check);
	check_paths(check);
}
