/* SPDX-License-Identifier: MIT */
/*
 * Looking things up in amoCRM: persons by phone, leads in doubt by marker.
 * `query` is a fuzzy search over an index that lags behind: what it
 * returns is compared exactly, and what it does not find is looked for among
 * the newest leads too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/phone.h"
#include "crm/amocrm.h"
#include "crm/lookup.h"

/* Pages of 250; beyond them nothing of ours is to be expected. */
enum { LIST_PAGES = 4, PAGE = 250 };

#define SLACK_S 60 /* their clock and ours */

/* Where a list is. */
struct paging {
	int page;
	bool ended;
};

static struct paging *
job_paging(struct crm_job *job)
{
	if (!job->own)
		job->own = mem_alloc(sizeof(struct paging));
	return job->own;
}

/* True when any value of the entity's field CODE is WANTED, compared as
 * telephone numbers. */
static bool
has_phone(const json_t *person, const char *wanted)
{
	const json_t *fields = json_object_get(person, "custom_fields_values");
	const json_t *field, *value;
	char phone[PHONE_SIZE];
	size_t i, j;

	json_array_foreach (fields, i, field) {
		const char *code = json_get_text(field, "field_code");

		if (!code || strcmp(code, "PHONE") != 0)
			continue;
		json_array_foreach (json_object_get(field, "values"), j,
		    value) {
			const char *text = json_get_text(value, "value");

			if (text &&
			    phone_parse(text, NULL, phone) != PHONE_INVALID &&
			    strcmp(phone, wanted) == 0)
				return true;
		}
	}
	return false;
}

/* A number of another lead of the job need not be asked for twice. */
static bool
asked_before(const struct crm_job *job, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (job->leads[i].phone && job->work[i].person &&
		    strcmp(job->leads[i].phone, job->leads[index].phone) == 0)
			return true;
	return false;
}

enum crm_next
amocrm_person(struct crm_job *job, struct crm_request *request)
{
	const struct amocrm *amo = job->crm->own;

	for (size_t i = 0; !amo->unsorted && i < job->count; i++) {
		const struct crm_lead *lead = &job->leads[i];
		size_t len = lead->phone ? strlen(lead->phone) : 0;

		if (len < 5 || lead->verdict != CRM_PENDING ||
		    lead->contact_id[0] || job->work[i].person ||
		    asked_before(job, i))
			continue;
		job->work[i].asked = true;
		/* ten digits: however the country code was written there */
		return amocrm_ask(job, request, HTTP_GET,
			   mem_printf("/api/v4/contacts?query=%s&limit=50",
			       lead->phone + (len > 10 ? len - 10 : 1)),
			   NULL)
		    ? CRM_ASK
		    : CRM_DONE;
	}
	return CRM_DONE;
}

bool
amocrm_person_found(struct crm_job *job, const json_t *body)
{
	const json_t *list = amocrm_embedded(body, "contacts"), *person;
	const struct crm_lead *asked;
	int64_t id = 0;
	size_t at = 0, i;

	if (body && !json_is_array(list))
		return false;
	asked = crm_asked(job, &at);
	job->work[at].person = true;
	json_array_foreach (list, i, person)
		if (id == 0 && !json_get_bool(person, "is_deleted", false) &&
		    has_phone(person, asked->phone))
			id = json_get_int(person, "id", 0);
	for (i = at; id > 0 && i < job->count; i++) {
		struct crm_lead *lead = &job->leads[i];

		if (lead->phone && strcmp(lead->phone, asked->phone) == 0)
			snprintf(lead->contact_id, sizeof(lead->contact_id),
			    "%lld", (long long)id);
	}
	return true;
}

/* The marker as a word by itself: one may begin like another. */
static bool
holds_marker(const char *text, const char *marker)
{
	size_t len = strlen(marker);

	while (text && (text = strstr(text, marker))) {
		if (text[len] == '\0' || strchr(" ]),.;", text[len]))
			return true;
		text += len;
	}
	return false;
}

static bool
is_lead(const json_t *item, const struct crm_lead *lead)
{
	const json_t *fields = json_object_get(item, "custom_fields_values");
	const json_t *field, *value;
	size_t i, j;

	if (holds_marker(json_get_text(item, "name"), lead->marker))
		return true;
	json_array_foreach (fields, i, field)
		json_array_foreach (json_object_get(field, "values"), j, value)
			if (holds_marker(json_get_text(value, "value"),
				lead->marker))
				return true;
	return false;
}

/* Takes ITEM for every lead of the job that it is. */
static void
leads_match(struct crm_job *job, const json_t *item)
{
	const json_t *person =
	    json_array_get(amocrm_embedded(item, "contacts"), 0);
	int64_t id = json_get_int(item, "id", 0);

	for (size_t i = 0; id > 0 && i < job->count; i++) {
		struct crm_lead *lead = &job->leads[i];

		if (!is_lead(item, lead))
			continue;
		crm_lead_found(lead, id);
		if (lead->twin_id[0] != '\0')
			continue;
		snprintf(lead->contact_id, sizeof(lead->contact_id), "%lld",
		    (long long)json_get_int(person, "id", 0));
		if (strcmp(lead->contact_id, "0") == 0)
			lead->contact_id[0] = '\0';
	}
}

/* The newest leads since the first of those in doubt left. */
static enum crm_next
ask_newest(struct crm_job *job, struct crm_request *request)
{
	struct paging *paging = job_paging(job);
	int64_t since = INT64_MAX;
	size_t open = 0;

	for (size_t i = 0; i < job->count; i++) {
		const struct crm_lead *lead = &job->leads[i];
		int64_t at = lead->sent_at ? lead->sent_at : lead->created_at;

		if (lead->verdict != CRM_PENDING)
			continue;
		open++;
		since = at < since ? at : since;
	}
	if (open == 0 || paging->ended || paging->page >= LIST_PAGES)
		return CRM_DONE;
	/* the filter may be ignored: then the pages bound it */
	return amocrm_ask(job, request, HTTP_GET,
		   mem_printf("/api/v4/leads?order[created_at]=desc&limit=%d"
			      "&page=%d&with=contacts"
			      "&filter[created_at][from]=%lld",
		       PAGE, ++paging->page,
		       (long long)(since / 1000 - SLACK_S)),
		   NULL)
	    ? CRM_ASK
	    : CRM_DONE;
}

enum crm_next
amocrm_search(struct crm_job *job, struct crm_request *request)
{
	for (size_t i = 0; i < job->count; i++) {
		const struct crm_lead *lead = &job->leads[i];

		if (lead->verdict != CRM_PENDING || job->work[i].searched)
			continue;
		job->work[i].asked = true;
		return amocrm_ask(job, request, HTTP_GET,
			   mem_printf("/api/v4/leads?query=%s&limit=10"
				      "&with=contacts",
			       lead->marker),
			   NULL)
		    ? CRM_ASK
		    : CRM_DONE;
	}
	return ask_newest(job, request);
}

bool
amocrm_searched(struct crm_job *job, const json_t *body)
{
	const json_t *list = amocrm_embedded(body, "leads"), *item;
	struct paging *paging = job_paging(job);
	size_t at = 0, i;

	if (body && !json_is_array(list))
		return false;
	if (crm_asked(job, &at))
		job->work[at].searched = true;
	else
		paging->ended = json_array_size(list) < PAGE;
	json_array_foreach (list, i, item)
		leads_match(job, item);
	return true;
}
