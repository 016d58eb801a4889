/* SPDX-License-Identifier: MIT */
/*
 * The transaction of a turn: nothing leaves that is not written down, and
 * what was written down wrongly is forgotten with the rollback.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "crm/sync_line.h"
#include "store/crm_changes.h"
#include "store/limits.h"

/* One attempt to pass the turnstile; in between the calls under way are looked
 * after. */
#define BEGIN_MS 100

/* A database that stays locked this long: the next run will try again. */
#define LOCKED_MOST_MS 30000

/* Whoever must wait longer for a call gives its leads back. */
#define PATIENCE_MS 5000

/* Leads made due in one transaction. */
#define HASTEN_BATCH 500

/* Between two questions for what changed in a CRM. */
#define PULL_MS 60000

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
		out = line_claim(line, now, fault);
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
