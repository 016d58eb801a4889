/* SPDX-License-Identifier: MIT */
/*
 * What was interrupted goes back to its queue; what waits for a human is
 * listed, and mended by hand.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "ops/lead_import.h"
#include "ops/pending_text.h"
#include "ops/run.h"
#include "store/mend.h"
#include "store/worker_life.h"

#define LIFE_MS 60000

/* Whoever pages through a list, or mends all, takes his time. */
#define LONG_LIFE_MS (60 * 60 * 1000)

/* What is printed at a time; meanwhile no checkpoint must wait for us. */
#define PAGE_BYTES 65536
#define BEGIN_WAIT_MS 20000

/* All that is printed after a commit: a line for each item. */
#define OUTPUT_MAX (64U << 20)

static bool list, show, retry, drop, sent, resend, all, dry_run;
static const char *import_file;

static const struct opt options[] = {
	{ OPT_FLAG, 'l', "list", "[KIND]",
	    "what waits for a decision: update, message, task, lead or exec; "
	    "'dropped': the leads that were",
	    { .flag = &list } },
	{ OPT_FLAG, 0, "show", "ID", "all that is known of one",
	    { .flag = &show } },
	{ OPT_FLAG, 0, "retry", "ID...|--all",
	    "do again what surely was not done", { .flag = &retry } },
	{ OPT_FLAG, 0, "drop", "ID...", "it is not wanted any more",
	    { .flag = &drop } },
	{ OPT_FLAG, 0, "sent", "ID...",
	    "a message or lead of which it is not known did arrive, once",
	    { .flag = &sent } },
	{ OPT_FLAG, 0, "resend", "ID...",
	    "send it again, although it may have arrived",
	    { .flag = &resend } },
	{ OPT_TEXT, 0, "import", "FILE",
	    "leads lost elsewhere, as CSV or NDJSON (- is stdin, CSV)",
	    { .text = &import_file } },
	{ OPT_FLAG, 0, "all", NULL, "with --retry: everything it applies to",
	    { .flag = &all } },
	{ OPT_FLAG, 'n', "dry-run", NULL, "say what would be done",
	    { .flag = &dry_run } },
	OPT_END
};

static const struct opt_command command = {
	.name = "recover-pending",
	.synopsis = "[--list [KIND] | --show ID | --retry ID...|--all | "
		    "--drop ID... | --sent ID... | --resend ID... | "
		    "--import FILE] [--dry-run]",
	.summary = "Puts what dead commands left behind back to its queue; "
		   "lists and mends what failed.",
	.details =
	    "An ID is written message:17, update:3, task:5 or lead:2; a "
	    "bare number is a\nmessage. Several are mended together or "
	    "not at all. A dropped lead comes back\nwith --retry. "
	    "--import doubles nobody: who is known by the same text, "
	    "phone,\ne-mail or Telegram id joins the lead that is "
	    "there.",
	.max_operands = -1,
	.usage_exit = EXIT_USAGE,
};

static void
tell_recovered(const struct run *run, const struct recovered *found)
{
	if (run->shared.json)
		printf("{\"schema\":1,\"workers\":%d,\"ambiguous\":%d,"
		       "\"handlers\":%d,\"leads_unknown\":%d,"
		       "\"leads_requeued\":%d,\"crashed_runs\":%d,"
		       "\"dry_run\":%s}\n",
		    found->workers, found->ambiguous, found->execs,
		    found->unknown, found->requeued, found->crashed_runs,
		    dry_run ? "true" : "false");
	if (run->shared.json || found->workers == 0 || run->shared.quiet)
		return;
	printf("%s of %d dead commands: %d messages that were being sent are "
	       "ambiguous, %d handlers run again\n",
	    dry_run ? "would free the work" : "freed the work", found->workers,
	    found->ambiguous, found->execs);
	if (found->unknown + found->requeued > 0)
		printf("leads: %d may be in the CRM and are searched for, %d "
		       "are sent again\n",
		    found->unknown, found->requeued);
}

static void
recover(struct run *run)
{
	struct recovered found = { 0 };
	enum outcome out;

	if (dry_run) {
		out = worker_survey(run->db, &found, &run->fault);
	} else {
		out = db_begin(run->db, clock_mono_ms() + BEGIN_WAIT_MS,
		    &run->fault);
		if (out == OUT_OK)
			out =
			    worker_recover(run->db, NULL, &found, &run->fault);
		if (out == OUT_OK)
			out = db_commit(run->db, &run->fault);
		db_rollback(run->db);
	}
	if (out == OUT_OK)
		tell_recovered(run, &found);
}

