/* SPDX-License-Identifier: MIT */
/*
 * The transaction of a turn: nothing leaves that is not written down, and
 * what was written down wrongly is forgotten with the rollback.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "crm/sync_line.h"
#include "store/crm_changes.h"
#include "store/limits.h"

/* One attempt to pass the turnstile; in between the calls under way are looked
 * after. */
#define BEGIN_MS 100

/* A database that stays locked this long: the next run will try again. */
#define LOCKED_MOST_MS 30000

/* As long as a trial call may take, nobody else tries. */
#define TRIAL_MS 35000

/* Whoever must wait longer for a call gives its leads back. */
#define PATIENCE_MS 5000

/* Leads made due in one transaction. */
#define HASTEN_BATCH 500

/* Between two questions for what changed in a CRM. */
#define PULL_MS 60000

static void
start_job(struct sync_job *job, enum crm_task task, size_t room)
{
	job->task = task;
	job->plan = PLAN_OPEN;
	if (room == 0)
		return;
	job->leads = mem_alloc(room * sizeof *job->leads);
	job->asked = mem_alloc(room * sizeof *job->asked);
}

/* A few leads are shared out among the jobs, which look for their persons
 * side by side; less than this in one call would waste the CRM's limit. */
#define SHARE_LEAST 10

static int64_t
share_of(const struct sync_line *line, enum errand errand, int64_t now)
{
	int64_t most = (int64_t)line->bounds.batch, jobs = line->most, due;

	if (most <= SHARE_LEAST)
		return most;
	due = leads_due(line->sync->options.db, &line->scope, errand, now,
	    most * jobs);
	due = (due + jobs - 1) / jobs;
	return due > SHARE_LEAST ? due : SHARE_LEAST;
}

static size_t
room_for(const struct sync_line *line, enum errand errand, int64_t now)
{
	const struct sync *sync = line->sync;
	int64_t room = share_of(line, errand, now);

	if (sync->options.most > 0 && errand == ERRAND_CREATE &&
	    room > sync->options.most - sync->claimed - sync->staked)
		room = sync->options.most - sync->claimed - sync->staked;
	/* While it is not known whether it is back, one lead is enough. */
	if (line->breaker.since != 0 && room > 1)
		room = 1;
	return room > 0 ? (size_t)room : 0;
}

static enum outcome
claim(struct sync_job *job, enum errand errand, int64_t now,
    struct fault *fault)
{
	static const enum crm_task tasks[ERRANDS] = {
		[ERRAND_SEARCH] = CRM_SEARCH,
		[ERRAND_CREATE] = CRM_CREATE,
		[ERRAND_NOTE] = CRM_NOTE,
		[ERRAND_CHECK] = CRM_SEARCH,
	};
	struct sync_line *line = job->line;
	const struct sync_options *options = &line->sync->options;
	size_t count = room_for(line, errand, now);

	if (count == 0)
		return OUT_OK;
	struct lead *rows = mem_alloc(count * sizeof *rows);
	enum outcome out = leads_claim(options->db, &line->scope, errand,
	    options->worker, now, rows, &count, fault);
	if (out == OUT_OK && count > 0) {
		start_job(job, tasks[errand], count);
		job->count = count;
		for (size_t i = 0; i < count; i++)
			job->leads[i].row = rows[i];
		if (errand == ERRAND_CREATE)
			line->sync->staked += (int64_t)count;
		line->last = errand;
	}
	free(rows);
	return out;
}

/* What may exist is looked for before anything is sent, but neither keeps the
 * other from its turn. */
static enum outcome
claim_any(struct sync_job *job, int64_t now, struct fault *fault)
{
	enum outcome out = OUT_OK;
	enum errand errand = job->line->last;

	for (int i = 0; i < ERRANDS && out == OUT_OK && job->plan == PLAN_NONE;
	     i++) {
		errand = (enum errand)((errand + 1) % ERRANDS);
		out = claim(job, errand, now, fault);
	}
	return out;
}

static enum outcome
try_again(struct sync_line *line, struct sync_job *job, int64_t now,
    struct fault *fault)
{
	if (line->breaker.open_until == 0)
		return OUT_OK;
	job->trial = true;
	line->breaker.open_until = now + TRIAL_MS;
	return breaker_try(line->sync->options.db, line->scope.crm,
	    now + TRIAL_MS, fault);
}

