/* SPDX-License-Identifier: MIT */
/*
 * What an answer means for the leads of a job, the same for every CRM.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "crm/work.h"

/* How often a new token is looked for while a person has to bring one. */
#define REAUTH_LOOK_MS 60000

/* 1 s, doubling, when the CRM does not say how long to wait. */
enum { LIMIT_WAIT_MS = 1000, LIMIT_DOUBLINGS = 8 };

/* That a question is not allowed keeps no lead from being created. */
static enum crm_health
health_of(enum crm_meaning meaning, enum crm_step step)
{
	switch (meaning) {
	case MEANS_SAFE:
	case MEANS_DOUBT:
		return CRM_FAILING;
	case MEANS_LIMIT:
		return CRM_LIMITED;
	case MEANS_TOKEN:
		return CRM_TOKEN;
	case MEANS_REAUTH:
		return CRM_REAUTH;
	case MEANS_CLOSED:
		return CRM_CLOSED;
	case MEANS_DENIED:
		return step == STEP_CREATE ? CRM_DENIED : CRM_WELL;
	default:
		return CRM_WELL;
	}
}

/* A CRM that fails may quote the person on whom it failed (databases do): its
 * words have no place where they outlive the lead. */
static int
text_length(const struct crm_reply *reply, enum crm_health health)
{
	return health == CRM_FAILING && reply->quote > 0
	    ? (int)reply->quote
	    : (int)strlen(reply->text);
}

static void
state_set(struct crm_job *job, const struct crm_reply *reply)
{
	struct crm_state *state = &job->state;
	struct crm *crm = job->crm;

	*state =
	    (struct crm_state){ .health = health_of(reply->meaning, job->step),
		    .wait_ms = reply->wait_ms,
		    .status = reply->status };
	memcpy(state->request_id, reply->request_id,
	    sizeof(state->request_id));
	snprintf(state->text, sizeof(state->text), "%.*s%s%s",
	    text_length(reply, state->health), reply->text,
	    reply->remedy ? "; " : "", reply->remedy ? reply->remedy : "");
	if (reply->meaning == MEANS_REAUTH)
		crm->reauth_until = job->now + REAUTH_LOOK_MS;
	if (reply->meaning != MEANS_LIMIT)
		crm->limited = 0;
	else if (state->wait_ms == 0)
		state->wait_ms = LIMIT_WAIT_MS
		    << (crm->limited < LIMIT_DOUBLINGS ? crm->limited++
						       : LIMIT_DOUBLINGS);
}

/* A lead that does not go on, ASKED about or not: that others fail uses up no
 * try of it. */
static void
lead_put_back(struct crm_job *job, struct crm_lead *lead, bool asked,
    const struct crm_reply *reply)
{
	enum crm_health health = job->state.health;

	if (lead->verdict !=
	    (job->step == STEP_NOTES ? CRM_CREATED : CRM_PENDING))
		return;
	/* of one lead alone it speaks of nobody else */
	crm_say(lead->text, sizeof(lead->text),
	    asked && health == CRM_FAILING &&
		    job->crm->adapter->bounds.batch == 1
		? reply->text
		: job->state.text);
	/* a search that is refused waits its time, too */
	lead->free = health == CRM_FAILING ? !asked : health != CRM_WELL;
	lead->wait_ms = health == CRM_FAILING ? reply->wait_ms
	    : health == CRM_LIMITED	      ? job->state.wait_ms
					      : 0;
	lead->verdict = job->step == STEP_SEARCH ||
		(job->step == STEP_CREATE && asked &&
		    reply->meaning == MEANS_DOUBT &&
		    !job->crm->adapter->repeats)
	    ? CRM_UNKNOWN
	    : CRM_AGAIN;
}

/* The lead is there; a note that is refused would be refused for ever. */
static void
note_give_up(struct crm_lead *lead, const struct crm_reply *reply)
{
	lead->noted = true;
	crm_say(lead->text, sizeof(lead->text), reply->text);
	log_warning("the note of lead %lld is given up: %s",
	    (long long)lead->id, lead->text);
}

/* What was asked can never succeed, nothing was created: of several each is
 * tried by itself, so that one bad lead takes no neighbour with it. */
