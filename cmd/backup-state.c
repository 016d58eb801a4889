/* SPDX-License-Identifier: MIT */
/*
 * A copy of the state, made while the bot works.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/progress.h"
#include "ops/backup_facts.h"
#include "ops/backup_place.h"
#include "ops/run.h"
#include "store/backup.h"
#include "store/backup_dir.h"

#define LIFE_MS (60 * 60 * 1000)

/* Another backup of the same bot under way is waited for this long. */
#define WAIT_MS 5000

/* What --keep is when it is not given. */
#define KEEP_ASKED (-1)

static const char *dir;
static int64_t keep = KEEP_ASKED;

static const struct opt options[] = {
	{ OPT_TEXT, 0, "dir", "DIR",
	    "where backups are kept (LEADPIPE_BACKUP_DIR, else backups beside "
	    "the database)",
	    { .text = &dir } },
	{ OPT_NUMBER, 'k', "keep", "N",
	    "keep the newest N there, 0: all (LEADPIPE_KEEP_BACKUPS, else 7)",
	    { .number = &keep } },
	OPT_END
};

static const struct opt_command command = {
	.name = "backup-state",
	.synopsis = "[--dir DIR] [--keep N] | FILE",
	.summary = "Copies the state while the bot works, verifies the copy, "
		   "and only then gives it its name.",
	.details = "With FILE, which must not exist, no other backup is "
		   "touched.\n"
		   "Put one on another machine now and then: a disk takes its "
		   "backups with it.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

static void
tell_people(const char *path, const struct backup_facts *facts, int removed)
{
	struct buf text = BUF_INIT(4096);

	buf_printf(&text, "backed up to %s\n", path);
	backup_facts_add(&text, facts);
	if (removed > 0)
		buf_printf(&text, "removed %d older backups\n", removed);
	fputs(text.data, stdout);
	buf_release(&text);
}

static void
tell(const struct run *run, const char *path, const struct backup_facts *facts,
    int removed)
{
	if (run->shared.json) {
		json_t *object = backup_facts_json(path, facts);
		json_object_set_new(object, "removed", json_integer(removed));
		char *text = json_text(object);
		puts(text);
		free(text);
		json_decref(object);
	} else if ((isatty(STDOUT_FILENO) && !run->shared.quiet) ||
	    run->shared.verbose > 0) {
		tell_people(path, facts, removed);
	}
}

/* A directory that others can read gives away what the files do not: how much
 * there is.  One that is there is its owner's business. */
static enum outcome
make_dir(const char *path, struct fault *fault)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return OUT_OK;
	return file_make_path(path, "", fault);
}

static enum outcome
backup_into(struct run *run, const char *into, int64_t most,
    struct backup_facts *facts, int *removed, char **path)
{
	int64_t bot_id = backup_place_bot(run);
	struct progress progress = PROGRESS_INIT(&run->shared);
	const struct backup_watch watch = { progress_go_on, &progress };
	enum outcome out = make_dir(into, &run->fault);

	if (out == OUT_OK)
		out = backup_dir_sweep(into, bot_id, &run->fault);
	*path = backup_dir_path(into, bot_id, clock_wall_ms());
	if (out == OUT_OK)
		out = backup_write(run->db, *path, &watch, facts, &run->fault);
	progress_end(&progress);
	if (out == OUT_OK && most > 0)
		out = backup_dir_rotate(into, bot_id, (size_t)most, removed,
		    &run->fault);
	return out;
}

static enum outcome
backup_to(struct run *run, const char *file, struct backup_facts *facts)
{
	struct progress progress = PROGRESS_INIT(&run->shared);
	const struct backup_watch watch = { progress_go_on, &progress };
	enum outcome out =
	    backup_write(run->db, file, &watch, facts, &run->fault);

	progress_end(&progress);
	return out;
}

static void
back_up(struct run *run, const char *file)
{
	struct command_lock lock = COMMAND_LOCK_INIT;
	struct backup_facts facts = { 0 };
	char *into = NULL, *path = NULL;
	int64_t most = keep;
	int removed = 0;
	enum outcome out = command_lock_take(run->db, command.name,
	    clock_mono_ms() + WAIT_MS, &lock, &run->fault);

	if (out == OUT_OK && file != NULL) {
		path = mem_dup(file);
		out = backup_to(run, file, &facts);
	} else if (out == OUT_OK) {
		into = backup_place_dir(run, dir);
		if (keep == KEEP_ASKED)
			out = backup_place_keep(run, &most);
		if (out == OUT_OK)
			out = backup_into(run, into, most, &facts, &removed,
			    &path);
	}
	if (out == OUT_OK)
		tell(run, path, &facts, removed);
	command_lock_drop(&lock);
	free(into);
	free(path);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);
	const char *file = argv[first];

	if (file != NULL && (dir != NULL || keep != KEEP_ASKED))
		opt_usage(&command,
		    "--dir and --keep are for a directory of backups; FILE is "
		    "one by itself");
	if (file != NULL && (*file == '\0' || file[strlen(file) - 1] == '/'))
		opt_usage(&command,
		    "'%s' names no file; --dir DIR is for a "
		    "directory",
		    file);
	if (run_begin(&run, &command, DB_READ, LIFE_MS) == OUT_OK) {
		progress_listen();
		back_up(&run, file);
	}
	return run_end(&run, false, NULL);
}
