/* SPDX-License-Identifier: MIT */
/*
 * The configuration: KEY=value lines and the environment, which wins.
 * Keys that we do not know are kept for the flow ($NAME) unless they begin
 * with LEADPIPE_ or look like a misspelt key of ours: those are refused with a
 * suggestion.  A file that others can change is refused, and one with secrets
 * that others can read.
 */
#ifndef LEADPIPE_CONFIG_H
#define LEADPIPE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct config;

/*
 * Loads FILE, or where FILE is NULL $LEADPIPE_CONFIG, else
 * /etc/leadpipe/leadpipe.env, else ./.env when the caller owns it and is not
 * root; no file at all is fine.  Registers every secret with log_secret().
 * Errors name the file, the line and the remedy (OUT_NEVER, EXIT_CONFIG or
 * EXIT_PERMISSION).  *CONFIG is released by config_close().
 */
enum outcome config_open(struct config **config, const char *file,
    struct fault *fault) must_check;

/*
 * The same for who wants to hear of everything that is wrong: each is told to
 * LISTENER, and what could be read is returned all the same; NULL only when
 * the file cannot be read at all.
 */
struct config_listener {
	void (*hear)(void *arg, const struct fault *fault);
	void *arg;
};
struct config *config_examine(const char *file,
    const struct config_listener *listener);
void config_close(struct config *config);

/*
 * The value of NAME or NULL when it is not set or empty; borrowed.  For a
 * secret also NAME_FILE and $CREDENTIALS_DIRECTORY/NAME (read when the
 * configuration was opened).  Aliases (TELEGRAM_BOT_TOKEN, REDIS_HOST) are
 * found under their first name.
 */
const char *config_get(const struct config *config, const char *name);

/* The same with a default. */
const char *config_get_or(const struct config *config, const char *name,
    const char *otherwise);

/* True when NAME is set to what must not be shown: a token, a password. */
bool config_is_secret(const struct config *config, const char *name);

/* Where NAME came from, for messages: "the environment", "FILE line N",
 * "not set"; borrowed until the next call. */
const char *config_origin(const struct config *config, const char *name);

/*
 * NAME as a whole number within MIN..MAX, OTHERWISE when not set.  Anything
 * else fills FAULT (EXIT_CONFIG, naming variable, value and range).
 */
enum outcome config_int(const struct config *config, const char *name,
    int64_t min, int64_t max, int64_t otherwise, int64_t *value,
    struct fault *fault) must_check;

/* NAME as true|false|1|0|yes|no. */
enum outcome config_bool(const struct config *config, const char *name,
    bool otherwise, bool *value, struct fault *fault) must_check;

/*
 * For who wants to hear of all that is wrong, from readers that tell the first:
 * NAME is taken for not set until config_restore().  False when it is none of
 * our settings, or not set anyway.
 */
bool config_set_aside(struct config *config, const char *name);
bool config_is_aside(const struct config *config, const char *name);
void config_restore(struct config *config);

/* The file that was read, or NULL. */
const char *config_path(const struct config *config);

#endif
