/* SPDX-License-Identifier: MIT */
#include "ops/run.h"

#include <errno.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "shared/redis_address.h"
#include "store/chats.h"
#include "store/schema_lock.h"
#include "telegram/token.h"

/* How long the first transaction of a run waits for the others. */
#define BEGIN_WAIT_MS 20000

char *
run_db_path(const struct run *run)
{
	const char *state = getenv("STATE_DIRECTORY");
	const char *home = getenv("HOME");

	if (run->shared.db_file != NULL)
		return mem_dup(run->shared.db_file);
	if (config_get(run->config, "DATABASE_PATH") != NULL)
		return mem_dup(config_get(run->config, "DATABASE_PATH"));
	if (state != NULL && *state != '\0')
		return mem_printf("%s/leadpipe.db", state);
	if (home == NULL || *home == '\0') {
		/* cppcheck-suppress getpwuidCalled; no thread runs yet */
		const struct passwd *user = getpwuid(geteuid());
		home = user ? user->pw_dir : "/";
	}
	return mem_printf("%s/.local/state/leadpipe/leadpipe.db", home);
}

bool
run_db_chosen(const struct run *run)
{
	return run->shared.db_file != NULL ||
	    config_get(run->config, "DATABASE_PATH") != NULL;
}

static enum outcome
start_log(struct run *run, const struct opt_command *command)
{
	bool dev = false;
	enum outcome out =
	    config_bool(run->config, "DEV_MODE", false, &dev, &run->fault);
	struct log_options options = { .format = run->shared.log_format,
		.level = LOG_WARNING,
		.command = command->name,
		.run = (uint64_t)id_random() };

	if (run->shared.quiet)
		options.level = LOG_ERROR;
	else if (run->shared.verbose > 1)
		options.level = LOG_DEBUG;
	else if (run->shared.verbose > 0 || dev)
		options.level = LOG_INFO;
	log_setup(&options);
	return out;
}

void
run_prepare(const struct run *run, const struct opt_command *command,
    int64_t life_ms)
{
	const struct log_options early = { .format = run->shared.log_format,
		.level = LOG_WARNING,
		.command = command->name };

	file_sanitize_process();
	/* A document that finds no memory must not count as a broken one. */
	json_set_alloc_funcs(mem_alloc, free);
	log_setup(&early);
	stop_hard_at(clock_mono_ms() + life_ms);
}

enum outcome
run_begin_bare(struct run *run, const struct opt_command *command,
    int64_t life_ms)
{
	enum outcome out;

	run_prepare(run, command, life_ms);
	out = config_open(&run->config, run->shared.config_file, &run->fault);
	if (out == OUT_OK)
		out = start_log(run, command);
	return out;
}

/* The directory that a path is in. */
static char *
dir_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_dup(".");
	return slash == path ? mem_dup("/")
			     : mem_dup_n(path, (size_t)(slash - path));
}

/* Who uses it says whether it answered. */
static void
tell_redis(const struct run *run)
{
	struct redis_address address;
	struct fault fault;
	char text[400];

	if (!log_wants(LOG_INFO))
		return;
	if (redis_address_read(&address, run->config, &fault) != OUT_OK ||
	    redis_address_check(run->config, &fault) != OUT_OK)
		snprintf(text, sizeof(text), "redis: %s", fault.text);
	else if (address.setting != NULL)
		snprintf(text, sizeof(text), "redis: configured via %s",
		    address.setting);
	else
		snprintf(text, sizeof(text),
		    "redis: not configured, local state only");
	redis_address_release(&address);
	log_event(LOG_INFO, "redis", "text=%s", log_quote(text));
}

static void
tell_surroundings(const struct run *run, const char *path)
{
	const char *file = config_path(run->config);

	log_event(LOG_INFO, "run_started", "db=%s config=%s flow=%s",
	    log_quote(path), log_quote(file ? file : "none"),
	    log_quote(
		config_get_or(run->config, "FLOW_FILE", "in the database")));
	tell_redis(run);
}

enum outcome
run_own_db(struct run *run, char **path)
{
	*path = run_db_path(run);
	char *dir = dir_of(*path);
	enum outcome out = file_become_owner(dir, &run->fault);

	if (out == OUT_OK)
		tell_surroundings(run, *path);
	free(dir);
	return out;
}

