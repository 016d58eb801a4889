/* SPDX-License-Identifier: MIT */
/*
 * The names that a configuration may hold.  Inside lib/base only.
 */
#ifndef LEADPIPE_CONFIG_KEY_H
#define LEADPIPE_CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>

enum config_kind {
	KEY_PLAIN,
	KEY_PATH,    /* absolute: cron and systemd start elsewhere */
	KEY_SECRET,  /* the whole value */
	KEY_URL,     /* the whole value, and its path by itself */
	KEY_USERINFO /* user:password@ in a URL */
};

struct config_key {
	const char *name, *aliases[2];
	enum config_kind kind;
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/* The key that NAME means, by its own name or an alias; NULL for others. */
const struct config_key *config_key_find(const char *name);

/* True when KEY may be given as a file, by KEY_FILE. */
bool config_key_has_file(const struct config_key *key);

/* The known name that NAME looks like, or NULL. */
const char *config_key_suggest(const char *name);

/* True when NAME is refused: an unknown LEADPIPE_ name, or one that looks
 * misspelt (in a file: the environment holds what is not ours). */
bool config_key_is_wrong(const char *name, bool in_file);

/* True when VALUE of NAME (known or not) must not be read by others. */
bool config_key_is_secret(const char *name, const char *value);

/* Registers what is secret in VALUE with log_secret(). */
void config_key_hide(const char *name, const char *value);

#endif
