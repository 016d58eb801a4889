/* SPDX-License-Identifier: MIT */
/*
 * From what the adapter says of a lead to what becomes of its row.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "crm/sync_line.h"
#include "net/retry.h"

/* A job that was cut short is not begun again at once. */
#define BACK_MS 1000

/* Lost replies after which it is sent again without a wait. */
#define SOON_TRIES 3

static enum lead_end
note_end(const struct sync_job *job, const struct crm_lead *lead, bool failing)
{
	if (lead->noted)
		return LEAD_NOTED;
	if (lead->verdict == CRM_PARKED)
		return LEAD_PARKED;
	/* Another job's task: this one only found that it exists. */
	return job->task == CRM_NOTE || failing ? LEAD_AGAIN : LEAD_BACK;
}

static enum lead_end
end_of(const struct sync_job *job, const struct lead *row,
    const struct crm_lead *lead)
{
	bool failing = crm_job_state(job->crm_job)->health == CRM_FAILING;

	if (row->errand == ERRAND_NOTE)
		return note_end(job, lead, failing);
	switch (lead->verdict) {
	case CRM_CREATED:
		return LEAD_CREATED;
	case CRM_UNKNOWN:
		/* That a search got no answer makes nothing more doubtful. */
		return row->errand == ERRAND_CREATE ? LEAD_UNKNOWN
						    : LEAD_AGAIN;
	case CRM_ABSENT:
		return LEAD_ABSENT;
	case CRM_PARKED:
		return LEAD_PARKED;
	case CRM_AGAIN:
		return row->errand == ERRAND_SEARCH ? LEAD_RESEND : LEAD_AGAIN;
	case CRM_PENDING:
		break;
	}
	return failing ? LEAD_AGAIN : LEAD_BACK;
}

static void
count(struct sync_job *job, const struct job_lead *own,
    const struct crm_lead *lead, enum lead_end how)
{
	struct sync_counts *counts = &job->line->sync->counts;

	switch (how) {
	case LEAD_CREATED:
		if (own->row.errand == ERRAND_SEARCH)
			++counts->found;
		else
			++counts->created;
		break;
	case LEAD_NOTED:
		++counts->noted;
		break;
	case LEAD_AGAIN:
		++counts->retried;
		break;
	case LEAD_UNKNOWN:
		++counts->unknown;
		break;
	case LEAD_ABSENT:
		++counts->absent;
		break;
	case LEAD_PARKED:
		++counts->parked;
		break;
	case LEAD_RESEND:
	case LEAD_BACK:
		break;
	}
	if (how == LEAD_CREATED && lead->dropped != NULL)
		counts->stripped += (int64_t)json_array_size(lead->dropped);
}

static void
tell(const struct sync_job *job, const struct job_lead *own,
    const struct crm_lead *lead, enum lead_end how)
{
	const char *crm = job->line->scope.crm;
	long long id = (long long)own->row.id;

	if (how == LEAD_CREATED)
		log_event(LOG_INFO, "lead_created",
		    "id=%lld crm=%s remote_id=%s%s", id, crm,
		    log_quote(lead->remote_id),
		    own->row.errand == ERRAND_SEARCH ? " found=1" : "");
	else if (how == LEAD_UNKNOWN || how == LEAD_AGAIN ||
	    how == LEAD_ABSENT)
		log_event(LOG_INFO,
		    how == LEAD_UNKNOWN	     ? "lead_unknown"
			: how == LEAD_ABSENT ? "lead_not_found"
					     : "lead_not_sent",
		    "id=%lld crm=%s text=%s", id, crm, log_quote(lead->text));
	else if (how == LEAD_PARKED)
		log_error("lead %lld is parked, %s does not take it: %s; "
			  "%s%s'leadpipe recover-pending --retry lead:%lld'",
		    id, crm, lead->text, lead->remedy,
		    lead->remedy[0] ? ", then " : "", id);
	if (how == LEAD_CREATED && json_array_size(lead->dropped) > 0)
		log_warning("%s did not take a field of lead %lld: %s; "
			    "'leadpipe check-config --online' says what is "
			    "missing there",
		    crm, id,
		    json_get_text(json_array_get(lead->dropped, 0), "field"));
}

static int64_t
wait_ms(const struct lead *row, const struct crm_lead *lead)
{
	int64_t wait = retry_wait_ms(&retry_crm, row->tries + 1);

	if (row->errand == ERRAND_NOTE && wait < LEAD_NOTE_MS)
		wait = LEAD_NOTE_MS;
	return wait > lead->wait_ms ? wait : lead->wait_ms;
}

/* Of a job that was cut short, perhaps while a note was on its way. */
static int64_t
back_wait_ms(const struct sync_job *job, const struct lead *row)
{
	if (row->errand != ERRAND_NOTE)
		return BACK_MS;
	return job->task == CRM_SEARCH ? 0 : LEAD_NOTE_MS;
}

/* Each reply that is lost may leave one more behind that is never found. */
static int64_t
resend_wait_ms(const struct lead *row)
{
	return row->tries < SOON_TRIES ? 0
				       : retry_wait_ms(&retry_crm, row->tries);
}

