/* SPDX-License-Identifier: MIT */
/*
 * One message for many: accepted here, sent by the commands that send.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/plural.h"
#include "base/prompt.h"
#include "base/stop.h"
#include "base/terminal.h"
#include "ops/broadcast_desk.h"
#include "ops/broadcast_order.h"
#include "ops/broadcast_survey.h"
#include "ops/broadcast_watch.h"
#include "ops/output.h"

#define WAIT_MS 30000

/* Whoever is asked whether he means it may think for a while; an upgrade waits
 * for him. */
#define LIFE_MS (10 * 60 * 1000)

#define PAGE_BYTES (64U << 10)

/* What takes no longer needs no word of how far it is. */
#define PATIENCE_MS 2000

static struct broadcast_order order = BROADCAST_ORDER_INIT;

static const struct opt options[] = { { OPT_TEXTS, 't', "text", "TEXT",
					  "say this, in all languages",
					  { .texts = &order.words.texts } },
	{ OPT_TEXT, 0, "text-file", "FILE", "say what the file has (-: stdin)",
	    { .text = &order.words.text_file } },
	{ OPT_TEXT, 0, "message", "FILE",
	    "all of the message as JSON, with a text for each language (-: "
	    "stdin)",
	    { .text = &order.words.message } },
	{ OPT_TEXTS, 0, "photo", "FILE", "with this photo; 2 to 10: an album",
	    { .texts = &order.words.photos } },
	{ OPT_TEXTS, 0, "video", "FILE", "with this video",
	    { .texts = &order.words.videos } },
	{ OPT_TEXTS, 0, "document", "FILE", "with this file",
	    { .texts = &order.words.documents } },
	{ OPT_TEXTS, 0, "button", "LABEL=URL",
	    "a row with a button; LABEL=STATE:ID is one of the flow",
	    { .texts = &order.words.buttons } },
	{ OPT_FLAG, 0, "no-unsubscribe", NULL,
	    "without the button that unsubscribes",
	    { .flag = &order.no_unsubscribe } },
	{ OPT_FLAG, 0, "silent", NULL, "telephones make no sound",
	    { .flag = &order.words.silent } },
	{ OPT_TEXTS, 0, "tag", "TAG", "to those with this tag",
	    { .texts = &order.whom.tags } },
	{ OPT_TEXTS, 0, "no-tag", "TAG", "not to those with it",
	    { .texts = &order.whom.no_tags } },
	{ OPT_TEXTS, 0, "state", "STATE",
	    "to those who are there now; also a group of states",
	    { .texts = &order.whom.states } },
	{ OPT_TEXTS, 0, "var", "NAME=VALUE",
	    "to those whose variable is that (NAME=: unset, NAME: set)",
	    { .texts = &order.whom.vars } },
	{ OPT_TEXTS, 0, "lang", "LANG", "to those who read this language",
	    { .texts = &order.whom.langs } },
	{ OPT_SPAN, 0, "seen-within", "SPAN",
	    "to those who wrote or pressed within this time, as 30d",
	    { .number = &order.whom.seen_within_ms } },
	{ OPT_SPAN, 0, "not-seen-for", "SPAN", "to those who did not",
	    { .number = &order.whom.not_seen_ms } },
	{ OPT_TEXT, 0, "part", "NAME:N/OF",
	    "to a part of them, the same as in the flow's split NAME",
	    { .text = &order.whom.part } },
	{ OPT_TEXT, 0, "if", "JSON", "to those for whom this guard holds",
	    { .text = &order.whom.guard } },
	{ OPT_FLAG, 0, "everybody", NULL, "to all who ever wrote to the bot",
	    { .flag = &order.everybody } },
	{ OPT_TEXT, 0, "at", "TIME", "2026-11-20T18:00:00Z, or with +03:00",
	    { .text = &order.when.at } },
	{ OPT_SPAN, 0, "in", "SPAN", "from now: 90, 5m, 2h, 1d",
	    { .number = &order.when.in_ms } },
	{ OPT_NUMBER, 0, "rate", "N", "at most so many messages a second",
	    { .number = &order.rate } },
	{ OPT_FLAG, 0, "paid", NULL,
	    "up to 1000 a second, 0.1 Stars each above the free 30",
	    { .flag = &order.paid } },
	{ OPT_TEXT, 0, "name", "NAME", "call it so, not by the time",
	    { .text = &order.name } },
	{ OPT_FLAG, 'n', "dry-run", NULL,
	    "say whom it would reach, change nothing",
	    { .flag = &order.dry_run } },
	{ OPT_FLAG, 0, "test", "[CHAT...]",
	    "send it at once to ADMIN_IDS, or these, alone",
	    { .flag = &order.test } },
	{ OPT_FLAG, 'y', "yes", NULL, "do not ask", { .flag = &order.yes } },
	{ OPT_FLAG, 0, "again", NULL,
	    "although the same went to the same within a day",
	    { .flag = &order.again } },
	{ OPT_FLAG, 0, "list", NULL, "all broadcasts",
	    { .flag = &order.list } },
	{ OPT_FLAG, 0, "status", "ID", "how one gets on",
	    { .flag = &order.status } },
	{ OPT_FLAG, 0, "watch", "ID", "the same until it ends",
	    { .flag = &order.watch } },
	{ OPT_FLAG, 0, "pause", "ID", "nobody further gets it for now",
	    { .flag = &order.pause } },
	{ OPT_FLAG, 0, "resume", "ID", "it goes on where it was",
	    { .flag = &order.resume } },
	{ OPT_FLAG, 0, "cancel", "ID", "nobody further gets it",
	    { .flag = &order.cancel } },
	{ OPT_FLAG, 0, "report", "ID", "what became of it, person by person",
	    { .flag = &order.report } },
	{ OPT_FLAG, 0, "bom", NULL, "with --report: for Excel",
	    { .flag = &order.bom } },
	OPT_END };

