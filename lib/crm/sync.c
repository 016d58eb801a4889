/* SPDX-License-Identifier: MIT */
#include "crm/sync.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/stop.h"
#include "crm/sync_line.h"
#include "store/crm_changes.h"

/* A row that another process wrote is seen within this time. */
#define TICK_MS 500

/* After a signal. */
#define STOP_GRACE_MS 4000

/* What is begun goes on this long after the end of a run. */
#define FINISH_MS 30000

/* A pass waits for what is due that soon: second and third tries, limits. */
#define SOON_MS 5000

#define CHORE_PACE_MS 1000

const struct sync_counts *
sync_counts(const struct sync *sync)
{
	return &sync->committed;
}

bool
sync_may_go_on(const struct sync *sync)
{
	return !stop_wanted() && sync->out == OUT_OK &&
	    clock_mono_ms() < sync->end + FINISH_MS;
}

bool
sync_may_start(const struct sync *sync)
{
	if (sync->options.most > 0 && sync->claimed >= sync->options.most)
		return false;
	return sync_may_go_on(sync) && clock_mono_ms() < sync->end;
}

void
sync_give_up(struct sync *sync, enum outcome out, const struct fault *fault)
{
	if (sync->out != OUT_OK)
		return;
	sync->out = out;
	sync->fault = *fault;
}

/* One job, NULL behind the last. */
static struct sync_job *
job_at(struct sync *sync, size_t i)
{
	if (i >= sync->line_count * LINE_JOBS)
		return NULL;
	return &sync->lines[i / LINE_JOBS].jobs[i % LINE_JOBS];
}

static size_t
jobs_in(struct sync *sync, enum job_phase phase)
{
	struct sync_job *job;
	size_t count = 0;

	for (size_t i = 0; (job = job_at(sync, i)) != NULL; i++)
		count += job->phase == phase;
	return count;
}

static size_t
jobs_open(struct sync *sync)
{
	return sync->line_count * LINE_JOBS - jobs_in(sync, JOB_FREE);
}

static void
collect(struct sync *sync)
{
	struct http_call *call;
	struct sync_job *job;

	while ((call = http_done(sync->http)) != NULL)
		job_call_done(job_at(sync, (size_t)http_call_id(call)));
	for (size_t i = 0; (job = job_at(sync, i)) != NULL; i++)
		if (job->child != NULL && child_work(job->child))
			job_child_done(job);
}

static void
move_on(struct sync *sync)
{
	int64_t mono = clock_mono_ms();
	struct sync_job *job;

	for (size_t i = 0; (job = job_at(sync, i)) != NULL; i++) {
		if (job->phase != JOB_READY && job->phase != JOB_WANTS)
			continue;
		if (!sync_may_go_on(sync))
			job_abandon(job);
		else if (job->phase == JOB_READY && job->ready_at <= mono)
			job_next(job);
	}
}

static void
begin_chore(struct sync_job *job, struct crm_job *crm_job, enum crm_task task)
{
	job->chore = true;
	job->task = task;
	job_begin(job, crm_job);
}

static void
pull(struct sync_line *line, struct sync_job *job)
{
	struct sync_job *now = line->jobs;
	char *cursor;

	for (int i = 0; i < line->most; i++)
		if (now[i].phase != JOB_FREE && now[i].task == CRM_PULL)
			return;
	cursor = crm_changes_cursor(line->sync->options.db, line->scope.crm);
	struct crm_job *crm_job = crm_job_open(line->crm, CRM_PULL, NULL, 0);
	crm_job_pull_from(crm_job, cursor);
	begin_chore(job, crm_job, CRM_PULL);
	free(cursor);
}

/* What a CRM needs by itself: outside of the transaction, as it touches the
 * database in one of its own. */
static void
do_chores(struct sync_line *line)
{
	struct sync *sync = line->sync;
	struct sync_job *job = line_free_job(line);
	int64_t mono = clock_mono_ms();
	struct crm_job *chore;

	if (job == NULL || !sync_may_start(sync) || line_on_chore(line) ||
	    !line_may_begin(line, clock_wall_ms()))
		return;
	if (mono >= line->chore_at) {
		line->chore_at = mono + CHORE_PACE_MS;
		/* Without one to be done what is due may begin. */
		sync->dirty = sync->dirty || line->needs_chore;
		line->needs_chore = false;
		chore = crm_chore(line->crm, clock_wall_ms());
		if (chore != NULL) {
			begin_chore(job, chore, CRM_NOTE);
			return;
		}
	}
	if (sync->options.hear != NULL && mono >= line->pull_at &&
	    !line->needs_chore)
		pull(line, job);
}