static void
tell_imported(const struct run *run, const struct lead_import *import)
{
	if (run->shared.json)
		printf("{\"schema\":1,\"added\":%lld,\"joined\":%lld,"
		       "\"known\":%lld,\"refused\":%lld,\"dry_run\":%s}\n",
		    (long long)import->added, (long long)import->joined,
		    (long long)import->known, (long long)import->refused,
		    dry_run ? "true" : "false");
	else if (!run->shared.quiet)
		printf(
		    "%lld leads %s, %lld %s, %lld are known, %lld lines are "
		    "no leads\n",
		    (long long)import->added,
		    dry_run ? "would be added" : "are added",
		    (long long)import->joined,
		    dry_run ? "would join others" : "joined others",
		    (long long)import->known, (long long)import->refused);
}

static void
import_leads(struct run *run)
{
	struct lead_import import;
	enum outcome out;

	stop_install();
	out = lead_import(run, import_file, dry_run, &import);
	if (out == OUT_OK || import.added + import.joined > 0)
		tell_imported(run, &import);
	if (out == OUT_OK && import.refused > 0)
		run->fault.what = fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "%lld lines of '%s' are no leads: mend them and import "
		    "it again",
		    (long long)import.refused, import_file);
}

/* False when nobody reads on. */
static bool
print_page(struct run *run, struct buf *text)
{
	fwrite(text->data, 1, text->len, stdout);
	buf_clear(text);
	if (fflush(stdout) == 0)
		return true;
	if (errno != EPIPE)
		fault_set(&run->fault, OUT_LATER, EXIT_IO,
		    "cannot write to stdout: %s", strerror(errno));
	return false;
}

/* A list may be long, and its reader slow. */
static void
print_list(struct run *run, const char *kind)
{
	struct buf text = BUF_INIT(OUTPUT_MAX);
	struct pending_list rows = { 0 };
	struct pending row;
	bool any = false, read = true;

	while (read && pending_next(run->db, &rows, kind, 0, &row)) {
		if (run->shared.json) {
			pending_json(&text, &row);
		} else {
			if (!any)
				pending_head(&text);
			pending_row(&text, &row);
		}
		any = true;
		if (text.len >= PAGE_BYTES) {
			pending_pause(&rows);
			read = print_page(run, &text);
		}
	}
	if (read && text.len > 0)
		read = print_page(run, &text);
	buf_release(&text);
	if (read && db_result(run->db, &run->fault) == OUT_OK && !any &&
	    !run->shared.json && !run->shared.quiet)
		puts("nothing waits for a decision");
}

static void
print_one(struct run *run, const struct item_name *item)
{
	struct buf text = BUF_INIT(OUTPUT_MAX);
	struct pending_list rows = { 0 };
	struct pending row;

	if (!pending_next(run->db, &rows, item->kind, item->id, &row)) {
		if (db_result(run->db, &run->fault) == OUT_OK)
			run->fault.what = fault_set(&run->fault, OUT_NEVER,
			    EXIT_INPUT,
			    "%s %lld does not wait for a decision; "
			    "recover-pending --list %s shows what does",
			    item->kind, (long long)item->id, item->kind);
		return;
	}
	if (run->shared.json)
		pending_json(&text, &row);
	else
		pending_page(&text, &row);
	fputs(text.data, stdout);
	buf_release(&text);
}

static enum outcome
mend(struct run *run, const struct item_name *item, struct buf *said)
{
	const enum mend how = retry ? MEND_RETRY
	    : drop		    ? MEND_DROP
	    : sent		    ? MEND_SENT
				    : MEND_RESEND;
	const char *state = "";
	enum outcome out = mend_item(run->db, item->kind, item->id, how,
	    clock_wall_ms(), &state, &run->fault);

	if (out != OUT_OK)
		return out;
	if (run->shared.json)
		buf_printf(said,
		    "{\"schema\":1,\"id\":\"%s:%lld\",\"state\":\"%s\","
		    "\"dry_run\":%s}\n",
		    item->kind, (long long)item->id, state,
		    dry_run ? "true" : "false");
	else
		buf_printf(said, "%s:%lld %s %s\n", item->kind,
		    (long long)item->id, dry_run ? "would be" : "is", state);
	return OUT_OK;
}