static enum outcome
claim_line(struct sync_line *line, int64_t now, struct fault *fault)
{
	enum outcome out = OUT_OK;
	struct sync_job *job;

	breaker_load(line->sync->options.db, line->scope.crm, &line->breaker);
	while (
	    out == OUT_OK && line_may_begin(line, now) && line_is_open(line)) {
		job = line_free_job(line);
		out = claim_any(job, now, fault);
		if (out != OUT_OK || job->plan == PLAN_NONE)
			return out;
		out = try_again(line, job, now, fault);
		if (line->breaker.since != 0)
			return out;
	}
	return out;
}

/* What is about to leave is written down. */
static enum outcome
leave(struct sync_job *job, size_t i, int64_t now, struct fault *fault)
{
	const struct sync_options *options = &job->line->sync->options;
	const struct crm_lead *lead = &job->asked[i];
	struct lead *row = &job->leads[i].row;
	enum outcome out = OUT_OK;
	bool lost = false;

	if (lead->freezing != NULL)
		out = lead_freeze(options->db, row, options->worker,
		    lead->freezing, &lost, fault);
	if (out == OUT_OK && !lost && job->request.creates && lead->leaving)
		out = lead_leaves(options->db, row, options->worker, now,
		    &lost, fault);
	if (out == OUT_OK && lost)
		return fault_set(fault, OUT_BUG, EXIT_BUG,
		    "lead %lld is about to leave and not ours",
		    (long long)row->id);
	return out;
}

/* A call may leave when the limit of its CRM lets it, and when what a crash
 * would leave behind is written down. */
static enum outcome
grant(struct sync_job *job, int64_t now, struct fault *fault)
{
	struct sync_line *line = job->line;
	const struct sync_options *options = &line->sync->options;
	int64_t wait_until = 0;
	enum outcome out = limits_take_crm(options->db, line->scope.crm,
	    line->bounds.per_second, line->bounds.burst, now, &wait_until,
	    fault);

	if (out == OUT_OK && wait_until > now + PATIENCE_MS) {
		line->blocked_until = wait_until;
		job->plan = PLAN_GIVE_UP;
		return out;
	}
	if (out == OUT_OK && wait_until != 0) {
		job->ready_at = clock_mono_ms() + wait_until - now;
		return out;
	}
	for (size_t i = 0; i < job->count && out == OUT_OK; i++)
		out = leave(job, i, now, fault);
	if (out == OUT_OK)
		job->plan = PLAN_SEND;
	return out;
}

/* Hands over what a CRM_PULL brought. */
static enum outcome
hear(struct sync_job *job, int64_t now, struct fault *fault)
{
	struct sync *sync = job->line->sync;
	const struct sync_options *options = &sync->options;
	const char *crm = job->line->scope.crm;
	const char *cursor = crm_job_cursor(job->crm_job);
	enum outcome out = OUT_OK;
	size_t count = 0;
	const struct crm_change *changes =
	    crm_job_changes(job->crm_job, &count);

	for (size_t i = 0; i < count && out == OUT_OK; i++) {
		int64_t lead = 0;
		const struct crm_change_row row = { .crm = crm,
			.remote_id = changes[i].remote_id,
			.status_id = changes[i].status_id,
			.at = changes[i].at };

		out = crm_changes_add(options->db, &row, now, &lead, fault);
		if (out != OUT_OK || lead == 0)
			continue;
		++sync->counts.changes;
		log_event(LOG_INFO, "lead_changed", "id=%lld crm=%s status=%s",
		    (long long)lead, crm, log_quote(changes[i].status));
		out = options->hear(options->arg, crm, lead, &changes[i], now,
		    fault);
	}
	if (out == OUT_OK && cursor != NULL && *cursor != '\0')
		out = crm_changes_move(options->db, crm, cursor, fault);
	return out;
}

static enum outcome
work_on(struct sync_job *job, int64_t now, struct fault *fault)
{
	enum outcome out;

	switch (job->phase) {
	case JOB_WANTS:
		if (job->ready_at > clock_mono_ms() ||
		    !sync_may_go_on(job->line->sync))
			return OUT_OK;
		return grant(job, now, fault);
	case JOB_ANSWERED:
		out = line_judge(job, now, fault);
		if (out == OUT_OK)
			out = job_store(job, false, now, fault);
		job->plan = PLAN_GO_ON;
		return out;
	case JOB_DONE:
		out = line_judge(job, now, fault);
		if (out == OUT_OK)
			out = job_store(job, true, now, fault);
		if (out == OUT_OK && job->chore && job->task == CRM_PULL)
			out = hear(job, now, fault);
		job->plan = PLAN_CLOSE;
		return out;
	case JOB_FREE:
	case JOB_READY:
	case JOB_FLYING:
		break;
	}
	return OUT_OK;
}