int64_t
run_bot_id(const struct run *run)
{
	const char *token = config_get(run->config, "BOT_TOKEN");

	return token != NULL ? telegram_bot_id(token) : 0;
}

enum outcome
run_make_home(struct run *run, const char *path)
{
	if (run_db_chosen(run))
		return OUT_OK;
	char *dir = dir_of(path);
	enum outcome out = file_make_path(dir, "leadpipe.db", &run->fault);
	free(dir);
	return out;
}

/* Whoever meant another path sees it now, and not when the leads are missed. */
static void
tell_new(const struct run *run)
{
	if (isatty(STDERR_FILENO) && !run->shared.quiet)
		log_warning("created new state '%s'", db_path(run->db));
	else
		log_event(LOG_INFO, "state_created", "db=%s",
		    log_quote(db_path(run->db)));
}

enum outcome
run_open_db_by(struct run *run, enum db_mode mode, int64_t deadline)
{
	char *path;
	enum outcome out = run_own_db(run, &path);

	if (out == OUT_OK && mode == DB_CREATE)
		out = run_make_home(run, path);
	if (out == OUT_OK)
		out = db_open_by(&run->db, path, mode, run_bot_id(run),
		    deadline, &run->fault);
	log_service("database", out == OUT_OK, "text=%s",
	    log_quote(run->fault.text));
	if (out == OUT_OK && db_is_new(run->db))
		tell_new(run);
	free(path);
	return out;
}

enum outcome
run_open_db(struct run *run, enum db_mode mode)
{
	return run_open_db_by(run, mode,
	    clock_mono_ms() + SCHEMA_LOCK_WAIT_MS);
}

/* Nobody starts a command again that a person or a webhook started once. */
static void
say_last(const struct run *run, const struct opt_command *command,
    enum db_mode mode)
{
	char line[160];

	snprintf(line, sizeof(line), "leadpipe %s: hard lifetime reached%s\n",
	    command->name,
	    run->recurs		  ? ", the next run goes on"
		: mode == DB_READ ? ": run it again"
				  : ": see whether it was done before you "
				    "run it again");
	stop_hard_say(STDERR_FILENO, line, EXIT_LATER);
}

enum outcome
run_begin(struct run *run, const struct opt_command *command,
    enum db_mode mode, int64_t life_ms)
{
	enum outcome out;

	say_last(run, command, mode);
	/* Waiting for a migration is not what the command has to do. */
	out = run_begin_bare(run, command, SCHEMA_LOCK_WAIT_MS + life_ms);
	if (out == OUT_OK)
		out = run_open_db(run, mode);
	stop_hard_at(clock_mono_ms() + life_ms);
	return out;
}

enum outcome
run_work(struct run *run, const struct opt_command *command, bool steps)
{
	struct recovered recovered;
	enum outcome out = worker_begin(run->db, &run->worker, command->name,
	    steps, clock_mono_ms() + BEGIN_WAIT_MS, &recovered, &run->fault);

	if (out == OUT_OK && recovered.workers > 0)
		log_event(LOG_INFO, "recovered",
		    "workers=%d ambiguous=%d crashed_runs=%d",
		    recovered.workers, recovered.ambiguous,
		    recovered.crashed_runs);
	return out;
}

static int
exit_of(const struct run *run, bool dead)
{
	if (run->fault.what != OUT_OK)
		return run->fault.code ? (int)run->fault.code : EXIT_BUG;
	return dead ? EXIT_DEAD : EXIT_DONE;
}

int
run_end(struct run *run, bool dead, const char *counts)
{
	/* A reader that went away (list-tasks | head) is no failure. */
	if (fflush(stdout) != 0 && errno != EPIPE && run->fault.what == OUT_OK)
		fault_set(&run->fault, OUT_LATER, EXIT_IO,
		    "cannot write to stdout: %s", strerror(errno));
	int code = exit_of(run, dead);
	if (run->fault.what != OUT_OK)
		log_fault(&run->fault);
	if (run->db != NULL) {
		worker_end(run->db, &run->worker, code,
		    counts ? counts : "{}");
		db_close(run->db);
	}
	log_event(LOG_INFO, "run_finished", "exit=%d", code);
	log_finish();
	config_close(run->config);
	return code;
}

enum outcome
run_user(struct run *run, const char *user, int64_t *chat_id)
{
	return chats_resolve(run->db, user, chat_id, &run->fault);
}
