/* SPDX-License-Identifier: MIT */
/*
 * Reads all of the state: is it sound, does it hold what must hold, could its
 * backups be restored?
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/progress.h"
#include "ops/backup_facts.h"
#include "ops/backup_place.h"
#include "ops/journal_compare.h"
#include "ops/journal_place.h"
#include "ops/run.h"
#include "store/backup.h"
#include "store/backup_dir.h"
#include "store/verify.h"

#define LIFE_MS (2 * 60 * 60 * 1000)

static bool full, backups;
static const char *dir;

static const struct opt options[] = {
	{ OPT_FLAG, 0, "full", NULL,
	    "compare every index with its table too (several times as long)",
	    { .flag = &full } },
	{ OPT_FLAG, 'b', "backups", NULL, "read the backups as well",
	    { .flag = &backups } },
	{ OPT_TEXT, 0, "dir", "DIR",
	    "where they are (LEADPIPE_BACKUP_DIR, else backups beside the "
	    "database)",
	    { .text = &dir } },
	OPT_END
};

static const struct opt_command command = {
	.name = "verify-state",
	.synopsis = "[--full] [--backups [--dir DIR]] | FILE...",
	.summary = "Reads the whole database and says what is wrong with it; "
		   "with FILEs, verifies these backups instead.",
	.details = "With LEADPIPE_JOURNAL_DIR the journal is held against the "
		   "database: what was\naccepted and is missing is named.\n"
		   "Exit 0: all is well, 1: something that must hold does "
		   "not, 74: damaged.\n"
		   "With --json a line each, with \"check\", \"ok\" and what "
		   "is known of it.",
	.max_operands = -1,
	.usage_exit = EXIT_USAGE,
};

static int wrong;

static void
print_json(json_t *object)
{
	char *text = json_text(object);

	puts(text);
	free(text);
	json_decref(object);
}

/* One line of what was looked at; WHY is NULL when it is well. */
static void
say(const struct run *run, const char *check, const char *what,
    const char *why)
{
	wrong += why != NULL;
	if (run->shared.json) {
		json_t *object = json_pack("{s:i s:s s:b s:s}", "schema", 1,
		    "check", check, "ok", why == NULL, "what", what);
		if (why != NULL)
			json_object_set_new(object, "why", json_string(why));
		print_json(object);
	} else if (why != NULL || !run->shared.quiet) {
		printf("%-4s %-16s %s%s%s\n", why ? "BAD" : "ok", check, what,
		    why ? ": " : "", why ? why : "");
	}
}

static enum outcome
verify_rules_all(struct run *run)
{
	enum outcome out = OUT_OK;

	for (size_t i = 0; i < verify_rule_count && out == OUT_OK; i++) {
		const struct verify_rule *rule = &verify_rules[i];
		int64_t broken, first;
		char why[128];

		out = verify_rule(run->db, rule, &broken, &first, &run->fault);
		snprintf(why, sizeof(why),
		    "not so for %lld, the first is %s "
		    "%lld",
		    (long long)broken, rule->item, (long long)first);
		if (out == OUT_OK)
			say(run, rule->name, rule->text,
			    broken > 0 ? why : NULL);
	}
	return out;
}

static void
say_facts(const struct run *run, const char *path,
    const struct backup_facts *facts)
{
	struct buf text = BUF_INIT(1024);

	say(run, "backup", path, NULL);
	backup_facts_add(&text, facts);
	if (!run->shared.quiet)
		fputs(text.data, stdout);
	buf_release(&text);
}

/* A damaged backup must not keep the others from being read. */
static enum outcome
verify_backup(struct run *run, const char *path)
{
	struct progress progress = PROGRESS_INIT(&run->shared);
	const struct backup_watch watch = { progress_go_on, &progress };
	struct backup_facts facts;
	struct fault fault = { 0 };
	enum outcome out = backup_verify(path, &watch, &facts, &fault);

	progress_end(&progress);
	if (out == OUT_LATER) {
		run->fault = fault;
		return out;
	}
	if (out == OUT_OK && run->shared.json) {
		json_t *object = backup_facts_json(path, &facts);
		json_object_set_new(object, "check", json_string("backup"));
		json_object_set_new(object, "ok", json_true());
		print_json(object);
	} else if (out == OUT_OK) {
		say_facts(run, path, &facts);
	} else {
		say(run, "backup", path, fault.text);
	}
	return OUT_OK;
}

