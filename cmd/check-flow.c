/* SPDX-License-Identifier: MIT */
/* needs: base net store shared telegram bot turn ops */
/*
 * Check a conversation flow, test it, draw it.  Needs neither configuration
 * nor database; sends nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/plural.h"
#include "bot/graph.h"
#include "bot/view.h"
#include "ops/finding_line.h"
#include "ops/output.h"
#include "ops/rehearsal.h"
#include "ops/run.h"
#include "store/flows.h"
#include "store/funnel.h"

#define LIFE_MS (10 * 60 * 1000)
#define PAGE_BYTES (64u << 20)

static const char *graph_format, *state_db;
static bool testing;

static const struct opt options[] = {
	{ OPT_FLAG, 0, "test", NULL,
	    "play transcripts of conversations in virtual time",
	    { .flag = &testing } },
	{ OPT_TEXT, 'g', "graph", "FORMAT",
	    "draw the flow instead: svg or dot", { .text = &graph_format } },
	{ OPT_TEXT, 0, "state", "DB",
	    "with --graph: how many people are where, from this database",
	    { .text = &state_db } },
	OPT_END
};

static const struct opt_command command = {
	.name = "check-flow",
	.synopsis = "FLOW | --test [FLOW] TRANSCRIPT... | --graph FORMAT FLOW",
	.summary = "Checks a conversation flow, plays tests against it, draws "
		   "it.  Needs no configuration; sends nothing.",
	.details =
	    "$NAME in a flow is looked up only with --config.\n"
	    "A transcript says which flow it is for (flow FILE), or the FLOW "
	    "before it does.\nHandlers (exec) that it does not answer for are "
	    "really run.\n\n"
	    "Exit: 0 fine (warnings are), 1 a conversation went differently, "
	    "65 a flow or\ntranscript with errors.\n\n"
	    "--json: {\"schema\":1, \"file\", \"ok\", \"errors\", "
	    "\"warnings\", \"findings\": [{\"file\",\n\"line\", \"column\", "
	    "\"severity\", \"where\", \"text\"}]}; with --test {\"schema\":1, "
	    "\"ok\",\n\"checks\", \"failures\", \"transcripts\": [{\"file\", "
	    "\"ok\", \"checks\", \"error\",\n\"failures\": [{\"line\", "
	    "\"text\", \"diff\"}]}]}",
	.max_operands = -1,
	.usage_exit = EXIT_USAGE,
};

static void
print_json(json_t *value)
{
	char *text = json_text(value);

	puts(text);
	free(text);
	json_decref(value);
}

static void
print_findings(FILE *file, const char *path, const struct findings *findings)
{
	struct buf out = BUF_INIT(PAGE_BYTES);

	for (size_t i = 0; i < findings->count; i++)
		finding_line_add(&out, path, &findings->list[i]);
	if (out.len > 0)
		fwrite(out.data, 1, out.len, file);
	buf_release(&out);
}

static enum outcome
open_flow(const struct run *run, const char *path, struct flow **flow,
    struct findings *findings, struct fault *fault)
{
	char *bundle = NULL;
	enum outcome out = flow_bundle(path, &bundle, findings, fault);

	*flow = NULL;
	if (out == OUT_OK)
		out = flow_open(bundle, strlen(bundle), run->config, flow,
		    findings, fault);
	findings_locate(findings, path);
	free(bundle);
	return out;
}

static void
report_check(const struct run *run, const char *path, const struct flow *flow,
    const struct findings *findings)
{
	size_t errors = findings_errors(findings, NULL);
	size_t warnings = findings->count - errors;

	if (run->shared.json) {
		json_t *list = json_array();

		for (size_t i = 0; i < findings->count; i++)
			json_array_append_new(list,
			    finding_json(path, &findings->list[i]));
		print_json(json_pack("{s:i, s:s, s:b, s:I, s:I, s:o}",
		    "schema", 1, "file", path, "ok", flow != NULL, "errors",
		    (json_int_t)errors, "warnings", (json_int_t)warnings,
		    "findings", list));
		return;
	}
	print_findings(stdout, path, findings);
	if (!run->shared.quiet && flow != NULL)
		printf("%s: flow '%s' is fine: %zu state%s, %zu warning%s\n",
		    path, flow_id(flow), view_state_count(flow),
		    plural(view_state_count(flow)), warnings,
		    plural(warnings));
	else if (!run->shared.quiet)
		printf("%s: %zu error%s, %zu warning%s\n", path, errors,
		    plural(errors), warnings, plural(warnings));
}

/* The lines on stdout say it all, so a bad flow is no fault of the run. */
static int
check(struct run *run, const char *path)
{
	struct findings findings = { 0 };
	struct fault fault = { .what = OUT_OK };
	struct flow *flow;
	enum outcome out = open_flow(run, path, &flow, &findings, &fault);

	if (out != OUT_OK && findings.count == 0)
		run->fault = fault;
	else
		report_check(run, path, flow, &findings);
	flow_close(flow);
	findings_release(&findings);
	return out == OUT_OK ? EXIT_DONE : EXIT_INPUT;
}

