/* SPDX-License-Identifier: MIT */
#include "ops/enqueue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "shared/bull.h"
#include "store/bull_jobs.h"
#include "store/refusals.h"

#define WAIT_MS 30000
#define PUSH_WAIT_MS 2000
#define TRY_MS 1000

/* Of one round trip and one transaction. */
#define BATCH 50

/* What begins this long before the end is ended by then. */
#define ROUND_MS 250

static enum outcome
check_words(const char *queue, const char *params, struct fault *fault)
{
	size_t len = strlen(params);
	json_error_t error;
	json_t *data;

	if (*queue == '\0' || strlen(queue) > 128 ||
	    strpbrk(queue, ":{} ") != NULL)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "'%.40s' is no name of a queue: no colon, brace or blank",
		    queue);
	if (len > ENQUEUE_BYTES)
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the parameters of a job are larger than %d bytes",
		    ENQUEUE_BYTES);
	data = json_loadb(params, len, JSON_DECODE_ANY, &error);
	if (data == NULL) {
		json_error_bare(&error);
		return fault_set(fault, OUT_NEVER, EXIT_INPUT,
		    "the parameters are no JSON: %s", error.text);
	}
	json_decref(data);
	return OUT_OK;
}

/* Asks nobody. */
static enum outcome
need_redis(struct run *run)
{
	struct redis *redis = NULL;
	enum outcome out =
	    redis_open(&redis, run->db, run->config, REDIS_SYNC, &run->fault);

	if (out == OUT_OK && redis == NULL)
		out = fault_set(&run->fault, OUT_NEVER, EXIT_CONFIG,
		    "a queue of BullMQ is in Redis, and none is configured: "
		    "set REDIS_URL");
	redis_close(redis);
	return out;
}

static enum outcome
store(struct run *run, struct bull_job_row *row, bool dry_run)
{
	enum outcome out =
	    db_begin(run->db, clock_mono_ms() + WAIT_MS, &run->fault);

	if (out == OUT_OK)
		out = bull_jobs_add(run->db, row, &run->fault);
	if (out == OUT_OK && !dry_run)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	return out;
}

enum outcome
enqueue_accept(struct run *run, const char *queue,
    const struct request_words *words, bool dry_run, struct enqueued *job)
{
	const char *prefix =
	    config_get_or(run->config, "LEADPIPE_BULLMQ_PREFIX", "bull");
	int64_t now = clock_wall_ms();
	enum outcome out = check_words(queue, words->params, &run->fault);

	if (out == OUT_OK)
		out = request_due(words, now, &job->due_at, &run->fault);
	if (out == OUT_OK)
		out = need_redis(run);
	if (out != OUT_OK)
		return out;
	snprintf(job->job, sizeof(job->job), "leadpipe-%016llx",
	    (unsigned long long)id_random());
	struct bull_job_row row = { .queue =
					mem_printf("%s:%s", prefix, queue),
		.job = mem_dup(job->job),
		.name = mem_dup(words->name),
		.data = mem_dup(words->params),
		.due_at = job->due_at,
		.created_at = now };
	out = store(run, &row, dry_run);
	bull_job_release(&row);
	return out;
}

void
enqueue_try(struct run *run)
{
	struct fault kept = run->fault;
	int64_t end = clock_mono_ms() + TRY_MS;
	struct enqueue_counts counts;
	struct redis *redis = NULL;

	if (redis_open(&redis, run->db, run->config, REDIS_SYNC,
		&run->fault) == OUT_OK) {
		redis_end_by(redis, end);
		if (enqueue_push(run, redis, end, &counts) != OUT_OK)
			log_event(LOG_INFO, "job_waits", "text=%s",
			    log_quote(run->fault.text));
		if (counts.waiting > 0 && isatty(STDERR_FILENO) &&
		    !run->shared.quiet)
			log_warning("it waits here: sync-redis brings it to "
				    "Redis");
	}
	redis_close(redis);
	run->fault = kept;
}

/* --- on their way */

/* What is wrong with QUEUE; NULL: nothing. */
static enum outcome
keep_fault(struct run *run, const char *queue, const char *why)
{
	char *name = mem_printf("to %s", queue);
	enum outcome out = OUT_OK;

	if (intake_fault_differs(run->db, name, why)) {
		out = intake_fault_set(run->db, name, why, &run->fault);
		if (why != NULL)
			log_warning("%s: jobs wait: %s", queue, why);
	}
	free(name);
	return out;
}

/* What became of each of COUNT. */
static enum outcome
keep_ends(struct run *run, const struct bull_job_row *rows, int count,
    const struct bull_end *ends)
{
	enum outcome out =
	    db_begin(run->db, clock_mono_ms() + PUSH_WAIT_MS, &run->fault);

	for (int i = 0; i < count && out == OUT_OK; i++) {
		bool refused = ends[i].fate == BULL_REFUSED;

		out = keep_fault(run, rows[i].queue,
		    refused ? ends[i].why : NULL);
		if (out == OUT_OK && !refused)
			out = bull_jobs_done(run->db, rows[i].id, &run->fault);
	}
	if (out == OUT_OK)
		out = db_commit(run->db, &run->fault);
	db_rollback(run->db);
	return out;
}

static enum outcome
push_some(struct run *run, struct redis *redis,
    const struct bull_job_row *rows, int count, int64_t *brought)
{
	struct bull_new jobs[BATCH];
	struct bull_end ends[BATCH];
	int64_t now = clock_wall_ms();

	for (int i = 0; i < count; i++)
		jobs[i] = (struct bull_new){ .queue = rows[i].queue,
			.id = rows[i].job,
			.name = rows[i].name,
			.data = rows[i].data,
			.delay_ms = rows[i].due_at - now };
	enum outcome out = bull_add(redis, jobs, count, ends, &run->fault);
	if (out == OUT_OK)
		out = keep_ends(run, rows, count, ends);
	for (int i = 0; i < count && out == OUT_OK; i++)
		*brought += ends[i].fate != BULL_REFUSED;
	return out;
}

enum outcome
enqueue_push(struct run *run, struct redis *redis, int64_t end,
    struct enqueue_counts *counts)
{
	struct bull_job_row rows[BATCH];
	enum outcome out = OUT_OK;
	int64_t after = 0, oldest;
	int count = BATCH;

	*counts = (struct enqueue_counts){ 0 };
	while (out == OUT_OK && count == BATCH && redis_usable(redis) &&
	    !stop_wanted() && clock_mono_ms() < end - ROUND_MS) {
		count = bull_jobs_waiting(run->db, after, BATCH, rows);
		if (count == 0)
			break;
		after = rows[count - 1].id;
		out = push_some(run, redis, rows, count, &counts->brought);
		for (int i = 0; i < count; i++)
			bull_job_release(&rows[i]);
	}
	counts->waiting = bull_jobs_count(run->db, &oldest);
	return out;
}
