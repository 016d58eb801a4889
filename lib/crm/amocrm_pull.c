/* SPDX-License-Identifier: MIT */
/*
 * Changes of leads in amoCRM, newest first, since their filter by time may be
 * ignored.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "crm/amocrm.h"
#include "crm/lookup.h"

/* In one job: what they bring is stored in one transaction; the rest comes
 * with the next job. */
enum { PULL_PAGES = 8, PAGE = 250 };

/* Where the walk is. */
struct pulling {
	int64_t from, newest; /* seconds */
	int page, last;	      /* to be asked for next; of this job */
	bool ended;
};

/*
 * The cursor is the second up to which all was heard; with a second and a
 * page behind it, "FROM NEWEST PAGE", the walk from NEWEST down to FROM had to
 * be interrupted at PAGE.  What changes meanwhile moves to the top, and what
 * stood above moves down: nothing slips through, some is read twice.
 */
static struct pulling *
job_pulling(struct crm_job *job)
{
	struct pulling *pulling = job->own;
	char *rest;

	if (pulling)
		return pulling;
	job->own = pulling = mem_alloc(sizeof(*pulling));
	/* without a cursor nothing was ever heard: begin now */
	if (!job->cursor)
		job->cursor = mem_printf("%lld", (long long)(job->now / 1000));
	pulling->page = 1;
	pulling->from = strtoll(job->cursor, &rest, 10);
	pulling->newest = strtoll(rest, &rest, 10);
	pulling->page = (int)strtol(rest, NULL, 10);
	if (pulling->page < 1)
		pulling->page = 1;
	pulling->last = pulling->page + PULL_PAGES - 1;
	return pulling;
}

enum crm_next
amocrm_pull(struct crm_job *job, struct crm_request *request)
{
	const struct pulling *pulling = job_pulling(job);

	if (pulling->ended || pulling->page > pulling->last)
		return CRM_DONE;
	return amocrm_ask(job, request, HTTP_GET,
		   mem_printf("/api/v4/leads?order[updated_at]=desc&limit=%d"
			      "&page=%d&filter[updated_at][from]=%lld",
		       PAGE, pulling->page, (long long)pulling->from),
		   NULL)
	    ? CRM_ASK
	    : CRM_DONE;
}

static void
change_fill(struct crm_job *job, const json_t *item, int64_t at)
{
	struct crm_change *change = crm_change_add(job);
	struct lookup_place place;
	const char *name;

	snprintf(change->remote_id, sizeof(change->remote_id), "%lld",
	    (long long)json_get_int(item, "id", 0));
	snprintf(change->status_id, sizeof(change->status_id), "%lld",
	    (long long)json_get_int(item, "status_id", 0));
	snprintf(change->pipeline_id, sizeof(change->pipeline_id), "%lld",
	    (long long)json_get_int(item, "pipeline_id", 0));
	place = lookup_place(job->crm->lookup, change->pipeline_id,
	    change->status_id);
	name = json_get_text(place.status, "name");
	snprintf(change->status, sizeof(change->status), "%s",
	    name ? name : change->status_id);
	/* the same two in every pipeline */
	change->won = strcmp(change->status_id, "142") == 0;
	change->lost = strcmp(change->status_id, "143") == 0;
	change->at = at * 1000;
}

static int
change_order(const void *a, const void *b)
{
	const struct crm_change *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* The newest second is read again, since more may have happened within it; so
 * is the last page, which moves up when a lead is deleted. */
static void
pull_end(struct crm_job *job)
{
	const struct pulling *pulling = job->own;

	if (job->change_count > 0)
		qsort(job->changes, job->change_count, sizeof(*job->changes),
		    change_order);
	free(job->cursor);
	job->cursor = pulling->ended
	    ? mem_printf("%lld", (long long)pulling->newest)
	    : mem_printf("%lld %lld %d", (long long)pulling->from,
		  (long long)pulling->newest, pulling->last);
}

bool
amocrm_pulled(struct crm_job *job, const json_t *body)
{
	const json_t *list = amocrm_embedded(body, "leads"), *item;
	struct pulling *pulling = job_pulling(job);
	size_t i;

	if (body && !json_is_array(list))
		return false;
	pulling->ended = json_array_size(list) < PAGE;
	if (pulling->newest < pulling->from)
		pulling->newest = pulling->from;
	json_array_foreach (list, i, item) {
		int64_t at = json_get_int(item, "updated_at", 0);

		if (at < pulling->from) {
			pulling->ended = true;
			continue;
		}
		change_fill(job, item, at);
		/* later pages may have moved up to it since */
		if (pulling->page == 1 && at > pulling->newest)
			pulling->newest = at;
	}
	pulling->page++;
	if (pulling->ended || pulling->page > pulling->last)
		pull_end(job);
	return true;
}
