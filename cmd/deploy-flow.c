/* SPDX-License-Identifier: MIT */
/*
 * Make a conversation flow the current one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/plural.h"
#include "ops/finding_line.h"
#include "ops/run.h"
#include "turn/deploy.h"

#define LIFE_MS 120000
#define WAIT_MS 30000

static const char *drop_to;
static bool dry_run;

static const struct opt options[] = {
	{ OPT_FLAG, 'n', "dry-run", NULL,
	    "check the flow and say whom it touches, change nothing",
	    { .flag = &dry_run } },
	{ OPT_TEXT, 0, "drop-to", "STATE",
	    "where people go whose state the new flow does not have",
	    { .text = &drop_to } },
	OPT_END
};

static const struct opt_command command = {
	.name = "deploy-flow",
	.synopsis = "FILE [--dry-run] [--drop-to STATE]",
	.summary = "Checks a conversation flow and makes it the current one; "
		   "a bad one never replaces a good one.",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

/* Warnings are for those who write the flow (check-flow): a deployment says
 * them only when asked.  What is of the whole file is its fault, said last. */
static void
print_findings(const struct run *run, const char *path,
    const struct findings *findings)
{
	struct buf lines = BUF_INIT(4u << 20);
	bool all = dry_run || run->shared.verbose > 0;

	for (size_t i = 0; i < findings->count; i++)
		if ((all || findings->list[i].kind != FINDING_WARNING) &&
		    !finding_is_of_file(&findings->list[i]))
			finding_line_add(&lines, path, &findings->list[i]);
	if (lines.len > 0)
		fwrite(lines.data, 1, lines.len, stderr);
	buf_release(&lines);
}

static void
print_report(const struct run *run, const struct deploy_report *report)
{
	const char *done = report->unchanged ? "unchanged"
	    : dry_run			     ? "would be deployed"
					     : "deployed";
	if (run->shared.json)
		printf("{\"schema\":1,\"hash\":\"%s\",\"states\":%zu,"
		       "\"chats\":%lld,\"moved\":%lld,\"unchanged\":%s,"
		       "\"dry_run\":%s}\n",
		    report->hash, report->states, (long long)report->chats,
		    (long long)report->moved,
		    report->unchanged ? "true" : "false",
		    dry_run ? "true" : "false");
	else if (!run->shared.quiet)
		printf("flow %.12s %s: %zu state%s, %lld chat%s, %lld moved\n",
		    report->hash, done, report->states, plural(report->states),
		    (long long)report->chats, plural(report->chats),
		    (long long)report->moved);
}

/* Who is where they cannot stay, before anything else is said. */
static void
print_moves(const struct run *run, const struct deploy_report *report)
{
	if (run->shared.json || run->shared.quiet)
		return;
	for (size_t i = 0; i < report->move_count; i++) {
		const struct deploy_move *move = &report->moves[i];

		bool one = move->chats == 1;

		printf("%lld chat%s in '%s' ", (long long)move->chats,
		    plural(move->chats), move->from);
		if (*move->to != '\0')
			printf("%s to '%s'\n", one ? "goes" : "go", move->to);
		else
			printf("%s nowhere to go\n", one ? "has" : "have");
	}
	if (report->handlers > 0 && !report->unchanged)
		printf("%lld handler%s at work go%s on by the version "
		       "before\n",
		    (long long)report->handlers, plural(report->handlers),
		    report->handlers == 1 ? "es" : "");
}

static enum outcome
deploy(struct run *run, const char *path)
{
	char *full = realpath(path, NULL);
	const struct deploy deploy = { .path = full ? full : path,
		.drop_to = drop_to,
		.dry_run = dry_run };
	struct deploy_report report;
	struct findings findings = { 0 };
	enum outcome out = deploy_flow(run->db, run->config, &deploy,
	    clock_mono_ms() + WAIT_MS, &report, &findings, &run->fault);

	print_moves(run, &report);
	if (out == OUT_OK)
		print_report(run, &report);
	print_findings(run, path, &findings);
	findings_release(&findings);
	free(full);
	return out;
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);

	if (argv[first] == NULL)
		opt_usage(&command, "which flow? give its file");
	if (run_begin(&run, &command, dry_run ? DB_WRITE : DB_CREATE,
		LIFE_MS) == OUT_OK &&
	    (dry_run || run_work(&run, &command, false) == OUT_OK))
		(void)!deploy(&run, argv[first]);
	return run_end(&run, false, NULL);
}
