/* SPDX-License-Identifier: MIT */
/*
 * Creating leads: /leads/complex with the person inside, /leads for persons
 * that amoCRM has, /leads/unsorted/forms for incoming ones.  None of them
 * knows a lead again: what may have been created is never simply sent twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "crm/amocrm.h"

/* True while an earlier lead of the same person is still to be created: then
 * its person becomes this one's too, instead of a second one. */
static bool
waits_for_other(const struct crm_job *job, size_t index)
{
	const struct crm_lead *lead = &job->leads[index], *other;

	for (size_t i = 0; lead->phone && i < index; i++) {
		other = &job->leads[i];
		if (other->verdict == CRM_PENDING && other->phone &&
		    !other->contact_id[0] &&
		    strcmp(other->phone, lead->phone) == 0)
			return true;
	}
	return false;
}

/* Marks what goes together: KNOWN persons or new ones, or one lead by
 * itself. */
static size_t
choose(struct crm_job *job, bool known, bool alone)
{
	size_t count = 0, most = alone ? 1 : job->most;

	for (size_t i = 0; i < job->count && count < most; i++) {
		struct crm_lead *lead = &job->leads[i];
		struct crm_work *work = &job->work[i];

		if (lead->verdict != CRM_PENDING || work->alone != alone ||
		    (lead->contact_id[0] != '\0') != known ||
		    (!known && waits_for_other(job, i)))
			continue;
		if (!work->body)
			work->body = amocrm_lead_body(job->crm, lead);
		work->asked = true;
		count++;
	}
	return count;
}

static const char *
detail_or(const struct crm_lead *lead, const char *name, const char *otherwise)
{
	const char *text = crm_lead_detail(lead, name);

	return text ? text : otherwise;
}

/* The same lead as an incoming one of a form; ids of statuses mean nothing
 * there. */
static json_t *
unsorted_body(const struct crm_lead *lead, const json_t *body)
{
	json_t *inner = json_copy((json_t *)body), *outer;
	json_t *embedded = json_copy(json_object_get(body, "_embedded"));
	const char *source = lead->source ? lead->source : "leadpipe";
	const json_t *persons = json_object_get(embedded, "contacts");

	outer = json_pack("{s:O s:s s:s s:I s:{s:O} s:{s:s s:s s:s s:I s:s "
			  "s:s}}",
	    "request_id", json_object_get(body, "request_id"), "source_name",
	    source, "source_uid", source, "created_at",
	    (json_int_t)(lead->created_at / 1000), "_embedded", "contacts",
	    persons, "metadata", "ip", detail_or(lead, "ip", "127.0.0.1"),
	    "form_id", source, "form_name", source, "form_sent_at",
	    (json_int_t)(lead->created_at / 1000), "form_page",
	    detail_or(lead, "page", "-"), "referer",
	    detail_or(lead, "referer", "-"));
	if (json_object_get(body, "pipeline_id"))
		json_object_set(outer, "pipeline_id",
		    json_object_get(body, "pipeline_id"));
	json_object_del(embedded, "contacts");
	json_object_del(inner, "request_id");
	json_object_del(inner, "pipeline_id");
	json_object_del(inner, "status_id");
	json_object_set_new(inner, "_embedded", embedded);
	json_object_set_new(json_object_get(outer, "_embedded"), "leads",
	    json_pack("[o]", inner));
	return outer;
}

enum crm_next
amocrm_create(struct crm_job *job, struct crm_request *request)
{
	const struct amocrm *amo = job->crm->own;
	const char *path = "/api/v4/leads/complex";
	const struct crm_lead *lead;
	json_t *list;

	for (int alone = 0; alone < 2; alone++)
		if (choose(job, false, alone) > 0)
			goto chosen;
	path = "/api/v4/leads";
	for (int alone = 0; alone < 2; alone++)
		if (choose(job, true, alone) > 0)
			goto chosen;
	return CRM_DONE;
chosen:
	list = json_array();
	for (size_t at = 0; (lead = crm_asked(job, &at)); at++)
		json_array_append_new(list,
		    amo->unsorted ? unsorted_body(lead, job->work[at].body)
				  : json_incref(job->work[at].body));
	if (amo->unsorted)
		path = "/api/v4/leads/unsorted/forms";
	return amocrm_ask(job, request, HTTP_POST, mem_dup(path), list)
	    ? CRM_ASK
	    : CRM_DONE;
}

static bool
names_lead(const json_t *name, const struct crm_lead *lead)
{
	const char *text = json_string_value(name);
	size_t len = strlen(AMOCRM_REQUEST);

	return text && strncmp(text, AMOCRM_REQUEST, len) == 0 &&
	    strcmp(text + len, lead->marker) == 0;
}

/* leads/complex answers with an array of names: several may become one. */
static bool
item_names(const json_t *item, const struct crm_lead *lead)
{
	const json_t *names = json_object_get(item, "request_id"), *name;
	size_t i;

	json_array_foreach (names, i, name)
		if (names_lead(name, lead))
			return true;
	return names_lead(names, lead);
}

static int64_t
first_id(const json_t *item, const char *name)
{
	return json_get_int(json_array_get(amocrm_embedded(item, name), 0),
	    "id", 0);
}

static bool
item_take(const json_t *item, struct crm_lead *lead)
{
	bool unsorted = json_object_get(item, "uid") != NULL;
	int64_t id = unsorted ? first_id(item, "leads")
			      : json_get_int(item, "id", 0);
	int64_t person = unsorted ? first_id(item, "contacts")
				  : json_get_int(item, "contact_id", 0);

	if (id <= 0)
		return false;
	crm_lead_created(lead, id);
	lead->merged = json_get_bool(item, "merged", false);
	if (person > 0)
		snprintf(lead->contact_id, sizeof(lead->contact_id), "%lld",
		    (long long)person);
	return true;
}

/* The person of a new lead is the person of those that waited for it. */
static void
person_share(struct crm_job *job, const struct crm_lead *from)
{
	for (size_t i = 0; from->contact_id[0] && i < job->count; i++) {
		struct crm_lead *lead = &job->leads[i];

		if (lead->verdict != CRM_PENDING || lead->contact_id[0] ||
		    !from->phone || !lead->phone ||
		    strcmp(lead->phone, from->phone) != 0)
			continue;
		memcpy(lead->contact_id, from->contact_id,
		    sizeof(lead->contact_id));
		if (job->work[i].body)
			amocrm_person_set(lead, job->work[i].body);
	}
}

bool
amocrm_created(struct crm_job *job, const json_t *body)
{
	const json_t *items = body, *item;
	struct crm_lead *lead;
	size_t taken = 0, i;

	if (!json_is_array(items))
		items = amocrm_embedded(body, "leads");
	if (!json_is_array(items))
		items = amocrm_embedded(body, "unsorted");
	for (size_t at = 0; (lead = crm_asked(job, &at)); at++)
		json_array_foreach (items, i, item)
			if (lead->verdict == CRM_PENDING &&
			    item_names(item, lead) && item_take(item, lead))
				taken++;
	if (taken == 0)
		return false;
	for (size_t at = 0; (lead = crm_asked(job, &at)); at++) {
		if (lead->verdict == CRM_CREATED) {
			person_share(job, lead);
			continue;
		}
		lead->verdict = CRM_UNKNOWN;
		snprintf(lead->text, sizeof(lead->text),
		    "amoCRM's answer to a batch leaves this lead out");
	}
	return true;
}
