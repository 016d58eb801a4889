/* SPDX-License-Identifier: MIT */
#include "bot/checker.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/mem.h"
#include "bot/model.h"
#include "bot/person.h"
#include "bot/variable.h"

static void
check_format(struct check *check, json_t *value)
{
	if (!json_is_integer(value) || json_integer_value(value) != 1)
		check_add(check, "this version of leadpipe reads format 1");
}

#define ZONES "/usr/share/zoneinfo"

static void
check_zone(struct check *check, json_t *value)
{
	const char *zone = json_string_value(value);
	struct stat st;
	char *file;

	if (zone == NULL) {
		check_string(check, value);
		return;
	}
	/* Without tzdata nothing can be said of any of them. */
	if (strcmp(zone, "UTC") == 0 || stat(ZONES, &st) != 0)
		return;
	file = mem_printf(ZONES "/%s", zone);
	if (zone[0] == '/' || strstr(zone, "..") != NULL ||
	    stat(file, &st) != 0 || !S_ISREG(st.st_mode))
		check_add(check,
		    "unknown time zone '%s'; use a name such as "
		    "Europe/Moscow",
		    zone);
	free(file);
}

static void
check_lang_list(struct check *check, json_t *value)
{
	check_list(check, value, check_lang);
}

static void
check_langs(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "default", check_lang, true },
		{ "available", check_lang_list, false },
		{ NULL, NULL, false },
	};

	check_members(check, value, members);
}

static void
check_type(struct check *check, json_t *value)
{
	static const char *const types[] = { "text", "int", "number", "bool",
		"phone", "email", "date" };
	const char *type = json_string_value(value);
	size_t i;

	for (i = 0; type != NULL && i < 7; i++)
		if (strcmp(types[i], type) == 0)
			break;
	if (type == NULL || i == 7)
		check_add(check, "must be one of text, int, number, bool");
	else if (i > 3)
		check_add(check,
		    "'%s' is not supported by this version of "
		    "leadpipe",
		    type);
}

static void
check_max(struct check *check, json_t *value)
{
	if (!json_is_integer(value) || json_integer_value(value) < 1 ||
	    json_integer_value(value) > 4096)
		check_add(check, "must be a whole number from 1 to 4096");
}

static void
check_from(struct check *check, json_t *value)
{
	const char *from = json_string_value(value);

	if (from == NULL ||
	    (strcmp(from, "start.payload") != 0 &&
		(strncmp(from, "user.", 5) != 0 || person_max(from + 5) == 0)))
		check_add(check,
		    "must be start.payload or one of user.id, "
		    "user.first_name, user.last_name, user.full_name, "
		    "user.username, user.lang");
}

static void
check_scope(struct check *check, json_t *value)
{
	const char *scope = json_string_value(value);

	if (scope == NULL ||
	    (strcmp(scope, "user") != 0 && strcmp(scope, "session") != 0))
		check_add(check, "must be \"user\" or \"session\"");
}

static void
check_var(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "type", check_type, false },
		{ "max", check_max, false },
		{ "default", check_anything, false },
		{ "from", check_from, false },
		{ "pii", check_bool, false },
		{ "scope", check_scope, false },
		{ NULL, NULL, false },
	};
	const char *type = json_get_text(value, "type");
	const json_t *given = json_object_get(value, "default");

	check_members(check, value, members);
	if (given != NULL && !json_is_null(given) &&
	    !variable_fits(value, given))
		check_add(check, "'default' is not of type '%s'",
		    type ? type : "text");
}

static void
check_vars(struct check *check, json_t *value)
{
	check_map(check, value, NAME_IDENT, check_var);
}

static void
check_path(struct check *check, json_t *value)
{
	if (json_is_array(value))
		check_add(check,
		    "albums are not supported by this version "
		    "of leadpipe");
	else if (json_string_length(value) == 0)
		check_add(check, "must be the name of a file");
}

static const struct member media_members[] = {
	{ "video", check_path, false },
	{ "photo", check_path, false },
	{ "document", check_path, false },
	{ "voice", check_path, false },
	{ "animation", check_path, false },
	{ "audio", check_path, false },
	{ "spoiler", check_bool, false },
	/* put in when the bundle is made */
	{ "digest", check_string, false },
	{ "size", check_number, false },
	{ NULL, NULL, false },
};

static void
check_medium(struct check *check, json_t *value)
{
	int kinds = 0, i;

	check_members(check, value, media_members);
	for (i = 0; i < 6; i++)
		kinds += json_object_get(value, media_members[i].name) != NULL;
	if (kinds != 1)
		check_add(check,
		    "must have one of video, photo, document, "
		    "voice, animation, audio");
}

static void
check_media(struct check *check, json_t *value)
{
	check_map(check, value, NAME_IDENT, check_medium);
}

static void
check_route(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "who", check_role, false },
		{ "when", check_guard, false },
		{ "help", check_text_plain, false },
		{ "args", check_names, false },
		{ "do", check_actions, true },
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

static void
check_events(struct check *check, json_t *value)
{
	const char *name;
	json_t *route;

	check_map(check, value, NAME_IDENT, check_route);
	json_object_foreach (value, name, route)
		json_object_set_new(check->flow->signals, name, json_true());
}

static const struct member state_members[] = {
	{ "note", check_string, false },
	{ "enter", check_actions, false },
	{ "on", check_on, false },
	{ "fallback", check_actions, false },
	{ "ask", NULL, false },
	{ "then", NULL, false },
	{ "after", NULL, false },
	{ "ttl", NULL, false },
	{ "on_expire", NULL, false },
	{ "final", NULL, false },
	{ "alias", NULL, false },
	{ NULL, NULL, false },
};

static void
sender_add(struct check *check, const char *state)
{
	char hash[STATE_HASH_SIZE];
	const char *other;

	state_hash(state, hash);
	other = json_string_value(json_object_get(check->flow->senders, hash));
	if (other != NULL)
		check_add(check,
		    "'%s' and '%s' have the same hash, so their "
		    "buttons could not be told apart; rename one",
		    other, state);
	json_object_set_new(check->flow->senders, hash, json_string(state));
}

static void
check_one_state(struct check *check, json_t *value)
{
	check->state = check->key;
	sender_add(check, check->state);
	check_members(check, value, state_members);
	check->state = NULL;
}

static void
check_states(struct check *check, json_t *value)
{
	check_map(check, value, NAME_STATE, check_one_state);
}

static void
check_stat(struct check *check, json_t *value)
{
	check_list(check, value, check_state);
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
	{ "states", check_states, true },
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
	{ "groups", NULL, false },
	{ "renamed", NULL, false },
	{ NULL, NULL, false },
};

/* What can only be said once all was seen. */
static void
check_rest(struct check *check)
{
	const char *where, *name;
	json_t *note;
	size_t i;

	json_array_foreach (check->cancelled, i, note) {
		(void)json_unpack(note, "[ss]", &where, &name);
		if (flow_schedules(check->flow, name, NULL) == 0)
			findings_add(check->findings, where,
			    "unknown schedule '%s'", name);
	}
	check_reach(check);
}

void
check_flow(struct check *check, json_t *value)
{
	size_t len;

	check_members(check, value, flow_members);
	json_object_set_new(check->plain, "button.expired", json_true());
	len = check_enter(check, "texts");
	check_texts(check, json_object_get(value, "texts"));
	check_leave(check, len);
	check_rest(check);
}
