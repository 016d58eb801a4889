/* SPDX-License-Identifier: MIT */
/*
 * The state of a bot as files that a web server or Prometheus reads: whatever
 * is broken, they say so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/stop.h"
#include "ops/badge.h"
#include "ops/check_component.h"
#include "ops/health.h"
#include "ops/metrics.h"
#include "ops/output.h"
#include "ops/page.h"
#include "ops/status_json.h"
#include "ops/status_record.h"

#define LIFE_MS 60000
#define OPEN_MS 10000
#define RECORD_MS 10000

/* More than any flow needs. */
#define OUTPUT_MAX (16u << 20)

/* Everybody may read it; a web server is somebody else. */
#define OUTPUT_MODE 0644

enum output {
	OUTPUT_HTML,
	OUTPUT_JSON,
	OUTPUT_METRICS,
	OUTPUT_BADGE,
	OUTPUTS
};

static const char *paths[OUTPUTS], *title;
static int64_t every_ms = 60000;
static bool is_public;

static const struct opt options[] = { { OPT_TEXT, 0, "html", "FILE",
					  "write the status page there",
					  { .text = &paths[OUTPUT_HTML] } },
	{ OPT_TEXT, 0, "json-file", "FILE", "write the same as JSON there",
	    { .text = &paths[OUTPUT_JSON] } },
	{ OPT_TEXT, 0, "prometheus", "FILE",
	    "write metrics there, for node_exporter's textfile collector",
	    { .text = &paths[OUTPUT_METRICS] } },
	{ OPT_TEXT, 0, "badge", "FILE",
	    "write the verdict there as a small SVG picture",
	    { .text = &paths[OUTPUT_BADGE] } },
	{ OPT_FLAG, 0, "public", NULL,
	    "page and JSON for everybody: verdict, parts, days, incidents; no "
	    "number of the business",
	    { .flag = &is_public } },
	{ OPT_SPAN, 0, "every", "SPAN",
	    "how often this is run, for the page says when the next one is "
	    "due (60)",
	    { .number = &every_ms } },
	{ OPT_TEXT, 0, "title", "TEXT", "what the page is called",
	    { .text = &title } },
	OPT_END };

static const struct opt_command command = {
	.name = "render-status",
	.synopsis = "[--html FILE] [--json-file FILE] [--prometheus FILE] "
		    "[--badge FILE] [--public] [--every SPAN] [--title TEXT]",
	.summary =
	    "Writes the state of the bot as files: a status page, JSON, "
	    "metrics, a badge.",
	.details =
	    "FILE is replaced as a whole, readable by everybody; '-' is "
	    "stdout. Its\ndirectory must be one that the owner of the state "
	    "may write to. Cron runs\nthis once a minute; each run also "
	    "records what it saw, which the page's\ncharts are made of. "
	    "healthcheck warns when a page is not renewed any more;\na page "
	    "that was deleted is not missed.",
	.usage_exit = EXIT_USAGE,
};

static void
check_usage(const struct opt_shared *shared)
{
	int wanted = 0, printed = shared->json;

	for (int i = 0; i < OUTPUTS; i++) {
		if (paths[i] == NULL)
			continue;
		wanted++;
		printed += strcmp(paths[i], "-") == 0;
		if (*paths[i] == '\0')
			opt_usage(&command, "an empty FILE");
	}
	if (wanted == 0)
		opt_usage(&command,
		    "say what to write: --html, --json-file, --prometheus or "
		    "--badge");
	if (printed > 1)
		opt_usage(&command, "only one thing can go to stdout");
	if (every_ms < 1000)
		opt_usage(&command, "--every takes a second or more");
}

static enum outcome
render(enum output output, const struct status *status, struct db *db,
    struct buf *out, struct fault *fault)
{
	json_t *json;
	char *text;

	switch (output) {
	case OUTPUT_HTML:
		page_write(status, out);
		return OUT_OK;
	case OUTPUT_JSON:
		json = status_json(status);
		text = json_text(json);
		buf_printf(out, "%s\n", text);
		free(text);
		json_decref(json);
		return OUT_OK;
	case OUTPUT_METRICS:
		return metrics_write(status, db, out, fault);
	default:
		badge_write(status, out);
		return OUT_OK;
	}
}

