/* SPDX-License-Identifier: MIT */
#include "base/config_setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* A place where a key may be: the environment or the file. */
struct source {
	const struct config_file *file;
	bool environment;
};

static const char *
look_up(const struct source *source, const char *name)
{
	const struct config_line *line;

	if (source->environment)
		return getenv(name);
	line = config_file_find(source->file, name);
	return line != NULL ? line->value : NULL;
}

static char *
describe(const struct source *source, const char *name)
{
	const struct config_line *line;

	if (source->environment)
		return mem_dup("the environment");
	line = config_file_find(source->file, name);
	return mem_printf("%s line %d", source->file->path,
	    line != NULL ? line->line : 0);
}

/* Takes VALUE as the setting; a line end, which editors and Windows add, is
 * no part of it. */
static enum outcome
take_value(struct config_setting *setting, const char *name, const char *value,
    char *origin, struct fault *fault)
{
	size_t len = strlen(value);

	while (len > 0 && (value[len - 1] == '\n' || value[len - 1] == '\r'))
		len--;
	setting->value = mem_dup_n(value, len);
	setting->origin = origin;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
			    "%s (%s) holds a control character", name, origin);
	return OUT_OK;
}

/* Containers mount secrets for all to read, with nobody else there. */
static bool
is_mounted(const char *path)
{
	char *real = realpath(path, NULL);
	bool mounted = real != NULL &&
	    (strncmp(real, "/run/secrets/", 13) == 0 ||
		strncmp(real, "/var/run/secrets/", 17) == 0);

	free(real);
	return mounted;
}

/* Takes the secret NAME out of the file PATH, which WHERE names. */
static enum outcome
take_file(struct config_setting *setting, const char *name, const char *path,
    const char *where, bool check, struct fault *fault)
{
	char *text = NULL;
	size_t len;
	struct stat about;
	enum outcome result =
	    config_file_load(path, &text, &len, &about, fault);

	if (result == OUT_OK && check && !is_mounted(path))
		result = config_file_check_mode(path, &about, true, fault);
	if (result == OUT_OK && strlen(text) != len)
		result = fault_set(fault, OUT_NEVER, EXIT_CONFIG,
		    "'%s' (%s) holds a NUL byte", path, where);
	if (result == OUT_OK)
		result = take_value(setting, name, text,
		    mem_printf("%s (%s)", path, where), fault);
	free(text);
	return result;
}

/* Both A and B are set, to different values. */
static enum outcome
refuse_both(const struct source *source, const char *a, const char *b,
    struct fault *fault)
{
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "%s and %s are both set in %s and differ, keep one of them", a, b,
	    source->environment ? "the environment" : source->file->path);
}

/* Finds under which of its names KEY is set in SOURCE, with an "_FILE" behind
 * it where SUFFIX says so. */
static enum outcome
find_name(const struct source *source, const struct config_key *key,
    const char *suffix, char found[64], struct fault *fault)
{
	const char *names[3] = { key->name, key->aliases[0], key->aliases[1] };
	const char *value = NULL, *other;
	char name[64];

	found[0] = '\0';
	for (int i = 0; i < 3 && names[i] != NULL; i++) {
		snprintf(name, sizeof(name), "%s%s", names[i], suffix);
		other = look_up(source, name);
		/* An empty alias says nothing; an empty first name is kept:
		 * it turns the setting of the file off. */
		if (other == NULL || (other[0] == '\0' && value != NULL))
			continue;
		if (value != NULL && value[0] != '\0' &&
		    strcmp(value, other) != 0)
			return refuse_both(source, found, name, fault);
		value = other;
		snprintf(found, 64, "%s", name);
	}
	return OUT_OK;
}

/* Looks for KEY in one source. */
static enum outcome
resolve_in(struct config_setting *setting, const struct source *source,
    const struct config_key *key, struct fault *fault)
{
	char plain[64], file[64] = "";
	const char *path;
	enum outcome result = find_name(source, key, "", plain, fault);

	if (result == OUT_OK && config_key_has_file(key))
		result = find_name(source, key, "_FILE", file, fault);
	if (result != OUT_OK)
		return result;
	path = file[0] != '\0' ? look_up(source, file) : "";
	if (path[0] != '\0') {
		const char *value = plain[0] != '\0' ? look_up(source, plain)
						     : "";

		result =
		    take_file(setting, key->name, path, file, true, fault);
		if (result == OUT_OK && value[0] != '\0' &&
		    strcmp(value, setting->value) != 0)
			result = refuse_both(source, plain, file, fault);
		return result;
	}
	if (plain[0] != '\0')
		return take_value(setting, plain, look_up(source, plain),
		    describe(source, plain), fault);
	return OUT_OK;
}

/* systemd's LoadCredential=; it sees to who can read them. */
static enum outcome
resolve_credential(struct config_setting *setting,
    const struct config_key *key, struct fault *fault)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	const char *names[3] = { key->name, key->aliases[0], key->aliases[1] };
	enum outcome result = OUT_OK;
	char *path;

	if (dir == NULL || dir[0] == '\0' || !config_key_has_file(key))
		return OUT_OK;
	for (int i = 0;
	     i < 3 && names[i] != NULL && !setting->value && result == OUT_OK;
	     i++) {
		path = mem_printf("%s/%s", dir, names[i]);
		if (access(path, F_OK) == 0)
			result = take_file(setting, key->name, path,
			    "CREDENTIALS_DIRECTORY", false, fault);
		free(path);
	}
	return result;
}

/* A path that depends on where a command is started would give cron another
 * database than the prompt; "~" is the shell's and means nothing here. */
static enum outcome
check_path(const struct config_setting *setting, const char *name,
    struct fault *fault)
{
	const char *path = setting->value;

	if (path == NULL || path[0] == '\0' || path[0] == '/')
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "%s is '%s' (%s), it must be an absolute path, which begins with "
	    "'/'",
	    name, path, setting->origin);
}

enum outcome
config_setting_find(struct config_setting *setting,
    const struct config_key *key, const struct config_file *file,
    struct fault *fault)
{
	const struct source environment = { file, true };
	const struct source written = { file, false };
	enum outcome result;

	result = resolve_in(setting, &environment, key, fault);
	if (result == OUT_OK && setting->value == NULL)
		result = resolve_credential(setting, key, fault);
	if (result == OUT_OK && setting->value == NULL)
		result = resolve_in(setting, &written, key, fault);
	if (result == OUT_OK && key->kind == KEY_PATH)
		result = check_path(setting, key->name, fault);
	return result;
}
