/* SPDX-License-Identifier: MIT */
/*
 * Take a planned task back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "ops/run.h"
#include "ops/sharing.h"
#include "store/task_cancel.h"
#include "store/tasks.h"

#define LIFE_MS 60000
#define WAIT_MS 30000

static const char *user;
static bool dry_run;

static const struct opt options[] = {
	{ OPT_TEXT, 'u', "user", "USER",
	    "whose task of that name: a chat id or @username",
	    { .text = &user } },
	{ OPT_FLAG, 'n', "dry-run", NULL, "only say what would be cancelled",
	    { .flag = &dry_run } },
	OPT_END
};

static const struct opt_command command = {
	.name = "cancel-task",
	.synopsis = "ID | NAME --user USER [--dry-run]",
	.summary = "Takes a planned task back, also when it is due and its "
		   "message still waits to be sent.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

static enum outcome
cancel_named(struct run *run, const char *name, int *count)
{
	int64_t chat_id;
	enum outcome out = run_user(run, user, &chat_id);

	if (out == OUT_OK)
		out = tasks_cancel(run->db, chat_id, name, NULL,
		    clock_wall_ms(), count, &run->fault);
	if (out == OUT_OK && *count == 0)
		out = fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "chat %lld has no task '%.64s' waiting; 'leadpipe "
		    "list-tasks --user %lld' shows what waits",
		    (long long)chat_id, name, (long long)chat_id);
	return out;
}

static enum outcome
cancel(struct run *run, const char *what, int64_t id, int *count)
{
	enum outcome out =
	    db_begin(run->db, clock_mono_ms() + WAIT_MS, &run->fault);

	*count = 1;
	if (out == OUT_OK)
		out = user != NULL ? cancel_named(run, what, count)
				   : tasks_cancel_id(run->db, id,
					 clock_wall_ms(), &run->fault);
	if (out == OUT_OK && !dry_run)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	return out;
}

static void
tell(const struct run *run, int count)
{
	if (run->shared.json)
		printf("{\"schema\":1,\"cancelled\":%d,\"dry_run\":%s}\n",
		    count, dry_run ? "true" : "false");
	else if (dry_run)
		printf("%d would be cancelled\n", count);
	else if (isatty(STDOUT_FILENO) && !run->shared.quiet)
		printf("%d cancelled\n", count);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);
	const char *what = argv[first];
	char *end = NULL;
	int count;

	if (what == NULL)
		opt_usage(&command,
		    "which task? give its id, or its name and "
		    "--user");
	int64_t id = strtoll(what, &end, 10);
	if (user == NULL && (*end != '\0' || id <= 0))
		opt_usage(&command, "'%s' is no task id; a name needs --user",
		    what);
	if (run_begin(&run, &command, DB_WRITE, LIFE_MS) == OUT_OK &&
	    (dry_run || run_work(&run, &command, false) == OUT_OK) &&
	    cancel(&run, what, id, &count) == OUT_OK) {
		tell(&run, count);
		if (!dry_run)
			(void)!sharing_follow(&run);
	}
	return run_end(&run, false, NULL);
}
