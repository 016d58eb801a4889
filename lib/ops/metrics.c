/* SPDX-License-Identifier: MIT */
#include "ops/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops/metric_text.h"
#include "ops/status_verdict.h"
#include "store/counters.h"
#include "store/gauges.h"

#define LABELS(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

/* The numbers of healthcheck, under their names here. */
static const struct {
	const char *check, *name, *help;
} gauges[] = {
	{ "updates", "leadpipe_updates_pending",
	    "Updates that are received and not yet stepped." },
	{ "ready", "leadpipe_messages_ready",
	    "Chats with a message that "
	    "could be sent now." },
	{ "due_lag", "leadpipe_outbox_oldest_ready_age_seconds",
	    "How long the oldest message or task has been due." },
	{ "tasks", "leadpipe_tasks_scheduled",
	    "Tasks that wait for their "
	    "time." },
	{ "handlers", "leadpipe_handlers_open",
	    "Handlers that run or wait to "
	    "run." },
	{ "poll_age", "leadpipe_poll_age_seconds",
	    "Time since Telegram answered getUpdates." },
	{ "lead_lag", "leadpipe_crm_oldest_lead_age_seconds",
	    "How long the oldest lead has been waiting for the CRM." },
	{ "crm_failures", "leadpipe_crm_failures_in_a_row",
	    "Calls to the CRM that failed one after the other." },
	{ "db_size", "leadpipe_db_size_bytes", "Size of the database." },
	{ "wal_size", "leadpipe_wal_size_bytes",
	    "Size of its write-ahead "
	    "log." },
	{ "disk_free", "leadpipe_disk_free_bytes",
	    "Free space on the disk of the database." },
	{ "backup_age", "leadpipe_backup_age_seconds",
	    "Age of the newest backup." },
};

/* Leads that wait, by why. */
static const struct {
	const char *check, *state;
} leads[] = {
	{ "leads", "waiting" },
	{ "leads_unknown", "unknown" },
	{ "leads_parked", "parked" },
	{ "leads_doubled", "doubled" },
	{ "leads_untold", "untold" },
};

/* What only grows; LABEL NULL: one value. */
static const struct {
	enum counter what;
	const char *name, *label, *help;
} totals[] = {
	{ COUNT_UPDATES, "leadpipe_updates_received_total", NULL,
	    "Updates received from Telegram." },
	{ COUNT_RECEIVED, "leadpipe_messages_received_total", NULL,
	    "Messages and presses of people." },
	{ COUNT_PEOPLE, "leadpipe_people_total", NULL,
	    "People and groups seen for the first time." },
	{ COUNT_SETTLED, "leadpipe_messages_sent_total", "result",
	    "Messages whose sending ended, by how." },
	{ COUNT_REMINDERS, "leadpipe_reminders_sent_total", NULL,
	    "Messages sent that answer nobody." },
	{ COUNT_BROADCASTS, "leadpipe_broadcast_messages_sent_total", NULL,
	    "Messages of broadcasts sent." },
	{ COUNT_RETRIES, "leadpipe_send_retries_total", NULL,
	    "Sends that failed and are tried again." },
	{ COUNT_AMBIGUOUS, "leadpipe_messages_ambiguous_total", NULL,
	    "Sends whose answer was lost." },
	{ COUNT_FLOODED, "leadpipe_rate_limited_total", NULL,
	    "Times that Telegram asked to send more slowly." },
	{ COUNT_TASKS, "leadpipe_tasks_ended_total", "result",
	    "Tasks that ended, by how." },
	{ COUNT_LEADS, "leadpipe_leads_received_total", "fate",
	    "Leads that came in: added, or joined to one that was there." },
	{ COUNT_SYNCED, "leadpipe_leads_synced_total", "result",
	    "Leads that the CRM took, or will never take." },
	{ COUNT_CRM_FAILURES, "leadpipe_crm_failures_total", "crm",
	    "Calls to a CRM that failed." },
	{ COUNT_RUNS, "leadpipe_runs_total", "command",
	    "Runs of commands that came to their end." },
	{ COUNT_FAILURES, "leadpipe_run_failures_total", "command",
	    "Runs of commands that ended with a failure." },
	{ COUNT_CRASHES, "leadpipe_run_crashes_total", "command",
	    "Runs of commands that never came to their end." },
};

