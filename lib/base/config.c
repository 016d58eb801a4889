/* SPDX-License-Identifier: MIT */
#include "base/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config_file.h"
#include "base/config_key.h"
#include "base/config_setting.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define SYSTEM_FILE "/etc/leadpipe/leadpipe.env"
#define LOCAL_FILE ".env"

struct config {
	struct config_file file;
	struct config_setting *settings; /* one for each of config_keys */
};

static void
resolve(struct config *config, const struct config_listener *listener)
{
	struct config_setting *setting;
	struct fault fault;

	for (size_t i = 0; i < config_key_count; i++) {
		setting = &config->settings[i];
		if (config_setting_find(setting, &config_keys[i],
			&config->file, &fault) != OUT_OK)
			listener->hear(listener->arg, &fault);
		if (setting->value != NULL)
			config_key_hide(config_keys[i].name, setting->value);
	}
}

static void
refuse_name(const char *name, const char *where,
    const struct config_listener *listener)
{
	const char *nearest = config_key_suggest(name);
	struct fault fault;

	if (nearest != NULL)
		fault.what = fault_set(&fault, OUT_NEVER, EXIT_CONFIG,
		    "%s: unknown setting '%s', did you mean '%s'?", where,
		    name, nearest);
	else
		fault.what = fault_set(&fault, OUT_NEVER, EXIT_CONFIG,
		    "%s: unknown setting '%s'", where, name);
	listener->hear(listener->arg, &fault);
}

static void
check_environment(const struct config_listener *listener)
{
	char name[128];
	size_t len;

	for (char **entry = environ; entry && *entry != NULL; entry++) {
		len = strcspn(*entry, "=");
		snprintf(name, sizeof(name), "%.*s", (int)len, *entry);
		if (config_key_is_wrong(name, false))
			refuse_name(name, "the environment", listener);
	}
}

static void
check_file(const struct config *config, const struct config_listener *listener)
{
	struct fault fault;
	const struct config_line *line;
	bool secrets = false;
	char where[256];

	/* All secrets are hidden before the first message. */
	for (size_t i = 0; i < config->file.count; i++) {
		line = &config->file.lines[i];
		if (config_key_is_secret(line->name, line->value))
			secrets = true;
		config_key_hide(line->name, line->value);
	}
	for (size_t i = 0; i < config->file.count; i++) {
		line = &config->file.lines[i];
		snprintf(where, sizeof(where), "%s line %d", config->file.path,
		    line->line);
		if (config_key_is_wrong(line->name, true))
			refuse_name(line->name, where, listener);
	}
	if (config_file_check_mode(config->file.path, &config->file.about,
		secrets, &fault) != OUT_OK)
		listener->hear(listener->arg, &fault);
}

/* Which file to read, or NULL for none. */
static const char *
choose_file(const char *file)
{
	const char *named = getenv("LEADPIPE_CONFIG");
	struct stat st;

	if (file != NULL)
		return file;
	if (named != NULL && named[0] != '\0')
		return named;
	/* A file that is there but cannot be read must be heard of. */
	if (stat(SYSTEM_FILE, &st) == 0 || errno == EACCES)
		return SYSTEM_FILE;
	if (stat(LOCAL_FILE, &st) < 0)
		return NULL;
	if (geteuid() != 0 && st.st_uid == geteuid())
		return LOCAL_FILE;
	log_event(LOG_INFO, "config_ignored",
	    "path=./" LOCAL_FILE " reason=%s",
	    geteuid() == 0 ? "\"root must name it with "
			     "--config\""
			   : "\"it belongs to somebody else\"");
	return NULL;
}

static bool
load(struct config *config, const char *path,
    const struct config_listener *listener)
{
	struct fault fault;
	enum outcome result;
	char *text;
	size_t len;

	config->file.path = mem_dup(path);
	result =
	    config_file_load(path, &text, &len, &config->file.about, &fault);
	if (result == OUT_OK) {
		result = config_file_parse(&config->file, text, len, &fault);
		free(text);
	}
	if (result == OUT_OK)
		check_file(config, listener);
	else
		listener->hear(listener->arg, &fault);
	return result == OUT_OK;
}

