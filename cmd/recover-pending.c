/* SPDX-License-Identifier: MIT */
/*
 * What was interrupted goes back to its queue; what waits for a human is
 * listed, and mended by hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/plural.h"
#include "base/stop.h"
#include "ops/journal_compare.h"
#include "ops/journal_place.h"
#include "ops/lead_import.h"
#include "ops/mending.h"
#include "ops/pending_list.h"
#include "ops/recovery_line.h"
#include "store/worker_life.h"

#define LIFE_MS 60000

/* Whoever pages through a list, or mends all, takes his time. */
#define LONG_LIFE_MS (60 * 60 * 1000)

#define BEGIN_WAIT_MS 20000

/* All that is printed after a commit: a line for each item. */
#define OUTPUT_MAX (64U << 20)
#define LINES_MAX 4096

static bool list, show, retry, drop, sent, resend, release, all, again,
    dry_run;
static const char *import_file, *range;

static const struct opt options[] = {
	{ OPT_FLAG, 0, "list", "[KIND]",
	    "what waits for a decision: update, message, task, lead, exec, "
	    "refusal or shared; "
	    "'dropped': what a person dropped",
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
	{ OPT_FLAG, 0, "release", "[KIND]",
	    "do what is on hold since a restore, although it may have been "
	    "done: update, message, task, lead or exec",
	    { .flag = &release } },
	{ OPT_TEXT, 0, "import", "FILE",
	    "leads lost elsewhere, as CSV or NDJSON (-: stdin)",
	    { .text = &import_file } },
	{ OPT_TEXT, 0, "replay-updates", "FROM..TO",
	    "times or update ids: what the journal has of them and the "
	    "database does not",
	    { .text = &range } },
	{ OPT_FLAG, 0, "again", NULL,
	    "with --replay-updates: also step once more what the database "
	    "is done with",
	    { .flag = &again } },
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
		    "--release [KIND] | --import FILE | "
		    "--replay-updates FROM..TO [--again]] [--dry-run]",
	.summary = "Puts what dead commands left behind back to its queue; "
		   "lists and mends what failed.",
	.details =
	    "An ID is written message:17, update:3, task:5 or lead:2; a "
	    "bare number is a\nmessage. Several are mended together or "
	    "not at all. What was dropped comes back\nwith --retry while it "
	    "is kept. --import doubles nobody: who is known by the\nsame "
	    "text, phone, e-mail or Telegram id joins the lead that is "
	    "there.\n--replay-updates with times brings leads and tasks back, "
	    "too; a lead is searched\nfor first, a task that was due is on "
	    "hold. FROM or TO may be left out.\n\nA shared:ID is in Redis: what "
	    "another program left in work (--resend puts it\nback into "
	    "scheduler:tasks), what nobody can read (--retry puts it back), "
	    "or a\ntask that was handed over and does not come back (--resend "
	    "takes it).",
	.max_operands = -1,
	.usage_exit = EXIT_USAGE,
};

/* Prints and releases what there is to say. */
static void
say(const struct run *run, struct buf *said)
{
	if (said->len > 0 && (run->shared.json || !run->shared.quiet))
		fputs(said->data, stdout);
	buf_release(said);
}

static void
recover(struct run *run)
{
	struct buf said = BUF_INIT(LINES_MAX);
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
		recovered_add(&said, &found, run->shared.json, dry_run);
	say(run, &said);
}

static void
import_leads(struct run *run)
{
	struct buf said = BUF_INIT(LINES_MAX);
	struct lead_import import;
	enum outcome out;

	stop_install();
	out = lead_import(run, import_file, dry_run, &import);
	if (out == OUT_OK || import.added + import.joined > 0)
		imported_add(&said, &import, run->shared.json, dry_run);
	say(run, &said);
	if (out == OUT_OK && import.refused > 0)
		run->fault.what = fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "%lld line%s of '%s' refused: mend them and import it "
		    "again",
		    (long long)import.refused, plural(import.refused),
		    import_file);
}

static void
print_list(struct run *run, const char *kind)
{
	bool any;

	pending_list_write(run, stdout, kind, &any);
	if (run->fault.what == OUT_OK && !any && !run->shared.json &&
	    !run->shared.quiet)
		puts(kind != NULL && strcmp(kind, PENDING_DROPPED) == 0
			? "nothing was dropped"
			: "nothing waits for a decision");
}

static void
print_one(struct run *run, const struct item_name *item)
{
	struct buf said = BUF_INIT(OUTPUT_MAX);

	if (pending_item_add(run, item, &said) == OUT_OK)
		fputs(said.data, stdout);
	buf_release(&said);
}

static enum mend
how_to_mend(void)
{
	return retry ? MEND_RETRY
	    : drop   ? MEND_DROP
	    : sent   ? MEND_SENT
		     : MEND_RESEND;
}

static void
mend_given(struct run *run, const struct item_name *items, int count)
{
	const struct mending mending = { how_to_mend(), dry_run };
	struct buf said = BUF_INIT(OUTPUT_MAX);
	enum outcome out =
	    mend_items(run, &mending, all ? NULL : items, count, &said);

	if (out != OUT_OK)
		buf_clear(&said);
	say(run, &said);
}