static const struct opt_command command = {
	.name = "send-broadcast",
	.synopsis =
	    "{--text TEXT | --text-file FILE | --message FILE} "
	    "{AUDIENCE... | --everybody} [--dry-run | --test [CHAT...]] | "
	    "--list | --status ID | --watch ID | --pause ID | --resume ID | "
	    "--cancel ID | --report ID",
	.summary = "Sends one message to many, each once, behind answers and "
		   "reminders.",
	.details =
	    "AUDIENCE is any of --tag to --if; all of them must hold. Who "
	    "blocked the bot or\nunsubscribed gets nothing. ID is the number "
	    "that was printed, or the name.\nTexts are templates as in the "
	    "flow. It is sent by poll-updates and send-due;\nthis command "
	    "only accepts it, and --cancel takes back what has not left.",
	.max_operands = -1,
	.usage_exit = EXIT_USAGE,
};

static void
print(struct run *run, struct buf *text)
{
	if (text->len > 0)
		output_flush(run, stdout, text);
	buf_release(text);
}

static bool line_shown;

static bool
has_terminal(void)
{
	return isatty(STDERR_FILENO);
}

static void
tell_looked(int64_t looked)
{
	static int64_t since;

	if (since == 0)
		since = clock_mono_ms();
	if (has_terminal() && clock_mono_ms() > since + PATIENCE_MS)
		line_shown = fprintf(stderr, "\r%lld people looked at",
				 (long long)looked) > 0;
}

static void
tell_line(const char *line)
{
	if (has_terminal())
		line_shown = fprintf(stderr, "%s\033[K", line) > 0;
}

static void
clear_line(void)
{
	if (line_shown)
		fputs("\r\033[K", stderr);
	line_shown = false;
}

static void
tell_silence(void)
{
	clear_line();
	log_warning("nothing sends at the moment: neither poll-updates nor "
		    "send-due ran within two minutes; have cron or systemd "
		    "start one, or 'leadpipe send-due' yourself");
}