static bool
has_work(struct sync *sync)
{
	int64_t mono = clock_mono_ms();
	struct sync_job *job;

	if (sync->dirty || jobs_in(sync, JOB_ANSWERED) > 0 ||
	    jobs_in(sync, JOB_DONE) > 0)
		return true;
	for (size_t i = 0; (job = job_at(sync, i)) != NULL; i++)
		if (job->phase == JOB_WANTS && job->ready_at <= mono)
			return true;
	return sync_may_start(sync) && sync->next_at <= clock_wall_ms();
}

static void
turn_once(struct sync *sync)
{
	collect(sync);
	move_on(sync);
	if (db_changed(sync->options.db))
		sync->dirty = true;
	for (size_t i = 0; i < sync->line_count; i++)
		do_chores(&sync->lines[i]);
	move_on(sync);
	if (has_work(sync))
		sync_work(sync);
}

/* Nothing is left to do soon. */
static bool
idle(struct sync *sync)
{
	if (jobs_open(sync) > 0 || sync->dirty)
		return false;
	if (!sync_may_start(sync))
		return true;
	for (size_t i = 0; i < sync->line_count; i++)
		if (sync->lines[i].hastens ||
		    (line_may_begin(&sync->lines[i], clock_wall_ms()) &&
			(sync->lines[i].needs_chore ||
			    (sync->options.hear != NULL &&
				sync->lines[i].pull_at == 0))))
			return false;
	return sync->next_at > clock_wall_ms() + SOON_MS;
}

static bool
finished(struct sync *sync)
{
	int64_t mono = clock_mono_ms();

	if (mono >= sync->hard_end - STOP_GRACE_MS)
		return true;
	if (stop_wanted())
		return jobs_in(sync, JOB_FLYING) == 0 ||
		    mono >= stop_since() + STOP_GRACE_MS;
	if (sync->out != OUT_OK)
		return jobs_in(sync, JOB_FLYING) == 0 ||
		    db_broken(sync->options.db);
	if (sync->options.for_ms == 0)
		return idle(sync);
	return mono >= sync->end && jobs_open(sync) == 0;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
wake_at(struct sync *sync)
{
	int64_t mono = clock_mono_ms(), wall = clock_wall_ms();
	int64_t at = mono + TICK_MS;
	struct sync_job *job;

	if (sync->locked_since != 0)
		return mono + 5;
	if (sync_may_start(sync) && sync->next_at < wall + TICK_MS)
		at = sync->next_at <= wall ? mono
					   : mono + sync->next_at - wall;
	for (size_t i = 0; (job = job_at(sync, i)) != NULL; i++) {
		if (job->phase == JOB_READY || job->phase == JOB_WANTS)
			at = earlier(at, job->ready_at);
		else if (job->phase == JOB_ANSWERED || job->phase == JOB_DONE)
			return mono;
		if (job->child != NULL)
			at = earlier(at, child_due(job->child));
	}
	if (sync->end > mono)
		at = earlier(at, sync->end);
	return at;
}

/* What is still under way when the run must end. */
static void
wind_up(struct sync *sync)
{
	int64_t until = clock_mono_ms() + STOP_GRACE_MS / 2;
	struct sync_job *job;

	collect(sync);
	for (size_t i = 0; (job = job_at(sync, i)) != NULL; i++)
		if (job->phase != JOB_FREE && job->phase != JOB_ANSWERED)
			job_abandon(job);
	/* An answer that came is stored, then its job ends. */
	while (jobs_open(sync) > 0 && clock_mono_ms() < until &&
	    !db_broken(sync->options.db)) {
		sync_work(sync);
		for (size_t i = 0; (job = job_at(sync, i)) != NULL; i++)
			if (job->phase == JOB_READY)
				job_abandon(job);
	}
}

enum outcome
sync_run(struct sync *sync, struct fault *fault)
{
	enum outcome out;

	if (sync->line_count == 0)
		return sync_reached(sync, fault);
	out = sync_open_network(sync, fault);
	if (out != OUT_OK)
		return out;
	sync->dirty = true;
	while (!finished(sync)) {
		http_run(sync->http, wake_at(sync), sync->waker);
		turn_once(sync);
	}
	wind_up(sync);
	if (sync->out != OUT_OK) {
		*fault = sync->fault;
		return sync->out;
	}
	return sync_reached(sync, fault);
}
