/* SPDX-License-Identifier: MIT */
/*
 * Changes of our leads in Bitrix24, oldest first.  Each page begins at the
 * time where the last one ended, since what changes meanwhile moves to the end
 * and pages counted in leads would slip; only leads of one and the same moment
 * are counted through.  The cursor is that time as they write it, and the
 * count behind a blank where there is one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "crm/bitrix24.h"
#include "crm/lookup.h"

/* In one job; the rest comes with the next. */
enum { PULL_PAGES = 20 };

struct paging {
	int pages;
	int64_t start; /* of those at that time */
	bool ended;
	char *from;
};

static void
paging_release(void *own)
{
	free(((struct paging *)own)->from);
}

static struct paging *
job_paging(struct crm_job *job)
{
	struct paging *paging = job->own;
	char now[CLOCK_TEXT_SIZE];
	size_t len;

	if (paging)
		return paging;
	job->own = paging = mem_alloc(sizeof(*paging));
	job->own_release = paging_release;
	/* without a cursor nothing was ever heard: begin now */
	if (!job->cursor)
		job->cursor = mem_dup(clock_text(job->now, now));
	len = strcspn(job->cursor, " ");
	paging->from = mem_dup_n(job->cursor, len);
	paging->start = strtoll(job->cursor + len, NULL, 10);
	return paging;
}

enum crm_next
bitrix24_pull(struct crm_job *job, struct crm_request *request)
{
	struct paging *paging = job_paging(job);

	if (paging->ended || paging->pages++ >= PULL_PAGES)
		return CRM_DONE;
	return bitrix24_ask(job, request, "crm.item.list",
	    json_pack("{s:i s:{s:s s:s} s:{s:s s:s} s:[s s s] s:I}",
		"entityTypeId", BITRIX24_LEAD, "filter", "originatorId",
		BITRIX24_ORIGIN, ">=updatedTime", paging->from, "order",
		"updatedTime", "ASC", "id", "ASC", "select", "id", "stageId",
		"updatedTime", "start", (json_int_t)paging->start));
}

static void
change_fill(struct crm_job *job, const json_t *item)
{
	const char *at = json_get_text(item, "updatedTime");
	const char *stage = json_get_text(item, "stageId");
	struct crm_change *change;
	struct lookup_place place;

	if (!at || !stage)
		return;
	change = crm_change_add(job);
	if (clock_parse(at, &change->at) != 0)
		change->at = job->now;
	snprintf(change->remote_id, sizeof(change->remote_id), "%lld",
	    (long long)json_get_int(item, "id", 0));
	snprintf(change->status_id, sizeof(change->status_id), "%s", stage);
	place = lookup_place(job->crm->lookup, NULL, stage);
	snprintf(change->status, sizeof(change->status), "%s",
	    place.status ? json_get_text(place.status, "name") : stage);
	change->won = strcmp(stage, "CONVERTED") == 0;
	change->lost = strcmp(stage, "JUNK") == 0;
}

/* The next page, from NEXT on where all of this one is of one moment. */
static void
page_on(struct crm_job *job, const json_t *items, int64_t next)
{
	struct paging *paging = job->own;
	const char *last =
	    json_get_text(json_array_get(items, json_array_size(items) - 1),
		"updatedTime");

	paging->ended = next < 0 || !last;
	paging->start = 0;
	if (!paging->ended && strcmp(last, paging->from) == 0)
		paging->start = next;
	if (last) {
		free(paging->from);
		paging->from = mem_dup(last);
	}
	free(job->cursor);
	job->cursor = paging->start > 0
	    ? mem_printf("%s %lld", paging->from, (long long)paging->start)
	    : mem_dup(paging->from);
}

bool
bitrix24_pulled(struct crm_job *job, const json_t *body)
{
	const json_t *result = json_object_get(body, "result"), *item;
	const json_t *items = json_object_get(result, "items");
	size_t i;

	(void)job_paging(job);
	if (!json_is_array(items) && !json_is_array(result))
		return false;
	json_array_foreach (items, i, item)
		change_fill(job, item);
	page_on(job, items, json_get_int(body, "next", -1));
	return true;
}