static void
asked_refused(struct crm_job *job, const struct crm_reply *reply)
{
	struct crm_lead *lead;
	size_t asked = 0;

	for (size_t at = 0; crm_asked(job, &at); at++)
		asked++;
	for (size_t at = 0; (lead = crm_asked(job, &at)); at++) {
		struct crm_work *work = &job->work[at];

		if (job->step == STEP_PERSON)
			work->person = true;
		else if (job->step == STEP_SEARCH)
			work->searched = true;
		/* whether it is there cannot be seen: better twice than not */
		else if (job->step == STEP_NOTES)
			work->note_read = true;
		else if (job->step == STEP_CREATE && asked > 1)
			work->alone = true;
		else if (job->step == STEP_CREATE)
			crm_lead_park(lead, reply->text, reply->remedy);
		else if (asked == 1)
			note_give_up(lead, reply);
	}
	if (job->step == STEP_NOTE && asked > 1)
		job->most = 1;
	if (job->step == STEP_PERSON || job->step == STEP_CREATE ||
	    job->step == STEP_NOTES || job->step == STEP_NOTE)
		return;
	for (size_t i = 0; i < job->count; i++)
		lead_put_back(job, &job->leads[i], true, reply);
	job->step = STEP_END;
}

/* All leads of the job; a question that named none was about each. */
static void
job_put_back(struct crm_job *job, const struct crm_reply *reply)
{
	size_t at = 0;
	bool none = crm_asked(job, &at) == NULL;

	for (size_t i = 0; i < job->count; i++)
		lead_put_back(job, &job->leads[i], none || job->work[i].asked,
		    reply);
	job->step = STEP_END;
}

/* A question about one lead that got no answer keeps no other from going on;
 * two in a row say that the CRM is away, and not each is to be waited for. */
static bool
asked_deferred(struct crm_job *job, const struct crm_reply *reply)
{
	struct crm_lead *lead;
	size_t at = 0;

	if (job->state.health != CRM_FAILING || job->silent++ > 0 ||
	    (job->step != STEP_PERSON && job->step != STEP_SEARCH &&
		job->step != STEP_NOTES))
		return false;
	lead = crm_asked(job, &at);
	if (lead != NULL)
		lead_put_back(job, lead, true, reply);
	return lead != NULL;
}

/* A question that may not be asked.  Without the person the lead still goes,
 * and a note without knowing whether it is there; it waits for the right to
 * be written, unless its lead is gone. */
static void
asked_denied(struct crm_job *job, const struct crm_reply *reply)
{
	if (job->step == STEP_PERSON || job->step == STEP_NOTES ||
	    (job->step == STEP_NOTE && reply->status == 404)) {
		asked_refused(job, reply);
		return;
	}
	if (job->step == STEP_PULL)
		log_warning("what became of the leads is not known: %s",
		    job->state.text);
	job_put_back(job, reply);
}

void
crm_job_refused(struct crm_job *job, const struct crm_reply *reply)
{
	const struct crm_adapter *adapter = job->crm->adapter;

	state_set(job, reply);
	if (adapter->failed && adapter->failed(job, reply))
		return;
	if (reply->meaning == MEANS_FIELD && adapter->strike &&
	    job->step == STEP_CREATE) {
		adapter->strike(job, reply);
		return;
	}
	if (reply->meaning == MEANS_FIELD || reply->meaning == MEANS_NEVER) {
		asked_refused(job, reply);
		return;
	}
	if (reply->meaning == MEANS_DENIED && job->step != STEP_CREATE) {
		asked_denied(job, reply);
		return;
	}
	if (!asked_deferred(job, reply))
		job_put_back(job, reply);
}

void
crm_job_answer(struct crm_job *job, const struct crm_response *response,
    int64_t now)
{
	const struct crm_adapter *adapter = job->crm->adapter;
	struct crm_reply reply;

	job->now = now;
	for (size_t i = 0; i < job->count; i++) {
		job->leads[i].leaving = false;
		job->leads[i].freezing = NULL;
	}
	if (adapter->judge) {
		adapter->judge(job, response);
		return;
	}
	crm_reply_read(&reply, adapter->title,
	    job->step == STEP_TOKEN ? adapter->token_refusals
				    : adapter->refusals,
	    adapter->said, response->http);
	if (reply.meaning == MEANS_DONE) {
		state_set(job, &reply);
		if (!adapter->read(job, reply.body)) {
			reply.meaning = MEANS_DOUBT;
			snprintf(reply.text, sizeof(reply.text),
			    "%s: HTTP %d: the answer does not say what it "
			    "must",
			    adapter->title, reply.status);
		}
	}
	if (reply.meaning != MEANS_DONE)
		crm_job_refused(job, &reply);
	else
		job->silent = 0;
	crm_reply_release(&reply);
}