static enum outcome
put(const char *path, const struct buf *out, struct fault *fault)
{
	enum outcome result =
	    file_write_atomic(path, out->data, out->len, OUTPUT_MODE, fault);

	/* What is missing is its directory. */
	if (result != OUT_OK && fault->code == EXIT_INPUT)
		fault->code = EXIT_CANTCREATE;
	return result;
}

static bool
write_one(enum output output, const struct status *status, struct run *run)
{
	struct buf out = BUF_INIT(OUTPUT_MAX);
	struct fault fault = { .what = OUT_OK };

	/* Of a database that ends amid its reading the rest is told. */
	if (render(output, status, run->db, &out, &fault) != OUT_OK) {
		run->fault = fault;
		buf_clear(&out);
		(void)!render(output, status, NULL, &out, &fault);
	}
	fault.what = OUT_OK;
	if (out.overflow)
		fault_set(&fault, OUT_BUG, EXIT_BUG,
		    "what goes to '%s' is too large", paths[output]);
	else if (strcmp(paths[output], "-") == 0)
		output_flush(run, stdout, &out);
	else
		(void)!put(paths[output], &out, &fault);
	if (fault.what != OUT_OK)
		run->fault = fault;
	buf_release(&out);
	return fault.what == OUT_OK;
}

/* What cannot be written keeps nothing else from being written. */
static bool
write_all(struct run *run, const struct status *status)
{
	bool page = false;

	for (int i = 0; i < OUTPUTS; i++)
		if (paths[i] != NULL &&
		    write_one((enum output)i, status, run) && i == OUTPUT_HTML)
			page = strcmp(paths[i], "-") != 0;
	return page;
}

/* Only for what it takes: to look at a bot changes nothing of it. */
static void
record(struct run *run, const struct status *status, bool page)
{
	struct fault fault;

	if (run->db == NULL)
		return;
	char *path = page ? realpath(paths[OUTPUT_HTML], NULL) : NULL;
	db_close(run->db);
	run->db = NULL;
	int64_t deadline = clock_mono_ms() + RECORD_MS;
	struct fault before = run->fault;
	enum outcome out = run_open_db_by(run, DB_WRITE, deadline);
	if (out == OUT_OK)
		out = status_record(status, run->db, path, deadline, &fault);
	else
		fault = run->fault;
	run->fault = before.what != OUT_OK || out == OUT_OK ? before : fault;
	free(path);
}

static void
tell(const struct status *status)
{
	json_t *written = json_array(), *all;
	char *text;

	for (int i = 0; i < OUTPUTS; i++)
		if (paths[i] != NULL)
			json_array_append_new(written, json_string(paths[i]));
	all = json_pack("{s:i, s:s, s:i, s:o}", "schema", 1, "state",
	    check_state_name(status->state), "exit", check_exit(status->state),
	    "files", written);
	text = json_text(all);
	puts(text);
	free(text);
	json_decref(all);
}

int
main(int argc, char **argv)
{
	struct run run = RUN_INIT;
	struct checks checks;
	struct fault fault;

	opt_parse(&command, options, &run.shared, argc, argv);
	check_usage(&run.shared);
	checks_init(&checks, clock_wall_ms());
	stop_hard_say(STDERR_FILENO,
	    "leadpipe render-status: hard lifetime reached, the next run goes "
	    "on\n",
	    EXIT_LATER);
	health_take(&checks, &run, &command, NULL, clock_mono_ms() + OPEN_MS,
	    LIFE_MS);
	/* It is being renewed right now. */
	checks_drop(&checks, "page");
	struct status status = { .now = checks.now,
		.every_ms = every_ms,
		.title = title,
		.bot_id = run.config ? run_bot_id(&run) : 0,
		.public = is_public,
		.checks = &checks };
	if (status_read(&status, run.db, &fault) != OUT_OK)
		run.fault = fault;
	bool page = write_all(&run, &status);
	record(&run, &status, page);
	if (run.shared.json)
		tell(&status);
	status_release(&status);
	checks_release(&checks);
	return run_end(&run, false, NULL);
}