static void
set_taken(const struct funnel_arrow *arrow, void *graph)
{
	graph_set_taken(graph, arrow->from, arrow->state, arrow->people);
}

static void
set_people(const char *state, int64_t people, void *graph)
{
	graph_set_people(graph, state, people);
}

static enum outcome
add_numbers(struct run *run, struct graph *graph)
{
	enum outcome out =
	    db_open(&run->db, state_db, DB_READ, 0, &run->fault);

	if (out != OUT_OK)
		return out;
	graph_set_people(graph, NULL, 0);
	out = flows_people(run->db, set_people, graph, &run->fault);
	if (out != OUT_OK)
		return out;
	return funnel_arrows(run->db, set_taken, graph, &run->fault);
}

static int
draw(struct run *run, const char *path)
{
	struct findings findings = { 0 };
	struct buf out = BUF_INIT(PAGE_BYTES);
	struct graph *graph = NULL;
	struct flow *flow;
	struct fault fault = { .what = OUT_OK };
	enum outcome done = open_flow(run, path, &flow, &findings, &fault);
	bool drawable = done == OUT_OK;

	if (drawable)
		graph = graph_open(flow);
	else if (findings.count > 0)
		print_findings(stderr, path, &findings);
	else
		run->fault = fault;
	if (drawable && state_db != NULL)
		done = add_numbers(run, graph);
	if (done == OUT_OK && strcmp(graph_format, "svg") == 0)
		graph_add_svg(graph, &out);
	else if (done == OUT_OK)
		graph_add_dot(graph, &out);
	/* A reader that went away, or the fault of the run. */
	if (out.len > 0)
		(void)output_flush(run, stdout, &out);
	buf_release(&out);
	graph_close(graph);
	flow_close(flow);
	findings_release(&findings);
	return drawable ? EXIT_DONE : EXIT_INPUT;
}

/* What all transcripts came to. */
struct tally {
	size_t transcripts, checks, failures;
	size_t broken; /* transcripts that could not be played to their end */
	bool coloured;
	json_t *list; /* NULL: for people */
};

static void
tally_result(struct tally *tally, const char *path,
    const struct transcript_result *result, const char *error)
{
	size_t failures = json_array_size(result->failures);
	struct buf out = BUF_INIT(PAGE_BYTES);

	tally->transcripts++;
	tally->checks += result->checks;
	tally->failures += failures;
	tally->broken += result->broken || error != NULL;
	if (tally->list != NULL) {
		json_array_append_new(tally->list,
		    json_pack("{s:s, s:b, s:I, s:s?, s:O?}", "file", path,
			"ok", failures == 0 && error == NULL, "checks",
			(json_int_t)result->checks, "error", error, "failures",
			result->failures));
		return;
	}
	rehearsal_add(&out, path, result, tally->coloured);
	if (out.len > 0)
		fwrite(out.data, 1, out.len, stdout);
	buf_release(&out);
}