/* What cannot be retried is told and stays; the others are not to wait. */
static enum outcome
mend_all(struct run *run, struct buf *said)
{
	struct pending_list rows = { 0 };
	struct pending row;
	enum outcome out = OUT_OK;

	while (out == OUT_OK && pending_next(run->db, &rows, NULL, 0, &row)) {
		const struct item_name item = { row.kind, row.item };

		if (!row.retries)
			continue;
		out = mend(run, &item, said);
		if (out == OUT_NEVER && run->fault.code == EXIT_INPUT) {
			log_warning("%s", run->fault.text);
			run->fault = (struct fault){ .what = OUT_OK };
			out = OUT_OK;
		}
	}
	return out == OUT_OK ? db_result(run->db, &run->fault) : out;
}

/* All of them in one transaction, or none. */
static void
mend_given(struct run *run, const struct item_name *items, int count)
{
	struct buf said = BUF_INIT(OUTPUT_MAX);
	enum outcome out =
	    db_begin(run->db, clock_mono_ms() + BEGIN_WAIT_MS, &run->fault);

	if (out == OUT_OK && all)
		out = mend_all(run, &said);
	for (int i = 0; i < count && out == OUT_OK; i++)
		out = mend(run, &items[i], &said);
	if (out == OUT_OK && !dry_run)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	if (out == OUT_OK && said.len > 0 &&
	    (run->shared.json || !run->shared.quiet))
		fputs(said.data, stdout);
	buf_release(&said);
}

/* Refuses what the options do not say clearly. */
static void
check_usage(int operands)
{
	int actions = list + show + retry + drop + sent + resend +
	    (import_file != NULL);

	if (actions > 1)
		opt_usage(&command,
		    "one of --list, --show, --retry, --drop, "
		    "--sent, --resend and --import at a time");
	if (import_file != NULL && operands > 0)
		opt_usage(&command, "--import takes one file at a time");
	if (all && !retry)
		opt_usage(&command, "--all goes with --retry only");
	if (dry_run && (list || show))
		opt_usage(&command, "--dry-run goes with what changes rows");
	if (actions == 0 && operands > 0)
		opt_usage(&command,
		    "what is to be done with them? --show, "
		    "--retry, --drop, --sent or --resend");
	if (list && operands > 1)
		opt_usage(&command, "--list takes one kind");
	if (show && operands != 1)
		opt_usage(&command, "--show takes one id");
	if (actions == 1 && !list && !show && import_file == NULL &&
	    (operands > 0) == all)
		opt_usage(&command,
		    all ? "--all takes no ids"
			: "which? an id such as message:17 is needed");
}

static struct item_name *
read_items(char **operands, int count)
{
	struct item_name *items = mem_alloc(
	    ((size_t)count + 1) * sizeof(*items));

	for (int i = 0; i < count; i++)
		if (!item_parse(operands[i], &items[i]))
			opt_usage(&command,
			    "'%s' is no id; ids are message:17, update:3, "
			    "task:5, lead:2, or a number for a message",
			    operands[i]);
	return items;
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	const char *kind = NULL;
	int first = opt_parse(&command, options, &run.shared, argc, argv);
	int count = argc - first;

	check_usage(count);
	if (list && count > 0 && strcmp(argv[first], PENDING_DROPPED) == 0)
		kind = PENDING_DROPPED;
	else if (list && count > 0 && (kind = item_kind(argv[first])) == NULL)
		opt_usage(&command,
		    "'%s' is no kind: update, message, task, lead, exec or "
		    "dropped",
		    argv[first]);
	struct item_name *items = read_items(argv + first, list ? 0 : count);
	bool reads = list || show ||
	    (dry_run && count == 0 && !all && import_file == NULL);
	/* Whoever brings leads back may have lost the database as well. */
	if (run_begin(&run, &command,
		reads			  ? DB_READ
		    : import_file != NULL ? DB_CREATE
					  : DB_WRITE,
		list || all ? LONG_LIFE_MS : LIFE_MS) == OUT_OK) {
		if (import_file != NULL)
			import_leads(&run);
		else if (list)
			print_list(&run, kind);
		else if (show)
			print_one(&run, &items[0]);
		else if (all || count > 0)
			mend_given(&run, items, count);
		else
			recover(&run);
	}
	free(items);
	return run_end(&run, false, NULL);
}