struct labelled {
	struct metric_text *text;
	const char *label, *flow;
	int64_t buckets[COUNTER_BOUNDS + 1];
};

static void
put_labelled(const char *value, int64_t count, void *arg)
{
	const struct labelled *of = arg;

	if (of->flow != NULL)
		metric_put(of->text, (double)count,
		    LABELS("flow", of->flow, of->label, value));
	else
		metric_put(of->text, (double)count, LABELS(of->label, value));
}

static void
put_totals(struct metric_text *text, struct db *db)
{
	for (size_t i = 0; i < sizeof(totals) / sizeof(*totals); i++) {
		struct labelled of = { text, totals[i].label, NULL, { 0 } };

		metric_begin(text, totals[i].name, "counter", totals[i].help);
		if (of.label == NULL)
			metric_put(text,
			    (double)counter_sum(db, totals[i].what), NULL);
		else
			counter_each(db, totals[i].what, put_labelled, &of);
	}
}

static void
put_states(struct metric_text *text, struct db *db, const char *flow)
{
	struct labelled of = { text, "state", flow, { 0 } };

	metric_begin(text, "leadpipe_state_entries_total", "counter",
	    "How often people entered a state of the flow.");
	counter_each(db, COUNT_STATES, put_labelled, &of);
}

static void
take_bucket(const char *label, int64_t count, void *arg)
{
	struct labelled *of = arg;
	int64_t bound = strtoll(label, NULL, 10);
	size_t i = 0;

	while (i < COUNTER_BOUNDS && counter_bounds[i] != bound)
		i++;
	of->buckets[i] += count;
}

static void
put_histogram(struct metric_text *text, struct db *db, enum counter what,
    enum counter sum_ms)
{
	struct labelled of = { text, NULL, NULL, { 0 } };
	int64_t count = 0;
	char bound[24];

	counter_each(db, what, take_bucket, &of);
	for (size_t i = 0; i <= COUNTER_BOUNDS; i++) {
		count += of.buckets[i];
		if (i < COUNTER_BOUNDS)
			snprintf(bound, sizeof(bound), "%.15g",
			    (double)counter_bounds[i] / 1000);
		metric_put_part(text, "_bucket", (double)count,
		    LABELS("le", i < COUNTER_BOUNDS ? bound : "+Inf"));
	}
	metric_put_part(text, "_sum", (double)counter_sum(db, sum_ms) / 1000,
	    NULL);
	metric_put_part(text, "_count", (double)count, NULL);
}

static void
put_histograms(struct metric_text *text, struct db *db)
{
	metric_begin(text, "leadpipe_task_lateness_seconds", "histogram",
	    "How long after their time tasks began to be done.");
	put_histogram(text, db, COUNT_LATENESS, COUNT_LATENESS_MS);
	metric_begin(text, "leadpipe_message_delay_seconds", "histogram",
	    "How long messages waited until Telegram had them.");
	put_histogram(text, db, COUNT_DELAY, COUNT_DELAY_MS);
}

static void
put_gauges(struct metric_text *text, const struct status *status)
{
	for (size_t i = 0; i < sizeof(gauges) / sizeof(*gauges); i++) {
		double value = status_number(status, gauges[i].check, -1);

		if (value >= 0)
			metric_one(text, gauges[i].name, "gauge",
			    gauges[i].help, value);
	}
	if (status_number(status, "leads", -1) < 0)
		return;
	metric_begin(text, "leadpipe_crm_leads", "gauge",
	    "Leads that wait for the CRM or for a person, by why.");
	for (size_t i = 0; i < sizeof(leads) / sizeof(*leads); i++)
		metric_put(text, status_number(status, leads[i].check, 0),
		    LABELS("state", leads[i].state));
}

