/* SPDX-License-Identifier: MIT */
/*
 * The parts of the amoCRM/Kommo adapter (API v4).  Inside lib/crm/amocrm*.c,
 * and for authorize-crm and check-config.
 */
#ifndef LEADPIPE_AMOCRM_H
#define LEADPIPE_AMOCRM_H

#include "crm/work.h"
#include "store/crm_tokens.h"

#define AMOCRM "amocrm"
#define AMOCRM_REQUEST "lp-" /* request_id: this and the marker */

struct amocrm {
	const char *config_base; /* AMOCRM_BASE_URL */
	char *base;    /* where it is now, without a slash at the end */
	bool local;    /* a simulator on this machine */
	bool unsorted; /* leads go to the incoming ones */
	char *pipeline, *status; /* id or name, NULL: the account's first */
	/* What is sent with each call; NULL: nobody lets us in. */
	char *access;
	bool is_long;	  /* of AMOCRM_LONG_LIVED_TOKEN, or stored as such */
	bool rejected;	  /* the CRM said 401 to it */
	int64_t retry_at; /* no refresh before that: the last one failed */
	int64_t refreshed_at; /* by us, 0: never */
	struct crm_token token;
};

/* Checks ADDRESS, which SETTING or a token names: https://NAME.amocrm.ru,
 * .amocrm.com or .kommo.com, or plain http to this machine. */
enum outcome amocrm_check_base(const char *setting, const char *address,
    const char *origin, struct fault *fault) must_check;

/* A request to PATH ("/api/v4/...", becomes the function's) with the token;
 * false when there is none: then the job has ended. */
bool amocrm_ask(struct crm_job *job, struct crm_request *request,
    enum http_method method, char *path, json_t *body);

/* The list under _embedded.NAME, or NULL. */
const json_t *amocrm_embedded(const json_t *body, const char *name);

/* amocrm_lead.c: the body of a lead, for the endpoint that it goes to. */
json_t *amocrm_lead_body(struct crm *crm, struct crm_lead *lead);
/* Puts the person into BODY: by id when it is known, else as a new one. */
void amocrm_person_set(const struct crm_lead *lead, json_t *body);

/* amocrm_field.c: adds the custom fields to BODY; what the account does not
 * have is dropped. */
void amocrm_fields_add(struct crm *crm, struct crm_lead *lead, json_t *body);

/* amocrm_create.c */
enum crm_next amocrm_create(struct crm_job *job, struct crm_request *request);
bool amocrm_created(struct crm_job *job, const json_t *body);
/* amocrm_strike.c: leaves out what a validation names. */
void amocrm_strike(struct crm_job *job, const struct crm_reply *reply);
/* The same for a 404: a pipeline that was removed.  False when there is none
 * left to be left out. */
bool amocrm_strike_place(struct crm_job *job, const struct crm_reply *reply);

/* amocrm_search.c: persons, leads in doubt. */
enum crm_next amocrm_person(struct crm_job *job, struct crm_request *request);
bool amocrm_person_found(struct crm_job *job, const json_t *body);
enum crm_next amocrm_search(struct crm_job *job, struct crm_request *request);
bool amocrm_searched(struct crm_job *job, const json_t *body);
/* amocrm_pull.c: what changed. */
enum crm_next amocrm_pull(struct crm_job *job, struct crm_request *request);
bool amocrm_pulled(struct crm_job *job, const json_t *body);

/* amocrm_note.c */
enum crm_next amocrm_notes(struct crm_job *job, struct crm_request *request);
bool amocrm_notes_read(struct crm_job *job, const json_t *body);
enum crm_next amocrm_note(struct crm_job *job, struct crm_request *request);
bool amocrm_noted(struct crm_job *job, const json_t *body);

/* amocrm_lookup.c: pipelines and fields of the account. */
enum crm_next amocrm_lookup(struct crm_job *job, struct crm_request *request);
bool amocrm_looked_up(struct crm_job *job, const json_t *body);

/* amocrm_token.c */
enum outcome amocrm_token_open(struct crm *crm, struct fault *fault)
    must_check;
bool amocrm_token_due(struct crm *crm, int64_t now);
/* Reads the row; true when it holds another token than ours. */
bool amocrm_token_read(struct crm *crm);
/* Stores that only a person can let us in again. */
void amocrm_token_reject(struct crm *crm, const char *why, int64_t now);
/* The token that was sent is not good. */
void amocrm_token_rejected(struct crm *crm, int64_t now);

/* amocrm_refresh.c */
enum crm_next amocrm_refresh(struct crm_job *job, struct crm_request *request);
bool amocrm_refreshed(struct crm_job *job, const json_t *body);
/* True: the job goes on with another attempt. */
bool amocrm_refresh_failed(struct crm_job *job, const struct crm_reply *reply);

/* amocrm_error.c */
extern const struct crm_refusal amocrm_refusals[], amocrm_token_refusals[];
crm_said amocrm_said;

#endif
