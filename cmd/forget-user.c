/* SPDX-License-Identifier: MIT */
/*
 * Deletes a person, from every row, page and file of ours.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/stop.h"
#include "ops/forget_report.h"
#include "ops/journal_place.h"
#include "ops/output.h"
#include "store/db_size.h"
#include "store/forget.h"
#include "store/forget_journal.h"

/* Every writer gets its turn within this. */
#define BEGIN_WAIT_MS 20000
#define RETRY_MS 100
#define LIFE_MS (60 * 60 * 1000)

/* To write more than this anew keeps the bot waiting for seconds. */
#define ANEW_BYTES (INT64_C(512) << 20)

static int64_t for_ms = 15000;
static bool dry_run, yes, with_leads, vacuum;

static const struct opt options[] = { { OPT_FLAG, 'n', "dry-run", NULL,
					  "only say what there is",
					  { .flag = &dry_run } },
	{ OPT_FLAG, 'y', "yes", NULL, "do it: nothing brings it back",
	    { .flag = &yes } },
	{ OPT_FLAG, 0, "with-leads", NULL,
	    "also leads that the CRM does not have yet; they are never sent",
	    { .flag = &with_leads } },
	{ OPT_SPAN, 'f', "for", "SECONDS",
	    "wait so long for a message on its way, or for who reads (15)",
	    { .number = &for_ms } },
	{ OPT_FLAG, 0, "vacuum", NULL,
	    "write a database of over 512 MB anew as well (the bot waits)",
	    { .flag = &vacuum } },
	OPT_END };

static const struct opt_command command = {
	.name = "forget-user",
	.synopsis =
	    "USER --dry-run | USER --yes [--with-leads] [--for SECONDS] "
	    "[--vacuum]",
	.summary = "Deletes everything that is held of a person, so that no "
		   "file of ours has it any more.",
	.details =
	    "USER is a chat id, the @username of somebody who wrote to the "
	    "bot, or the +phone\nor e-mail of a lead; write -- before a "
	    "negative id. What waits for them is not\nsent. Leads of nobody's "
	    "chat with their phone or e-mail count as theirs; those\n"
	    "of another chat do not. A lead that has not reached the CRM is "
	    "paid for:\nexit 69, unless --with-leads. What the CRM has is "
	    "named, to be deleted there;\nso are backups, and chats of "
	    "operators. What a group as a whole remembers stays.\n"
	    "Exit 75: a handler works for them, or a reader kept a file from "
	    "being cleaned;\nrun it again, as after a crash.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

static enum outcome
delete_rows(struct run *run, struct subject *subject)
{
	int64_t patience = clock_mono_ms() + for_ms;
	enum forget_wait wait;
	enum outcome out;

	for (;;) {
		int64_t now = clock_mono_ms();
		out = forget_delete(run->db, subject, with_leads,
		    clock_wall_ms(), now + BEGIN_WAIT_MS, &wait, &run->fault);
		if (wait != FORGET_SENDING || now >= patience || stop_wanted())
			return out;
		run->fault = (struct fault){ .what = OUT_OK };
		clock_sleep_until(now + RETRY_MS);
	}
}

/* After the rows are gone, by this run or by one that was interrupted. */
static enum outcome
clean(struct run *run, const struct subject *subject, int64_t *records)
{
	struct journal journal;
	struct db_size size;
	enum outcome out = journal_place(run, false, &journal);

	if (out == OUT_OK)
		out = forget_journal(&journal, run->db, subject, false,
		    records, &run->fault);
	db_size(run->db, &size);
	if (out == OUT_OK)
		out = forget_scrub(run->db, vacuum || size.file <= ANEW_BYTES,
		    for_ms, &run->fault);
	return out;
}

/* Somebody whom a run before this one had begun to forget. */
static enum outcome
finish_last(struct run *run)
{
	struct subject last;
	int64_t records;
	enum outcome out = OUT_OK;

	if (forget_unfinished(run->db, &last))
		out = clean(run, &last, &records);
	subject_release(&last);
	return out;
}

static enum outcome
look(struct run *run, const struct subject *subject, int64_t *records)
{
	struct journal journal;
	enum outcome out = journal_place(run, false, &journal);

	return out == OUT_OK ? forget_journal(&journal, run->db, subject, true,
				   records, &run->fault)
			     : out;
}

static void
tell(struct run *run, const json_t *report)
{
	struct buf text = BUF_INIT(16U << 20);

	forget_report_add(&text, report, run->shared.json);
	if (run->shared.json || !run->shared.quiet)
		output_flush(run, stdout, &text);
	buf_release(&text);
}

static void
forget(struct run *run, const char *user)
{
	struct subject subject = { 0 };
	json_t *report = NULL;
	int64_t records = 0;
	enum outcome out = dry_run ? OUT_OK : finish_last(run);

	if (out == OUT_OK)
		out = subject_resolve(run->db, user, &subject, &run->fault);
	if (out == OUT_OK)
		out = subject_find(run->db, &subject, &run->fault);
	if (out == OUT_OK)
		report = forget_report(run, &subject, dry_run);
	if (report != NULL) {
		out = dry_run ? look(run, &subject, &records)
			      : delete_rows(run, &subject);
		if (out == OUT_OK && !dry_run)
			out = clean(run, &subject, &records);
		json_object_set_new(report, "journal_records",
		    json_integer(records));
		/* Also when cleaning must go on: the rows are gone, and with
		 * them what the CRM calls its lead. */
		if (out == OUT_OK || forget_begun(run->db))
			tell(run, report);
	}
	json_decref(report);
	subject_release(&subject);
}

static void
forget_alone(struct run *run, const char *user)
{
	struct command_lock lock = COMMAND_LOCK_INIT;

	if (command_lock_take(run->db, command.name,
		clock_mono_ms() + BEGIN_WAIT_MS, &lock, &run->fault) == OUT_OK)
		forget(run, user);
	command_lock_drop(&lock);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);

	if (argv[first] == NULL)
		opt_usage(&command,
		    "who? give an id, @username, +phone or e-mail");
	if (dry_run == yes)
		opt_usage(&command,
		    "--dry-run shows what there is, --yes deletes it");
	if (run_begin(&run, &command, dry_run ? DB_READ : DB_WRITE,
		LIFE_MS + for_ms) != OUT_OK)
		return run_end(&run, false, NULL);
	stop_install();
	if (dry_run)
		forget(&run, argv[first]);
	else if (run_work(&run, &command, false) == OUT_OK)
		forget_alone(&run, argv[first]);
	return run_end(&run, false, NULL);
}
