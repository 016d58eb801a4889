/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "crm/sync_line.h"
#include "net/retry.h"
#include "store/limits.h"

/* Batches are few and large, but each asks for its persons one after the
 * other: as many as keep the CRM's rate while it takes a second for a call. */
#define BATCH_JOBS 4

/* Where each lead is a call of its own; a receiver may be a small one. */
#define SINGLE_JOBS 8

/* After a ban or a token that is refused. */
#define SHUT_MS (15 * 60 * 1000)
#define REAUTH_MS 60000

/* That a CRM answers is written down this often. */
#define ANSWERED_MS 10000

/* What decides how a CRM takes us: with other settings it is asked at once,
 * whatever it said before. */
static const char *const setting_names[] = { "AMOCRM_BASE_URL",
	"AMOCRM_LONG_LIVED_TOKEN", "AMOCRM_CLIENT_ID", "AMOCRM_CLIENT_SECRET",
	"AMOCRM_REDIRECT_URI", "BITRIX24_WEBHOOK_URL", "LEAD_WEBHOOK_URL",
	"LEAD_WEBHOOK_SECRET", "LEAD_EXEC", "CRM_PROXY" };

static int64_t
settings_hash(const struct config *config)
{
	struct buf all = BUF_INIT(65536);
	uint64_t hash;

	for (size_t i = 0;
	     i < sizeof(setting_names) / sizeof(setting_names[0]); i++)
		buf_printf(&all, "%s\n",
		    config_get_or(config, setting_names[i], ""));
	hash = id_hash(all.data, all.len);
	buf_release(&all);
	return (int64_t)(hash & INT64_MAX);
}

static void
refuse(struct sync *sync, const struct fault *fault)
{
	if (sync->refused.what == OUT_OK)
		sync->refused = *fault;
}

static int
jobs_of(const struct crm_bounds *bounds)
{
	if (bounds->batch == 1)
		return SINGLE_JOBS;
	if (bounds->per_second == 0 || bounds->per_second > LINE_JOBS)
		return LINE_JOBS;
	return bounds->per_second > BATCH_JOBS ? (int)bounds->per_second
					       : BATCH_JOBS;
}

enum outcome
sync_limit(const struct config *config, int64_t otherwise, int64_t *per_second,
    struct fault *fault)
{
	return config_int(config, "LEADPIPE_LIMIT_CRM_PER_SECOND", 0, 1000,
	    otherwise, per_second, fault);
}

static void
line_open(struct sync *sync, const char *name, const char *stray)
{
	const struct config *config = sync->options.config;
	struct sync_line *line = &sync->lines[sync->line_count];
	struct fault fault;

	enum outcome out =
	    crm_open(&line->crm, name, config, sync->options.db, &fault);

	if (out == OUT_OK) {
		line->bounds = crm_bounds(line->crm);
		out = sync_limit(config, line->bounds.per_second,
		    &line->bounds.per_second, &fault);
	}
	if (out != OUT_OK) {
		refuse(sync, &fault);
		crm_close(line->crm);
		line->crm = NULL;
		return;
	}
	line->sync = sync;
	line->scope.crm = crm_name(line->crm);
	line->scope.stray = stray != NULL && strcmp(stray, name) == 0;
	line->settings = settings_hash(config);
	line->most = jobs_of(&line->bounds);
	line->last = ERRAND_NOTE;
	for (int i = 0; i < LINE_JOBS; i++)
		line->jobs[i].line = line;
	++sync->line_count;
}

void
sync_lines_open(struct sync *sync)
{
	const struct config *config = sync->options.config;
	size_t names = 0;
	struct fault fault;
	const char *stray = crm_default(config, &fault);

	while (crm_names[names] != NULL)
		++names;
	sync->lines = mem_alloc((names + 1) * sizeof *sync->lines);
	for (size_t i = 0; i < names; i++)
		if (crm_is_configured(config, crm_names[i]))
			line_open(sync, crm_names[i], stray);
	/* Said only if a lead waits for want of it. */
	if (stray == NULL && leads_unassigned(sync->options.db))
		refuse(sync, &fault);
}

static int
line_busy(const struct sync_line *line)
{
	int busy = 0;

	for (int i = 0; i < line->most; i++)
		busy += line->jobs[i].phase != JOB_FREE;
	return busy;
}

struct sync_job *
line_free_job(struct sync_line *line)
{
	for (int i = 0; i < line->most; i++)
		if (line->jobs[i].phase == JOB_FREE &&
		    line->jobs[i].plan == PLAN_NONE)
			return &line->jobs[i];
	return NULL;
}

bool
line_on_chore(const struct sync_line *line)
{
	for (int i = 0; i < line->most; i++)
		if (line->jobs[i].chore && line->jobs[i].task != CRM_PULL)
			return true;
	return false;
}

bool
line_is_open(struct sync_line *line)
{
	return !line->needs_chore && !line_on_chore(line) &&
	    (line->breaker.since == 0 || line_busy(line) == 0) &&
	    line_free_job(line) != NULL;
}

