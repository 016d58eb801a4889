/* SPDX-License-Identifier: MIT */
/*
 * What the adapters do in the same way.  Inside lib/crm only.
 */
#ifndef LEADPIPE_WORK_H
#define LEADPIPE_WORK_H

#include "crm/job.h"

/* The chore STEP, whether it is due or not. */
struct crm_job *crm_chore_open(struct crm *crm, enum crm_step step);

/* Fills REQUEST with METHOD of URL; URL and BODY (NULL: none) become the
 * job's. */
void crm_ask(struct crm_job *job, struct crm_request *request,
    enum http_method method, char *url, char *body);

/* Adds a "Name: value" line, which becomes the job's. */
void crm_ask_header(struct crm_job *job, char *line);

/* The next lead that is asked about, from *AT on; NULL at the end. */
struct crm_lead *crm_asked(struct crm_job *job, size_t *at);

/* The next lead that has to be created, marked as asked about; NULL: none. */
struct crm_lead *crm_next_pending(struct crm_job *job);

/* All went well with what was asked. */
void crm_job_well(struct crm_job *job);

/* The note of the lead at INDEX, which is there and has not got it yet; NULL:
 * none. */
const char *crm_note_wanted(struct crm_job *job, size_t index);

/* For adapters whose leads take their note with them. */
void crm_notes_inside(struct crm_job *job);

/* The same, for those that get what came later (CRM_NOTE) as the lead again
 * with an "update": the next that has one, marked as asked about; NULL: none.
 * *MARK tells its updates apart, borrowed. */
struct crm_lead *crm_next_update(struct crm_job *job, const char **mark);

/* A lead is there, and is called what BODY says as "id", else its marker. */
void crm_lead_named(struct crm_lead *lead, const json_t *body);

/* A lead is there. */
void crm_lead_created(struct crm_lead *lead, int64_t remote_id);

/* A search found it; found again under another id it has a twin. */
void crm_lead_found(struct crm_lead *lead, int64_t remote_id);

/* Can never succeed. */
void crm_lead_park(struct crm_lead *lead, const char *text,
    const char *remedy);

/* What STEP_LOOKUP has got so far; made on first use. */
struct crm_looking {
	int part, page;
	json_t *lookup;
};
struct crm_looking *crm_looking(struct crm_job *job);

/* A part may not be seen: what is got is asked for again sooner. */
void crm_looking_refused(struct crm_job *job);

/* All was got: it is the CRM's from now on, and kept. */
void crm_looking_end(struct crm_job *job);

/* Drops VALUE of FIELD, which the CRM's LIST does not have, with the name
 * there that comes near; the list is asked for anew. */
void crm_missed(struct crm *crm, struct crm_lead *lead, const char *field,
    const json_t *value, const char *wanted, const json_t *list);

/* Draws what follows from REPLY for all that was asked. */
void crm_job_refused(struct crm_job *job, const struct crm_reply *reply);

/* A change that was pulled; room for it, zeroed. */
struct crm_change *crm_change_add(struct crm_job *job);

#endif
