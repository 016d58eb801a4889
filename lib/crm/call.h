/* SPDX-License-Identifier: MIT */
/*
 * One thing asked of a CRM and waited for: for commands that a person runs.
 */
#ifndef LEADPIPE_CALL_H
#define LEADPIPE_CALL_H

#include <stdint.h>

#include "crm/adapter.h"

/* From now on nothing is written to the database it was opened with. */
void crm_forget_db(struct crm *crm);

/* Asks now for what CRM calls its things, and so whether it lets us in; NULL
 * where it cannot be asked.  Whatever its age, crm_lookup() is what is known,
 * NULL or as in crm/lookup.h. */
struct crm_job *crm_probe(struct crm *crm);
const json_t *crm_lookup(const struct crm *crm);

/* Takes JOB, of a CRM that is asked by HTTP, to its end or to DEADLINE. */
void crm_job_run(struct crm_job *job, struct http *http, int64_t deadline);

#endif
