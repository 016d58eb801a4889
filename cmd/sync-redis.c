/* SPDX-License-Identifier: MIT */
/*
 * Exchanges with Redis what nobody waits for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"
#include "base/stop.h"
#include "ops/history_import.h"
#include "ops/redis_exchange.h"
#include "ops/run.h"

#define GRACE_MS 30000

/* Whoever imports a history has time. */
#define IMPORT_MS (60 * 60 * 1000)

static const char *source;

static const struct opt options[] = {
	{ OPT_TEXT, 0, "import-history", "KEY|FILE",
	    "messages of another program: keys such as chat:{user}:messages, "
	    "or NDJSON (- is stdin)",
	    { .text = &source } },
	OPT_END
};

static const struct opt_command command = {
	.name = "sync-redis",
	.synopsis = "[--import-history KEY|FILE]",
	.summary = "Exchanges with Redis what nobody waits for: leads and "
		   "tasks of other programs in, dialogs both ways, the "
		   "mirror out; within 5 seconds.",
	.details = "What is left the next run goes on with. A message to "
		   "import is a JSON object\nwith role, text and time (and "
		   "user, in a file); the same once more adds nothing.",
	.usage_exit = EXIT_USAGE,
};

static void
tell_import(const struct run *run, const struct history_import *n)
{
	if (run->shared.json)
		printf("{\"schema\":1,\"added\":%lld,\"known\":%lld,"
		       "\"refused\":%lld,\"keys\":%lld}\n",
		    (long long)n->added, (long long)n->known,
		    (long long)n->refused, (long long)n->chats);
	else if (!run->shared.quiet)
		printf("%lld message%s added, %lld known already, "
		       "%lld refused\n",
		    (long long)n->added, plural(n->added), (long long)n->known,
		    (long long)n->refused);
}

static bool
is_key(const char *text)
{
	return strstr(text, "{user}") != NULL ||
	    strstr(text, "{chat}") != NULL || strstr(text, "{id}") != NULL;
}

static enum outcome
import(struct run *run, struct redis *redis)
{
	struct history_import counts = { 0 };
	enum outcome out;

	if (is_key(source) && redis == NULL)
		return fault_set(&run->fault, OUT_NEVER, EXIT_CONFIG,
		    "no Redis is configured: set REDIS_URL");
	redis_end_by(redis, clock_mono_ms() + IMPORT_MS);
	stop_install();
	out = is_key(source)
	    ? history_import_redis(run, redis, source, &counts)
	    : history_import_file(run, source, &counts);
	tell_import(run, &counts);
	if (out == OUT_OK && counts.refused > 0)
		return fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "%lld message%s refused", (long long)counts.refused,
		    counts.refused == 1 ? " was" : "s were");
	return out;
}

static void
tell_people(const struct redis *redis, const struct redis_exchange *done)
{
	if (redis != NULL)
		redis_exchange_say(done, stdout);
	else
		puts("no Redis is configured: set REDIS_URL");
}

static enum outcome
exchange(struct run *run, struct redis *redis, char **counts)
{
	struct redis_exchange done = { 0 };
	enum outcome out = redis_exchange(run, redis, &done);

	*counts = redis_exchange_counts(&done);
	if (redis != NULL)
		log_event(LOG_INFO, "sync_completed",
		    "users=%lld leads=%lld "
		    "tasks_in=%lld tasks_out=%lld dialogs_in=%lld "
		    "dialogs_out=%lld more=%d",
		    (long long)done.users, (long long)done.leads,
		    (long long)done.tasks_in, (long long)done.tasks_out,
		    (long long)done.dialogs_in, (long long)done.dialogs_out,
		    done.more);
	if (run->shared.json)
		printf("{\"schema\":1,%s\n", *counts + 1);
	else if (isatty(STDOUT_FILENO) && !run->shared.quiet && out == OUT_OK)
		tell_people(redis, &done);
	return out;
}

static enum outcome
sync_alone(struct run *run, char **counts)
{
	struct command_lock lock = COMMAND_LOCK_INIT;
	struct redis *redis = NULL;
	/* A long import keeps nobody from the rest. */
	enum outcome out = command_lock_take(run->db,
	    source ? "import-history" : "redis", clock_mono_ms(), &lock,
	    &run->fault);

	if (lock.busy && source == NULL) {
		log_event(LOG_INFO, "already_running", NULL);
		run->fault = (struct fault){ .what = OUT_OK };
		return OUT_OK;
	}
	if (out == OUT_OK)
		out = run_work(run, &command, false);
	if (out == OUT_OK)
		out = redis_open(&redis, run->db, run->config, REDIS_SYNC,
		    &run->fault);
	if (out == OUT_OK)
		out = source ? import(run, redis)
			     : exchange(run, redis, counts);
	redis_close(redis);
	command_lock_drop(&lock);
	return out;
}

int
main(int argc, char **argv)
{
	struct run run = { .worker = WORKER_INIT, .recurs = true };
	char *counts = NULL;

	opt_parse(&command, options, &run.shared, argc, argv);
	if (run_begin(&run, &command, DB_WRITE,
		source ? IMPORT_MS + GRACE_MS : GRACE_MS) == OUT_OK)
		(void)!sync_alone(&run, &counts);
	int code = run_end(&run, false, counts);
	free(counts);
	return code;
}
