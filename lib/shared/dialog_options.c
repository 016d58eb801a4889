/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/suggest.h"
#include "shared/dialog_key.h"

#define KEY_DEFAULT "user:state:{user}"
#define TTL_DEFAULT "1h"

static const char *const mode_names[] = { "off", "import", "export", "both" };

static enum outcome
read_mode(const struct config *config, enum dialog_mode *mode,
    struct fault *fault)
{
	const char *name = config_get_or(config, "LEADPIPE_DIALOGS", "off");

	for (int i = 0; i < 4; i++)
		if (strcmp(name, mode_names[i]) == 0) {
			*mode = (enum dialog_mode)i;
			return OUT_OK;
		}
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "LEADPIPE_DIALOGS must be off, import, export or both, not '%s' "
	    "(%s)",
	    name, config_origin(config, "LEADPIPE_DIALOGS"));
}

/* aiogram's own keys, and those of people who put the kind in front. */
static bool
is_aiogram(const char *key)
{
	return strncmp(key, "fsm:", 4) == 0 ||
	    strncmp(key, "aiogram:fsm:", 12) == 0;
}

/* KEY with its last "state" replaced by PART; "" when it has none. */
static char *
sibling(const char *key, const char *part)
{
	const char *at = NULL, *next = key;

	while ((next = strstr(next, "state")) != NULL)
		at = next++;
	if (at == NULL)
		return mem_dup("");
	return mem_printf("%.*s%s%s", (int)(at - key), key, part, at + 5);
}

static char *
key_or_sibling(const struct config *config, const char *setting,
    const char *key, const char *part)
{
	const char *set = config_get(config, setting);

	if (set != NULL)
		return mem_dup(set);
	return is_aiogram(key) ? sibling(key, part) : mem_dup("");
}

static bool
has_person(const char *key)
{
	return strstr(key, "{user}") != NULL ||
	    strstr(key, "{chat}") != NULL || strstr(key, "{id}") != NULL;
}

/* The name that a word of KEY in braces is meant to be, as it stands nowhere
 * else in it, or NULL: such a word may also be the key's own. */
static const char *
near_name(const char *key)
{
	static const char *const names[] = { "user", "chat", "id", "bot" };
	const char *near = NULL, *at = key;

	while (near == NULL && (at = strchr(at, '{')) != NULL) {
		size_t len = strcspn(++at, "{}");
		char *word = mem_dup_n(at, len);

		if (at[len] == '}' && len > 2)
			near = suggest(word, names, 4);
		char *braced = mem_printf("{%s}", near ? near : "");
		if (strstr(key, braced) != NULL)
			near = NULL;
		free(braced);
		free(word);
	}
	return near;
}

/* One that all people share would have what the last of them did. */
static enum outcome
check_key(const struct config *config, const char *setting, const char *key,
    struct fault *fault)
{
	const char *near = near_name(key);

	if (near != NULL)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "%s has a word in braces that is none, did you mean "
		    "{%s}: '%s' (%s)",
		    setting, near, key, config_origin(config, setting));
	if (has_person(key))
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "%s needs {user} or {chat}: '%s' (%s)", setting, key,
	    config_origin(config, setting));
}

enum outcome
dialog_options_read(const struct config *config, int64_t bot,
    struct dialog_options *o, struct fault *fault)
{
	const char *key =
	    config_get_or(config, "LEADPIPE_DIALOG_KEY", KEY_DEFAULT);
	/* aiogram keeps a dialog until it ends. */
	const char *ttl = config_get_or(config, "LEADPIPE_DIALOG_TTL",
	    is_aiogram(key) ? "0" : TTL_DEFAULT);
	enum outcome out = read_mode(config, &o->mode, fault);

	if (out == OUT_OK)
		out = check_key(config, "LEADPIPE_DIALOG_KEY", key, fault);
	if (out == OUT_OK && clock_parse_span(ttl, &o->ttl_ms) != 0)
		out = fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "LEADPIPE_DIALOG_TTL is no span such as 1h: '%s' (%s)",
		    ttl, config_origin(config, "LEADPIPE_DIALOG_TTL"));
	o->bot = bot;
	o->key = mem_dup(key);
	o->data_key =
	    key_or_sibling(config, "LEADPIPE_DIALOG_DATA_KEY", key, "data");
	o->lock_key =
	    key_or_sibling(config, "LEADPIPE_DIALOG_LOCK_KEY", key, "lock");
	if (out == OUT_OK && *o->data_key != '\0')
		out = check_key(config, "LEADPIPE_DIALOG_DATA_KEY",
		    o->data_key, fault);
	if (out == OUT_OK && *o->lock_key != '\0')
		out = check_key(config, "LEADPIPE_DIALOG_LOCK_KEY",
		    o->lock_key, fault);
	return out;
}

void
dialog_options_release(struct dialog_options *options)
{
	free(options->key);
	free(options->data_key);
	free(options->lock_key);
}

char *
dialog_key(const char *template, const struct dialog_options *options,
    int64_t chat_id)
{
	static const char *const names[] = { "{user}", "{chat}", "{id}",
		"{bot}" };
	struct buf key = BUF_INIT(1024);

	while (*template != '\0') {
		size_t i = 0;
		while (i < 4 &&
		    strncmp(template, names[i], strlen(names[i])) != 0)
			i++;
		if (i == 4) {
			buf_add_char(&key, *template ++);
			continue;
		}
		buf_printf(&key, "%lld",
		    (long long)(i == 3 ? options->bot : chat_id));
		template += strlen(names[i]);
	}
	return buf_take(&key);
}