static void
release_held(struct run *run, const char *kind)
{
	struct buf said = BUF_INIT(LINES_MAX);
	struct hold_counts counts;

	if (mend_release(run, kind, dry_run, &counts) != OUT_OK)
		return;
	released_add(&said, &counts, run->shared.json, dry_run);
	say(run, &said);
}

static void
tell_one(void *arg, const char *kind, int64_t id, const char *what)
{
	const struct run *run = arg;

	if (run->shared.verbose > 0)
		fprintf(stderr, "%s %lld: %s\n", kind, (long long)id, what);
}

static void
replay_updates(struct run *run, struct replay *replay)
{
	struct buf said = BUF_INIT(LINES_MAX);
	struct replayed replayed;
	struct journal journal;

	replay->again = again;
	replay->dry_run = dry_run;
	replay->tell = tell_one;
	replay->arg = run;
	if (journal_place(run, false, &journal) != OUT_OK ||
	    replay_run(run, &journal, replay, &replayed) != OUT_OK)
		return;
	replayed_add(&said, &replayed, run->shared.json, dry_run);
	say(run, &said);
	if (replayed.refused > 0)
		run->fault.what = fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "%lld record%s of the journal could not be brought back",
		    (long long)replayed.refused, plural(replayed.refused));
}

/* Refuses what the options do not say clearly. */
static void
check_usage(int operands)
{
	int actions = list + show + retry + drop + sent + resend + release +
	    (import_file != NULL) + (range != NULL);

	if (actions > 1)
		opt_usage(&command,
		    "one of --list, --show, --retry, --drop, --sent, "
		    "--resend, --release, --import and --replay-updates at a "
		    "time");
	if (import_file != NULL && operands > 0)
		opt_usage(&command, "--import takes one file at a time");
	if (range != NULL && operands > 0)
		opt_usage(&command,
		    "--replay-updates takes FROM..TO in one word; quote a "
		    "time with a space");
	if (again && range == NULL)
		opt_usage(&command, "--again goes with --replay-updates only");
	if (all && !retry)
		opt_usage(&command, "--all goes with --retry only");
	if (dry_run && (list || show))
		opt_usage(&command, "--dry-run goes with what changes rows");
	if (actions == 0 && operands > 0)
		opt_usage(&command,
		    "what is to be done with them? --show, "
		    "--retry, --drop, --sent or --resend");
	if ((list || release) && operands > 1)
		opt_usage(&command, "--%s takes one kind",
		    list ? "list" : "release");
	if (show && operands != 1)
		opt_usage(&command, "--show takes one id");
	if (actions == 1 && !list && !show && !release &&
	    import_file == NULL && range == NULL && (operands > 0) == all)
		opt_usage(&command,
		    all ? "--all takes no ids"
			: "which? an id such as message:17 is needed");
}

/* What WORD means behind --list and --release. */
static const char *
read_kind(const char *word)
{
	bool dropped = strcmp(word, PENDING_DROPPED) == 0;
	const char *kind = dropped ? PENDING_DROPPED : item_kind(word);

	if (kind == NULL)
		opt_usage(&command,
		    "'%s' is no kind: update, message, task, lead, exec%s",
		    word, list ? ", refusal, shared or dropped" : "");
	if (release && dropped)
		opt_usage(&command,
		    "what was dropped is not on hold: --list dropped shows "
		    "it, --retry ID brings it back");
	if (release && !hold_takes(kind))
		opt_usage(&command, "'%s' is never on hold: %s", kind,
		    strcmp(kind, "shared") == 0
			? "--resend shared:ID puts it back, or --retry "
			  "shared:ID what nobody could read"
			: "add-lead takes it once it is mended, then --drop "
			  "refusal:ID");
	return kind;
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

/* Whoever brings leads back may have lost the database as well. */
static enum db_mode
mode_for(int operands)
{
	if (import_file != NULL)
		return DB_CREATE;
	if (list || show)
		return DB_READ;
	if (!dry_run || all || range != NULL)
		return DB_WRITE;
	return release || operands == 0 ? DB_READ : DB_WRITE;
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	struct replay replay = { .from = 0 };
	const char *kind = NULL;
	int first = opt_parse(&command, options, &run.shared, argc, argv);
	int count = argc - first;

	check_usage(count);
	if ((list || release) && count > 0)
		kind = read_kind(argv[first]);
	if (range != NULL && !replay_parse(range, &replay))
		opt_usage(&command,
		    "'%s' is no FROM..TO; 2026-11-20T12:00:00Z.. is one, and "
		    "123456..123499 of update ids",
		    range);
	struct item_name *items =
	    read_items(argv + first, list || release ? 0 : count);
	bool takes_time = list || all || release || range != NULL;
	if (run_begin(&run, &command, mode_for(count),
		takes_time ? LONG_LIFE_MS : LIFE_MS) == OUT_OK) {
		if (import_file != NULL)
			import_leads(&run);
		else if (range != NULL)
			replay_updates(&run, &replay);
		else if (list)
			print_list(&run, kind);
		else if (show)
			print_one(&run, &items[0]);
		else if (release)
			release_held(&run, kind);
		else if (all || count > 0)
			mend_given(&run, items, count);
		else
			recover(&run);
	}
	free(items);
	return run_end(&run, false, NULL);
}