bool
line_may_begin(const struct sync_line *line, int64_t now)
{
	const struct breaker *breaker = &line->breaker;

	if (line->blocked_until > now)
		return false;
	if (breaker->since != 0 && breaker->credential != line->settings &&
	    breaker->kind != BREAKER_FAILING)
		return true;
	return breaker->open_until <= now;
}

/* It is said at the end of the run, if it still holds then. */
static void
complain(struct sync_line *line, const struct crm_state *state)
{
	bool mine = state->health == CRM_REAUTH;

	fault_set(&line->trouble, mine ? OUT_NEVER : OUT_LATER,
	    mine ? EXIT_PERMISSION : EXIT_LATER, "%s%s%s%s", state->text,
	    state->request_id[0] ? " (request " : "", state->request_id,
	    state->request_id[0] ? ")" : "");
	log_service(line->scope.crm, false, "status=%d text=%s", state->status,
	    log_quote(state->text));
}

static enum outcome
answered(struct sync_line *line, int64_t now, struct fault *fault)
{
	struct db *db = line->sync->options.db;
	bool recovered = false;

	line->answered = true;
	log_service(line->scope.crm, true, NULL);
	line->trouble = (struct fault){ 0 };
	if (line->breaker.since == 0 &&
	    now - line->answered_noted < ANSWERED_MS)
		return OUT_OK;
	enum outcome out =
	    breaker_answered(db, line->scope.crm, now, &recovered, fault);
	line->answered_noted = now;
	line->hastens = line->hastens || recovered;
	if (recovered)
		log_event(LOG_INFO, "crm_recovered", "crm=%s",
		    line->scope.crm);
	return out;
}

static enum outcome
limited(struct sync_line *line, const struct crm_state *state, int64_t now,
    struct fault *fault)
{
	struct db *db = line->sync->options.db;
	int64_t until;
	enum outcome out = breaker_flooded(db, line->scope.crm, state->wait_ms,
	    now, &until, fault);

	if (out == OUT_OK)
		out = limits_block_crm(db, line->scope.crm, until, now, fault);
	log_event(LOG_INFO, "crm_limited", "crm=%s wait_ms=%lld",
	    line->scope.crm, (long long)(until - now));
	return out;
}

/* A chore that fails is not begun again at once. */
static void
pace_chores(struct sync_job *job, enum crm_health health)
{
	struct sync_line *line = job->line;

	if (!job->chore || job->task == CRM_PULL)
		return;
	if (health == CRM_WELL) {
		line->chore_failures = 0;
		return;
	}
	line->chore_at = clock_mono_ms() +
	    retry_wait_ms(&retry_crm, ++line->chore_failures);
}

static enum outcome
shut(const struct sync_job *job, int64_t now, struct fault *fault)
{
	struct sync_line *line = job->line;
	const struct crm_state *state = crm_job_state(job->crm_job);
	int64_t wait = state->wait_ms > 0 ? state->wait_ms : SHUT_MS;
	enum breaker_kind kind = state->health == CRM_REAUTH ? BREAKER_REAUTH
	    : state->health == CRM_DENIED		     ? BREAKER_DENIED
							     : BREAKER_CLOSED;

	/* Jobs that were under way with the first learn the same. */
	if (!job->trial && line->breaker.kind == kind &&
	    line->breaker.open_until > now)
		return OUT_OK;
	if (kind == BREAKER_REAUTH)
		wait = REAUTH_MS;
	return breaker_shut(line->sync->options.db, line->scope.crm, kind,
	    wait, line->settings, state->text, now, fault);
}

static bool
created_any(const struct sync_job *job)
{
	for (size_t i = 0; job->task == CRM_CREATE && i < job->count; i++)
		if (job->asked[i].verdict == CRM_CREATED)
			return true;
	return false;
}

enum outcome
line_judge(struct sync_job *job, int64_t now, struct fault *fault)
{
	struct sync_line *line = job->line;
	struct db *db = line->sync->options.db;
	const struct crm_state *state = crm_job_state(job->crm_job);
	enum outcome out = OUT_OK;

	if (job->judged || (!job->asked_once && state->health == CRM_WELL))
		return OUT_OK;
	job->judged = true;
	pace_chores(job, state->health);
	switch (state->health) {
	case CRM_WELL:
		/* Another question than whether it takes leads again. */
		if (line->breaker.kind == BREAKER_DENIED && !created_any(job))
			return OUT_OK;
		return answered(line, now, fault);
	case CRM_LIMITED:
		return limited(line, state, now, fault);
	case CRM_TOKEN:
		line->needs_chore = true;
		return OUT_OK;
	case CRM_FAILING:
		complain(line, state);
		out = breaker_failed(db, line->scope.crm, state->text, now,
		    fault);
		break;
	case CRM_REAUTH:
	case CRM_DENIED:
	case CRM_CLOSED:
		complain(line, state);
		out = shut(job, now, fault);
		break;
	}
	breaker_load(db, line->scope.crm, &line->breaker);
	return out;
}