static void
verify_dir(struct run *run)
{
	char *place = backup_place_dir(run, dir);
	struct backup_list list = { 0 };
	enum outcome out =
	    backup_dir_list(place, backup_place_bot(run), &list, &run->fault);

	for (size_t i = 0; i < list.count && out == OUT_OK; i++)
		out = verify_backup(run, list.paths[i]);
	if (out == OUT_OK && list.count == 0)
		say(run, "backup", place,
		    "there is none: 'leadpipe backup-state' makes one");
	backup_list_release(&list);
	free(place);
}

/* So many missing ones are named; the rest is a number. */
#define NAMED_MOST 50

struct absent {
	const struct run *run;
	int64_t named, first_at;
};

static void
say_missing(void *arg, const struct journal_record *record)
{
	struct absent *absent = arg;
	char what[64], at[CLOCK_TEXT_SIZE];

	if (absent->first_at == 0 || record->at < absent->first_at)
		absent->first_at = record->at;
	if (absent->named++ >= NAMED_MOST)
		return;
	snprintf(what, sizeof(what), "%s %lld of %s",
	    journal_kinds[record->kind], (long long)record->id,
	    clock_text(record->at, at));
	say(absent->run, "journal", what, "it is not in the database");
}

static void
say_tally(const struct run *run, const char *place,
    const struct journal_tally *tally, const struct absent *absent)
{
	char *what = mem_printf("%s: %lld updates, %lld leads, %lld tasks, "
				"%lld torn",
	    place, (long long)tally->records[JOURNAL_UPDATE],
	    (long long)tally->records[JOURNAL_LEAD],
	    (long long)tally->records[JOURNAL_TASK], (long long)tally->torn);
	char at[CLOCK_TEXT_SIZE], *why = NULL;

	if (tally->damaged > 0)
		why = mem_printf("%lld records are damaged, the first at %s",
		    (long long)tally->damaged, tally->where);
	else if (absent->named > 0)
		why = mem_printf("%lld are missing; 'leadpipe recover-pending "
				 "--replay-updates %s..' brings them back",
		    (long long)absent->named,
		    clock_text(absent->first_at, at));
	say(run, "journal", what, why);
	free(why);
	free(what);
}

/* What was accepted must be in both. */
static void
verify_journal(struct run *run)
{
	struct absent absent = { .run = run };
	struct journal_tally tally;
	struct journal journal;
	enum outcome out = journal_place(run, false, &journal);

	if (out != OUT_OK || journal.dir == NULL)
		return;
	out = journal_check(&journal, &run->fault);
	if (out == OUT_OK)
		out = journal_compare(run, &journal, say_missing, &absent,
		    &tally);
	if (out == OUT_OK) {
		say_tally(run, journal.dir, &tally, &absent);
	} else if (run->fault.code == EXIT_IO || out == OUT_NEVER) {
		say(run, "journal", journal.dir, run->fault.text);
		run->fault = (struct fault){ .what = OUT_OK };
	}
}

static void
verify_database(struct run *run)
{
	enum outcome out = verify_pages(run->db, full, &run->fault);

	if (out == OUT_NEVER)
		say(run, "database", db_path(run->db), run->fault.text);
	if (out != OUT_OK)
		return;
	say(run, "database", db_path(run->db), NULL);
	out = verify_rules_all(run);
	if (out == OUT_OK)
		verify_journal(run);
	if (out == OUT_OK && backups)
		verify_dir(run);
}

static void
verify_files(struct run *run, char **files)
{
	enum outcome out = OUT_OK;

	progress_listen();
	for (int i = 0; files[i] != NULL && out == OUT_OK; i++)
		out = verify_backup(run, files[i]);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);
	bool files = first < argc;

	if (files && (full || backups || dir != NULL))
		opt_usage(&command, "FILEs are verified by themselves");
	if (dir != NULL && !backups)
		opt_usage(&command, "--dir goes with --backups");
	if (files) {
		if (run_begin_bare(&run, &command, LIFE_MS) == OUT_OK)
			verify_files(&run, argv + first);
	} else if (run_begin(&run, &command, DB_READ, LIFE_MS) == OUT_OK) {
		verify_database(&run);
	}
	return run_end(&run, wrong > 0, NULL);
}
