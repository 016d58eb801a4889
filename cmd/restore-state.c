/* SPDX-License-Identifier: MIT */
/*
 * A backup becomes the state; what it would do again waits to be asked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/plural.h"
#include "base/progress.h"
#include "ops/backup_facts.h"
#include "ops/run.h"
#include "store/restore.h"

#define LIFE_MS (60 * 60 * 1000)

static int64_t wait_ms;
static bool dry_run;

static const struct opt options[] = {
	{ OPT_SPAN, 0, "wait", "SECONDS",
	    "wait for running commands to end; new ones wait meanwhile (0)",
	    { .number = &wait_ms } },
	{ OPT_FLAG, 'n', "dry-run", NULL,
	    "read the backup and say what would be on hold",
	    { .flag = &dry_run } },
	OPT_END
};

static const struct opt_command command = {
	.name = "restore-state",
	.synopsis = "[--wait SECONDS] [--dry-run] FILE",
	.summary = "Puts the backup FILE in the place of the database, which "
		   "is kept aside.",
	.details =
	    "What was due when the backup was made, or is by now, may have "
	    "been done since:\nit is on hold until recover-pending --release "
	    "asks for it. What came in after\nthe backup is only in the "
	    "database that was put aside.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

static void
tell_json(const char *file, const struct restored *restored)
{
	json_t *object = backup_facts_json(file, &restored->facts);
	const struct hold_counts *held = &restored->held;

	json_object_set_new(object, "held",
	    json_pack("{s:I s:I s:I s:I s:I}", "messages",
		(json_int_t)held->messages, "tasks", (json_int_t)held->tasks,
		"handlers", (json_int_t)held->execs, "updates",
		(json_int_t)held->updates, "leads", (json_int_t)held->leads));
	json_object_set_new(object, "broadcasts_paused",
	    json_integer(held->broadcasts));
	if (restored->aside != NULL)
		json_object_set_new(object, "aside",
		    json_string(restored->aside));
	json_object_set_new(object, "tokens_kept",
	    json_integer(restored->carried.tokens));
	json_object_set_new(object, "tokens_doubtful",
	    json_integer(restored->carried.refreshes));
	json_object_set_new(object, "dry_run", json_boolean(dry_run));
	char *text = json_text(object);
	puts(text);
	free(text);
	json_decref(object);
}

static void
tell_held(const struct hold_counts *held)
{
	if (held->messages + held->tasks + held->execs + held->updates +
		held->leads ==
	    0) {
		printf("nothing was due: nothing %s on hold\n",
		    dry_run ? "would be" : "is");
		return;
	}
	printf(
	    "%lld message%s, %lld task%s, %lld handler%s, %lld update%s and "
	    "%lld lead%s %s on hold:\nthey may have been done after the "
	    "backup.\n",
	    (long long)held->messages, plural(held->messages),
	    (long long)held->tasks, plural(held->tasks),
	    (long long)held->execs, plural(held->execs),
	    (long long)held->updates, plural(held->updates),
	    (long long)held->leads, plural(held->leads),
	    dry_run ? "would be" : "are");
	if (!dry_run)
		puts(
		    "  see them:           leadpipe recover-pending --list\n"
		    "  do them after all:  leadpipe recover-pending --release");
}

static void
tell_broadcasts(int64_t count)
{
	if (count > 0)
		printf("%lld broadcast%s %s paused: how many got it after the "
		       "backup is not known;\n'leadpipe send-broadcast "
		       "--list' shows them\n",
		    (long long)count, plural(count),
		    dry_run	     ? "would be"
			: count == 1 ? "is"
				     : "are");
}

static void
tell_tokens(const struct carried *carried)
{
	if (carried->tokens > 0)
		puts("the newer CRM token of the old database is kept");
	if (carried->refreshes > 0)
		puts("The CRM token is that of the backup and may be used up: "
		     "when sync-crm is not\nlet in, 'leadpipe authorize-crm' "
		     "is needed.");
}

/* Two minutes earlier: what the backup has is known and stays as it is. */
static void
tell_journal(const struct run *run, const struct backup_facts *facts)
{
	char since[CLOCK_TEXT_SIZE];

	if (config_get(run->config, "LEADPIPE_JOURNAL_DIR") == NULL)
		return;
	clock_text(facts->as_of > 120000 ? facts->as_of - 120000 : 0, since);
	printf("The journal has what came in:\n"
	       "  leadpipe recover-pending --replay-updates %s.. --dry-run\n",
	    since);
}

static void
tell_facts(const struct backup_facts *facts)
{
	struct buf text = BUF_INIT(1024);

	backup_facts_add(&text, facts);
	fputs(text.data, stdout);
	buf_release(&text);
}

/* Said also when stdout is no terminal: whoever restores has to know it. */
static void
tell(const struct run *run, const char *file, const struct restored *restored)
{
	if (run->shared.json) {
		tell_json(file, restored);
		return;
	}
	if (run->shared.quiet)
		return;
	printf("%s %s\n", dry_run ? "would restore" : "restored", file);
	tell_facts(&restored->facts);
	if (restored->aside != NULL)
		printf("the old database is in %s\n", restored->aside);
	tell_tokens(&restored->carried);
	tell_held(&restored->held);
	tell_broadcasts(restored->held.broadcasts);
	if (dry_run)
		return;
	puts("What came in, went out or was cancelled after the "
	     "backup is not known to this database.");
	tell_journal(run, &restored->facts);
}

static void
restore(struct run *run, const char *file)
{
	struct progress progress = PROGRESS_INIT(&run->shared);
	const struct backup_watch watch = { progress_go_on, &progress };
	struct restore wanted = {
		.backup = file,
		.bot_id = run_bot_id(run),
		.deadline = clock_mono_ms() + wait_ms,
		.dry_run = dry_run,
		.watch = &watch,
	};
	struct restored restored = { 0 };
	char *path;
	enum outcome out = run_own_db(run, &path);

	wanted.path = path;
	if (out == OUT_OK && !wanted.dry_run)
		out = run_make_home(run, path);
	if (out == OUT_OK)
		out = restore_state(&wanted, &restored, &run->fault);
	progress_end(&progress);
	if (out == OUT_OK)
		tell(run, file, &restored);
	free(restored.aside);
	free(path);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);

	if (argv[first] == NULL)
		opt_usage(&command, "which backup? give its file");
	if (run_begin_bare(&run, &command, LIFE_MS + wait_ms) == OUT_OK) {
		progress_listen();
		restore(&run, argv[first]);
	}
	return run_end(&run, false, NULL);
}
