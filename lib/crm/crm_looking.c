/* SPDX-License-Identifier: MIT */
/*
 * The chore that asks a CRM what it calls its things, as far as it is the same
 * everywhere.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "crm/lookup.h"
#include "crm/work.h"

static void
looking_release(void *own)
{
	struct crm_looking *looking = own;

	json_decref(looking->lookup);
}

void
crm_looking_refused(struct crm_job *job)
{
	json_object_set_new(crm_looking(job)->lookup, LOOKUP_PARTIAL,
	    json_true());
}

struct crm_looking *
crm_looking(struct crm_job *job)
{
	struct crm_looking *looking = job->own;

	if (looking)
		return looking;
	job->own = looking = mem_alloc(sizeof(*looking));
	job->own_release = looking_release;
	looking->page = 1;
	looking->lookup = lookup_new();
	return looking;
}

void
crm_looking_end(struct crm_job *job)
{
	struct crm_looking *looking = job->own;
	struct crm *crm = job->crm;
	struct fault fault;

	json_decref(crm->lookup);
	crm->lookup = looking->lookup;
	crm->missed = false;
	looking->lookup = NULL;
	json_object_set_new(crm->lookup, "at", json_integer(job->now));
	/* Without it the next run asks again. */
	if (crm->db &&
	    lookup_save(crm->db, crm->adapter->name, crm->lookup, job->now,
		&fault) != OUT_OK)
		log_fault(&fault);
}

void
crm_missed(struct crm *crm, struct crm_lead *lead, const char *field,
    const json_t *value, const char *wanted, const json_t *list)
{
	const char *near = lookup_near(list, wanted);
	bool known = json_array_size(list) > 0;
	char *why = mem_printf("%s %s%s%s%s", crm->adapter->title,
	    known ? "has no such name" : "does not tell us its names",
	    near ? ", perhaps '" : "", near ? near : "", near ? "'" : "");

	crm->missed = true;
	crm_lead_drop(lead, field, value, why);
	free(why);
}
