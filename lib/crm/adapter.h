/* SPDX-License-Identifier: MIT */
/*
 * The contract between the sync loop and a CRM.
 *
 * A job is a few leads on their way to one CRM.  It makes no call itself:
 * crm_job_next() says what to ask, the loop asks it under its limits and
 * deadlines, crm_job_answer() digests what came back:
 *
 *	struct crm_job *job = crm_job_open(crm, CRM_CREATE, leads, count);
 *	while (crm_job_next(job, now, &request) == CRM_ASK) {
 *		if (request.creates)
 *			commit `sending` for the leads that are ->leaving;
 *		... ask ...
 *		crm_job_answer(job, &response, now);
 *		store the verdicts that are new, look at crm_job_state();
 *	}
 *	crm_job_close(job);
 *
 * Each lead has its verdict as soon as it is known, also while the job goes
 * on (with notes, with the rest of the batch).  Only a chore touches the
 * database, outside of any transaction of the loop's.
 */
#ifndef LEADPIPE_ADAPTER_H
#define LEADPIPE_ADAPTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "crm/crm_lead.h"
#include "crm/exchange.h"
#include "crm/names.h"
#include "store/db.h"

struct crm;	/* one configured CRM */
struct crm_job; /* of one CRM, which must live longer */

/* The CRM that LEAD of no CRM goes to: LEAD_CRM, else the only one that is
 * configured.  NULL with FAULT (EXIT_CONFIG) when there is none or several. */
const char *crm_default(const struct config *config, struct fault *fault);

/* True when CONFIG holds what NAME ("amocrm") needs first of all. */
bool crm_is_configured(const struct config *config, const char *name);

/*
 * Checks the settings of NAME and opens it; each wrong one is refused by name
 * (EXIT_CONFIG).  DB, for tokens and cached lookups, and CONFIG must live as
 * long.
 */
enum outcome crm_open(struct crm **crm, const char *name,
    const struct config *config, struct db *db, struct fault *fault)
    must_check;
void crm_close(struct crm *crm);

const char *crm_name(const struct crm *crm);

/* What the calls of all CRMs are started on; CRM_PROXY and LEADPIPE_IP are
 * refused by name when they are wrong (EXIT_CONFIG). */
enum outcome crm_http_open(struct http **http, const struct config *config,
    struct fault *fault) must_check;

/* What it bears: leads in one job, calls a second and at once (0: any). */
struct crm_bounds {
	size_t batch;
	int64_t per_second, burst;
};
struct crm_bounds crm_bounds(const struct crm *crm);

enum crm_task {
	CRM_CREATE, /* leads that surely do not exist there */
	CRM_SEARCH, /* unknown ones: CRM_CREATED or CRM_ABSENT, or CRM_AGAIN
		       where the same lead twice does no harm */
	CRM_NOTE,   /* created ones (remote_id): brings the note once */
	CRM_PULL    /* what changed there since a cursor; without leads */
};

/* LEADS is borrowed until crm_job_close(); COUNT <= crm_bounds().batch. */
struct crm_job *crm_job_open(struct crm *crm, enum crm_task task,
    struct crm_lead *leads, size_t count);

/* CRM_PULL: where to begin (NULL: at NOW), before the first crm_job_next(). */
void crm_job_pull_from(struct crm_job *job, const char *cursor);

/*
 * What CRM needs before the next job: a fresh token, the list of pipelines.
 * NULL: nothing, or somebody must authorize first (crm_job_state() of the
 * last chore said CRM_REAUTH; it is looked for again a minute later).  While
 * a chore runs no other job of this CRM should start.
 */
struct crm_job *crm_chore(struct crm *crm, int64_t now);

/* NOW is the wall clock. */
enum crm_next crm_job_next(struct crm_job *job, int64_t now,
    struct crm_request *request);
void crm_job_answer(struct crm_job *job, const struct crm_response *response,
    int64_t now);
void crm_job_close(struct crm_job *job);

/* After an answer. */
const struct crm_state *crm_job_state(const struct crm_job *job);

/* CRM_PULL, once done: what changed, oldest first, and the cursor that
 * continues there; both borrowed.  Changes may come twice. */
const struct crm_change *crm_job_changes(const struct crm_job *job,
    size_t *count);
const char *crm_job_cursor(const struct crm_job *job);

#endif