/* True when it had to be said. */
static bool
warn_of_silence(struct run *run)
{
	if (broadcast_sender(run->db, clock_wall_ms()))
		return false;
	tell_silence();
	return true;
}

static enum outcome
change(struct run *run, const char *which, struct buf *out)
{
	enum outcome done = run_work(run, &command, false);

	if (done == OUT_OK)
		done = broadcast_desk_change(run, which,
		    order.pause	       ? CHANGE_PAUSE
			: order.resume ? CHANGE_RESUME
				       : CHANGE_CANCEL,
		    out);
	if (run->shared.quiet && !run->shared.json)
		buf_clear(out);
	return done;
}

static void
show(struct run *run, const char *which, bool warns)
{
	struct buf out = BUF_INIT(PAGE_BYTES);
	struct broadcast broadcast = { 0 };
	enum outcome done = broadcast_desk_show(run, which, &out, &broadcast);
	bool runs = broadcast.state == BROADCAST_RUNNING ||
	    (broadcast.state == BROADCAST_SCHEDULED &&
		broadcast.start_at <= clock_wall_ms());

	if (done == OUT_OK)
		print(run, &out);
	if (done == OUT_OK && runs && warns)
		(void)warn_of_silence(run);
	buf_release(&out);
}

static void
serve(struct run *run, const char *which)
{
	struct buf out = BUF_INIT(BROADCAST_PRINT_MAX);
	enum outcome done = order.list ? broadcast_desk_list(run, &out)
	    : order.report	       ? broadcast_desk_report(run, which,
					     order.bom && !run->shared.json, &out)
				       : change(run, which, &out);

	if (done == OUT_OK)
		print(run, &out);
	buf_release(&out);
}

/* Until it ends; whoever has seen enough does not end it. */
static void
follow(struct run *run, const char *which)
{
	static const struct broadcast_tell tell = { tell_line, tell_silence };
	struct buf unseen = BUF_INIT(PAGE_BYTES);
	struct broadcast broadcast;
	bool ended = true;
	enum outcome out =
	    broadcast_desk_show(run, which, &unseen, &broadcast);
	int64_t id = broadcast.id;

	buf_release(&unseen);
	if (out == OUT_OK)
		out = broadcast_watch(run, id, &tell, &ended);
	clear_line();
	if (out != OUT_OK)
		return;
	show(run, which, false);
	if (!ended && !run->shared.quiet)
		fprintf(stderr,
		    "it goes on; 'leadpipe send-broadcast --cancel %lld' "
		    "ends it\n",
		    (long long)id);
}

/* A number that has to be typed is a number that was read. */
static enum outcome
confirm(struct run *run, const struct broadcast_draft *draft,
    const struct broadcast_survey *survey)
{
	struct buf text = BUF_INIT(PAGE_BYTES);
	char number[24];
	bool sure;

	if (broadcast_survey_check(draft, survey, &run->fault) != OUT_OK)
		return run->fault.what;
	if (order.yes)
		return OUT_OK;
	broadcast_survey_add(&text, run, draft, survey);
	snprintf(number, sizeof(number), "%lld", (long long)survey->reached);
	buf_printf(&text, "\nType %s to send it to %s %s", number, number,
	    survey->reached == 1 ? "person" : "people");
	if (draft->start_at > clock_wall_ms()) {
		buf_add_text(&text, " at ");
		terminal_add_time(&text, draft->start_at);
	}
	buf_printf(&text,
	    "%s, anything else to stop: ", draft->late ? " at once" : "");
	fputs(text.data, stderr);
	sure = prompt_confirm(number);
	buf_release(&text);
	if (sure)
		return OUT_OK;
	return fault_set(&run->fault, OUT_NEVER, EXIT_REFUSED,
	    "nothing was sent");
}

static void
print_accepted(struct run *run, int64_t id)
{
	char which[24];

	snprintf(which, sizeof(which), "%lld", (long long)id);
	if (run->shared.json)
		show(run, which, false);
	else
		printf("%s\n", which);
}

