/* SPDX-License-Identifier: MIT */
#include "crm/sync_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* An answer that has not come by then will not (design.md 2.6). */
#define CALL_MS 30000

/* A lock that an adapter waits for is looked at again. */
#define LOCK_WAIT_MS 200

#define CHILD_OUTPUT (1U << 20)
#define CHILD_ERRORS 4096

/* The row as the adapter wants it; texts are lent. */
static void
lend(const struct lead *row, struct crm_lead *lead)
{
	*lead = (struct crm_lead){ .id = row->id,
		.marker = row->marker,
		.source = row->source,
		.title = row->title,
		.name = row->name,
		.phone = row->phone,
		.phone_raw = row->phone_raw,
		.email = row->email,
		.chat_id = row->chat_id,
		.created_at = row->created_at,
		.sent_at = row->sent_at,
		.details = row->details,
		.frozen = row->body };
	/* Its own note tells of them, whoever brings it. */
	if (row->errand == ERRAND_NOTE &&
	    crm_lead_detail(lead, "update") == NULL)
		lead->dropped = json_incref(row->dropped);
	snprintf(lead->remote_id, sizeof lead->remote_id, "%s",
	    row->remote_id ? row->remote_id : "");
	snprintf(lead->contact_id, sizeof lead->contact_id, "%s",
	    row->contact_id ? row->contact_id : "");
}

void
job_begin(struct sync_job *job, struct crm_job *crm_job)
{
	for (size_t i = 0; i < job->count; i++)
		lend(&job->leads[i].row, &job->asked[i]);
	if (crm_job == NULL)
		crm_job = crm_job_open(job->line->crm, job->task, job->asked,
		    job->count);
	job->crm_job = crm_job;
	job->phase = JOB_READY;
	job->ready_at = 0;
}

void
job_next(struct sync_job *job)
{
	enum crm_next next =
	    crm_job_next(job->crm_job, clock_wall_ms(), &job->request);

	job->phase = next == CRM_ASK ? JOB_WANTS
	    : next == CRM_WAIT	     ? JOB_READY
				     : JOB_DONE;
	job->ready_at = next == CRM_WAIT ? clock_mono_ms() + LOCK_WAIT_MS : 0;
}

static void
answer(struct sync_job *job, const struct crm_response *response)
{
	crm_job_answer(job->crm_job, response, clock_wall_ms());
	job->asked_once = true;
	job->judged = false;
	job->phase = JOB_ANSWERED;
}

static void
start_child(struct sync_job *job, int64_t deadline)
{
	/* No secret of ours, and nothing that depends on who started us. */
	static const char *const env[] = { "PATH=/usr/local/bin:/usr/bin:/bin",
		"LC_ALL=C.UTF-8", NULL };
	const struct child_spec spec = { .path = job->request.argv[0],
		.argv = job->request.argv,
		.env = env,
		.input = job->request.input,
		.input_len = job->request.input_len,
		.max_output = CHILD_OUTPUT,
		.max_errors = CHILD_ERRORS,
		.deadline = deadline };
	struct epoll_event event = { .events = EPOLLIN };
	struct fault fault;

	if (child_start(&job->child, &spec, &fault) != OUT_OK) {
		answer(job,
		    &(struct crm_response){ .exit_code = -1,
			.error = fault.text });
		return;
	}
	epoll_ctl(job->line->sync->waker, EPOLL_CTL_ADD, child_fd(job->child),
	    &event);
}

void
job_send(struct sync_job *job)
{
	struct sync *sync = job->line->sync;
	int64_t patience = job->request.patience_ms;
	int64_t deadline = clock_mono_ms() +
	    (patience > 0 && patience < CALL_MS ? patience : CALL_MS);

	job->phase = JOB_FLYING;
	log_event(LOG_DEBUG, "crm_asking", "crm=%s leads=%zu creates=%d",
	    crm_name(job->line->crm), job->count, job->request.creates);
	if (job->request.argv != NULL) {
		start_child(job, deadline);
		return;
	}
	struct http_request http = job->request.http;
	http.deadline = deadline;
	http.id = (job->line - sync->lines) * LINE_JOBS +
	    (job - job->line->jobs);
	job->call = http_start(sync->http, &http);
}

void
job_call_done(struct sync_job *job)
{
	answer(job,
	    &(struct crm_response){ .http = http_call_result(job->call) });
	http_call_free(job->call);
	job->call = NULL;
}

/* The last line that a program wrote to stderr. */
static const char *
last_line(const struct buf *errors)
{
	char *end;

	if (errors->len == 0)
		return NULL;
	end = errors->data + errors->len;
	while (end > errors->data && (end[-1] == '\n' || end[-1] == '\r'))
		*--end = '\0';
	while (end > errors->data && end[-1] != '\n')
		--end;
	return end;
}

void
job_child_done(struct sync_job *job)
{
	const struct child_result *result = child_result(job->child);

	answer(job,
	    &(struct crm_response){ .ran = true,
		.timed_out = result->timed_out,
		.exit_code = result->status,
		.output = result->output.data,
		.output_len = result->output.len,
		.error = last_line(&result->errors) });
	/* Closing its descriptor takes it out of the epoll set. */
	child_close(job->child);
	job->child = NULL;
}

void
job_abandon(struct sync_job *job)
{
	bool left = job->child != NULL ||
	    (job->call != NULL && http_call_left(job->call) == HTTP_LEFT);

	for (size_t i = 0; i < job->count; i++) {
		struct crm_lead *lead = &job->asked[i];

		if (job->phase != JOB_FLYING || !left ||
		    !job->request.creates || !lead->leaving ||
		    lead->verdict != CRM_PENDING)
			continue;
		lead->verdict = CRM_UNKNOWN;
		snprintf(lead->text, sizeof lead->text,
		    "the command ended while it was being sent");
	}
	if (job->call != NULL)
		http_cancel(job->call);
	child_close(job->child);
	job->call = NULL;
	job->child = NULL;
	job->judged = true;
	job->phase = JOB_DONE;
}

void
job_free(struct sync_job *job)
{
	http_call_free(job->call);
	child_close(job->child);
	crm_job_close(job->crm_job);
	for (size_t i = 0; i < job->count; i++) {
		lead_release(&job->leads[i].row);
		crm_lead_release(&job->asked[i]);
	}
	free(job->leads);
	free(job->asked);
	*job = (struct sync_job){ .line = job->line };
}
