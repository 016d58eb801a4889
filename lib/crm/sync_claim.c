/* SPDX-License-Identifier: MIT */
/*
 * Which leads a line takes on: errands in turn, no more than there is room
 * for, one while it is not known whether the CRM is back.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "crm/sync_line.h"

/* As long as a trial call may take, nobody else tries. */
#define TRIAL_MS 35000

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

enum outcome
line_claim(struct sync_line *line, int64_t now, struct fault *fault)
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
