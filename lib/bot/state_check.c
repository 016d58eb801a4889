/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/model.h"

#define ALIAS_LETTERS 64

/* What one state has that another has under the same name would get lost. */
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
check_alias(struct check *check, json_t *value)
{
	const char *alias = json_string_value(value), *other;

	if (alias == NULL || alias[0] == '\0' ||
	    utf8_length(alias) > ALIAS_LETTERS) {
		check_shape(check, "must be a string of 1 to %d characters",
		    ALIAS_LETTERS);
		return;
	}
	other = json_string_value(
	    json_object_get(check->flow->aliases, alias));
	if (other != NULL || json_object_get(check->flow->states, alias))
		check_add(check, "'%s' is another name of '%s' already", alias,
		    other ? other : alias);
	json_object_set_new(check->flow->aliases, alias,
	    json_string(check->state));
}

static void
check_aliases(struct check *check, json_t *value)
{
	check_list(check, value, check_alias);
}

static const struct member state_members[] = {
	{ "note", check_string, false },
	{ "enter", check_actions, false },
	{ "ask", check_ask, false },
	{ "then", check_next, false },
	{ "on", check_on, false },
	{ "after", check_after, false },
	{ "ttl", check_span, false },
	{ "on_expire", check_actions, false },
	{ "fallback", check_actions, false },
	{ "final", check_bool, false },
	{ "alias", check_aliases, false },
	{ NULL, NULL, false },
};

static void
check_one_state(struct check *check, json_t *value)
{
	check->state = check->key;
	sender_add(check, check->state);
	check_members(check, value, state_members);
	check_needs(check, value, "ask", "then");
	check_needs(check, value, "then", "ask");
	check_needs(check, value, "on_expire", "ttl");
	check->state = NULL;
}

void
check_all_states(struct check *check, json_t *value)
{
	check_map(check, value, NAME_STATE, check_one_state);
	check_count(check, value, 1, SIZE_MAX);
}

static void
group_used(struct check *check, const char *group)
{
	size_t len = strlen(group);
	const char *state;
	json_t *value;

	json_object_foreach (check->flow->states, state, value)
		if (strncmp(state, group, len) == 0 && state[len] == '.')
			return;
	check_warn(check, "no state is called '%s.…', so this is never used",
	    group);
}

static void
check_group(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "note", check_string, false },
		{ "ttl", check_span, false },
		{ "on_expire", check_actions, false },
		{ "on", check_on, false },
		{ "fallback", check_actions, false },
		{ NULL, NULL, false },
	};

	group_used(check, check->key);
	check_members(check, value, members);
	check_needs(check, value, "on_expire", "ttl");
}

void
check_groups(struct check *check, json_t *value)
{
	check_map(check, value, NAME_IDENT, check_group);
}

static void
check_renamed_one(struct check *check, json_t *value)
{
	if (json_object_get(check->flow->states, check->key) != NULL)
		check_add(check,
		    "'%s' is a state of this version: what is renamed must be "
		    "gone",
		    check->key);
	check_state(check, value);
}

void
check_renamed(struct check *check, json_t *value)
{
	check_map(check, value, NAME_STATE, check_renamed_one);
}
