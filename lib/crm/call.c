/* SPDX-License-Identifier: MIT */
#include "crm/call.h"

#include "base/clock.h"
#include "crm/work.h"

#define WAIT_MS 200

void
crm_forget_db(struct crm *crm)
{
	crm->db = NULL;
}

struct crm_job *
crm_probe(struct crm *crm)
{
	return crm->adapter->looks_up ? crm_chore_open(crm, STEP_LOOKUP)
				      : NULL;
}

const json_t *
crm_lookup(const struct crm *crm)
{
	return crm->lookup;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Calls one after the other, for there is nobody to count them. */
static void
pace(const struct crm_job *job, int64_t started)
{
	int64_t per_second = job->crm->adapter->bounds.per_second;

	if (per_second > 0)
		clock_sleep_until(started + 1000 / per_second);
}

void
crm_job_run(struct crm_job *job, struct http *http, int64_t deadline)
{
	struct crm_request request;
	enum crm_next next;

	while ((next = crm_job_next(job, clock_wall_ms(), &request)) !=
		CRM_DONE &&
	    clock_mono_ms() < deadline) {
		int64_t now = clock_mono_ms();
		struct http_result result;
		const struct crm_response response = { .http = &result };

		if (next == CRM_WAIT) {
			clock_sleep_until(now + WAIT_MS);
			continue;
		}
		request.http.deadline =
		    earlier(now + request.patience_ms, deadline);
		http_finish(http, http_start(http, &request.http), &result);
		crm_job_answer(job, &response, clock_wall_ms());
		buf_release(&result.body);
		pace(job, now);
	}
}