/* *ID stays 0 when there is nothing to be watched. */
static enum outcome
store(struct run *run, const struct broadcast_draft *draft, int64_t *id)
{
	int64_t added = 0;
	enum outcome out = run_work(run, &command, false);

	if (out == OUT_OK)
		out =
		    db_begin(run->db, clock_mono_ms() + WAIT_MS, &run->fault);
	if (out == OUT_OK)
		out = broadcast_draft_store(run, draft, order.again,
		    clock_wall_ms(), &added);
	out = db_end(run->db, out, &run->fault);
	if (out != OUT_OK)
		return out;
	print_accepted(run, added);
	if (!warn_of_silence(run) && draft->start_at <= clock_wall_ms())
		*id = added;
	return OUT_OK;
}

static enum outcome
send_test(struct run *run, const struct broadcast_draft *draft, char **users)
{
	int sent;
	enum outcome out = run_work(run, &command, false);

	if (out == OUT_OK)
		out = broadcast_draft_test(run, draft, users, &sent);
	if (out != OUT_OK)
		return out;
	if (run->shared.json)
		printf("{\"schema\":1,\"tested\":%d}\n", sent);
	else if (!run->shared.quiet && isatty(STDOUT_FILENO))
		printf("queued for %d chat%s\n", sent, plural(sent));
	(void)warn_of_silence(run);
	return OUT_OK;
}

static enum outcome
look_and_send(struct run *run, const struct broadcast_draft *draft,
    int64_t *id)
{
	struct broadcast_survey survey = { 0 };
	struct buf text = BUF_INIT(PAGE_BYTES);
	enum outcome out = broadcast_survey(run, draft, tell_looked, &survey);

	clear_line();
	if (out == OUT_OK && !order.dry_run)
		out = confirm(run, draft, &survey);
	else if (out == OUT_OK && run->shared.json)
		broadcast_survey_add_json(&text, run, draft, &survey);
	else if (out == OUT_OK)
		broadcast_survey_add(&text, run, draft, &survey);
	print(run, &text);
	broadcast_survey_release(&survey);
	return out == OUT_OK && !order.dry_run ? store(run, draft, id) : out;
}

static void
send(struct run *run, char **users, int64_t *id)
{
	struct broadcast_draft draft = { .name = order.name,
		.rate = order.rate,
		.paid = order.paid };
	enum outcome out =
	    broadcast_order_time(&order, clock_wall_ms(), &draft, &run->fault);

	if (out == OUT_OK)
		out = broadcast_draft_make(run, &order.words, &order.whom,
		    !order.no_unsubscribe, &draft);
	if (out == OUT_OK && order.test)
		(void)!send_test(run, &draft, users);
	else if (out == OUT_OK)
		(void)!look_and_send(run, &draft, id);
	broadcast_draft_release(&draft);
}

/* Who starts one sees how it goes; the run that accepted it is over by
 * then. */
static int
follow_started(const struct run *accepted, int64_t id)
{
	struct run run = RUN_INIT;
	char which[24];

	run.shared = accepted->shared;
	snprintf(which, sizeof(which), "%lld", (long long)id);
	if (run_begin(&run, &command, DB_READ, LIFE_MS) == OUT_OK)
		follow(&run, which);
	return run_end(&run, false, NULL);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);
	const char *which = argv[first];
	bool looks = order.list || order.status || order.watch ||
	    order.report || order.dry_run;
	int64_t id = 0;

	broadcast_order_check(&command, &order, argv + first);
	if (run_begin(&run, &command, looks ? DB_READ : DB_WRITE, LIFE_MS) ==
	    OUT_OK) {
		stop_install();
		if (order.status)
			show(&run, which, true);
		else if (order.watch)
			follow(&run, which);
		else if (order.list || (which != NULL && !order.test))
			serve(&run, which);
		else
			send(&run, argv + first, &id);
	}
	int code = run_end(&run, false, NULL);
	return id != 0 && code == EXIT_DONE && has_terminal() &&
		!run.shared.json && !run.shared.quiet
	    ? follow_started(&run, id)
	    : code;
}