static void
test_one(const struct run *run, struct rehearsal *rehearsal, const char *path,
    struct tally *tally)
{
	struct transcript_result result;
	struct findings findings = { 0 };
	struct fault fault = { .text = "" };
	enum outcome out =
	    rehearsal_play(rehearsal, path, &result, &findings, &fault);

	if (out != OUT_OK && !run->shared.json && findings.count > 0)
		print_findings(stdout, rehearsal->flow_path, &findings);
	else if (out != OUT_OK && !run->shared.json)
		log_fault(&fault);
	tally_result(tally, path, &result, out == OUT_OK ? NULL : fault.text);
	transcript_release(&result);
	findings_release(&findings);
}

static bool
is_flow(const char *path)
{
	size_t len = strlen(path);

	return len > 5 && strcmp(path + len - 5, ".json") == 0;
}

static bool
wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0') &&
	    (term == NULL || strcmp(term, "dumb") != 0);
}

static void
print_tally(const struct tally *tally)
{
	printf("%zu transcript%s, %zu check%s, %zu failure%s",
	    tally->transcripts, plural(tally->transcripts), tally->checks,
	    plural(tally->checks), tally->failures, plural(tally->failures));
	if (tally->broken > 0)
		printf(", %zu not played to the end", tally->broken);
	putchar('\n');
}

static int
test(const struct run *run, char **operands)
{
	struct rehearsal rehearsal = { .config = run->config };
	struct tally tally = { .coloured = wants_colour(),
		.list = run->shared.json ? json_array() : NULL };

	for (; *operands != NULL; operands++) {
		if (is_flow(*operands))
			rehearsal.flow = *operands;
		else
			test_one(run, &rehearsal, *operands, &tally);
	}
	if (tally.transcripts == 0)
		opt_usage(&command, "which transcripts? give their files");
	if (tally.list != NULL)
		print_json(json_pack("{s:i, s:b, s:I, s:I, s:o}", "schema", 1,
		    "ok", tally.failures == 0 && tally.broken == 0, "checks",
		    (json_int_t)tally.checks, "failures",
		    (json_int_t)tally.failures, "transcripts", tally.list));
	else if (!run->shared.quiet)
		print_tally(&tally);
	rehearsal_release(&rehearsal);
	return tally.broken > 0	 ? EXIT_INPUT
	    : tally.failures > 0 ? EXIT_DEAD
				 : EXIT_DONE;
}

static void
check_usage(char **operands)
{
	if (operands[0] == NULL)
		opt_usage(&command, "which flow? give its file");
	if (!testing && operands[1] != NULL)
		opt_usage(&command, "one flow at a time, not also '%s'",
		    operands[1]);
	if (graph_format != NULL && strcmp(graph_format, "svg") != 0 &&
	    strcmp(graph_format, "dot") != 0)
		opt_usage(&command, "--graph draws svg or dot, not '%s'",
		    graph_format);
	if (state_db != NULL && graph_format == NULL)
		opt_usage(&command, "--state belongs to --graph");
	if (testing && graph_format != NULL)
		opt_usage(&command, "either --test or --graph");
}

static enum outcome
begin(struct run *run)
{
	run_prepare(run, &command, LIFE_MS);
	if (run->shared.config_file == NULL)
		return OUT_OK;
	return config_open(&run->config, run->shared.config_file, &run->fault);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	char **operands = argv +
	    opt_parse(&command, options, &run.shared, argc, argv);
	int code = EXIT_DONE, end;

	if (state_db == NULL && graph_format != NULL)
		state_db = run.shared.db_file;
	check_usage(operands);
	if (begin(&run) == OUT_OK)
		code = testing		   ? test(&run, operands)
		    : graph_format != NULL ? draw(&run, operands[0])
					   : check(&run, operands[0]);
	end = run_end(&run, false, NULL);
	return end != EXIT_DONE ? end : code;
}