/* An hour after it was created: is it there once? */
static enum outcome
store_check(struct sync_job *job, struct job_lead *own,
    const struct crm_lead *lead, int64_t now, struct fault *fault)
{
	const char *crm = job->line->scope.crm;
	bool doubled = lead->twin_id[0] != '\0';
	char twins[sizeof(lead->remote_id) + sizeof(lead->twin_id) + 32];

	own->storing = true;
	/* Else it is asked for again by itself. */
	if (lead->verdict != CRM_CREATED && lead->verdict != CRM_ABSENT)
		return OUT_OK;
	snprintf(twins, sizeof twins, "%s has %s and %s", crm, lead->remote_id,
	    lead->twin_id);
	if (doubled) {
		++job->line->sync->counts.doubled;
		log_warning("lead %lld is there twice, %s; join the two, then "
			    "'leadpipe recover-pending --sent lead:%lld'",
		    (long long)own->row.id, twins, (long long)own->row.id);
	}
	return lead_checked(job->line->sync->options.db, &own->row,
	    doubled ? twins : NULL, now, fault);
}

static enum outcome
store_one(struct sync_job *job, struct job_lead *own, struct crm_lead *lead,
    bool ends, int64_t now, struct fault *fault)
{
	const struct sync_options *options = &job->line->sync->options;
	const struct crm_state *state = crm_job_state(job->crm_job);
	char *dropped = lead->dropped ? json_text(lead->dropped) : NULL;
	struct lead_settlement end = { .how = end_of(job, &own->row, lead),
		.dropped = dropped,
		.noted = lead->noted,
		.free = lead->free,
		.wait_ms = lead->wait_ms };
	bool lost = false;

	if (lead->remote_id[0] != '\0')
		end.remote_id = lead->remote_id;
	if (lead->contact_id[0] != '\0')
		end.contact_id = lead->contact_id;
	if (end.how != LEAD_CREATED && end.how != LEAD_NOTED)
		end.reason = lead->text[0] ? lead->text
		    : state->text[0]	   ? state->text
					   : NULL;
	if (lead->remedy[0] != '\0')
		end.remedy = lead->remedy;
	if (end.how == LEAD_BACK)
		end.wait_ms = back_wait_ms(job, &own->row);
	else if (end.how == LEAD_AGAIN && !lead->free)
		end.wait_ms = wait_ms(&own->row, lead);
	else if (end.how == LEAD_ABSENT)
		end.wait_ms = resend_wait_ms(&own->row);
	enum outcome out = lead_settle(options->db, &own->row, options->worker,
	    &end, !ends, now, &lost, fault);
	free(dropped);
	if (out != OUT_OK)
		return out;
	own->storing = true;
	own->keeping = end.how == LEAD_CREATED && !lead->noted && !ends;
	if (lost) {
		log_warning("lead %lld was settled by somebody else",
		    (long long)own->row.id);
		return OUT_OK;
	}
	count(job, own, lead, end.how);
	tell(job, own, lead, end.how);
	return OUT_OK;
}

/* A lead that is there is heard of again when its note is there, too. */
static bool
is_news(const struct job_lead *own, const struct crm_lead *lead, bool ends)
{
	if (own->through)
		return false;
	if (own->row.errand == ERRAND_CHECK)
		return ends;
	return ends ||
	    (own->row.errand == ERRAND_NOTE ? lead->noted
					    : lead->verdict != CRM_PENDING);
}

enum outcome
job_store(struct sync_job *job, bool ends, int64_t now, struct fault *fault)
{
	enum outcome out = OUT_OK;

	for (size_t i = 0; i < job->count && out == OUT_OK; i++) {
		struct job_lead *own = &job->leads[i];

		if (!is_news(own, &job->asked[i], ends))
			continue;
		out = own->row.errand == ERRAND_CHECK
		    ? store_check(job, own, &job->asked[i], now, fault)
		    : store_one(job, own, &job->asked[i], ends, now, fault);
	}
	return out;
}

void
job_stored(struct sync_job *job, bool committed)
{
	for (size_t i = 0; i < job->count; i++) {
		struct job_lead *own = &job->leads[i];

		if (committed && own->storing) {
			own->through = !own->keeping;
			if (own->keeping)
				own->row.errand = ERRAND_NOTE;
		}
		own->storing = own->keeping = false;
	}
}

char *
sync_counts_json(const struct sync *sync)
{
	const struct sync_counts *n = &sync->committed;

	return mem_printf("{\"created\":%lld,\"found\":%lld,"
			  "\"retried\":%lld,\"unknown\":%lld,"
			  "\"absent\":%lld,\"parked\":%lld,"
			  "\"noted\":%lld,\"stripped\":%lld,"
			  "\"changes\":%lld,\"doubled\":%lld}",
	    (long long)n->created, (long long)n->found, (long long)n->retried,
	    (long long)n->unknown, (long long)n->absent, (long long)n->parked,
	    (long long)n->noted, (long long)n->stripped, (long long)n->changes,
	    (long long)n->doubled);
}
