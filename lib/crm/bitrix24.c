/* SPDX-License-Identifier: MIT */
#include "crm/bitrix24.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/host.h"

/* A bucket of 50 that drains at 2 a second; others use it too. */
enum { PER_SECOND = 2, BURST = 10 };

/* Seconds that one method may work in 10 minutes: 480, some are left. */
#define OPERATING_MAX 420

static enum outcome
check_url(const struct config *config, struct fault *fault)
{
	const char *url = config_get(config, "BITRIX24_WEBHOOK_URL");
	const char *rest = strstr(url, "/rest/"), *at = url;
	struct host host;

	if (host_of_url(url, &host) && rest && strchr(rest + 6, '/') &&
	    !strpbrk(url, " ?#@") &&
	    (host_skip(&at, "https://") || host_here(&host)))
		return OUT_OK;
	return fault_set(fault, OUT_NEVER, EXIT_CONFIG,
	    "BITRIX24_WEBHOOK_URL must be like "
	    "https://NAME.bitrix24.ru/rest/1/CODE/ (%s); Bitrix24 shows it "
	    "under Developer resources, Inbound webhook",
	    config_origin(config, "BITRIX24_WEBHOOK_URL"));
}

static enum outcome
bitrix24_open(struct crm *crm, struct fault *fault)
{
	struct bitrix24 *bitrix = mem_alloc(sizeof(*bitrix));
	const char *url = config_get(crm->config, "BITRIX24_WEBHOOK_URL");
	enum outcome out = check_url(crm->config, fault);
	size_t len = strlen(url);

	crm->own = bitrix;
	if (out != OUT_OK)
		return out;
	bitrix->base = mem_printf("%s%s", url, url[len - 1] == '/' ? "" : "/");
	return OUT_OK;
}

static void
bitrix24_close(struct crm *crm)
{
	struct bitrix24 *bitrix = crm->own;

	if (!bitrix)
		return;
	free(bitrix->base);
	free(bitrix);
}

enum crm_next
bitrix24_ask(struct crm_job *job, struct crm_request *request,
    const char *method, json_t *params)
{
	const struct bitrix24 *bitrix = job->crm->own;

	crm_ask(job, request, HTTP_POST,
	    mem_printf("%s%s.json", bitrix->base, method), json_text(params));
	json_decref(params);
	return CRM_ASK;
}

/* Numbers are compared as they were typed there: both ways to write one. */
static enum crm_next
ask_person(struct crm_job *job, struct crm_request *request)
{
	for (size_t i = 0; i < job->count; i++) {
		const struct crm_lead *lead = &job->leads[i];
		json_t *values;

		if (!lead->phone || lead->verdict != CRM_PENDING ||
		    lead->contact_id[0] || job->work[i].person)
			continue;
		job->work[i].asked = true;
		values = json_pack("[s s]", lead->phone, lead->phone + 1);
		if (strncmp(lead->phone, "+7", 2) == 0)
			json_array_append_new(values,
			    json_pack("s+", "8", lead->phone + 2));
		return bitrix24_ask(job, request, "crm.duplicate.findbycomm",
		    json_pack("{s:s s:s s:o}", "entity_type", "CONTACT",
			"type", "PHONE", "values", values));
	}
	return CRM_DONE;
}

static enum crm_next
ask_create(struct crm_job *job, struct crm_request *request)
{
	struct crm_lead *lead = crm_next_pending(job);
	size_t at = 0;

	if (!lead)
		return CRM_DONE;
	crm_asked(job, &at);
	if (!job->work[at].body)
		job->work[at].body = bitrix24_fields(job->crm, lead);
	return bitrix24_ask(job, request, "crm.item.add",
	    json_pack("{s:i s:O}", "entityTypeId", BITRIX24_LEAD, "fields",
		job->work[at].body));
}

static enum crm_next
ask_search(struct crm_job *job, struct crm_request *request)
{
	for (size_t i = 0; i < job->count; i++) {
		if (job->leads[i].verdict != CRM_PENDING ||
		    job->work[i].searched)
			continue;
		job->work[i].asked = true;
		return bitrix24_ask(job, request, "crm.item.list",
		    json_pack("{s:i s:{s:s s:s} s:[s s] s:i}", "entityTypeId",
			BITRIX24_LEAD, "filter", "originatorId",
			BITRIX24_ORIGIN, "originId", job->leads[i].marker,
			"select", "id", "contactId", "start", -1));
	}
	return CRM_DONE;
}

/* Only for what came after the lead: its own note is in its comments. */
static enum crm_next
ask_note(struct crm_job *job, struct crm_request *request, bool only_read)
{
	for (size_t i = 0; i < job->count; i++) {
		struct crm_lead *lead = &job->leads[i];
		json_int_t id = strtoll(lead->remote_id, NULL, 10);
		const char *note;

		lead->noted = lead->noted ||
		    (lead->verdict == CRM_CREATED &&
			!crm_lead_detail(lead, "update"));
		note = crm_note_wanted(job, i);

		if (!note || (only_read && job->work[i].note_read))
			continue;
		job->work[i].asked = true;
		if (only_read)
			return bitrix24_ask(job, request,
			    "crm.timeline.comment.list",
			    json_pack("{s:{s:I s:s} s:[s s]}", "filter",
				"ENTITY_ID", id, "ENTITY_TYPE", "lead",
				"select", "ID", "COMMENT"));
		return bitrix24_ask(job, request, "crm.timeline.comment.add",
		    json_pack("{s:{s:I s:s s:s}}", "fields", "ENTITY_ID", id,
			"ENTITY_TYPE", "lead", "COMMENT", note));
	}
	return CRM_DONE;
}