static enum outcome
work_line(struct sync_line *line, int64_t now, struct fault *fault)
{
	struct sync *sync = line->sync;
	enum outcome out = OUT_OK;
	int count = 0;

	for (int i = 0; i < line->most && out == OUT_OK; i++)
		out = work_on(&line->jobs[i], now, fault);
	if (out == OUT_OK && line->hastens)
		out = leads_hasten(sync->options.db, &line->scope, now,
		    HASTEN_BATCH, &count, fault);
	line->hastens = line->hastens && count > 0;
	if (out == OUT_OK && sync_may_start(sync))
		out = claim_line(line, now, fault);
	return out;
}

/* What was planned is done, or never was. */
static void
conclude(struct sync_job *job, bool committed)
{
	enum job_plan plan = job->plan;

	job->plan = PLAN_NONE;
	job_stored(job, committed);
	if (!committed) {
		job->judged = false;
		if (plan == PLAN_OPEN)
			job_free(job);
		return;
	}
	switch (plan) {
	case PLAN_OPEN:
		job_begin(job, NULL);
		break;
	case PLAN_SEND:
		job_send(job);
		break;
	case PLAN_GO_ON:
		job->phase = JOB_READY;
		job->ready_at = 0;
		break;
	case PLAN_GIVE_UP:
		job_abandon(job);
		break;
	case PLAN_CLOSE:
		if (job->chore && job->task == CRM_PULL)
			job->line->pull_at = clock_mono_ms() + PULL_MS;
		job_free(job);
		break;
	case PLAN_NONE:
		break;
	}
}

static void
conclude_all(struct sync *sync, bool committed)
{
	if (committed)
		sync->claimed += sync->staked;
	sync->staked = 0;
	if (committed)
		sync->committed = sync->counts;
	else
		sync->counts = sync->committed;
	for (size_t i = 0; i < sync->line_count; i++)
		for (int j = 0; j < sync->lines[i].most; j++)
			conclude(&sync->lines[i].jobs[j], committed);
}

static void
failed(struct sync *sync, enum outcome out, const struct fault *fault)
{
	int64_t mono = clock_mono_ms();

	db_rollback(sync->options.db);
	conclude_all(sync, false);
	sync->dirty = true;
	if (sync->locked_since == 0)
		sync->locked_since = mono;
	if (out == OUT_LATER && fault->code == EXIT_LATER &&
	    mono - sync->locked_since < LOCKED_MOST_MS)
		return;
	sync_give_up(sync, out, fault);
}

/* When something becomes due of what may begin. */
static int64_t
next_due(struct sync *sync)
{
	int64_t first = CLOCK_NEVER;

	for (size_t i = 0; i < sync->line_count; i++) {
		struct sync_line *line = &sync->lines[i];
		int64_t at = leads_next(sync->options.db, &line->scope);

		if (!line_is_open(line))
			continue;
		if (at < line->breaker.open_until)
			at = line->breaker.open_until;
		if (at < line->blocked_until)
			at = line->blocked_until;
		if (at < first)
			first = at;
	}
	return first;
}

void
sync_work(struct sync *sync)
{
	struct db *db = sync->options.db;
	int64_t now = clock_wall_ms();
	struct fault fault;
	enum outcome out = db_begin(db, clock_mono_ms() + BEGIN_MS, &fault);

	if (out != OUT_OK) {
		failed(sync, out, &fault);
		return;
	}
	for (size_t i = 0; i < sync->line_count && out == OUT_OK; i++)
		out = work_line(&sync->lines[i], now, &fault);
	if (out == OUT_OK)
		out = db_commit(db, &fault);
	if (out != OUT_OK) {
		failed(sync, out, &fault);
		return;
	}
	sync->locked_since = 0;
	sync->dirty = false;
	conclude_all(sync, true);
	sync->next_at = next_due(sync);
}