static void
put_waiting(struct metric_text *text, struct db *db)
{
	struct labelled of = { text, "state", NULL, { 0 } };

	metric_begin(text, "leadpipe_outbox_messages", "gauge",
	    "Messages that are not sent yet, by state.");
	gauges_outbox(db, put_labelled, &of);
	of.label = "kind";
	metric_begin(text, "leadpipe_dead_letters", "gauge",
	    "What will not succeed by itself, by kind.");
	gauges_dead(db, put_labelled, &of);
}

/* A file that is not renewed is served for ever: the time of this run shows
 * it. */
static void
put_successes(struct metric_text *text, const struct status *status)
{
	metric_begin(text, "leadpipe_last_success_timestamp_seconds", "gauge",
	    "When a command last did what it should.");
	for (int i = 0; i < status->run_count; i++)
		if (status->runs[i].success_at != 0)
			metric_put(text,
			    (double)status->runs[i].success_at / 1000,
			    LABELS("command", status->runs[i].command));
	metric_put(text, (double)status->now / 1000,
	    LABELS("command", "render-status"));
}

enum run_part { RUN_BEGAN, RUN_TOOK, RUN_EXIT };

static void
put_runs(struct metric_text *text, const struct status *status,
    enum run_part part)
{
	for (int i = 0; i < status->run_count; i++) {
		const struct status_run *run = &status->runs[i];
		bool over = run->ended_at != 0 && !run->crashed;
		double value = part == RUN_BEGAN
		    ? (double)run->started_at / 1000
		    : part == RUN_TOOK
		    ? (double)(run->ended_at - run->started_at) / 1000
		    : (double)run->exit_code;

		if (over || part == RUN_BEGAN)
			metric_put(text, value,
			    LABELS("command", run->command));
	}
}

static void
put_commands(struct metric_text *text, const struct status *status)
{
	put_successes(text, status);
	if (status->run_count == 0)
		return;
	metric_begin(text, "leadpipe_last_run_timestamp_seconds", "gauge",
	    "When the last run of a command began.");
	put_runs(text, status, RUN_BEGAN);
	metric_begin(text, "leadpipe_last_run_duration_seconds", "gauge",
	    "How long the last run of a command took.");
	put_runs(text, status, RUN_TOOK);
	metric_begin(text, "leadpipe_last_exit_code", "gauge",
	    "How the last run of a command ended.");
	put_runs(text, status, RUN_EXIT);
}

static void
put_health(struct metric_text *text, const struct status *status)
{
	const char *component = "";

	metric_begin(text, "leadpipe_health", "gauge",
	    "What healthcheck says: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.");
	while ((component = status_next_component(status, component)) != NULL)
		metric_put(text,
		    check_exit(status_component(status, component)),
		    LABELS("component", component));
}

enum outcome
metrics_write(const struct status *status, struct db *db, struct buf *out,
    struct fault *fault)
{
	struct metric_text text = { .out = out };

	if (status->bot_id != 0)
		snprintf(text.bot, sizeof(text.bot), "%lld",
		    (long long)status->bot_id);
	metric_begin(&text, "leadpipe_build_info", "gauge",
	    "Which leadpipe writes this.");
	metric_put(&text, 1,
	    LABELS("version", LEADPIPE_VERSION, "sqlite", gauges_sqlite()));
	put_health(&text, status);
	put_gauges(&text, status);
	put_commands(&text, status);
	if (db == NULL)
		return OUT_OK;
	put_waiting(&text, db);
	put_totals(&text, db);
	put_states(&text, db, status->flow);
	put_histograms(&text, db);
	return db_result(db, fault);
}