struct config *
config_examine(const char *file, const struct config_listener *listener)
{
	struct config *opened = mem_alloc(sizeof(*opened));
	const char *path = choose_file(file);

	opened->settings = mem_alloc(
	    config_key_count * sizeof(*opened->settings));
	if (path != NULL && !load(opened, path, listener)) {
		config_close(opened);
		return NULL;
	}
	check_environment(listener);
	resolve(opened, listener);
	return opened;
}

static void
keep_first(void *arg, const struct fault *fault)
{
	struct fault *first = arg;

	if (first->what == OUT_OK)
		*first = *fault;
}

enum outcome
config_open(struct config **config, const char *file, struct fault *fault)
{
	struct fault first = { .what = OUT_OK };
	const struct config_listener listener = { keep_first, &first };

	*config = config_examine(file, &listener);
	if (first.what == OUT_OK)
		return OUT_OK;
	config_close(*config);
	*config = NULL;
	if (fault != NULL)
		*fault = first;
	return first.what;
}

void
config_close(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config_key_count; i++) {
		free(config->settings[i].value);
		free(config->settings[i].origin);
	}
	free(config->settings);
	config_file_release(&config->file);
	free(config);
}

static const struct config_setting *
find_setting(const struct config *config, const char *name)
{
	const struct config_key *key = config_key_find(name);

	return key != NULL ? &config->settings[key - config_keys] : NULL;
}

const char *
config_get(const struct config *config, const char *name)
{
	const struct config_setting *setting = find_setting(config, name);
	const struct config_line *line;
	const char *value;

	if (setting != NULL) {
		value = setting->aside ? NULL : setting->value;
	} else if ((value = getenv(name)) == NULL) {
		line = config_file_find(&config->file, name);
		value = line != NULL ? line->value : NULL;
	}
	return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *
config_get_or(const struct config *config, const char *name,
    const char *otherwise)
{
	const char *value = config_get(config, name);

	return value != NULL ? value : otherwise;
}

bool
config_is_secret(const struct config *config, const char *name)
{
	const char *value = config_get(config, name);

	return value != NULL && config_key_is_secret(name, value);
}

const char *
config_origin(const struct config *config, const char *name)
{
	static char origin[512];
	const struct config_setting *setting = find_setting(config, name);
	const struct config_line *line;

	if (config_get(config, name) == NULL)
		return "not set";
	if (setting != NULL)
		return setting->origin;
	if (getenv(name) != NULL)
		return "the environment";
	line = config_file_find(&config->file, name);
	snprintf(origin, sizeof(origin), "%s line %d", config->file.path,
	    line->line);
	return origin;
}

enum outcome
config_int(const struct config *config, const char *name, int64_t min,
    int64_t max, int64_t otherwise, int64_t *value, struct fault *fault)
{
	const char *text = config_get(config, name);
	char *end;
	long long number;

	*value = otherwise;
	if (text == NULL)
		return OUT_OK;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' ||
	    strchr("-0123456789", *text) == NULL || number < min ||
	    number > max)
		return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "%s is '%s' (%s), it must be a whole number from %lld to "
		    "%lld",
		    name, text, config_origin(config, name), (long long)min,
		    (long long)max);
	*value = number;
	return OUT_OK;
}

enum outcome
config_bool(const struct config *config, const char *name, bool otherwise,
    bool *value, struct fault *fault)
{
	static const char *const words[] = { "false", "true", "0", "1", "no",
		"yes" };
	const char *text = config_get(config, name);

	*value = otherwise;
	if (text == NULL)
		return OUT_OK;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0) {
			*value = i % 2 == 1;
			return OUT_OK;
		}
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "%s is '%s' (%s), it must be true or false", name, text,
	    config_origin(config, name));
}

bool
config_set_aside(struct config *config, const char *name)
{
	const struct config_key *key = config_key_find(name);

	if (key == NULL || config_get(config, name) == NULL)
		return false;
	config->settings[key - config_keys].aside = true;
	return true;
}

bool
config_is_aside(const struct config *config, const char *name)
{
	const struct config_setting *setting = find_setting(config, name);

	return setting != NULL && setting->aside;
}

void
config_restore(struct config *config)
{
	for (size_t i = 0; i < config_key_count; i++)
		config->settings[i].aside = false;
}

const char *
config_path(const struct config *config)
{
	return config->file.path;
}
