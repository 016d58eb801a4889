/* SPDX-License-Identifier: MIT */
#include "bot/check_part.h"

#include <string.h>

#include "bot/model.h"

static void
check_crm(struct check *check, json_t *value)
{
	static const char *const words[] = { "amocrm", "bitrix24", "webhook",
		"exec", NULL };

	check_word(check, value, words);
}

/* TEXT, when it is $NAME, as the configuration has it. */
static void
setting_take(struct check *check, const char *text)
{
	const char *found = NULL;

	if (text[0] != '$')
		return;
	if (!name_fits(text, NAME_SETTING)) {
		check_add(check, "bad name '%s': %s", text,
		    name_rule(NAME_SETTING));
		return;
	}
	if (check->config == NULL)
		return;
	if (config_is_secret(check->config, text + 1)) {
		check_add(check,
		    "%s is a secret, which would be shown in the CRM", text);
		return;
	}
	found = config_get(check->config, text + 1);
	if (found != NULL && found[0] != '\0')
		json_object_set_new(check->flow->settings, text,
		    json_string(found));
	else
		check_warn(check,
		    "%s is not in the configuration: the lead goes without it",
		    text);
}

static void
check_place(struct check *check, json_t *value)
{
	check_filled(check, value);
	if (json_string_length(value) > 0)
		setting_take(check, json_string_value(value));
}

static void
check_field(struct check *check, json_t *value)
{
	if (check->key[0] == '\0')
		check_shape(check, "a field wants a name");
	setting_take(check, check->key);
	check_template(check, value);
}

static void
check_fields(struct check *check, json_t *value)
{
	check_map(check, value, NAME_ANY, check_field);
}

static void
check_tags(struct check *check, json_t *value)
{
	check_list(check, value, check_template);
}

static void
check_contact(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "name", check_template, false },
		{ "phone", check_template, false },
		{ "email", check_template, false },
		{ NULL, NULL, false },
	};

	check_members(check, value, members);
}

/* True when KEY has slots, and each is {{session.id}}. */
static bool
is_by_session(const char *key)
{
	const char *slot = strstr(key, "{{");
	bool is = slot != NULL;

	for (; is && slot != NULL; slot = strstr(slot, "{{")) {
		slot += 2;
		slot += strspn(slot, " ");
		is = strncmp(slot, "session.id", 10) == 0;
	}
	return is;
}

/* A group is entered for one order, and left; outside of one the session ends
 * by whatever the person does. */
static bool
is_in_group(const struct check *check)
{
	const char *path = check->path.data;
	const char *state = path + strlen("/states/");

	if (strncmp(path, "/states/", strlen("/states/")) != 0)
		return strncmp(path, "/groups/", strlen("/groups/")) == 0;
	return memchr(state, '.', strcspn(state, "/")) != NULL;
}

static void
key_check(struct check *check, const char *key)
{
	if (strstr(key, "{{") == NULL) {
		check_add(check,
		    "a 'key' that is the same for everybody makes one lead of "
		    "all: add {{user.id}} or {{session.id}}");
	} else if (!check->handler && is_by_session(key) &&
	    !is_in_group(check)) {
		size_t len = check_enter(check, "key");

		check_warn(check,
		    "outside a group {{session.id}} is another one whenever "
		    "they begin again, which makes another lead: write "
		    "{{user.id}} for one lead a person, or name the state "
		    "'GROUP.NAME'");
		check_leave(check, len);
	}
}

void
check_lead(struct check *check, json_t *value)
{
	static const struct member members[] = {
		{ "key", check_template, true },
		{ "name", check_template, true },
		{ "crm", check_crm, false },
		{ "pipeline", check_place, false },
		{ "status", check_place, false },
		{ "price", check_template, false },
		{ "contact", check_contact, false },
		{ "fields", check_fields, false },
		{ "tags", check_tags, false },
		{ "note", check_template, false },
		{ NULL, NULL, false },
	};
	const char *key = json_string_value(json_object_get(value, "key"));

	check_members(check, value, members);
	if (key != NULL)
		key_check(check, key);
}