static enum crm_next
bitrix24_request(struct crm_job *job, struct crm_request *request)
{
	switch (job->step) {
	case STEP_LOOKUP:
		return bitrix24_lookup(job, request);
	case STEP_PERSON:
		return ask_person(job, request);
	case STEP_CREATE:
		return ask_create(job, request);
	case STEP_SEARCH:
		return ask_search(job, request);
	case STEP_NOTES:
		return ask_note(job, request, true);
	case STEP_NOTE:
		if (job->task == CRM_NOTE)
			return ask_note(job, request, false);
		crm_notes_inside(job);
		return CRM_DONE;
	case STEP_PULL:
		return bitrix24_pull(job, request);
	default:
		return CRM_DONE;
	}
}

/* PHP writes an empty map as []. */
static void
person_read(struct crm_job *job, const json_t *result)
{
	size_t at = 0;
	struct crm_lead *lead = crm_asked(job, &at);
	const json_t *first =
	    json_array_get(json_object_get(result, "CONTACT"), 0);

	job->work[at].person = true;
	if (json_is_integer(first))
		snprintf(lead->contact_id, sizeof(lead->contact_id), "%lld",
		    (long long)json_integer_value(first));
}

/* "id" is a number in crm.item and a string in older methods. */
static bool
item_take(const json_t *item, struct crm_lead *lead)
{
	int64_t id = json_get_int(item, "id", 0);
	int64_t person = json_get_int(item, "contactId", 0);

	if (id <= 0)
		return false;
	crm_lead_created(lead, id);
	if (person > 0)
		snprintf(lead->contact_id, sizeof(lead->contact_id), "%lld",
		    (long long)person);
	return true;
}

static bool
search_read(struct crm_job *job, const json_t *result)
{
	const json_t *items = json_object_get(result, "items");
	size_t at = 0;
	struct crm_lead *lead = crm_asked(job, &at);

	job->work[at].searched = true;
	if (!json_is_array(items) && !json_is_array(result))
		return false;
	if (json_array_size(items) > 0 &&
	    !item_take(json_array_get(items, 0), lead))
		return false;
	for (size_t i = 1; i < json_array_size(items); i++)
		crm_lead_found(lead,
		    json_get_int(json_array_get(items, i), "id", 0));
	return true;
}

static void
notes_read(struct crm_job *job, const json_t *result)
{
	size_t at = 0, i;
	struct crm_lead *lead = crm_asked(job, &at);
	const json_t *note;

	job->work[at].note_read = true;
	json_array_foreach (result, i, note) {
		const char *text = json_get_text(note, "COMMENT");

		if (text && strstr(text, crm_note_mark(job->work[at].note)))
			lead->noted = true;
	}
}

/* A method that worked too long is blocked soon: leave it some time. */
static void
operating_watch(struct crm_job *job, const json_t *time)
{
	double used = json_number_value(json_object_get(time, "operating"));
	int64_t until = json_get_int(time, "operating_reset_at", 0) * 1000;

	if (used < OPERATING_MAX || until <= job->now)
		return;
	job->state.health = CRM_LIMITED;
	job->state.wait_ms = until - job->now;
	snprintf(job->state.text, sizeof(job->state.text),
	    "Bitrix24 has worked %.0f of 480 s for us", used);
}

static bool
bitrix24_read(struct crm_job *job, const json_t *body)
{
	const json_t *result = json_object_get(body, "result");
	size_t at = 0;
	struct crm_lead *lead = crm_asked(job, &at);

	if (!result)
		return false;
	operating_watch(job, json_object_get(body, "time"));
	switch (job->step) {
	case STEP_LOOKUP:
		return bitrix24_looked_up(job, result);
	case STEP_PERSON:
		person_read(job, result);
		return true;
	case STEP_CREATE:
		return item_take(json_object_get(result, "item"), lead);
	case STEP_SEARCH:
		return search_read(job, result);
	case STEP_NOTES:
		notes_read(job, result);
		return true;
	case STEP_NOTE:
		lead->noted = true;
		return true;
	case STEP_PULL:
		return bitrix24_pulled(job, body);
	default:
		return true;
	}
}

/* A webhook that may not see the fields still creates leads. */
static bool
bitrix24_failed(struct crm_job *job, const struct crm_reply *reply)
{
	if (job->step != STEP_LOOKUP ||
	    (reply->meaning != MEANS_NEVER && reply->meaning != MEANS_DENIED))
		return false;
	log_event(LOG_INFO, "lookup_refused", "crm=%s text=%s", BITRIX24,
	    log_quote(reply->text));
	crm_looking_refused(job);
	return bitrix24_looked_up(job, NULL);
}

const struct crm_adapter crm_bitrix24 = {
	.name = BITRIX24,
	.title = "Bitrix24",
	.settings = { "BITRIX24_WEBHOOK_URL" },
	.bounds = { 1, PER_SECOND, BURST },
	.looks_up = true,
	.refusals = bitrix24_refusals,
	.said = bitrix24_said,
	.open = bitrix24_open,
	.close = bitrix24_close,
	.request = bitrix24_request,
	.read = bitrix24_read,
	.strike = bitrix24_strike,
	.failed = bitrix24_failed,
};
