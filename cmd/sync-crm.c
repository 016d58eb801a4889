/* SPDX-License-Identifier: MIT */
/*
 * Bring leads to the CRM.  Several may run at once: leads are owned by
 * workers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crm/sync.h"
#include "ops/crm_events.h"
#include "ops/lead_line.h"
#include "ops/run.h"

#define PAGE 500
#define LINE_BYTES 4096

static int64_t for_ms, limit;
static bool pull, dry_run;

static const struct opt options[] = {
	{ OPT_SPAN, 'f', "for", "SECONDS",
	    "keep bringing this long; without it one pass",
	    { .number = &for_ms } },
	{ OPT_NUMBER, 'l', "limit", "N", "send at most N leads; 0: any number",
	    { .number = &limit } },
	{ OPT_FLAG, 0, "pull", NULL,
	    "ask what became of them there, and tell the flow",
	    { .flag = &pull } },
	{ OPT_FLAG, 'n', "dry-run", NULL, "list what waits and send nothing",
	    { .flag = &dry_run } },
	OPT_END
};

static const struct opt_command command = {
	.name = "sync-crm",
	.synopsis = "[--for SECONDS] [--limit N] [--pull] [--dry-run]",
	.summary = "Brings leads to the CRM, each once: what may exist there "
		   "after a lost reply is searched for before it is "
		   "sent again, and once more an hour later.",
	.details = "--pull fires crm_won, crm_lost or crm_status for the "
		   "person, with the data\nlead, crm, remote_id, status, "
		   "status_id, pipeline_id, won and lost.",
	.usage_exit = EXIT_USAGE,
};

static enum outcome
bring(struct run *run, struct crm_events *events, struct sync **sync,
    int64_t started)
{
	enum outcome out = run_work(run, &command, false);
	struct sync_options what = { .config = run->config,
		.db = run->db,
		.started = started,
		.for_ms = for_ms,
		.most = limit };

	if (out == OUT_OK && pull) {
		out = turn_open(&events->turn, run->db, run->config,
		    &run->fault);
		events->db = run->db;
		what.hear = crm_events_hear;
		what.arg = events;
	}
	if (out != OUT_OK)
		return out;
	what.worker = run->worker.id;
	*sync = sync_open(&what);
	return sync_run(*sync, &run->fault);
}

static void
tell(const struct sync *sync)
{
	const struct sync_counts *n = sync_counts(sync);

	log_event(LOG_INFO, "sync_completed",
	    "users=%lld created=%lld found=%lld retried=%lld unknown=%lld parked=%lld "
	    "noted=%lld stripped=%lld changes=%lld doubled=%lld",
	    (long long)n->created + (long long)n->found, (long long)n->created,
	    (long long)n->found, (long long)n->retried, (long long)n->unknown,
	    (long long)n->parked, (long long)n->noted, (long long)n->stripped,
	    (long long)n->changes, (long long)n->doubled);
}

static void
add_lead(const struct lead_brief *lead, void *arg)
{
	struct run *run = arg;
	struct buf line = BUF_INIT(LINE_BYTES);

	lead_line_add(&line, lead, run->shared.json);
	fwrite(line.data, 1, line.len, stdout);
	buf_release(&line);
}

static void
list_waiting(struct run *run)
{
	int64_t after = 0;

	/* A program that cuts columns wants no heading. */
	if (!run->shared.json && isatty(STDOUT_FILENO))
		fputs(lead_line_head, stdout);
	while (leads_list(run->db, &after, PAGE, add_lead, run) == PAGE)
		if (fflush(stdout) != 0)
			return;
	(void)!db_result(run->db, &run->fault);
}

int
main(int argc, char **argv)
{
	struct run run = { .worker = WORKER_INIT, .recurs = true };
	struct crm_events events = { 0 };
	struct sync *sync = NULL;
	int64_t started = clock_mono_ms();
	char *counts = NULL;
	bool parked = false;

	opt_parse(&command, options, &run.shared, argc, argv);
	if (run_begin(&run, &command, dry_run ? DB_READ : DB_WRITE,
		for_ms + SYNC_GRACE_MS) == OUT_OK) {
		if (dry_run)
			list_waiting(&run);
		else
			(void)!bring(&run, &events, &sync, started);
	}
	if (sync != NULL) {
		tell(sync);
		counts = sync_counts_json(sync);
		parked = sync_counts(sync)->parked > 0;
	}
	sync_close(sync);
	turn_close(events.turn);
	int code = run_end(&run, parked, counts);
	free(counts);
	return code;
}
