/* SPDX-License-Identifier: MIT */
/* needs: base net store shared telegram bot ops */
/*
 * How far people come in the conversation.  Only reads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/suggest.h"
#include "base/terminal.h"
#include "ops/funnel_count.h"
#include "ops/run.h"
#include "store/flows.h"

#define LIFE_MS 120000
#define PAGE_BYTES (8u << 20)
#define NAMES_MAX 256

static const char *since_text;

static const struct opt options[] = {
	{ OPT_TEXT, 's', "since", "WHEN",
	    "only who came first since then: a span back (7d) or a time",
	    { .text = &since_text } },
	OPT_END
};

static const struct opt_command command = {
	.name = "show-funnel",
	.synopsis = "[NAME] [--since WHEN]",
	.summary =
	    "Shows how many people reach each step of a funnel (`stats` "
	    "of the flow); without NAME of all.",
	.details =
	    "People count once, from when they first came to the first step. "
	    "A step counts\nthose of them who reached it after that, also "
	    "past others; its time is the\nmedian since the step that each "
	    "reached before.\n\n"
	    "--json: {\"schema\":1, \"since\", \"funnels\": {NAME: "
	    "[{\"state\", \"people\",\n\"of_previous\", \"of_first\", "
	    "\"median_ms\"}]}}; null: nobody",
	.max_operands = 1,
	.usage_exit = EXIT_USAGE,
};

static enum outcome
read_since(struct run *run, int64_t *since)
{
	int64_t span;

	*since = 0;
	if (since_text == NULL)
		return OUT_OK;
	if (clock_parse_span(since_text, &span) == 0)
		*since = clock_wall_ms() - span;
	else if (clock_parse(since_text, since) != 0)
		return fault_set(&run->fault, OUT_NEVER, EXIT_USAGE,
		    "--since takes a span such as 7d or a time such as "
		    "2026-11-20T00:00:00Z, not '%s'",
		    since_text);
	return OUT_OK;
}

/* The flow's `stats`: its names to arrays of states. */
static enum outcome
read_stats(struct run *run, json_t **stats)
{
	char *bundle = flows_bundle(run->db, NULL);
	json_t *root = bundle ? json_loads(bundle, 0, NULL) : NULL;
	enum outcome out = db_result(run->db, &run->fault);

	*stats = json_incref(json_object_get(root, "stats"));
	if (out == OUT_OK && bundle == NULL)
		out = fault_set(&run->fault, OUT_NEVER, EXIT_CONFIG,
		    "there is no flow yet; deploy one with 'leadpipe "
		    "deploy-flow FILE'");
	else if (out == OUT_OK && json_object_size(*stats) == 0)
		out = fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
		    "the flow has no 'stats': name the steps of a funnel "
		    "there, {\"stats\": {\"sale\": [\"welcome\", \"paid\"]}}");
	json_decref(root);
	free(bundle);
	return out;
}

static enum outcome
refuse_unknown(struct run *run, json_t *stats, const char *name)
{
	const char *names[NAMES_MAX], *known, *guess;
	size_t count = 0;
	json_t *states;

	json_object_foreach (stats, known, states)
		if (count < NAMES_MAX)
			names[count++] = known;
	guess = suggest(name, names, count);
	return fault_set(&run->fault, OUT_NEVER, EXIT_INPUT,
	    "the flow has no funnel '%s'; %s '%s'", name,
	    guess ? "did you mean" : "it has", guess ? guess : names[0]);
}

static void
print_funnel(const char *name, const json_t *steps, bool further)
{
	struct buf page = BUF_INIT(PAGE_BYTES);

	if (further)
		buf_add_char(&page, '\n');
	terminal_add(&page, name, 64);
	buf_add_char(&page, '\n');
	funnel_table_add(&page, steps);
	fwrite(page.data, 1, page.len, stdout);
	buf_release(&page);
}

static void
print_json(int64_t since, json_t *funnels)
{
	char at[CLOCK_TEXT_SIZE];
	json_t *page = json_pack("{s:i, s:s?, s:O}", "schema", 1, "since",
	    since != 0 ? clock_text(since, at) : NULL, "funnels", funnels);
	char *text = json_text(page);

	puts(text);
	free(text);
	json_decref(page);
}

static enum outcome
show(struct run *run, const char *wanted)
{
	json_t *stats = NULL, *states, *steps, *funnels = json_object();
	const char *name;
	int64_t since;
	size_t shown = 0;
	enum outcome out = read_since(run, &since);

	if (out == OUT_OK)
		out = read_stats(run, &stats);
	if (out == OUT_OK && wanted != NULL &&
	    json_object_get(stats, wanted) == NULL)
		out = refuse_unknown(run, stats, wanted);
	json_object_foreach (stats, name, states) {
		if (out != OUT_OK ||
		    (wanted != NULL && strcmp(name, wanted) != 0))
			continue;
		out =
		    funnel_count(run->db, states, since, &steps, &run->fault);
		if (out == OUT_OK && !run->shared.json)
			print_funnel(name, steps, shown++ > 0);
		json_object_set_new(funnels, name, steps);
	}
	if (out == OUT_OK && run->shared.json)
		print_json(since, funnels);
	json_decref(funnels);
	json_decref(stats);
	return out;
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	int first = opt_parse(&command, options, &run.shared, argc, argv);

	if (run_begin(&run, &command, DB_READ, LIFE_MS) == OUT_OK)
		(void)!show(&run, argv[first]);
	return run_end(&run, false, NULL);
}
